//! What the agent tells: outcomes at once, progress in measure, the inventory by its changes, and signs of life.

use super::{Body, Session};
use crate::link::convert::{heartbeat, image_to_wire, outcome_to_wire, progress_to_wire};
use ips_proto::v1::{Inventory, Progress};
use std::time::SystemTime;
use tokio::time::Instant;
use tonic::Status;

impl Session<'_> {
    pub(super) async fn send_outcomes(&mut self) -> Result<(), Status> {
        for (at, outcome) in self.link.outbox.after(self.sent) {
            self.send(Body::Outcome(outcome_to_wire(&outcome))).await?;
            self.sent = at;
        }
        Ok(())
    }

    pub(super) async fn send_progress(&mut self) -> Result<(), Status> {
        let views = self.link.worker.board().all();
        let due = self.told.due(Instant::now(), self.progress_every, views);
        if due.is_empty() {
            return Ok(());
        }
        let pulls = due
            .iter()
            .map(|report| progress_to_wire(&report.id, &report.view, &report.layers))
            .collect();
        self.send(Body::Progress(Progress { pulls })).await
    }

    /// Sends what changed since the coordinator last heard.
    pub(super) async fn send_inventory_changes(&mut self) -> Result<(), Status> {
        let now = self.link.inventory.borrow().clone();
        if now.generation == self.conveyed.generation {
            return Ok(());
        }
        if self.conveyed.generation == 0 {
            return self.send_inventory().await;
        }
        let delta = now.since(&self.conveyed);
        let message = Inventory {
            generation: now.generation,
            hash: now.hash.clone(),
            whole: false,
            images: delta.changed.into_iter().map(image_to_wire).collect(),
            removed_ids: delta.removed,
        };
        self.conveyed = now;
        self.send(Body::Inventory(message)).await
    }

    /// Sends everything; nothing while nothing was read, the first reading follows by itself.
    pub(super) async fn send_inventory(&mut self) -> Result<(), Status> {
        let now = self.link.inventory.borrow().clone();
        if now.generation == 0 {
            return Ok(());
        }
        let message = Inventory {
            generation: now.generation,
            hash: now.hash.clone(),
            whole: true,
            images: now.images.values().cloned().map(image_to_wire).collect(),
            removed_ids: Vec::new(),
        };
        self.conveyed = now;
        self.send(Body::Inventory(message)).await
    }

    pub(super) async fn beat(&mut self) -> Result<(), Status> {
        let node = self.link.node.borrow().clone();
        let message = heartbeat(&node, self.link.worker.is_draining(), now_ms());
        self.send(Body::Heartbeat(message)).await
    }
}

/// The agent's clock in milliseconds since the epoch.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
