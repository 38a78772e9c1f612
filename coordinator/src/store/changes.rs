//! What one step of the engine changes, written as one transaction.

use super::{Store, StoreError, rows::to_json};
use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    node::Node,
    pull::{Pull, PullState},
    task::Task,
    task_state::TaskState,
};
use sqlx::{Sqlite, Transaction};
use std::collections::HashMap;

/// Changes of one step. Several transitions of one row become one write: from the first state to the last record.
#[derive(Debug, Default)]
pub struct Changes {
    pulls: HashMap<PullId, PullChange>,
    tasks: HashMap<TaskId, (TaskState, Task)>,
    nodes: HashMap<NodeName, Node>,
}

#[derive(Debug)]
struct PullChange {
    from: (PullState, u32),
    to: Pull,
}

impl Changes {
    /// A pull that was in `from` (state and attempt) is now `to`.
    pub fn pull(&mut self, from: (PullState, u32), to: &Pull) {
        self.pulls
            .entry(to.id.clone())
            .and_modify(|change| change.to = to.clone())
            .or_insert_with(|| PullChange { from, to: to.clone() });
    }

    /// A task that was in `from` is now `to`.
    pub fn task(&mut self, from: TaskState, to: &Task) {
        self.tasks
            .entry(to.id.clone())
            .and_modify(|change| change.1 = to.clone())
            .or_insert_with(|| (from, to.clone()));
    }

    /// A node is new or changed.
    pub fn node(&mut self, node: Node) {
        self.nodes.insert(node.name.clone(), node);
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.pulls.is_empty() && self.tasks.is_empty() && self.nodes.is_empty()
    }
}

impl Store {
    /// Writes all changes or none.
    ///
    /// # Errors
    /// `Stale` when a row is not where the engine left it; `Deposed` when another coordinator began a newer epoch.
    pub async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        check_epoch(&mut tx, self.epoch).await?;
        for change in changes.pulls.values() {
            update_pull(&mut tx, change, self.epoch).await?;
        }
        for (from, task) in changes.tasks.values() {
            update_task(&mut tx, *from, task, self.epoch).await?;
        }
        for node in changes.nodes.values() {
            upsert_node(&mut tx, node).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Fails unless this process still owns the newest epoch.
pub(super) async fn check_epoch(tx: &mut Transaction<'_, Sqlite>, own: u64) -> Result<(), StoreError> {
    let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM meta WHERE id = 1")
        .fetch_one(&mut **tx)
        .await?;
    if u64::try_from(epoch) == Ok(own) {
        Ok(())
    } else {
        Err(StoreError::Deposed { own })
    }
}

pub(super) async fn insert_pull(tx: &mut Transaction<'_, Sqlite>, pull: &Pull, epoch: u64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO pulls (id, task_id, epoch, node, image, image_index, state, attempt, retries, not_before, message, \
         digests, digest_verified, bytes, started_at, finished_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(pull.id.as_str())
    .bind(pull.task.as_str())
    .bind(epoch as i64)
    .bind(pull.node.as_str())
    .bind(pull.image.as_str())
    .bind(pull.image_index)
    .bind(pull.state.as_str())
    .bind(pull.attempt)
    .bind(pull.retries)
    .bind(pull.not_before)
    .bind(&pull.message)
    .bind(to_json(&pull.digests, "pulls.digests")?)
    .bind(pull.digest_verified)
    .bind(to_json(&pull.bytes, "pulls.bytes")?)
    .bind(pull.started_at)
    .bind(pull.finished_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn update_pull(tx: &mut Transaction<'_, Sqlite>, change: &PullChange, epoch: u64) -> Result<(), StoreError> {
    let pull = &change.to;
    let done = sqlx::query(
        "UPDATE pulls SET epoch = $1, state = $2, attempt = $3, retries = $4, not_before = $5, success = $6, failure = $7, \
         message = $8, digests = $9, digest_verified = $10, bytes = $11, started_at = $12, finished_at = $13 \
         WHERE id = $14 AND state = $15 AND attempt = $16",
    )
    .bind(epoch as i64)
    .bind(pull.state.as_str())
    .bind(pull.attempt)
    .bind(pull.retries)
    .bind(pull.not_before)
    .bind(pull.success.map(|reason| reason.as_str()))
    .bind(pull.failure.map(|reason| reason.as_str()))
    .bind(&pull.message)
    .bind(to_json(&pull.digests, "pulls.digests")?)
    .bind(pull.digest_verified)
    .bind(to_json(&pull.bytes, "pulls.bytes")?)
    .bind(pull.started_at)
    .bind(pull.finished_at)
    .bind(pull.id.as_str())
    .bind(change.from.0.as_str())
    .bind(change.from.1)
    .execute(&mut **tx)
    .await?;
    changed_one(done.rows_affected(), || format!("pull {}", pull.id))
}

async fn update_task(
    tx: &mut Transaction<'_, Sqlite>,
    from: TaskState,
    task: &Task,
    epoch: u64,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE tasks SET epoch = $1, state = $2, images = $3, counts = $4, settled_bytes = $5, failures = $6, \
         error_message = $7, started_at = $8, finished_at = $9 WHERE id = $10 AND state = $11",
    )
    .bind(epoch as i64)
    .bind(task.state.as_str())
    .bind(to_json(&task.images, "tasks.images")?)
    .bind(to_json(&task.counts, "tasks.counts")?)
    .bind(to_json(&task.settled_bytes, "tasks.settled_bytes")?)
    .bind(to_json(&task.failures, "tasks.failures")?)
    .bind(&task.error_message)
    .bind(task.started_at)
    .bind(task.finished_at)
    .bind(task.id.as_str())
    .bind(from.as_str())
    .execute(&mut **tx)
    .await?;
    changed_one(done.rows_affected(), || format!("task {}", task.id))
}

async fn upsert_node(tx: &mut Transaction<'_, Sqlite>, node: &Node) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO nodes (name, uid, runtime_uuid, labels, platform, agent_version, runtime_name, runtime_version, \
         max_concurrent_pulls, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (name) DO UPDATE SET uid = excluded.uid, runtime_uuid = excluded.runtime_uuid, labels = excluded.labels, \
         platform = excluded.platform, agent_version = excluded.agent_version, runtime_name = excluded.runtime_name, \
         runtime_version = excluded.runtime_version, max_concurrent_pulls = excluded.max_concurrent_pulls, \
         last_seen_at = excluded.last_seen_at",
    )
    .bind(node.name.as_str())
    .bind(&node.uid)
    .bind(&node.runtime_uuid)
    .bind(to_json(&node.labels, "nodes.labels")?)
    .bind(to_json(&node.platform, "nodes.platform")?)
    .bind(&node.agent_version)
    .bind(&node.runtime_name)
    .bind(&node.runtime_version)
    .bind(node.max_concurrent_pulls)
    .bind(node.first_seen_at)
    .bind(node.last_seen_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn changed_one(rows: u64, what: impl FnOnce() -> String) -> Result<(), StoreError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale { what: what() })
    }
}
