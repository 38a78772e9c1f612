//! The JSON that programs get: the contract's `event`, `task`, `timestamp` and `message`, and the id of the delivery.

use super::{Parcel, TaskDocument};
use crate::domain::{
    event::{Event, EventKind, Subject},
    task::Task,
};
use serde_json::{Value, json};

/// The body. A task that its abort rule stopped has failed, in the words that clients of the original know; `stoppedBy` says the rest.
pub(super) fn body(parcel: Parcel<'_>, document: TaskDocument) -> Value {
    let event = parcel.event;
    let word = match event.kind {
        EventKind::TaskAborted => EventKind::TaskFailed.as_str(),
        EventKind::TaskCompleted
        | EventKind::TaskFailed
        | EventKind::TaskCancelled
        | EventKind::ScheduleSkipped
        | EventKind::ScheduleFailed
        | EventKind::NodeLost
        | EventKind::PolicyTagMoved
        | EventKind::PolicyImagePaused
        | EventKind::Test => event.kind.as_str(),
    };
    let mut body = json!({
        "event": word,
        "timestamp": time(event.at),
        "message": message(event),
        "id": parcel.id,
    });
    let (name, value) = match &event.subject {
        Subject::Task(task) => ("task", document(task)),
        Subject::Schedule(news) => (
            "scheduledTask",
            json!({
                "id": news.id.as_str(),
                "name": news.name,
                "executionId": news.execution,
                "triggeredAt": time(news.triggered_at),
            }),
        ),
        Subject::Node(node) => (
            "node",
            json!({"name": node.name.as_str(), "lastSeenAt": time(node.last_seen_at)}),
        ),
        Subject::Policy(news) => (
            "policy",
            json!({
                "id": news.id.as_str(),
                "name": news.name,
                "image": news.image,
                "node": news.node,
            }),
        ),
        Subject::Channel(name) => ("channel", json!({"name": name})),
    };
    body[name] = value;
    if event.kind == EventKind::TaskAborted {
        body["stoppedBy"] = "abort_rule".into();
    }
    body
}

/// The contract's sentences; where it has none, ours.
fn message(event: &Event) -> String {
    match (&event.subject, event.kind) {
        (Subject::Task(task), EventKind::TaskCompleted) if task.counts.failed > 0 => with_failures(task),
        (Subject::Task(_), EventKind::TaskCompleted) => "Task completed successfully".into(),
        (Subject::Task(_), EventKind::TaskCancelled) => "Task was cancelled".into(),
        (Subject::Task(task), EventKind::TaskAborted) => format!("Task failed: {}", task.error_message),
        (Subject::Task(_), _failed) => "Task failed after all retries".into(),
        (Subject::Schedule(news), _) => news.message.clone(),
        (Subject::Policy(news), _) => news.message.clone(),
        (Subject::Node(_), _) => "The node is lost: its agent has had no session for too long".into(),
        (Subject::Channel(_), _) => "This is a test".into(),
    }
}

fn with_failures(task: &Task) -> String {
    let (failed, all) = (task.counts.failed, task.counts.failed + task.counts.succeeded);
    format!("Task completed with failures: {failed} of {all} pulls failed")
}

/// RFC 3339 with milliseconds in UTC, as the REST API writes it.
fn time(at: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
