//! Standing policies on real nodes: what joins later is warm before anybody asks, what is removed comes back once, and a coordinator that is
//! killed in the middle goes on.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand, TASK_LIMIT};
use ips_tests::wait::{wait_for, wait_until};
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

/// Makes a policy and gives its id.
async fn policy(stand: &Stand, name: &str, images: &[&str]) -> String {
    let body = json!({"name": name, "taskConfig": {"images": images, "nodeSelector": {"pool": "test"}}});
    let (status, made) = stand.coordinator.api().post("/api/v1/policies", &body).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{made:#}");
    made["id"].as_str().unwrap().to_owned()
}

/// Waits until an image on a node stands like this, and gives the cell.
async fn cell(stand: &Stand, id: &str, node: &str, state: &str) -> Value {
    let path = format!("/api/v1/policies/{id}/coverage?node={node}&state={state}");
    wait_for(&format!("the image on {node} to be {state}"), TASK_LIMIT, async || {
        let coverage = stand.coordinator.api().get(&path).await.ok()?;
        coverage["cells"].as_array()?.first().cloned()
    })
    .await
}

/// Tasks that a policy has ordered, newest first.
async fn tasks(stand: &Stand) -> Vec<Value> {
    let page = stand.coordinator.api().get("/api/v1/tasks?limit=100").await.unwrap();
    page["tasks"].as_array().cloned().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_removed_comes_back_and_the_second_time_is_left_with_the_reason(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    let reference = registry.reference("small:v1");
    let digests = registry.client().digests("small:v1").await.unwrap();
    let id = policy(&stand, "base", &[&reference]).await;
    cell(&stand, &id, "node-1", "warm").await;
    stand.nodes[0].assert_warm(&reference, &digests).await;

    // What kubelet's garbage collection does.
    let truth = stand.nodes[0].containerd.truth().await;
    truth.remove_image(&reference).await.unwrap();
    wait_until("the image to come back", TASK_LIMIT, async || {
        tasks(&stand).await.len() == 2
    })
    .await;
    cell(&stand, &id, "node-1", "warm").await;
    stand.nodes[0].assert_warm(&reference, &digests).await;

    truth.remove_image(&reference).await.unwrap();
    let paused = cell(&stand, &id, "node-1", "paused").await;
    assert_eq!(paused["reason"], "evicted_twice", "{paused:#}");
    assert!(
        paused["message"].as_str().unwrap().contains("twice within 24 h"),
        "{paused:#}"
    );
    stand.nodes[0].assert_absent(&reference).await;
    assert_eq!(tasks(&stand).await.len(), 2, "nothing more was ordered");

    let path = format!("/api/v1/policies/{id}/resume");
    let (status, _) = stand.coordinator.api().post(&path, &json!({})).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    cell(&stand, &id, "node-1", "warm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_later_and_a_coordinator_that_is_killed_in_the_middle() {
    let registry = Registry::shared().await;
    let mut stand = Stand::start(&[V1_7]).await;
    let (small, large) = (registry.reference("small:v1"), registry.reference("library:v1"));
    let id = policy(&stand, "base", &[&small, &large]).await;
    wait_until("something to be ordered", Duration::from_secs(30), async || {
        !tasks(&stand).await.is_empty()
    })
    .await;
    stand.coordinator.kill();
    stand.coordinator.restart().await.unwrap();
    stand.ready().await;
    let path = format!("/api/v1/policies/{id}");
    let covered = async || {
        let policy = stand.coordinator.api().get(&path).await.unwrap_or_default();
        policy["coverage"]["ratio"] == 1.0 && policy["nodes"] == 1
    };
    wait_until("the policy to be true", TASK_LIMIT, covered).await;
    let before = tasks(&stand).await;
    assert_eq!(before.len(), 1, "the task of before the kill went on: {before:#?}");
    assert_eq!(before[0]["policyId"], id.as_str(), "{before:#?}");

    let node = Node::start("node-2", &stand.coordinator, V2_1).await.unwrap();
    stand.nodes.push(node);
    wait_until(
        "the new node to be ordered something",
        Duration::from_secs(30),
        async || tasks(&stand).await.len() > 1,
    )
    .await;
    wait_until("both images to be warm", TASK_LIMIT, async || {
        let path = format!("/api/v1/policies/{id}/coverage?node=node-2&state=warm");
        stand.coordinator.api().get(&path).await.unwrap_or_default()["total"] == 2
    })
    .await;
    let digests = registry.client().digests("small:v1").await.unwrap();
    stand.nodes[1].assert_warm(&small, &digests).await;
}
