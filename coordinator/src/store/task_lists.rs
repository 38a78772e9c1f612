//! Lists of tasks and figures over many of them: reads only.

use super::{
    Store, StoreError,
    rows::{TaskRow, from_json},
    sql::{Dialect, Sql},
    tasks::select,
};
use crate::domain::{
    Millis,
    counts::{ByteCounts, DayFigures, PullCounts},
    ids::PolicyId,
    task::Task,
    task_list::TaskOrder,
    task_state::TaskState,
    tenant::Realm,
};

/// Tasks that figures are summed over, the newest of those that match.
const MOST_SUMMED: u32 = 10_000;

/// Which tasks, and in which order.
#[derive(Debug, Clone, Copy)]
pub struct TaskQuery<'a> {
    /// Whose.
    pub realm: &'a Realm,
    /// In one of these states; empty means all.
    pub states: &'a [TaskState],
    /// With this in their id or images, in lower case; empty means all.
    pub text: &'a str,
    /// Ordered by this policy.
    pub policy: Option<&'a PolicyId>,
    /// Order.
    pub order: TaskOrder,
}

impl Store {
    /// Tasks that match, and how many there are.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn find_tasks(
        &self,
        query: TaskQuery<'_>,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Task>, u32), StoreError> {
        let dialect = self.db.dialect();
        let count = matching(Sql::new("SELECT COUNT(*) FROM tasks "), query, dialect);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = matching(select(""), query, dialect)
            .push(order(query.order))
            .push(" LIMIT ? OFFSET ?");
        let rows = self.db.all::<TaskRow>(page.bind(limit).bind(offset)).await?;
        let tasks = rows.into_iter().map(TaskRow::into_task).collect::<Result<_, _>>()?;
        Ok((tasks, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// How many tasks are in each state that any is in.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn task_states(&self, realm: &Realm) -> Result<Vec<(TaskState, u32)>, StoreError> {
        let sql = Sql::new("SELECT state, COUNT(*) FROM tasks WHERE 1 = 1").within(realm);
        let sql = sql.push(" GROUP BY state ORDER BY state");
        let rows: Vec<(String, i64)> = self.db.all(sql).await?;
        rows.into_iter()
            .map(|(state, count)| {
                let state = TaskState::parse(&state).ok_or(StoreError::Damaged { what: "tasks.state" })?;
                Ok((state, u32::try_from(count).unwrap_or(u32::MAX)))
            })
            .collect()
    }

    /// What the tasks that were accepted since then did, the newest ten thousand of them.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn figures_since(&self, realm: &Realm, since: Millis) -> Result<DayFigures, StoreError> {
        let sql = Sql::new("SELECT counts, settled_bytes FROM tasks WHERE created_at >= ?").bind(since);
        let sql = sql.within(realm).push(" ORDER BY created_at DESC, id DESC LIMIT ?");
        let rows: Vec<(String, String)> = self.db.all(sql.bind(MOST_SUMMED)).await?;
        let mut figures = DayFigures::default();
        for (counts, bytes) in rows {
            let counts: PullCounts = from_json(&counts, "tasks.counts")?;
            let bytes: ByteCounts = from_json(&bytes, "tasks.settled_bytes")?;
            figures.add(&counts, &bytes);
        }
        Ok(figures)
    }
}

fn matching(sql: Sql, query: TaskQuery<'_>, dialect: Dialect) -> Sql {
    let mut sql = sql.push("WHERE 1 = 1").within(query.realm);
    if !query.states.is_empty() {
        let words = query.states.iter().map(|state| state.as_str());
        sql = sql.push(" AND state IN ").list(words);
    }
    if let Some(policy) = query.policy {
        sql = sql.push(" AND policy_id = ?").bind(policy.as_str());
    }
    if !query.text.is_empty() {
        let pattern = containing(query.text);
        sql = sql
            .push(" AND (LOWER(id) LIKE ? ESCAPE '!' OR LOWER(")
            .push(references(dialect))
            .push(") LIKE ? ESCAPE '!')")
            .bind(pattern.as_str())
            .bind(pattern.as_str());
    }
    sql
}

/// The references that a task was asked for, as text.
fn references(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite | Dialect::MySql => "JSON_EXTRACT(spec, '$.images')",
        Dialect::Postgres => "CAST(spec AS jsonb) ->> 'images'",
    }
}

fn order(order: TaskOrder) -> &'static str {
    match order {
        TaskOrder::Newest => " ORDER BY created_at DESC, id DESC",
        TaskOrder::Oldest => " ORDER BY created_at, id",
        TaskOrder::StartedLast => " ORDER BY started_at DESC, created_at DESC, id DESC",
        TaskOrder::StartedFirst => " ORDER BY started_at, created_at, id",
        TaskOrder::EndedLast => " ORDER BY finished_at DESC, created_at DESC, id DESC",
        TaskOrder::EndedFirst => " ORDER BY finished_at, created_at, id",
    }
}

/// A pattern of `LIKE` for whatever contains the text; `!` escapes.
fn containing(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_like_understands_is_meant_literally() {
        assert_eq!(containing("a_b%c!"), "%a!_b!%c!!%");
    }
}
