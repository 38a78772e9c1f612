//! The board: what changed, for everyone who watches. Versions grow by one with every delta; the newest deltas are kept so that a
//! reader who was away for a moment can go on. A slow reader is told to read again; nothing is buffered for it.

use super::views::{NodeView, PullView, TaskView};
use crate::domain::{caller::TenantId, ids::TaskId};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::broadcast;

/// Deltas kept for readers who come back and for readers who lag.
const KEPT_DELTAS: usize = 1024;

/// Objects in the kept deltas, the newest delta not counted: what many nodes and large tasks would take of memory without end.
const KEPT_OBJECTS: usize = 4_000;

/// Things of which watchers are told only that some of them changed, of whomever: they read their lists again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Noun {
    /// Schedules and their executions.
    Schedules,
    /// Deliveries of notifications.
    Deliveries,
    /// Limits.
    Limits,
    /// Nodes.
    Nodes,
    /// Policies, and what is warm of them.
    Policies,
}

impl Noun {
    /// As watchers are told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedules => "schedules",
            Self::Deliveries => "deliveries",
            Self::Limits => "limits",
            Self::Nodes => "nodes",
            Self::Policies => "policies",
        }
    }
}

/// What changed in one step; every object replaces the one of its name as a whole.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// Version of the board after it.
    pub version: u64,
    /// Tasks.
    pub tasks: Vec<Arc<TaskView>>,
    /// Tasks whose record was removed, and whose they were.
    pub removed_tasks: Vec<(TenantId, TaskId)>,
    /// Pulls.
    pub pulls: Vec<Arc<PullView>>,
    /// Nodes.
    pub nodes: Vec<Arc<NodeView>>,
    /// Of which things some changed.
    pub changed: BTreeSet<Noun>,
}

impl Delta {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.objects() == 0
    }

    fn objects(&self) -> usize {
        self.tasks.len() + self.removed_tasks.len() + self.pulls.len() + self.nodes.len() + self.changed.len()
    }
}

/// What a follower gets next.
#[derive(Debug)]
pub enum Step {
    /// A change; versions follow each other without gaps.
    Delta(Arc<Delta>),
    /// Changes were missed: read everything again, then [`Board::follow`] from the version read before.
    Lagged,
    /// The coordinator is stopping.
    Closed,
}

/// The board of this run of the coordinator.
#[derive(Debug)]
pub struct Board {
    run: String,
    kept: Mutex<Kept>,
    sender: broadcast::Sender<Arc<Delta>>,
}

#[derive(Debug, Default)]
struct Kept {
    version: u64,
    deltas: VecDeque<Arc<Delta>>,
    /// In all of them together.
    objects: usize,
}

impl Kept {
    fn keep(&mut self, delta: Arc<Delta>) {
        let newest = delta.objects();
        self.objects += newest;
        self.deltas.push_back(delta);
        while self.deltas.len() > KEPT_DELTAS || self.objects - newest > KEPT_OBJECTS {
            let Some(oldest) = self.deltas.pop_front() else { return };
            self.objects -= oldest.objects();
        }
    }
}

impl Board {
    /// An empty board; `run` tells this run of the coordinator from all others.
    pub fn new(run: String) -> Self {
        Self {
            run,
            kept: Mutex::default(),
            sender: broadcast::channel(KEPT_DELTAS).0,
        }
    }

    /// Name of this run, the part of an event id before the dash.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Version of the newest delta.
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    /// Publishes a delta, unless it says nothing.
    pub fn publish(&self, mut delta: Delta) {
        if delta.is_empty() {
            return;
        }
        // The lock is held over the send, so that followers see versions in order.
        let mut kept = self.lock();
        kept.version += 1;
        delta.version = kept.version;
        let delta = Arc::new(delta);
        kept.keep(Arc::clone(&delta));
        let _nobody_watches = self.sender.send(delta);
    }

    /// Says that some of these things changed.
    pub fn changed(&self, noun: Noun) {
        self.publish(Delta {
            changed: BTreeSet::from([noun]),
            ..Delta::default()
        });
    }

    /// Follows the board from its present version, which is returned: what is read from now on is at least as new, and what changes
    /// while it is read comes again. Nothing need be kept for that, however long the reading takes.
    pub fn follow_now(&self) -> (u64, Follower) {
        let kept = self.lock();
        let follower = Follower {
            missed: VecDeque::new(),
            receiver: self.sender.subscribe(),
        };
        (kept.version, follower)
    }

    /// Follows the board from just after `version`. `None` when deltas after it are no longer kept.
    pub fn follow(&self, version: u64) -> Option<Follower> {
        let kept = self.lock();
        let oldest = kept.deltas.front().map_or(kept.version + 1, |delta| delta.version);
        if version > kept.version || version + 1 < oldest {
            return None;
        }
        let missed = kept
            .deltas
            .iter()
            .filter(|delta| delta.version > version)
            .cloned()
            .collect();
        Some(Follower {
            missed,
            receiver: self.sender.subscribe(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader of the board.
#[derive(Debug)]
pub struct Follower {
    missed: VecDeque<Arc<Delta>>,
    receiver: broadcast::Receiver<Arc<Delta>>,
}

impl Follower {
    /// Waits for the next change. Safe to cancel.
    pub async fn next(&mut self) -> Step {
        if let Some(delta) = self.missed.pop_front() {
            return Step::Delta(delta);
        }
        match self.receiver.recv().await {
            Ok(delta) => Step::Delta(delta),
            Err(broadcast::error::RecvError::Lagged(_)) => Step::Lagged,
            Err(broadcast::error::RecvError::Closed) => Step::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn removal(id: &str) -> Delta {
        Delta {
            removed_tasks: vec![(TenantId::default(), TaskId::from_stored(id.into()))],
            ..Delta::default()
        }
    }

    #[tokio::test]
    async fn a_reader_who_comes_back_gets_what_it_missed_and_then_what_is_new() {
        let board = Board::new("run".into());
        (0..5).for_each(|n| board.publish(removal(&n.to_string())));
        let mut follower = board.follow(3).unwrap();
        board.publish(removal("new"));
        for expected in [4, 5, 6] {
            match follower.next().await {
                Step::Delta(delta) => assert_eq!(delta.version, expected),
                other @ (Step::Lagged | Step::Closed) => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_longer_kept_cannot_be_followed_and_a_slow_reader_is_told() {
        let board = Board::new("run".into());
        let mut slow = board.follow(0).unwrap();
        (0..KEPT_DELTAS + 1).for_each(|_| board.publish(removal("x")));
        assert!(board.follow(0).is_none());
        assert!(board.follow(1).is_some());
        assert!(
            board.follow(board.version() + 1).is_none(),
            "a version of the future belongs to another run"
        );
        assert!(matches!(slow.next().await, Step::Lagged));
    }

    #[test]
    fn large_deltas_are_kept_for_less_time() {
        let board = Board::new("run".into());
        let large = || Delta {
            removed_tasks: vec![(TenantId::default(), TaskId::from_stored("x".into())); KEPT_OBJECTS],
            ..Delta::default()
        };
        (0..3).for_each(|_| board.publish(large()));
        assert!(board.follow(1).is_some(), "one beside the newest");
        assert!(board.follow(0).is_none());
        board.publish(removal("small"));
        assert!(board.follow(2).is_some() && board.follow(1).is_none());
    }

    #[test]
    fn nothing_is_not_published() {
        let board = Board::new("run".into());
        board.publish(Delta::default());
        assert_eq!(board.version(), 0);
    }
}
