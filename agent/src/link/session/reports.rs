//! What the agent tells: outcomes at once, progress in measure, the inventory by its changes, and signs of life.

use super::{Body, Session};
use crate::{
    keep::PinReport,
    link::{
        INVENTORY_PART,
        convert::{heartbeat, image_to_wire, outcome_to_wire, pins_to_wire, progress_to_wire, removal_to_wire},
    },
    node::Inventory,
    runtime::ImageRecord,
};
use ips_proto::v1::{self as wire, Progress};
use std::{sync::Arc, time::SystemTime};
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
        self.send_in_parts(now, false, delta.changed, delta.removed).await
    }

    /// Sends everything; nothing while nothing was read, the first reading follows by itself.
    pub(super) async fn send_inventory(&mut self) -> Result<(), Status> {
        let now = self.link.inventory.borrow().clone();
        if now.generation == 0 {
            return Ok(());
        }
        let images = now.images.values().cloned().collect();
        self.send_in_parts(now, true, images, Vec::new()).await
    }

    /// Splits images over messages, of which the last one alone carries the hash: until then the coordinator has not got it all.
    async fn send_in_parts(
        &mut self,
        now: Arc<Inventory>,
        whole: bool,
        images: Vec<ImageRecord>,
        removed_ids: Vec<String>,
    ) -> Result<(), Status> {
        let count = images.len().div_ceil(INVENTORY_PART).max(1);
        let (mut images, mut removed_ids) = (images.into_iter(), Some(removed_ids));
        for part in 0..count {
            let message = wire::Inventory {
                generation: now.generation,
                hash: if part + 1 == count {
                    now.hash.clone()
                } else {
                    String::new()
                },
                whole: whole && part == 0,
                images: images.by_ref().take(INVENTORY_PART).map(image_to_wire).collect(),
                removed_ids: removed_ids.take().unwrap_or_default(),
            };
            self.send(Body::Inventory(message)).await?;
        }
        self.conveyed = now;
        Ok(())
    }

    /// Says what became of the pins, once it is known what they are.
    pub(super) async fn send_pins(&mut self, report: &PinReport) -> Result<(), Status> {
        match report.known {
            true => self.send(Body::Pins(pins_to_wire(report))).await,
            false => Ok(()),
        }
    }

    /// Says what became of images that were to go.
    pub(super) async fn send_removed(&mut self) -> Result<(), Status> {
        for removal in self.link.keeper.take_removed() {
            self.send(Body::ImageRemoved(removal_to_wire(removal))).await?;
        }
        Ok(())
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
