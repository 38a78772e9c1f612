//! Executions in the database: what each schedule ran, and the pruning of that.

use super::{
    Store, StoreError,
    db::{Tx, violated},
    sql::Sql,
};
use crate::domain::{
    Millis,
    caller::TenantId,
    execution::{Cause, Execution, ExecutionState},
    ids::{ScheduleId, TaskId},
};

const COLUMNS: &str = "id, schedule_id, slot, state, task_id, launched, triggered_at, started_at, finished_at, message";
const ENDED: &str = "schedule_id = ? AND state NOT IN ('queued', 'running')";

impl Store {
    /// Executions that have not ended, oldest first; of one schedule, if it is named.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn open_executions(&self, schedule: Option<&ScheduleId>) -> Result<Vec<Execution>, StoreError> {
        let mut sql = select("WHERE state IN ('queued', 'running')");
        if let Some(schedule) = schedule {
            sql = sql.push(" AND schedule_id = ?").bind(schedule.as_str());
        }
        self.read_executions(sql.push(" ORDER BY id")).await
    }

    /// Executions of a schedule in one of the states (empty: all), newest start first, and how many there are.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn executions(
        &self,
        schedule: &ScheduleId,
        states: &[ExecutionState],
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Execution>, u32), StoreError> {
        let count = filtered(Sql::new("SELECT COUNT(*) FROM schedule_executions "), schedule, states);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = filtered(select(""), schedule, states).push(" ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?");
        let found = self.read_executions(page.bind(limit).bind(offset)).await?;
        Ok((found, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// One execution of a schedule.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn execution(&self, schedule: &ScheduleId, number: i64) -> Result<Option<Execution>, StoreError> {
        let sql = select("WHERE schedule_id = ? AND id = ?")
            .bind(schedule.as_str())
            .bind(number);
        self.db
            .optional::<ExecutionRow>(sql)
            .await?
            .map(ExecutionRow::read)
            .transpose()
    }

    /// Removes ended executions that started before a time, and those beyond the newest `keep` of each schedule; says how many.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn prune_executions(&self, before: Millis, keep: u32) -> Result<u64, StoreError> {
        let ids: Vec<(String,)> = self.db.all(Sql::new("SELECT id FROM schedules ORDER BY id")).await?;
        let mut removed = 0;
        for (id,) in ids {
            removed += self.prune_schedule(&id, before, keep).await?;
        }
        Ok(removed)
    }

    async fn prune_schedule(&self, id: &str, before: Millis, keep: u32) -> Result<u64, StoreError> {
        let newest = "ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ?";
        let boundary = Sql::new(format!(
            "SELECT started_at, id FROM schedule_executions WHERE {ENDED} {newest}"
        ));
        let boundary: Option<(i64, i64)> = self.db.optional(boundary.bind(id).bind(keep)).await?;
        let (started_at, number) = boundary.unwrap_or((i64::MIN, 0));
        let old = |what: &str| {
            let text =
                format!("{what} WHERE {ENDED} AND (started_at < ? OR started_at < ? OR (started_at = ? AND id <= ?))");
            let sql = Sql::new(text).bind(id).bind(before);
            sql.bind(started_at).bind(started_at).bind(number)
        };
        let last: (Option<i64>,) = self.db.one(old("SELECT MAX(due_at) FROM schedule_executions")).await?;
        let Some(last_due) = last.0 else { return Ok(0) };
        let mut tx = self.begin().await?;
        let removed = tx.execute(old("DELETE FROM schedule_executions")).await?;
        let known = Sql::new(
            "UPDATE schedules SET revision = revision + 1, pruned_until = ? WHERE id = ? AND pruned_until < ?",
        );
        tx.execute(known.bind(last_due).bind(id).bind(last_due)).await?;
        tx.commit().await?;
        Ok(removed)
    }

    async fn read_executions(&self, sql: Sql) -> Result<Vec<Execution>, StoreError> {
        let rows = self.db.all::<ExecutionRow>(sql).await?;
        rows.into_iter().map(ExecutionRow::read).collect()
    }
}

/// Saves a new execution of a tenant and gives its number.
pub(super) async fn insert(
    tx: &mut Tx,
    tenant: Option<&TenantId>,
    execution: &Execution,
    epoch: i64,
) -> Result<i64, StoreError> {
    let slot = execution.cause.slot();
    let due_at = match execution.cause {
        Cause::Due(at) => at,
        Cause::Missed(_) | Cause::Manual(_) => 0,
    };
    let row = [
        ("schedule_id", execution.schedule.as_str().into()),
        ("tenant_id", tenant.map_or(TenantId::DEFAULT, TenantId::as_str).into()),
        ("epoch", epoch.into()),
        ("slot", slot.as_str().into()),
        ("due_at", due_at.into()),
        ("state", execution.state.as_str().into()),
        ("task_id", execution.task.as_ref().map_or("", TaskId::as_str).into()),
        ("launched", i64::from(execution.launched).into()),
        ("triggered_at", execution.triggered_at.into()),
        ("started_at", execution.started_at.into()),
        ("finished_at", execution.finished_at.into()),
        ("message", (&execution.message).into()),
    ];
    let inserted = tx.execute(Sql::insert("schedule_executions", row)).await;
    inserted.map_err(|error| match violated(&error) {
        Some(_) => StoreError::Taken { what: "slot" },
        None => error.into(),
    })?;
    let number = Sql::new("SELECT id FROM schedule_executions WHERE schedule_id = ? AND slot = ?");
    let (number,): (i64,) = tx.one(number.bind(execution.schedule.as_str()).bind(slot)).await?;
    Ok(number)
}

/// Compare and set: an execution that was in `from`.
pub(super) async fn update(
    tx: &mut Tx,
    from: ExecutionState,
    execution: &Execution,
    epoch: i64,
) -> Result<(), StoreError> {
    let row = [
        ("epoch", epoch.into()),
        ("state", execution.state.as_str().into()),
        ("task_id", execution.task.as_ref().map_or("", TaskId::as_str).into()),
        ("launched", i64::from(execution.launched).into()),
        ("started_at", execution.started_at.into()),
        ("finished_at", execution.finished_at.into()),
        ("message", (&execution.message).into()),
    ];
    let sql = Sql::update("schedule_executions", row).push(" WHERE id = ? AND state = ?");
    let rows = tx.execute(sql.bind(execution.id).bind(from.as_str())).await?;
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale {
            what: format!("execution {}", execution.id),
        })
    }
}

fn select(condition: &str) -> Sql {
    Sql::new(format!("SELECT {COLUMNS} FROM schedule_executions {condition}"))
}

fn filtered(sql: Sql, schedule: &ScheduleId, states: &[ExecutionState]) -> Sql {
    let sql = sql.push("WHERE schedule_id = ?").bind(schedule.as_str());
    if states.is_empty() {
        return sql;
    }
    sql.push(" AND state IN ")
        .list(states.iter().map(|state| state.as_str()))
}

#[derive(Debug, sqlx::FromRow)]
struct ExecutionRow {
    id: i64,
    schedule_id: String,
    slot: String,
    state: String,
    task_id: String,
    launched: i64,
    triggered_at: i64,
    started_at: i64,
    finished_at: i64,
    message: String,
}

impl ExecutionRow {
    fn read(self) -> Result<Execution, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        Ok(Execution {
            id: self.id,
            schedule: ScheduleId::from_stored(self.schedule_id),
            cause: Cause::parse(&self.slot).ok_or(damaged("schedule_executions.slot"))?,
            state: ExecutionState::parse(&self.state).ok_or(damaged("schedule_executions.state"))?,
            task: (!self.task_id.is_empty()).then(|| TaskId::from_stored(self.task_id)),
            launched: self.launched != 0,
            triggered_at: self.triggered_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            message: self.message,
        })
    }
}
