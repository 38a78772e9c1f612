//! Images that are to go: agents decide and answer, and what cannot be asked is said.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::super::testing::{Agent, Edge};
use crate::{
    domain::pin::RemovalResult,
    engine::keeper::Keeper,
    fleet::messages::{Abilities, Order, Report},
};
use rstest::rstest;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const REMOVAL: Abilities = Abilities {
    pins: false,
    removal: true,
};

/// Answers so many orders.
async fn answer(agent: &mut Agent, results: &[(&str, RemovalResult)], dry_run: bool) {
    for _ in results {
        let removal = |order| {
            if let Order::RemoveImage {
                order,
                reference,
                dry_run,
            } = order
            {
                Some((order, reference, dry_run))
            } else {
                None
            }
        };
        let (order, image, dry) = agent.told(removal).await;
        assert_eq!(dry, dry_run);
        let (_, result) = results.iter().find(|(name, _)| *name == image.as_str()).unwrap();
        let message = String::new();
        let (order, result) = (order, *result);
        agent.report(Report::Removed { order, result, message }).await;
    }
}

fn results(outcome: &Value) -> Vec<String> {
    let all = outcome["results"].as_array().unwrap().iter();
    let line = |it: &Value| {
        let text = |key: &str| it[key].as_str().unwrap().to_owned();
        [text("nodeName"), text("image"), text("result")].join(" ")
    };
    all.map(line).collect()
}

#[tokio::test]
async fn agents_decide_and_every_image_on_every_node_has_its_result() {
    let edge = Edge::start().await;
    let mut able = edge.connect_able("node-a", "gpu", REMOVAL).await;
    let old = edge.connect("node-b", "gpu").await;
    let gone = edge.connect("node-c", "gpu").await;
    gone.leaves().await;
    edge.until("/api/v1/nodes/node-c", |node| node["connected"] == false)
        .await;
    let body = json!({"images": ["a:1", "b:1"], "selector": "pool=gpu"});
    let said = [("a:1", RemovalResult::Removed), ("b:1", RemovalResult::InUse)];
    let (outcome, ()) = tokio::join!(
        edge.send_json("POST", "/api/v1/purges", &body),
        answer(&mut able, &said, false)
    );
    assert_eq!(outcome.status, 200, "{}", outcome.text());
    let outcome = outcome.json();
    let expected = [
        "node-a a:1 removed",
        "node-a b:1 in_use",
        "node-b a:1 failed",
        "node-b b:1 failed",
        "node-c a:1 offline",
        "node-c b:1 offline",
    ];
    assert_eq!(results(&outcome), expected);
    assert_eq!(
        outcome["counts"],
        json!({"removed": 1, "in_use": 1, "failed": 2, "offline": 2})
    );
    assert!(outcome["results"][2]["message"].as_str().unwrap().contains("too old"));
    drop(old);
}

#[tokio::test]
async fn a_tasks_images_go_from_its_nodes_and_a_dry_run_only_asks() {
    let edge = Edge::start().await;
    let mut agent = edge.connect_able("node-a", "gpu", REMOVAL).await;
    let _other = edge.connect_able("node-b", "cpu", REMOVAL).await;
    let task = json!({"id": "t1", "images": ["a:1"], "nodeSelector": {"pool": "gpu"}});
    edge.create(&task).await;
    let body = json!({"taskId": "t1", "dryRun": true});
    let said = [("a:1", RemovalResult::WouldRemove)];
    let (outcome, ()) = tokio::join!(
        edge.send_json("POST", "/api/v1/purges", &body),
        answer(&mut agent, &said, true)
    );
    let outcome = outcome.json();
    assert_eq!(results(&outcome), ["node-a a:1 would_remove"]);
    assert_eq!(outcome["dryRun"], true);
}

#[tokio::test]
async fn what_a_policy_keeps_stays_until_it_is_paused() {
    let edge = Edge::start().await;
    let mut agent = edge.connect_able("node-a", "gpu", REMOVAL).await;
    tokio::spawn(Keeper::new(edge.state.engine.whole().clone()).run(CancellationToken::new()));
    let policy = json!({"name": "base", "taskConfig": {"images": ["a:1"], "nodeSelector": {"pool": "gpu"}}});
    let made = edge.send_json("POST", "/api/v1/policies", &policy).await.json();
    let path = format!("/api/v1/policies/{}", made["id"].as_str().unwrap());
    edge.until(&path, |policy| policy["nodes"] == 1).await;
    let purge = async |body: Value| edge.send_json("POST", "/api/v1/purges", &body).await;
    let kept = purge(json!({"images": ["docker.io/library/a:1"]})).await.json();
    assert_eq!(results(&kept), ["node-a docker.io/library/a:1 wanted"]);
    assert_eq!(kept["results"][0]["message"], "policy base keeps it there");
    let of_policy = json!({"policyId": made["id"]});
    assert_eq!(purge(of_policy.clone()).await.status, 409);
    edge.send_json("POST", &format!("{path}/pause"), &json!({})).await;
    let said = [("a:1", RemovalResult::Removed)];
    let (outcome, ()) = tokio::join!(purge(of_policy), answer(&mut agent, &said, false));
    assert_eq!(results(&outcome.json()), ["node-a a:1 removed"]);
    assert_eq!(purge(json!({"policyId": "none"})).await.status, 404);
}

#[rstest]
#[case(json!({}), "images")]
#[case(json!({"images": ["a:1"], "policyId": "p1"}), "images")]
#[case(json!({"taskId": "t1", "policyId": "p1"}), "policyId")]
#[case(json!({"images": ["a:1"], "taskId": "t1"}), "images")]
#[case(json!({"images": ["UPPER"]}), "images[0]")]
#[case(json!({"images": ["a:1"], "nodeNames": ["node-x"]}), "nodeNames")]
#[case(json!({"images": ["a:1"], "selector": "pool=none"}), "nodeSelector")]
#[case(json!({"images": ["a:1"], "force": true}), "force")]
#[tokio::test]
async fn bad_purges_are_refused(#[case] body: Value, #[case] field: &str) {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-a", "gpu").await;
    let answer = edge.send_json("POST", "/api/v1/purges", &body).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["field"]),
        (400, &json!(field)),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn an_unknown_task_is_not_found() {
    let edge = Edge::start().await;
    let answer = edge
        .send_json("POST", "/api/v1/purges", &json!({"taskId": "none"}))
        .await;
    assert_eq!(answer.status, 404, "{}", answer.text());
}
