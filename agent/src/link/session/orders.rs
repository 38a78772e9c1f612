//! What the coordinator orders, and who carries it out.

use super::{Order, Session, reports::now_ms};
use crate::{
    link::{
        Ended,
        convert::{attempt, order},
    },
    pull::{ByteCounts, Digests, Ending, Failure, FailureReason, Outcome, Phase},
};
use ips_proto::v1::{CancelPull, CoordinatorMessage, Refuse, StartPull};
use tonic::Status;
use tracing::{info, warn};

impl Session<'_> {
    /// Follows one order. `Some` ends the session.
    pub(super) async fn obey(&mut self, message: CoordinatorMessage) -> Result<Option<Ended>, Status> {
        let newest = self.link.memory().epoch;
        if message.epoch < newest {
            warn!(epoch = message.epoch, newest, "order of a deposed leader ignored");
            return Ok(None);
        }
        self.link.memory().epoch = message.epoch;
        match message.body {
            Some(Order::StartPull(start)) => self.start(start),
            Some(Order::CancelPull(cancel)) => self.cancel(&cancel),
            Some(Order::Acknowledge(done)) => {
                let ids: Vec<_> = done.attempts.iter().filter_map(|id| attempt(Some(id))).collect();
                self.link.outbox.acknowledge(&ids);
            }
            Some(Order::Refuse(refused)) => self.forget(&refused),
            Some(Order::SendInventory(_)) => self.send_inventory().await?,
            Some(Order::Drain(drain)) => {
                info!(reason = %drain.reason, "told to take no new work");
                self.link.worker.drain();
            }
            Some(Order::Redirect(to)) => return Ok(Some(Ended::Redirected(to.address))),
            Some(Order::RemoveImage(remove)) if !remove.reference.is_empty() => {
                let keeper = &self.link.keeper;
                keeper.remove(remove.order_id, remove.reference, remove.dry_run);
            }
            Some(Order::SetPins(pins)) => self.link.keeper.want_pins(pins.references),
            Some(Order::RemoveImage(_)) => warn!("order ignored: it names no image"),
            Some(Order::PinImage(_)) => warn!("order ignored: pins are ordered as a whole"),
            Some(Order::Welcome(_)) | None => warn!("message ignored: nothing was expected of the kind"),
        }
        Ok(None)
    }

    fn start(&self, start: StartPull) {
        match order(start) {
            None => warn!("order ignored: it names no attempt or no image"),
            // It ended already, and the coordinator has not heard: say it again instead of doing it again.
            Some(order) if self.link.outbox.repeat(&order.id) => {}
            Some(order) => self.link.worker.start(order),
        }
    }

    /// The coordinator does not know such a pull of this node: nobody waits for it.
    fn forget(&self, refused: &Refuse) {
        let Some(id) = attempt(refused.attempt.as_ref()) else {
            return;
        };
        warn!(pull.id = %id, reason = %refused.reason, "the coordinator refused a report");
        let _may_have_ended = self.link.worker.cancel(&id);
        self.link.outbox.acknowledge(&[id]);
    }

    fn cancel(&self, cancel: &CancelPull) {
        let Some(id) = attempt(cancel.attempt.as_ref()) else {
            warn!("cancel ignored: it names no attempt");
            return;
        };
        info!(pull.id = %id, reason = %cancel.reason, "told to cancel");
        if self.link.worker.cancel(&id) || self.link.outbox.repeat(&id) {
            return;
        }
        let now = now_ms();
        let failure = Failure::new(
            FailureReason::Cancelled,
            Phase::Waiting,
            "cancelled; the agent did not run it",
        );
        self.link.outbox.put(Outcome {
            id,
            ending: Ending::Failure(failure),
            digests: Digests::default(),
            bytes: ByteCounts::default(),
            layers: Vec::new(),
            started_at_ms: now,
            finished_at_ms: now,
            phases: Vec::new(),
        });
    }
}
