//! The stream of events, over a real engine.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::{
        caller::TenantId,
        ids::TaskId,
        outcome::{Success, SuccessReason},
    },
    engine::board::Delta,
    http::testing::{Edge, request},
};
use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

/// One stream, read event by event.
pub(super) struct Events {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) data: Value,
}

impl Events {
    async fn open(edge: &Edge, path: &str, last_event_id: Option<&str>) -> Self {
        Self::open_as(edge, "", path, last_event_id).await
    }

    /// As whoever has this token.
    pub(super) async fn open_as(edge: &Edge, token: &str, path: &str, last_event_id: Option<&str>) -> Self {
        let mut request = request("GET", path).header("accept-encoding", "gzip, br");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = edge.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert!(response.headers().get("content-encoding").is_none());
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if block.starts_with(':') {
                    continue;
                }
                return Some(parse(&block));
            }
            let chunk = tokio::time::timeout(Duration::from_secs(5), self.body.next())
                .await
                .unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    pub(super) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.next().await.unwrap();
            if wanted(&event) {
                return event;
            }
        }
    }
}

fn parse(block: &str) -> Event {
    let field = |name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    };
    Event {
        name: field("event"),
        id: field("id"),
        data: serde_json::from_str(&field("data")).unwrap(),
    }
}

#[tokio::test]
async fn a_snapshot_then_deltas_until_the_end_of_a_pull() {
    let edge = Edge::start().await;
    let mut agent = edge.connect("node-a", "gpu").await;
    edge.create(&json!({"images": ["a"], "id": "t"})).await;
    let start = agent.started().await;
    let mut events = Events::open(&edge, "/api/v1/events?topics=tasks,nodes,task:t", None).await;
    let snapshot = events.next().await.unwrap();
    assert_eq!(snapshot.name, "snapshot");
    let topics = &snapshot.data["topics"];
    assert_eq!(
        (&topics["tasks"]["total"], &topics["tasks"]["tasks"][0]["taskId"]),
        (&json!(1), &json!("t"))
    );
    assert_eq!(topics["nodes"]["nodes"][0]["name"], "node-a");
    assert_eq!(
        (&topics["task:t"]["task"]["taskId"], &topics["task:t"]["totalPulls"]),
        (&json!("t"), &json!(1))
    );
    assert_eq!(topics["task:t"]["pulls"][0]["state"], "dispatched");
    assert!(
        snapshot.id.ends_with(&format!("-{}", snapshot.data["version"])),
        "{}",
        snapshot.id
    );

    let pulled = Success {
        reason: SuccessReason::AlreadyPresent,
        note: String::new(),
        digest_verified: false,
    };
    agent.succeed(&start, pulled).await;
    let ended = |event: &Event| event.data["pulls"][0]["state"] == "succeeded";
    let delta = events.until(ended).await;
    assert_eq!(
        (delta.name.as_str(), &delta.data["tasks"][0]["status"]),
        ("delta", &json!("completed"))
    );
    assert!(delta.data["version"].as_u64() > snapshot.data["version"].as_u64());

    edge.delete("/api/v1/tasks/t").await;
    let removed = events.until(|event| event.data["removedTasks"][0] == "t").await;
    assert!(removed.data.get("pulls").is_none(), "only keys that have something");
}

#[tokio::test]
async fn changes_are_named_and_their_lists_are_read_again() {
    let edge = Edge::start().await;
    let mut events = Events::open(&edge, "/api/v1/events?topics=changes", None).await;
    let snapshot = events.next().await.unwrap();
    assert_eq!(snapshot.data["topics"]["changes"], json!({}));
    let schedule = json!({"name": "nightly", "cronExpr": "@daily", "taskConfig": {"images": ["nginx:1"]}});
    let made = edge.post("/api/v1/scheduled-tasks", schedule.to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let told = events.until(|event| event.data["changed"][0] == "schedules").await;
    assert!(told.data.get("tasks").is_none(), "only that, nothing of whom");
    let next = edge.get("/api/v1/scheduled-tasks?enabled=true&sort=next").await.json();
    assert_eq!(next["total"], 1);
    let off = edge.get("/api/v1/scheduled-tasks?enabled=false").await.json();
    assert_eq!(off["total"], 0);
    let _agent = edge.connect("node-a", "gpu").await;
    events.until(|event| event.data["changed"][0] == "nodes").await;
}

#[tokio::test]
async fn a_client_that_comes_back_goes_on_or_reads_again() {
    let edge = Edge::start().await;
    let mut events = Events::open(&edge, "/api/v1/events?topics=tasks", None).await;
    let snapshot = events.next().await.unwrap();
    drop(events);
    let board = edge.state.engine.board();
    let gone = |id: &str| Delta {
        removed_tasks: vec![(TenantId::default(), TaskId::parse(id).unwrap())],
        ..Delta::default()
    };
    board.publish(gone("missed"));
    for path in [
        "/api/v1/events?topics=tasks".to_owned(),
        format!("/api/v1/events?topics=tasks&lastEventId={}", snapshot.id),
    ] {
        let header = (!path.contains("lastEventId")).then_some(snapshot.id.as_str());
        let next = Events::open(&edge, &path, header).await.next().await.unwrap();
        assert_eq!(
            (next.name.as_str(), &next.data["removedTasks"]),
            ("delta", &json!(["missed"])),
            "{path}"
        );
    }
    for (id, reason) in [
        ("other-1", "restarted"),
        (&format!("{}-999", board.run()), "no longer kept"),
        ("nonsense", "restarted"),
    ] {
        let next = Events::open(&edge, "/api/v1/events?topics=tasks", Some(id))
            .await
            .next()
            .await
            .unwrap();
        assert_eq!(
            (next.name.as_str(), &next.data["version"]),
            ("resync", &json!(board.version())),
            "{id}"
        );
        assert!(next.data["reason"].as_str().unwrap().contains(reason), "{}", next.data);
        assert!(next.data["topics"]["tasks"]["tasks"].is_array());
    }
}

#[tokio::test]
async fn a_slow_client_gets_merged_deltas_and_one_that_is_far_behind_reads_again() {
    let edge = Edge::start().await;
    let mut events = Events::open(&edge, "/api/v1/events?topics=tasks", None).await;
    events.next().await.unwrap();
    let board = edge.state.engine.board();
    let publish = |range: std::ops::Range<u32>| {
        for number in range {
            let id = TaskId::parse(&format!("t{}", number % 10)).unwrap();
            board.publish(Delta {
                removed_tasks: vec![(TenantId::default(), id)],
                ..Delta::default()
            });
        }
    };
    publish(0..500);
    let newest = json!(board.version());
    let last = events.until(|event| event.data["version"] == newest).await;
    let removed = last.data["removedTasks"].as_array().unwrap();
    assert_eq!(removed.len(), 10, "500 changes of ten objects are ten objects");
    publish(0..3000);
    let resync = events.until(|event| event.name == "resync").await;
    assert_eq!(
        (&resync.data["reason"], &resync.data["version"]),
        (&json!("fell behind"), &json!(board.version()))
    );
}

#[tokio::test]
async fn a_quiet_stream_has_a_heartbeat_and_ends_with_the_coordinator() {
    let edge = Edge::start().await;
    let path = "/api/v1/events?topics=tasks";
    let mut events = Events::open(&edge, path, None).await;
    events.next().await.unwrap();
    let text = edge.state.metrics.render().unwrap();
    assert!(String::from_utf8(text).unwrap().contains("ips_events_streams 1"));
    let beat = tokio::time::timeout(Duration::from_secs(5), events.body.next())
        .await
        .unwrap();
    assert_eq!(&beat.unwrap().unwrap()[..], b": heartbeat\n\n");
    edge.state.shutdown.cancel();
    assert!(events.next().await.is_none());
    drop(events);
    let text = edge.state.metrics.render().unwrap();
    assert!(String::from_utf8(text).unwrap().contains("ips_events_streams 0"));
}
