//! Runs attempts: a bounded number of runtime pulls, one at a time for each image, each with time-outs and cancel.
//! Knows nothing of sessions: orders come in as values, progress lies on the board, outcomes go to whoever was given.

mod attempt;
mod board;
mod discovery;
mod facts;
mod flight;
mod flights;
mod ingests;
mod logins;
mod observer;
mod room;
mod sampler;
#[cfg(test)]
mod tests;

pub use board::{AttemptView, Board};
pub use observer::{EndedAttempt, Observer};

use crate::{
    credentials::NodeCredentials,
    guard::Guard,
    pull::{AttemptId, Order, Outcome, Platform},
    runtime::ImageRuntime,
};
use flights::Flights;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument, info, info_span};

/// Where outcomes go. Called once for each attempt that ends.
pub type Deliver = Arc<dyn Fn(Outcome) + Send + Sync>;

/// How the worker behaves.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Runtime pulls at a time.
    pub slots: usize,
    /// Longest silence of an attempt whose order does not say.
    pub no_progress: Duration,
    /// Platform that images must fit.
    pub platform: Platform,
    /// Logins of the node itself, for orders without one.
    pub credentials: Arc<NodeCredentials>,
    /// What keeps pulls from harming the node.
    pub guard: Guard,
    /// Who hears of each attempt that ended, beside whoever is given the outcomes.
    pub observer: Observer,
}

/// Takes orders. Clones share everything.
#[derive(Clone)]
pub struct Worker {
    shared: Arc<Shared>,
}

/// What all attempts share.
struct Shared {
    runtime: Arc<dyn ImageRuntime>,
    settings: WorkerSettings,
    flights: Flights,
    promises: Arc<room::Promises>,
    attempts: Mutex<HashMap<AttemptId, CancellationToken>>,
    board: Board,
    deliver: Deliver,
    draining: CancellationToken,
    tasks: TaskTracker,
}

impl Worker {
    /// A worker without work.
    #[must_use]
    pub fn new(runtime: Arc<dyn ImageRuntime>, settings: WorkerSettings, deliver: Deliver) -> Self {
        let flights = Flights::new(settings.slots);
        Self {
            shared: Arc::new(Shared {
                runtime,
                settings,
                flights,
                promises: Arc::default(),
                attempts: Mutex::default(),
                board: Board::default(),
                deliver,
                draining: CancellationToken::new(),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// Starts an attempt. A second order for the same attempt changes nothing; a newer attempt of the same pull takes the
    /// place of the older one; while draining nothing is started.
    pub fn start(&self, order: Order) {
        if self.shared.draining.is_cancelled() {
            info!(pull.id = %order.id, "order left alone: the agent is draining");
            return;
        }
        let Some((cancel, superseded)) = self.admit(&order.id) else {
            return;
        };
        info!(pull.id = %order.id, image = %order.reference, "order accepted");
        let span = info_span!("attempt", pull.id = %order.id);
        let shared = Arc::clone(&self.shared);
        let run = async move { attempt::run(&shared, order, cancel, superseded).await };
        self.shared.tasks.spawn(run.instrument(span));
    }

    /// Ends an attempt as cancelled. False when there is no such attempt.
    #[must_use]
    pub fn cancel(&self, id: &AttemptId) -> bool {
        let attempts = self.shared.attempts();
        attempts.get(id).inspect(|token| token.cancel()).is_some()
    }

    /// Attempts that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> Vec<AttemptId> {
        let mut ids: Vec<AttemptId> = self.shared.attempts().keys().cloned().collect();
        ids.sort();
        ids
    }

    /// True while an attempt has not ended.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.shared.attempts().is_empty()
    }

    /// What running attempts have done.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.shared.board
    }

    /// From now on nothing new is started; attempts that wait for a slot are dropped without an outcome.
    pub fn drain(&self) {
        self.shared.draining.cancel();
    }

    /// True after `drain`.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.draining.is_cancelled()
    }

    /// Returns when every attempt has ended.
    pub async fn idle(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// Registers the attempt. Returns its cancel token and that of an older attempt of the same pull.
    fn admit(&self, id: &AttemptId) -> Option<(CancellationToken, Option<CancellationToken>)> {
        let mut attempts = self.shared.attempts();
        let newest = attempts
            .keys()
            .filter(|known| known.pull == id.pull)
            .max_by_key(|known| known.number)
            .cloned();
        if newest.as_ref().is_some_and(|known| known.number >= id.number) {
            return None;
        }
        let superseded = newest.and_then(|known| attempts.get(&known).cloned());
        let cancel = CancellationToken::new();
        attempts.insert(id.clone(), cancel.clone());
        Some((cancel, superseded))
    }
}

impl Shared {
    fn attempts(&self) -> MutexGuard<'_, HashMap<AttemptId, CancellationToken>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
