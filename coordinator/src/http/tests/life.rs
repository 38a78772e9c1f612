//! Pause, resume, retry, and one action on many tasks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::outcome::{Failure, FailureReason, Success, SuccessReason},
    http::testing::Edge,
};
use rstest::rstest;
use serde_json::{Value, json};

fn failure() -> Failure {
    Failure {
        reason: FailureReason::Unauthorized,
        message: "401 Unauthorized".into(),
    }
}

fn pulled() -> Success {
    Success {
        reason: SuccessReason::Pulled,
        note: String::new(),
        digest_verified: false,
    }
}

#[tokio::test]
async fn a_paused_task_holds_its_pulls_back_and_says_so() {
    let edge = Edge::start().await;
    assert_eq!(edge.post("/api/v1/tasks/none/pause", "").await.status, 404);
    let mut agent = edge.connect("node-a", "gpu").await;
    edge.create(&json!({"images": ["a", "b", "c"], "id": "t", "batchSize": 1}))
        .await;
    let first = agent.started().await;
    let paused = edge.post("/api/v1/tasks/t/pause", "").await;
    assert_eq!(
        (paused.status.as_u16(), paused.json()["status"].as_str()),
        (200, Some("paused")),
        "{}",
        paused.text()
    );
    assert_eq!(edge.post("/api/v1/tasks/t/pause", "").await.status, 409);
    agent.succeed(&first, pulled()).await;
    let second = agent.started().await;
    agent.succeed(&second, pulled()).await;
    let waits = edge
        .until("/api/v1/tasks/t", |task| task["waitingFor"].is_string())
        .await;
    assert_eq!(waits["waitingFor"], "the task is paused");
    assert_eq!(waits["progress"]["queuedPulls"], 1);
    let resumed = edge.post("/api/v1/tasks/t/resume", "{}").await;
    assert_eq!(resumed.status, 200, "{}", resumed.text());
    let third = agent.started().await;
    agent.succeed(&third, pulled()).await;
    let ended = edge
        .until("/api/v1/tasks/t", |task| task["finishedAt"].is_string())
        .await;
    assert_eq!(ended["status"], "completed");
    assert_eq!(edge.post("/api/v1/tasks/t/resume", "").await.status, 409);
}

#[tokio::test]
async fn a_retry_tries_failed_pulls_and_no_others() {
    let edge = Edge::start().await;
    let mut good = edge.connect("node-a", "gpu").await;
    let mut bad = edge.connect("node-b", "gpu").await;
    edge.create(&json!({"images": ["a"], "id": "t"})).await;
    let start = good.started().await;
    good.succeed(&start, pulled()).await;
    let start = bad.started().await;
    bad.fail(&start, failure()).await;
    let ended = edge
        .until("/api/v1/tasks/t", |task| task["finishedAt"].is_string())
        .await;
    assert_eq!(
        (&ended["status"], &ended["progress"]["failedPulls"]),
        (&json!("failed"), &json!(1))
    );
    let retried = edge.post("/api/v1/tasks/t/retry", "").await;
    assert_eq!(retried.status, 200, "{}", retried.text());
    assert!(retried.json().get("finishedAt").is_none(), "{}", retried.text());
    let start = bad.started().await;
    bad.succeed(&start, pulled()).await;
    let ended = edge
        .until("/api/v1/tasks/t", |task| task["finishedAt"].is_string())
        .await;
    assert_eq!(
        (&ended["status"], &ended["failures"]),
        (&json!("completed"), &json!([]))
    );
    let again = edge.post("/api/v1/tasks/t/retry", "").await;
    assert_eq!(again.status, 409, "nothing of it has failed");
}

#[tokio::test]
async fn one_action_on_many_tasks_has_a_result_for_each() {
    let edge = Edge::start().await;
    // Nobody takes the pulls, so that a cancelled task has ended at once.
    edge.connect("node-a", "gpu").await.leaves().await;
    for id in ["t1", "t2", "t3"] {
        edge.create(&json!({"images": ["a"], "id": id, "priority": 1})).await;
    }
    let bulk = async |body: Value| edge.send_json("POST", "/api/v1/tasks/bulk", &body).await;
    let mixed = bulk(json!({"action": "cancel", "ids": ["t1", "none", "t1-"]}))
        .await
        .json();
    assert_eq!(
        (&mixed["succeeded"], &mixed["failed"], &mixed["remaining"]),
        (&json!(1), &json!(2), &json!(0))
    );
    assert_eq!(mixed["results"][0], json!({"taskId": "t1", "ok": true}));
    assert_eq!(
        mixed["results"][1],
        json!({"taskId": "none", "ok": false, "code": "not_found", "error": "task \"none\" not found"})
    );
    let paused = bulk(json!({"action": "pause", "filter": {}})).await.json();
    let ids: Vec<&str> = paused["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["taskId"].as_str().unwrap())
        .collect();
    assert_eq!(
        (ids, &paused["failed"]),
        (vec!["t3", "t2"], &json!(0)),
        "newest first: {paused}"
    );
    let removed = bulk(json!({"action": "delete", "filter": {"status": ["cancelled", "paused"]}}))
        .await
        .json();
    assert_eq!(
        (&removed["succeeded"], &removed["failed"]),
        (&json!(1), &json!(2)),
        "{removed}"
    );
    assert_eq!(edge.get("/api/v1/tasks/t1").await.status, 404);
    let cancelled = bulk(json!({"action": "cancel", "filter": {}})).await.json();
    assert_eq!(cancelled["succeeded"], 2);
}

#[rstest]
#[case(json!({}), "action")]
#[case(json!({"action": "explode", "ids": ["a"]}), "action")]
#[case(json!({"action": "cancel"}), "ids")]
#[case(json!({"action": "cancel", "ids": []}), "ids")]
#[case(json!({"action": "cancel", "ids": ["a", "a"]}), "ids[1]")]
#[case(json!({"action": "cancel", "ids": (0..1001).map(|n| n.to_string()).collect::<Vec<_>>()}), "ids")]
#[case(json!({"action": "cancel", "ids": ["a"], "filter": {}}), "filter")]
#[case(json!({"action": "cancel", "filter": {"status": ["done"]}}), "filter.status[0]")]
#[case(json!({"action": "cancel", "filter": {"state": ["failed"]}}), "filter.state")]
#[case(json!({"action": "cancel", "ids": ["a"], "force": true}), "force")]
#[tokio::test]
async fn bad_bulk_calls_are_refused_whole(#[case] body: Value, #[case] field: &str) {
    let edge = Edge::start().await;
    let answer = edge.send_json("POST", "/api/v1/tasks/bulk", &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["field"].as_str()),
        (400, Some(field)),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_thousand_ids_are_taken() {
    let edge = Edge::start().await;
    let ids: Vec<String> = (0..1000).map(|n| format!("none-{n}")).collect();
    let answer = edge
        .send_json("POST", "/api/v1/tasks/bulk", &json!({"action": "cancel", "ids": ids}))
        .await;
    assert_eq!((answer.status.as_u16(), &answer.json()["failed"]), (200, &json!(1000)));
}
