//! What is pinned where: as long as its task is there and not cancelled, over restarts of sessions, and only where somebody heeds it.

use super::super::testing::Edge;
use crate::{
    domain::pin::{Pin, PinReport, PinState},
    fleet::messages::{Abilities, Report},
};
use serde_json::json;

const PINS: Abilities = Abilities {
    pins: true,
    removal: false,
};

#[tokio::test]
async fn a_task_pins_until_it_is_cancelled_or_removed() {
    let edge = Edge::start().await;
    let mut agent = edge.connect_able("node-a", "gpu", PINS).await;
    assert_eq!(
        agent.pins().await,
        Vec::<String>::new(),
        "what was pinned before is unpinned"
    );
    let body = |id: &str, image: &str| json!({"id": id, "images": [image], "pin": true});
    let task = edge.create(&body("t1", "a:1")).await.json();
    assert_eq!(task["pin"], true, "{task}");
    assert_eq!(agent.pins().await, ["a:1"]);
    edge.create(&body("t2", "b:1")).await;
    assert_eq!(agent.pins().await, ["a:1", "b:1"]);
    // The same wish of another task changes nothing, and keeps the image when the first one goes.
    edge.create(&body("t3", "b:1")).await;
    edge.post("/api/v1/tasks/t2/cancel", "").await;
    edge.post("/api/v1/tasks/t1/cancel", "").await;
    assert_eq!(agent.pins().await, ["b:1"]);
    agent.leaves().await;
    let mut again = edge.connect_able("node-a", "gpu", PINS).await;
    assert_eq!(again.pins().await, ["b:1"]);
    let copy = edge
        .send_json("POST", "/api/v1/tasks/t3/clone", &json!({"images": ["c:1"]}))
        .await
        .json();
    assert_eq!(copy["pin"], true, "{copy}");
    assert_eq!(again.pins().await, ["b:1", "c:1"]);
    let plain = edge.create(&json!({"images": ["d:1"]})).await.json();
    assert!(plain.get("pin").is_none(), "{plain}");
}

#[tokio::test]
async fn a_node_shows_what_became_of_its_pins() {
    let edge = Edge::start().await;
    let agent = edge.connect_able("node-a", "gpu", PINS).await;
    assert!(edge.get("/api/v1/nodes/node-a").await.json().get("pins").is_none());
    let report = PinReport {
        honoured: true,
        budget_bytes: 10,
        pinned_bytes: 7,
        pins: vec![Pin {
            image: "a:1".into(),
            state: PinState::OverBudget,
            message: "too large".into(),
        }],
        ..PinReport::default()
    };
    agent.report(Report::Pins(report)).await;
    let node = edge
        .until("/api/v1/nodes/node-a", |node| node.get("pins").is_some())
        .await;
    let expected = json!({"honoured": true, "message": "", "budgetBytes": 10, "pinnedBytes": 7,
        "images": [{"image": "a:1", "state": "over_budget", "message": "too large"}]});
    assert_eq!(node["pins"], expected);
    assert!(edge.get("/api/v1/nodes").await.json()["nodes"][0].get("pins").is_none());
}
