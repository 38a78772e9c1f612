//! The agent's side of the session: dial, back-off, hello, orders in, reports out, outcomes kept until acknowledged.
//! Converts between protocol messages and the pure words of `pull`; decides nothing about pulls.

pub mod address;
pub mod backoff;
mod convert;
mod dial;
mod outbox;
mod progress;
pub mod proof;
mod session;
#[cfg(test)]
mod tests;

pub use dial::Dialling;
pub use outbox::Outbox;

use crate::{
    keep::Keeper,
    node::{Inventory, NodeState},
    pull::Platform,
    worker::Worker,
};
use backoff::Backoff;
use proof::Proof;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tracing::{error, info, warn};

/// Images in one message of an inventory: a coordinator keeps a buffer of the largest message for each of its agents.
pub const INVENTORY_PART: usize = 16;

/// Ends that only people can mend: wrong versions, a name that is taken, a second agent with the same identity.
const REFUSALS: [Code; 5] = [
    Code::FailedPrecondition,
    Code::PermissionDenied,
    Code::InvalidArgument,
    Code::Unauthenticated,
    Code::Aborted,
];

/// Who this agent says it is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Name of the node.
    pub node_name: String,
    /// Identity of the machine behind the name.
    pub node_uid: String,
    /// Labels by which tasks select the node.
    pub labels: BTreeMap<String, String>,
    /// Platform of the node.
    pub platform: Platform,
    /// Pulls at a time.
    pub max_concurrent_pulls: u32,
}

/// Why there is or is no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// Welcomed.
    Open,
    /// Not welcomed, with the reason.
    Closed(String),
}

/// Everything that a session needs.
pub struct Link {
    identity: Identity,
    dialling: Dialling,
    proof: Arc<Proof>,
    worker: Worker,
    outbox: Arc<Outbox>,
    keeper: Keeper,
    node: watch::Receiver<NodeState>,
    inventory: watch::Receiver<Arc<Inventory>>,
    state: watch::Sender<LinkState>,
    memory: Mutex<Memory>,
}

/// What outlives a session.
#[derive(Debug, Default)]
struct Memory {
    /// Newest epoch seen for `store`.
    epoch: u64,
    /// Identity of the coordinator's database.
    store: Option<String>,
    /// Reason of the last refusal that was logged.
    refusal: Option<String>,
}

/// How a session ended.
enum Ended {
    /// The leader is elsewhere.
    Redirected(String),
    /// The stream broke, could not be opened, or was closed.
    Lost(Status),
    /// The agent stops.
    Stopped,
}

impl Link {
    /// A link that has not dialled yet.
    #[must_use]
    pub fn new(
        identity: Identity,
        dialling: Dialling,
        proof: Arc<Proof>,
        worker: Worker,
        (outbox, keeper): (Arc<Outbox>, Keeper),
        node: watch::Receiver<NodeState>,
        inventory: watch::Receiver<Arc<Inventory>>,
    ) -> Self {
        let state = watch::Sender::new(LinkState::Closed("not connected yet".into()));
        Self {
            identity,
            dialling,
            proof,
            worker,
            outbox,
            keeper,
            node,
            inventory,
            state,
            memory: Mutex::default(),
        }
    }

    /// Whether there is a session.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    /// Keeps a session open until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        let mut address = self.dialling.address.clone();
        while !stop.is_cancelled() {
            let ended = session::run(self, &address, &stop).await;
            if *self.state.borrow() == LinkState::Open {
                backoff = Backoff::after_loss();
            }
            let pause = match ended {
                Ended::Stopped => return,
                Ended::Redirected(leader) => {
                    info!(address = %leader, "sent to the leading replica");
                    self.state.send_replace(LinkState::Closed(format!("sent to {leader}")));
                    address = leader;
                    backoff.next()
                }
                Ended::Lost(status) => {
                    address.clone_from(&self.dialling.address);
                    self.closed(&status, &mut backoff)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Notes why there is no session, and says how long to wait.
    fn closed(&self, status: &Status, backoff: &mut Backoff) -> Duration {
        let reason = format!("{:?}: {}", status.code(), status.message());
        // A ticket that is not believed any more is no refusal yet: the node may be proved anew.
        let is_stale = status.code() == Code::Unauthenticated && self.proof.forget_ticket();
        let is_refusal = !is_stale && REFUSALS.contains(&status.code());
        self.state.send_replace(LinkState::Closed(reason.clone()));
        if !is_refusal {
            let pause = backoff.next();
            warn!(%reason, retry_ms = pause.as_millis(), "no session with the coordinator");
            return pause;
        }
        let mut memory = self.memory();
        if memory.refusal.as_ref() != Some(&reason) {
            error!(%reason, "the coordinator refuses this agent");
            memory.refusal = Some(reason);
        }
        backoff.after_refusal()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
