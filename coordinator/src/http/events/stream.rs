//! The life of one stream: it follows the board, merges what comes while the client is slow or the window is closed, and reads
//! everything again when it fell behind. It ends with the coordinator or with the client.

use super::{
    pending::Pending,
    position::{Position, event_id},
    snapshot::{self, MissingTask},
    topics::Topics,
};
use crate::{
    engine::{
        Engine,
        board::{Delta, Follower, Step},
        error::EngineError,
    },
    http::{HttpState, dto::event::SnapshotJson},
    metrics::InFlight,
};
use axum::response::sse::Event;
use futures::Stream;
use serde::Serialize;
use std::{convert::Infallible, future::pending, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Time between two events of progress: at most four a second.
const CALM_WINDOW: Duration = Duration::from_millis(250);

/// Time between two events when something ended.
const URGENT_WINDOW: Duration = Duration::from_millis(50);

/// One open stream.
pub(super) struct EventStream {
    engine: Engine,
    topics: Topics,
    follower: Follower,
    first: Option<Event>,
    pending: Pending,
    last_sent: Option<Instant>,
    shutdown: CancellationToken,
    _counted: InFlight,
}

impl EventStream {
    /// Opens a stream, going on from a position if one is given and still possible.
    ///
    /// # Errors
    /// `NotFound` for an unknown task; Unavailable when the store cannot be read.
    pub(super) async fn open(
        state: HttpState,
        engine: Engine,
        topics: Topics,
        position: Option<Position>,
    ) -> Result<Self, EngineError> {
        let resumed = position.map(|position| position.follow(engine.board()));
        let (follower, first) = match resumed {
            Some(Ok(follower)) => {
                for id in &topics.single {
                    engine.task(id).await?;
                }
                (follower, None)
            }
            Some(Err(reason)) => read_all(&engine, &topics, Some(reason), MissingTask::Refuse).await?,
            None => read_all(&engine, &topics, None, MissingTask::Refuse).await?,
        };
        Ok(Self {
            follower,
            first,
            topics,
            pending: Pending::default(),
            last_sent: None,
            shutdown: state.shutdown,
            _counted: state.metrics.events_stream_opened(),
            engine,
        })
    }

    /// The events, until the coordinator stops.
    pub(super) fn into_events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut stream| async move {
            let event = stream.next().await?;
            stream.last_sent = Some(Instant::now());
            Some((Ok(event), stream))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let due = self.due();
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return None,
                () = until(due) => return Some(self.delta()),
                step = self.follower.next() => match step {
                    Step::Delta(delta) => self.take(&delta),
                    Step::Lagged => return self.resync().await,
                    Step::Closed => return None,
                },
            }
        }
    }

    /// Adds what the caller may see of a change.
    fn take(&mut self, delta: &Delta) {
        self.pending.merge(delta, &self.topics, &self.engine);
        // Whoever makes a task of that id next may be another tenant.
        for (_, id) in &delta.removed_tasks {
            self.topics.single.remove(id);
        }
    }

    /// When what waits may be sent.
    fn due(&self) -> Option<Instant> {
        if self.pending.is_empty() {
            return None;
        }
        let window = if self.pending.is_urgent() {
            URGENT_WINDOW
        } else {
            CALM_WINDOW
        };
        Some(self.last_sent.map_or_else(Instant::now, |sent| sent + window))
    }

    fn delta(&mut self) -> Event {
        let id = event_id(self.engine.board(), self.pending.version());
        event("delta", id, &self.pending.take())
    }

    /// Reads everything again. A store that cannot be read ends the stream; the client comes back and is told why.
    async fn resync(&mut self) -> Option<Event> {
        self.pending = Pending::default();
        match read_all(&self.engine, &self.topics, Some("fell behind"), MissingTask::LeaveOut).await {
            Ok((follower, event)) => {
                self.follower = follower;
                event
            }
            Err(error) => {
                tracing::warn!(%error, "ended a stream of events that fell behind and could not be read again");
                None
            }
        }
    }
}

/// Begins to follow the board, then reads what the topics show: what changes while reading is sent again.
async fn read_all(
    engine: &Engine,
    topics: &Topics,
    reason: Option<&'static str>,
    missing: MissingTask,
) -> Result<(Follower, Option<Event>), EngineError> {
    let board = engine.board();
    let (version, follower) = board.follow_now();
    let snapshot = SnapshotJson {
        version,
        reason,
        topics: snapshot::read(engine, topics, missing).await?,
    };
    let name = if reason.is_some() { "resync" } else { "snapshot" };
    Ok((follower, Some(event(name, event_id(board, version), &snapshot))))
}

fn event(name: &str, id: String, data: &impl Serialize) -> Event {
    let text = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).id(id).data(text)
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}
