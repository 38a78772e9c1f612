//! One watch of one task: a snapshot, then what changed. It is polled by its client's connection and holds nothing but the next
//! messages, so that a slow or gone client costs nothing.

use super::{convert, status};
use crate::{
    domain::{
        counts::PullCounts,
        ids::{PullId, TaskId},
    },
    engine::{
        Engine,
        board::{Delta, Follower, Step},
        error::EngineError,
        views::{PageRequest, PullFilter, PullView, TaskView},
    },
};
use futures::Stream;
use ips_proto::v1::{self, task_event::Body};
use std::{
    collections::{HashSet, VecDeque},
    pin::Pin,
};
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// What a client gets.
pub(super) type EventStream = Pin<Box<dyn Stream<Item = Result<v1::TaskEvent, Status>> + Send>>;

/// Pulls in one message: with the layers of each, a message stays under the 4 MiB that gRPC clients accept.
const PULLS_PER_MESSAGE: usize = 200;
/// Pulls read from the engine at a time.
const PULLS_PER_PAGE: u32 = 1000;

/// One watch.
#[derive(Debug)]
pub(super) struct Watch {
    engine: Engine,
    shutdown: CancellationToken,
    seen: Seen,
    follower: Follower,
    ready: VecDeque<v1::TaskEvent>,
}

/// What the client knows so far.
#[derive(Debug)]
struct Seen {
    id: TaskId,
    ended: bool,
    removed: bool,
    counts: PullCounts,
    open: HashSet<PullId>,
}

impl Watch {
    /// Reads the task and begins to follow it.
    pub(super) async fn begin(engine: Engine, id: TaskId, shutdown: CancellationToken) -> Result<Self, EngineError> {
        // Followed first: whatever changes while the rest is read comes again as a delta.
        let (version, follower) = engine.board().follow_now();
        let task = engine.task(&id).await?;
        let pulls = all_pulls(&engine, &id).await?;
        let mut seen = Seen::new(id);
        let ready = seen.snapshot(version, &task, &pulls);
        Ok(Self {
            engine,
            shutdown,
            seen,
            follower,
            ready,
        })
    }

    /// The messages, ending after the task and its last pull.
    pub(super) fn into_stream(self) -> EventStream {
        Box::pin(futures::stream::unfold(Some(self), |watch| async {
            let mut watch = watch?;
            match watch.next().await {
                Ok(Some(event)) => Some((Ok(event), Some(watch))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    async fn next(&mut self) -> Result<Option<v1::TaskEvent>, Status> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.seen.removed {
                return Err(Status::not_found(format!(
                    "task {:?} was removed",
                    self.seen.id.as_str()
                )));
            }
            if self.seen.is_over() {
                return Ok(None);
            }
            let step = tokio::select! {
                step = self.follower.next() => step,
                () = self.shutdown.cancelled() => Step::Closed,
            };
            match step {
                Step::Delta(delta) => self.take(&delta).await.map_err(status::of)?,
                Step::Lagged => self.begin_again().await.map_err(status::of)?,
                Step::Closed => return Err(Status::unavailable("the coordinator is stopping")),
            }
        }
    }

    async fn begin_again(&mut self) -> Result<(), EngineError> {
        let (engine, id, shutdown) = (self.engine.clone(), self.seen.id.clone(), self.shutdown.clone());
        *self = Self::begin(engine, id, shutdown).await?;
        Ok(())
    }

    async fn take(&mut self, delta: &Delta) -> Result<(), EngineError> {
        self.ready = self.seen.delta(delta);
        // The board may tell of the last pull before it tells of the counts that include it.
        if self.seen.is_over() && self.seen.counts.open() > 0 && !self.seen.removed {
            let task = self.engine.task(&self.seen.id).await?;
            self.ready.push_back(event(delta.version, Some(&task), &[]));
        }
        Ok(())
    }
}

async fn all_pulls(engine: &Engine, id: &TaskId) -> Result<Vec<PullView>, EngineError> {
    let mut pulls = vec![];
    loop {
        let page = PageRequest {
            limit: PULLS_PER_PAGE,
            offset: u32::try_from(pulls.len()).unwrap_or(u32::MAX),
        };
        let found = engine.pulls(id, &PullFilter::default(), page).await?;
        let last = found.items.len() < PULLS_PER_PAGE as usize;
        pulls.extend(found.items);
        if last {
            return Ok(pulls);
        }
    }
}

impl Seen {
    fn new(id: TaskId) -> Self {
        Self {
            id,
            ended: false,
            removed: false,
            counts: PullCounts::default(),
            open: HashSet::new(),
        }
    }

    /// The first messages: the snapshot, and for a large task the rest of its pulls as deltas of the same version.
    fn snapshot(&mut self, version: u64, task: &TaskView, pulls: &[PullView]) -> VecDeque<v1::TaskEvent> {
        self.note_task(task);
        pulls.iter().for_each(|pull| self.note_pull(pull));
        let pulls: Vec<&PullView> = pulls.iter().collect();
        let (first, rest) = pulls.split_at(pulls.len().min(PULLS_PER_MESSAGE));
        let snapshot = v1::TaskSnapshot {
            task: Some(convert::task(task)),
            pulls: first.iter().map(|pull| convert::pull(pull)).collect(),
        };
        let snapshot = v1::TaskEvent {
            version,
            body: Some(Body::Snapshot(snapshot)),
        };
        let rest = rest.chunks(PULLS_PER_MESSAGE).map(|chunk| event(version, None, chunk));
        std::iter::once(snapshot).chain(rest).collect()
    }

    /// What of a delta concerns the task; nothing when none of it does.
    fn delta(&mut self, delta: &Delta) -> VecDeque<v1::TaskEvent> {
        let task = delta.tasks.iter().rfind(|view| view.task.id == self.id);
        let pulls: Vec<&PullView> = delta
            .pulls
            .iter()
            .map(|view| &**view)
            .filter(|view| view.pull.task == self.id)
            .collect();
        self.removed |= delta.removed_tasks.iter().any(|(_, id)| *id == self.id);
        task.into_iter().for_each(|task| self.note_task(task));
        pulls.iter().for_each(|pull| self.note_pull(pull));
        let mut chunks = pulls.chunks(PULLS_PER_MESSAGE);
        let first = chunks.next().unwrap_or_default();
        if task.is_none() && first.is_empty() {
            return VecDeque::new();
        }
        let first = event(delta.version, task.map(|task| &**task), first);
        let rest = chunks.map(|chunk| event(delta.version, None, chunk));
        std::iter::once(first).chain(rest).collect()
    }

    fn note_task(&mut self, view: &TaskView) {
        self.ended = !view.task.state.is_open();
        self.counts = view.task.counts;
    }

    fn note_pull(&mut self, view: &PullView) {
        if view.pull.state.is_open() {
            self.open.insert(view.pull.id.clone());
        } else {
            self.open.remove(&view.pull.id);
        }
    }

    fn is_over(&self) -> bool {
        self.ended && self.open.is_empty()
    }
}

fn event(version: u64, task: Option<&TaskView>, pulls: &[&PullView]) -> v1::TaskEvent {
    let delta = v1::TaskDelta {
        task: task.map(convert::task),
        pulls: pulls.iter().map(|pull| convert::pull(pull)).collect(),
    };
    v1::TaskEvent {
        version,
        body: Some(Body::Delta(delta)),
    }
}
