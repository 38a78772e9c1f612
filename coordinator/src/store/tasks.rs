//! Tasks in the database.

use super::{
    Removed, Store, StoreError,
    changes::changed_one,
    credentials,
    db::{Tx, violated},
    pulls,
    rows::{TaskRow, to_json},
    sql::Sql,
    tenants,
};
use crate::domain::{
    Millis,
    caller::TenantId,
    credential::Credential,
    ids::TaskId,
    pull::Pull,
    task::Task,
    task_state::TaskState,
    tenant::{Quotas, Realm},
};

const COLUMNS: &str = "id, tenant_id, policy_id, state, spec, images, counts, settled_bytes, failures, error_message, created_at, started_at, finished_at, retried_at";

/// Pulls of a task that are removed in one transaction: some ten milliseconds in which nobody else writes.
const REMOVED_AT_ONCE: usize = 500;

impl Store {
    /// Saves an accepted task with all its pulls in one transaction.
    ///
    /// # Errors
    /// As [`Store::insert_task_with_login`].
    pub async fn insert_task(&self, task: &Task, request_id: Option<&str>, pulls: &[Pull]) -> Result<(), StoreError> {
        self.insert_task_with_login(task, request_id, pulls, None, &Quotas::default())
            .await
    }

    /// The same for a task that brings a login along.
    ///
    /// # Errors
    /// `Taken` when the id or the request id exists, `NoCredential` when it names one that does not, `Spent` when a quota of its tenant
    /// is used up; then nothing is saved.
    pub async fn insert_task_with_login(
        &self,
        task: &Task,
        request_id: Option<&str>,
        pulls: &[Pull],
        login: Option<&Credential>,
        quotas: &Quotas,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let row = [
            ("id", task.id.as_str().into()),
            ("tenant_id", task.tenant.as_str().into()),
            ("policy_id", task.policy.as_ref().map(|policy| policy.as_str()).into()),
            ("request_id", request_id.into()),
            ("epoch", self.epoch_value().into()),
            ("state", task.state.as_str().into()),
            ("spec", to_json(&task.spec, "tasks.spec")?.into()),
            ("images", to_json(&task.images, "tasks.images")?.into()),
            ("counts", to_json(&task.counts, "tasks.counts")?.into()),
            (
                "settled_bytes",
                to_json(&task.settled_bytes, "tasks.settled_bytes")?.into(),
            ),
            ("failures", to_json(&task.failures, "tasks.failures")?.into()),
            ("error_message", (&task.error_message).into()),
            ("created_at", task.created_at.into()),
            ("started_at", task.started_at.into()),
            ("finished_at", task.finished_at.into()),
            ("retried_at", task.retried_at.into()),
        ];
        tx.execute(Sql::insert("tasks", row)).await.map_err(taken)?;
        tenants::count_task(&mut tx, task, quotas).await?;
        credentials::of_task(&mut tx, task, login).await?;
        pulls::inserts(pulls, self.epoch_value())?.insert(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// One task.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        let select = select("WHERE id = ?").bind(id.as_str());
        let row = self.db.optional::<TaskRow>(select).await?;
        row.map(TaskRow::into_task).transpose()
    }

    /// Whose a task is; also of one that cannot be read.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn tenant_of_task(&self, id: &TaskId) -> Result<Option<TenantId>, StoreError> {
        let select = Sql::new("SELECT tenant_id FROM tasks WHERE id = ?").bind(id.as_str());
        let row = self.db.optional::<(String,)>(select).await?;
        Ok(row.map(|(tenant,)| tenant.into()))
    }

    /// One task, once no transaction that was begun before is under way any more.
    ///
    /// # Errors
    /// Unavailable, deposed or damaged.
    pub async fn settled_task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        let mut tx = self.begin().await?;
        let row = tx.optional::<TaskRow>(select("WHERE id = ?").bind(id.as_str())).await?;
        row.map(TaskRow::into_task).transpose()
    }

    /// The task of the tenant that was created with this request id.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn task_by_request(&self, tenant: &TenantId, request_id: &str) -> Result<Option<Task>, StoreError> {
        let select = select("WHERE tenant_id = ? AND request_id = ?").bind(tenant.as_str());
        let select = select.bind(request_id);
        let row = self.db.optional::<TaskRow>(select).await?;
        row.map(TaskRow::into_task).transpose()
    }

    /// Tasks of the realm in one of the states (empty: all), newest first, and how many there are.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn tasks(
        &self,
        realm: &Realm,
        states: &[TaskState],
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Task>, u32), StoreError> {
        let count = filtered(Sql::new("SELECT COUNT(*) FROM tasks "), realm, states);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = filtered(select(""), realm, states).push(" ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?");
        let rows = self.db.all::<TaskRow>(page.bind(limit).bind(offset)).await?;
        let tasks = rows.into_iter().map(TaskRow::into_task).collect::<Result<_, _>>()?;
        Ok((tasks, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// Tasks that the engine must look after: those that have not ended and those with a pull that has not.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn open_tasks(&self) -> Result<Vec<Task>, StoreError> {
        let select = select(
            "WHERE state IN ('pending', 'running', 'paused') OR id IN \
             (SELECT task_id FROM pulls WHERE state IN ('queued', 'dispatched', 'pulling')) ORDER BY created_at, id",
        );
        let rows = self.db.all::<TaskRow>(select).await?;
        rows.into_iter().map(TaskRow::into_task).collect()
    }

    /// Tasks that ended before a time, at most `limit`.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn tasks_ended_before(&self, cutoff: Millis, limit: u32) -> Result<Vec<TaskId>, StoreError> {
        // Nothing ends before it is made; the index knows when it was made.
        let select = Sql::new(
            "SELECT id FROM tasks WHERE state IN ('completed', 'failed', 'cancelled') AND created_at < ? AND finished_at < ? \
             ORDER BY created_at LIMIT ?",
        );
        self.ids(select.bind(cutoff).bind(cutoff).bind(limit)).await
    }

    /// Ended tasks beside the newest `count`, at most `limit`.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn ended_tasks_beyond(&self, count: u32, limit: u32) -> Result<Vec<TaskId>, StoreError> {
        let select = Sql::new(
            "SELECT id FROM tasks WHERE state IN ('completed', 'failed', 'cancelled') ORDER BY created_at DESC, id DESC \
             LIMIT ? OFFSET ?",
        );
        self.ids(select.bind(limit).bind(count)).await
    }

    async fn ids(&self, select: Sql) -> Result<Vec<TaskId>, StoreError> {
        let rows = self.db.all::<(String,)>(select).await?;
        Ok(rows.into_iter().map(|(id,)| TaskId::from_stored(id)).collect())
    }

    /// Removes a task that has ended and whose pulls have all ended. A large one goes in parts, so that no other writer waits long:
    /// call again until it is gone.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn remove_ended_task(&self, id: &TaskId) -> Result<Removed, StoreError> {
        let mut tx = self.begin().await?;
        let ended = Sql::new(
            "SELECT COUNT(*) FROM tasks WHERE id = ? AND state IN ('completed', 'failed', 'cancelled') AND NOT EXISTS \
             (SELECT 1 FROM pulls WHERE task_id = ? AND state IN ('queued', 'dispatched', 'pulling'))",
        );
        let (found,): (i64,) = tx.one(ended.bind(id.as_str()).bind(id.as_str())).await?;
        if found == 0 {
            return Ok(Removed::No);
        }
        let some = Sql::new("SELECT id FROM pulls WHERE task_id = ? LIMIT ?").bind(id.as_str());
        let pulls: Vec<(String,)> = tx.all(some.bind(REMOVED_AT_ONCE as i64 + 1)).await?;
        let (delete, removed) = if pulls.len() > REMOVED_AT_ONCE {
            let ids = pulls.into_iter().take(REMOVED_AT_ONCE).map(|(id,)| id);
            (Sql::new("DELETE FROM pulls WHERE id IN ").list(ids), Removed::Partly)
        } else {
            (
                Sql::new("DELETE FROM tasks WHERE id = ?").bind(id.as_str()),
                Removed::Wholly,
            )
        };
        tx.execute(delete).await?;
        tx.commit().await?;
        Ok(removed)
    }
}

/// Compare and set: a task that was in `from`.
pub(super) async fn update(tx: &mut Tx, from: TaskState, task: &Task, epoch: i64) -> Result<(), StoreError> {
    let row = [
        ("epoch", epoch.into()),
        ("state", task.state.as_str().into()),
        ("images", to_json(&task.images, "tasks.images")?.into()),
        ("counts", to_json(&task.counts, "tasks.counts")?.into()),
        (
            "settled_bytes",
            to_json(&task.settled_bytes, "tasks.settled_bytes")?.into(),
        ),
        ("failures", to_json(&task.failures, "tasks.failures")?.into()),
        ("error_message", (&task.error_message).into()),
        ("started_at", task.started_at.into()),
        ("finished_at", task.finished_at.into()),
        ("retried_at", task.retried_at.into()),
    ];
    let update = Sql::update("tasks", row).push(" WHERE id = ? AND state = ?");
    let rows = tx.execute(update.bind(task.id.as_str()).bind(from.as_str())).await?;
    changed_one(rows, || format!("task {}", task.id))
}

/// Reads [`TaskRow`]s.
pub(super) fn select(condition: &str) -> Sql {
    Sql::new(format!("SELECT {COLUMNS} FROM tasks {condition}"))
}

fn filtered(sql: Sql, realm: &Realm, states: &[TaskState]) -> Sql {
    if states.is_empty() && realm.tenant().is_none() {
        return sql;
    }
    let sql = sql.push("WHERE 1 = 1").within(realm);
    if states.is_empty() {
        return sql;
    }
    sql.push(" AND state IN ")
        .list(states.iter().map(|state| state.as_str()))
}

fn taken(error: sqlx::Error) -> StoreError {
    match violated(&error) {
        Some(key) if key.contains("request_id") => StoreError::Taken { what: "request" },
        Some(_) => StoreError::Taken { what: "task" },
        None => StoreError::Unavailable(error),
    }
}
