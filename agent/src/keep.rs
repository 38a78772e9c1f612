//! What stays on the node and what goes: pins against the kubelet's garbage collection, and images that are removed on order.
//! It touches no pin that is not its own, and no image that somebody uses.

mod pins;
mod plan;
mod removal;
#[cfg(test)]
mod tests;

pub use plan::{Pin, PinState};
pub use removal::{Removal, Removed};

use crate::{node::NodeState, runtime::ImageRuntime};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What became of the pins that are wanted here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinReport {
    /// False before the coordinator has said what is to be pinned.
    pub known: bool,
    /// The runtime knows pins.
    pub honoured: bool,
    /// Why it does not; empty otherwise.
    pub message: String,
    /// Bytes that may be pinned.
    pub budget: u64,
    /// Bytes that are pinned by us, by the sizes that CRI tells.
    pub pinned: u64,
    /// By reference.
    pub pins: Vec<Pin>,
}

/// Keeps pins true and removes images. Clones share everything.
#[derive(Clone)]
pub struct Keeper {
    shared: Arc<Shared>,
}

struct Shared {
    runtime: Arc<dyn ImageRuntime>,
    node: watch::Receiver<NodeState>,
    budget: u64,
    /// What is to be pinned; `None` until the coordinator has said.
    wanted: watch::Sender<Option<Arc<Vec<String>>>>,
    report: watch::Sender<Arc<PinReport>>,
    /// Answers to removals that nobody has taken yet.
    removed: Mutex<Vec<Removal>>,
    /// Says that there are some.
    news: watch::Sender<u64>,
    /// Pins and removals take turns.
    turn: tokio::sync::Mutex<()>,
}

impl Keeper {
    /// A keeper that was told nothing yet; `budget` is how many bytes it may pin.
    #[must_use]
    pub fn new(runtime: Arc<dyn ImageRuntime>, node: watch::Receiver<NodeState>, budget: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                runtime,
                node,
                budget,
                wanted: watch::Sender::new(None),
                report: watch::Sender::default(),
                removed: Mutex::default(),
                news: watch::Sender::default(),
                turn: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// From now on these are to be pinned and nothing else of ours.
    pub fn want_pins(&self, mut references: Vec<String>) {
        references.sort_unstable();
        references.dedup();
        self.shared.wanted.send_replace(Some(Arc::new(references)));
    }

    /// What became of them.
    #[must_use]
    pub fn pins(&self) -> watch::Receiver<Arc<PinReport>> {
        self.shared.report.subscribe()
    }

    /// Changes whenever a removal has an answer.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// The answers so far, each of them once.
    #[must_use]
    pub fn take_removed(&self) -> Vec<Removal> {
        std::mem::take(&mut *self.answers())
    }

    /// Removes an image beside whatever else happens; the answer lies among those that are taken.
    pub fn remove(&self, order: String, reference: String, dry_run: bool) {
        let keeper = self.clone();
        tokio::spawn(async move {
            let (result, message) = removal::remove(&keeper.shared, &reference, dry_run).await;
            tracing::info!(image = %reference, ?result, dry_run, message, "told to remove an image");
            keeper.answers().push(Removal { order, result, message });
            keeper.shared.news.send_modify(|count| *count += 1);
        });
    }

    fn answers(&self) -> MutexGuard<'_, Vec<Removal>> {
        self.shared.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
