//! Standing policies through the door: the shapes, what is refused and in which words, and what a node that joins is ordered.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::{
        node::InventoryImage,
        outcome::{Success, SuccessReason},
    },
    engine::keeper::Keeper,
    http::testing::Edge,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const PATH: &str = "/api/v1/policies";

fn body() -> Value {
    json!({"name": "base", "taskConfig": {"images": ["nginx:1"], "nodeSelector": {"pool": "a"}, "parallelism": "50%"}})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = body();
    body[field] = value;
    body
}

#[tokio::test]
async fn a_policy_is_made_shown_changed_paused_and_removed() {
    let edge = Edge::start().await;
    let made = edge.send_json("POST", PATH, &body()).await;
    let json = made.json();
    assert_eq!(made.status, 201, "{json}");
    let path = format!("{PATH}/{}", json["id"].as_str().unwrap());
    assert_eq!(made.header("location"), path);
    assert_eq!(
        (&json["tagFollowing"]["mode"], &json["paused"]),
        (&json!("never"), &json!(false))
    );
    assert_eq!(
        (&json["images"][0]["image"], &json["coverage"]["ratio"]),
        (&json!("nginx:1"), &json!(1.0))
    );
    assert_eq!(edge.send_json("POST", PATH, &body()).await.status, 409);
    let list = edge.get(PATH).await.json();
    assert_eq!(
        (&list["total"], &list["policies"][0]["name"]),
        (&json!(1), &json!("base"))
    );

    let change = json!({"description": "words", "tagFollowing": {"mode": "schedule", "cronExpr": "@daily"}});
    let changed = edge.send_json("PUT", &path, &change).await.json();
    assert_eq!(
        (&changed["description"], &changed["tagFollowing"]["cronExpr"]),
        (&json!("words"), &json!("@daily"))
    );
    assert!(changed["tagFollowing"]["nextAt"].is_string(), "{changed}");
    let paused = edge
        .send_json("POST", &format!("{path}/pause"), &json!({"reason": "upgrade"}))
        .await
        .json();
    assert_eq!(
        (&paused["paused"], &paused["pausedReason"]),
        (&json!(true), &json!("upgrade"))
    );
    let resumed = edge.post(&format!("{path}/resume"), "").await.json();
    assert_eq!(
        (&resumed["paused"], &resumed["pausedReason"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(edge.delete(&path).await.status, 204);
    for (method, rest) in [
        ("GET", ""),
        ("DELETE", ""),
        ("PUT", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("GET", "/coverage"),
    ] {
        let answer = edge.send_json(method, &format!("{path}{rest}"), &json!({})).await;
        assert_eq!(answer.status, 404, "{method} {rest}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let edge = Edge::start().await;
    for (field, wrong) in [
        ("name", with("name", json!(""))),
        ("taskConfig", json!({"name": "n"})),
        ("taskConfig.images[0]", with("taskConfig", json!({"images": ["A"]}))),
        ("taskConfig.images", with("taskConfig", json!({"images": []}))),
        (
            "taskConfig.maxNodes",
            with("taskConfig", json!({"images": ["a"], "maxNodes": "3"})),
        ),
        ("taskConfig.id", with("taskConfig", json!({"images": ["a"], "id": "x"}))),
        (
            "taskConfig.secretId",
            with("taskConfig", json!({"images": ["a"], "secretId": 9})),
        ),
        (
            "taskConfig.channels[0]",
            with("taskConfig", json!({"images": ["a"], "channels": ["none"]})),
        ),
        (
            "taskConfig.dryRun",
            with("taskConfig", json!({"images": ["a"], "dryRun": true})),
        ),
        ("tagFollowing.mode", with("tagFollowing", json!({"mode": "often"}))),
        (
            "tagFollowing.cronExpr",
            with("tagFollowing", json!({"mode": "schedule"})),
        ),
        ("libraryTag", with("libraryTag", json!("a b"))),
        ("colour", with("colour", json!("red"))),
    ] {
        let answer = edge.send_json("POST", PATH, &wrong).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (400, &json!(field)),
            "{}",
            answer.text()
        );
    }
    assert_eq!(edge.get(PATH).await.json()["total"], 0);
}

#[tokio::test]
async fn a_node_that_joins_is_ordered_what_it_lacks_and_the_coverage_says_so() {
    let edge = Edge::start().await;
    let keeper = Keeper::new(edge.state.engine.whole().clone());
    let stop = CancellationToken::new();
    let kept = tokio::spawn(keeper.run(stop.clone()));
    let dry = edge.send_json("POST", PATH, &with("dryRun", json!(true))).await;
    assert_eq!(
        (dry.status.as_u16(), &dry.json()["policy"]["id"]),
        (200, &json!("")),
        "{}",
        dry.text()
    );
    let id = edge.send_json("POST", PATH, &body()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let coverage = format!("{PATH}/{id}/coverage");
    let mut agent = edge.connect("node-1", "a").await;
    let image = |tag: &str| InventoryImage {
        id: "sha256:c".into(),
        repo_tags: vec![tag.into()],
        repo_digests: vec![],
        size_bytes: 1,
        pinned: false,
    };
    agent.has(image("docker.io/library/other:1")).await;
    let start = agent.started().await;
    let shown = edge
        .until(&coverage, |json| json["cells"][0]["taskId"].is_string())
        .await;
    assert_eq!(
        (&shown["total"], &shown["cells"][0]["state"]),
        (&json!(1), &json!("cold")),
        "{shown}"
    );
    let task = edge
        .get(&format!(
            "/api/v1/tasks/{}",
            shown["cells"][0]["taskId"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(
        (&task["policyId"], &task["nodeNames"]),
        (&json!(id), &json!(["node-1"])),
        "{task}"
    );
    let success = Success {
        reason: SuccessReason::Pulled,
        note: String::new(),
        digest_verified: true,
    };
    agent.succeed(&start, success).await;
    edge.until(&coverage, |json| json["cells"][0]["reason"] == "not_shown")
        .await;
    let none = edge.get(&format!("{coverage}?state=warm,paused")).await.json();
    assert_eq!(
        (&none["total"], &none["images"][0]["coverage"]["cold"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(edge.get(&format!("{coverage}?state=hot")).await.status, 400);
    let policy = edge.get(&format!("{PATH}/{id}")).await.json();
    assert_eq!(
        (&policy["nodes"], &policy["conditions"][0]["type"]),
        (&json!(1), &json!("Matched")),
        "{policy}"
    );
    stop.cancel();
    kept.await.unwrap();
}
