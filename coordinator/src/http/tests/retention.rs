//! Ended tasks that are old enough, or too many, are removed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    engine::{
        board::Step,
        now,
        retention::{Retention, RetentionSettings},
    },
    http::testing::Edge,
};
use serde_json::json;

const DAY: i64 = 86_400_000;

async fn edge_with(ended: &[&str], open: &[&str]) -> Edge {
    let edge = Edge::start().await;
    // No agent takes their pulls, so a cancelled task has ended at once.
    let agent = edge.connect("node-a", "gpu").await;
    agent.leaves().await;
    for id in ended.iter().chain(open) {
        let created = edge.create(&json!({"images": ["a", "b"], "id": id})).await;
        assert_eq!(created.status, 201, "{}", created.text());
    }
    for id in ended {
        assert_eq!(edge.post(&format!("/api/v1/tasks/{id}/cancel"), "").await.status, 200);
    }
    edge
}

fn retention(edge: &Edge, age_ms: i64, count: u32) -> Retention {
    Retention::new(edge.state.engine.whole().clone(), RetentionSettings { age_ms, count })
}

#[tokio::test]
async fn ended_tasks_go_after_their_time_and_watchers_are_told() {
    let edge = edge_with(&["old-1", "old-2"], &["open"]).await;
    let loop_ = retention(&edge, DAY, 0);
    assert_eq!(loop_.activate(now()).await.unwrap(), 0, "nothing is old yet");
    let board = edge.state.engine.board();
    let mut follower = board.follow(board.version()).unwrap();
    assert_eq!(loop_.activate(now() + 2 * DAY).await.unwrap(), 2);
    let mut removed = vec![];
    while removed.len() < 2 {
        match follower.next().await {
            Step::Delta(delta) => removed.extend(delta.removed_tasks.iter().map(|(_, id)| id.to_string())),
            other @ (Step::Lagged | Step::Closed) => panic!("{other:?}"),
        }
    }
    removed.sort();
    assert_eq!(removed, ["old-1", "old-2"]);
    let left = edge.get("/api/v1/tasks").await.json();
    assert_eq!(
        (&left["total"], &left["tasks"][0]["taskId"]),
        (&json!(1), &json!("open"))
    );
}

#[tokio::test]
async fn only_the_newest_ended_tasks_stay_where_their_number_is_limited() {
    let edge = edge_with(&["t1", "t2", "t3", "t4"], &["open"]).await;
    assert_eq!(retention(&edge, 0, 2).activate(now()).await.unwrap(), 2);
    let left = edge.get("/api/v1/tasks?status=cancelled").await.json();
    let ids: Vec<&str> = left["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["taskId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["t4", "t3"]);
    assert_eq!(
        retention(&edge, 0, 0).activate(now() + 9999 * DAY).await.unwrap(),
        0,
        "0 means for ever"
    );
}
