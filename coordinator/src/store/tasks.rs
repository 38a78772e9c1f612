//! Tasks in the database.

use super::{
    Store, StoreError,
    changes::{check_epoch, insert_pull},
    rows::{TaskRow, to_json},
};
use crate::domain::{ids::TaskId, pull::Pull, task::Task, task_state::TaskState};
use sqlx::{QueryBuilder, Sqlite};

const COLUMNS: &str =
    "id, state, spec, images, counts, settled_bytes, failures, error_message, created_at, started_at, finished_at";

impl Store {
    /// Saves an accepted task with all its pulls in one transaction.
    ///
    /// # Errors
    /// `Taken` when the id or the request id exists; then nothing is saved.
    pub async fn insert_task(&self, task: &Task, request_id: Option<&str>, pulls: &[Pull]) -> Result<(), StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        check_epoch(&mut tx, self.epoch).await?;
        sqlx::query(
            "INSERT INTO tasks (id, request_id, epoch, state, spec, images, counts, settled_bytes, failures, error_message, \
             created_at, started_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(task.id.as_str())
        .bind(request_id)
        .bind(self.epoch as i64)
        .bind(task.state.as_str())
        .bind(to_json(&task.spec, "tasks.spec")?)
        .bind(to_json(&task.images, "tasks.images")?)
        .bind(to_json(&task.counts, "tasks.counts")?)
        .bind(to_json(&task.settled_bytes, "tasks.settled_bytes")?)
        .bind(to_json(&task.failures, "tasks.failures")?)
        .bind(&task.error_message)
        .bind(task.created_at)
        .bind(task.started_at)
        .bind(task.finished_at)
        .execute(&mut *tx)
        .await
        .map_err(taken)?;
        for pull in pulls {
            insert_pull(&mut tx, pull, self.epoch).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// One task.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        let mut query = select("WHERE id = ");
        query.push_bind(id.as_str().to_owned());
        query
            .build_query_as::<TaskRow>()
            .fetch_optional(&self.readers)
            .await?
            .map(TaskRow::into_task)
            .transpose()
    }

    /// The task that was created with this request id.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn task_by_request(&self, request_id: &str) -> Result<Option<Task>, StoreError> {
        let mut query = select("WHERE tenant_id = 'default' AND request_id = ");
        query.push_bind(request_id.to_owned());
        query
            .build_query_as::<TaskRow>()
            .fetch_optional(&self.readers)
            .await?
            .map(TaskRow::into_task)
            .transpose()
    }

    /// Tasks in one of the states (empty: all), newest first, and how many there are.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn tasks(&self, states: &[TaskState], limit: u32, offset: u32) -> Result<(Vec<Task>, u32), StoreError> {
        let mut count = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM tasks ");
        push_states(&mut count, states);
        let total: i64 = count.build_query_scalar().fetch_one(&self.readers).await?;
        let mut query = select("");
        push_states(&mut query, states);
        query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_bind(limit);
        query.push(" OFFSET ").push_bind(offset);
        let rows = query.build_query_as::<TaskRow>().fetch_all(&self.readers).await?;
        let tasks = rows.into_iter().map(TaskRow::into_task).collect::<Result<_, _>>()?;
        Ok((tasks, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// Tasks that the engine must look after: those that have not ended and those with a pull that has not.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn open_tasks(&self) -> Result<Vec<Task>, StoreError> {
        let mut query = select(
            "WHERE state IN ('pending', 'running', 'paused') OR id IN \
             (SELECT task_id FROM pulls WHERE state IN ('queued', 'dispatched', 'pulling')) ORDER BY created_at, id",
        );
        let rows = query.build_query_as::<TaskRow>().fetch_all(&self.readers).await?;
        rows.into_iter().map(TaskRow::into_task).collect()
    }

    /// Removes a task that has ended and whose pulls have all ended; says whether it did.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn delete_ended_task(&self, id: &TaskId) -> Result<bool, StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        check_epoch(&mut tx, self.epoch).await?;
        let done = sqlx::query(
            "DELETE FROM tasks WHERE id = $1 AND state IN ('completed', 'failed', 'cancelled') AND NOT EXISTS \
             (SELECT 1 FROM pulls WHERE task_id = $1 AND state IN ('queued', 'dispatched', 'pulling'))",
        )
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

fn select(condition: &str) -> QueryBuilder<Sqlite> {
    QueryBuilder::new(format!("SELECT {COLUMNS} FROM tasks {condition}"))
}

fn push_states(query: &mut QueryBuilder<Sqlite>, states: &[TaskState]) {
    if states.is_empty() {
        return;
    }
    query.push("WHERE state IN (");
    let mut list = query.separated(", ");
    for state in states {
        list.push_bind(state.as_str());
    }
    query.push(")");
}

fn taken(error: sqlx::Error) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => {
            let what = if database.message().contains("request_id") {
                "request"
            } else {
                "task"
            };
            StoreError::Taken { what }
        }
        Some(_) | None => StoreError::Unavailable(error),
    }
}
