//! What one step of the engine changes, written as one transaction.

use super::{Store, StoreError, nodes, outbox, pulls, settings, sql::Sql, tasks, tenants};
use crate::domain::{
    Millis,
    caller::TenantId,
    event::Event,
    ids::{NodeName, PullId, TaskId},
    limits::Limits,
    node::Node,
    pull::{Pull, PullState},
    task::Task,
    task_state::TaskState,
    tenant::Realm,
};
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

/// Changes of one step. Several transitions of one row become one write: from the first state to the last record.
#[derive(Debug, Default)]
pub struct Changes {
    pulls: HashMap<PullId, PullChange>,
    tasks: HashMap<TaskId, (TaskState, Task)>,
    nodes: HashMap<NodeName, Node>,
    limits: Option<(Millis, Limits)>,
    events: Vec<Event>,
    /// Bytes that tenants fetched, by the day.
    fetched: HashMap<(TenantId, i64), u64>,
    step: OnceLock<String>,
}

#[derive(Debug)]
struct PullChange {
    from: (PullState, u32),
    to: Arc<Pull>,
}

impl Changes {
    /// A pull that was in `from` (state and attempt) is now `to`.
    pub fn pull(&mut self, from: (PullState, u32), to: impl Into<Arc<Pull>>) {
        let to = to.into();
        self.pulls
            .entry(to.id.clone())
            .and_modify(|change| change.to = Arc::clone(&to))
            .or_insert_with(|| PullChange { from, to });
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

    /// The operator set the limits.
    pub fn limits(&mut self, now: Millis, limits: &Limits) {
        self.limits = Some((now, limits.clone()));
    }

    /// People are told of this.
    pub fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// A tenant fetched bytes on a day.
    pub fn fetched(&mut self, tenant: &TenantId, day: i64, bytes: u64) {
        let sum = self.fetched.entry((tenant.clone(), day)).or_default();
        *sum = sum.saturating_add(bytes);
    }

    /// The newest record of a task that changes.
    pub fn task_written(&self, id: &TaskId) -> Option<&Task> {
        self.tasks.get(id).map(|(_, task)| task)
    }

    /// Whether people are told of something.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The newest record of each pull that changes.
    pub fn pulls_written(&self) -> impl Iterator<Item = &Pull> {
        self.pulls.values().map(|change| change.to.as_ref())
    }

    /// Names these changes, the same at each attempt to write them.
    fn step(&self) -> &str {
        self.step.get_or_init(|| uuid::Uuid::new_v4().to_string())
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.pulls.is_empty()
            && self.tasks.is_empty()
            && self.nodes.is_empty()
            && self.limits.is_none()
            && self.events.is_empty()
            && self.fetched.is_empty()
    }
}

impl Store {
    /// Writes all changes or none. Asked again after an error of the connection, it recognises changes that had arrived.
    ///
    /// # Errors
    /// `Stale` when a row is not where the engine left it; `Deposed` when another coordinator began a newer epoch.
    pub async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let Some(mut tx) = self.begin_step(changes.step()).await? else {
            return Ok(());
        };
        let epoch = self.epoch_value();
        let pulls = pulls::updates(
            changes.pulls.values().map(|change| (change.from, change.to.as_ref())),
            epoch,
        )?;
        if !pulls.update(&mut tx, pulls::CHANGED, pulls::FITS).await? {
            drop(tx);
            return Err(pulls.stale(&self.db, pulls::FITS).await);
        }
        for (from, task) in changes.tasks.values() {
            tasks::update(&mut tx, *from, task, epoch).await?;
        }
        nodes::save(&mut tx, changes.nodes.values()).await?;
        if let Some((now, limits)) = &changes.limits {
            settings::save_limits(&mut tx, *now, limits).await?;
        }
        for ((tenant, day), bytes) in &changes.fetched {
            tenants::count_bytes(&mut tx, tenant, *day, *bytes).await?;
        }
        for event in &changes.events {
            outbox::put(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A compare-and-set of one row changed it, or it was stale.
pub(super) fn changed_one(rows: u64, what: impl FnOnce() -> String) -> Result<(), StoreError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Stale { what: what() })
    }
}

impl Store {
    /// Removes the row with this id. Says whether there was one.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub(super) async fn delete_row(&self, table: &str, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let delete = Sql::new(format!("DELETE FROM {table} WHERE id = ?"));
        let rows = tx.execute(delete.bind(id)).await?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Whether the realm has a row with this id, readable or not.
    ///
    /// # Errors
    /// Unavailable.
    pub(super) async fn has_row(&self, table: &str, realm: &Realm, id: &str) -> Result<bool, StoreError> {
        let select = Sql::new(format!("SELECT id FROM {table} WHERE id = ?"));
        let found = self.db.optional::<(String,)>(select.bind(id).within(realm));
        Ok(found.await?.is_some())
    }
}
