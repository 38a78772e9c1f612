//! One stream of server-sent events for any number of topics: a snapshot with its version, then deltas. What the stream does is in
//! `events/`; here it is opened and answered.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

mod pending;
mod position;
mod snapshot;
mod stream;
mod topics;

use super::{
    HttpState,
    dto::event::DeltaJson,
    error::{ApiError, ErrorJson},
    extract::Params,
};
use crate::domain::{caller::Caller, permission::Permission};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse,
        sse::{KeepAlive, Sse},
    },
};
use futures::StreamExt as _;
use position::Position;
use serde::Deserialize;
use std::time::Duration;
use stream::EventStream;
use topics::Topics;
use utoipa::IntoParams;

/// Silence after which a comment is sent. Short in tests, which wait for one.
const HEARTBEAT: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 15_000 });

/// Query of the stream.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Comma list of `tasks`, `nodes`, `changes` and `task:{id}`.
    #[param(example = "tasks,nodes", required = true)]
    topics: Option<String>,
    /// Where an earlier stream ended, for clients that cannot set the header `Last-Event-ID`.
    last_event_id: Option<String>,
}

/// Streams what changes: an event `snapshot`, then `delta`s; `resync` is a new snapshot for a client that missed something. It ends
/// when its caller's token does: open it again with a new one.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "Where an earlier stream ended")),
    responses(
        (status = 200, description = "Data of `snapshot` and `resync` is a SnapshotEvent, data of `delta` a DeltaEvent",
            body = DeltaJson, content_type = "text/event-stream"),
        (status = 400, description = "A parameter is wrong", body = ErrorJson),
        (status = 404, description = "No such task", body = ErrorJson),
    )
)]
pub(super) async fn events(
    State(state): State<HttpState>,
    caller: Caller,
    headers: HeaderMap,
    Params(query): Params<EventsQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let topics = Topics::parse(query.topics.as_deref().unwrap_or(""))?;
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let position = header.or(query.last_event_id.as_deref()).filter(|id| !id.is_empty());
    let (identity, engine) = (state.identity.clone(), state.engine.of(&caller));
    let refused = async move { identity.until_refused(caller, Permission::TasksRead).await };
    let stream = EventStream::open(state, engine, topics, position.map(Position::parse)).await?;
    let events = stream.into_events().take_until(Box::pin(refused));
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"));
    // Proxies that hold answers back would hold the stream back for ever.
    Ok(([("x-accel-buffering", "no")], events))
}
