//! Nodes are the connected agents: their labels choose targets, their inventory is containerd's, their names are theirs.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::agent::{Agent, AgentOptions};
use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_selector_decides_and_one_that_matches_nothing_is_refused() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V1_7, V2_1]).await;
    let reference = registry.reference("small:v1");
    let id = stand
        .order_with(json!({"images": [reference], "nodeSelector": {"node": "node-2"}}))
        .await;
    let task = stand.completed(&id).await;
    assert_eq!(task["progress"]["totalNodes"], 1, "{task:#}");
    stand.nodes[0].assert_absent(&reference).await;

    let body = json!({"images": [reference], "nodeSelector": {"node": "node-9"}});
    let (status, answer) = stand.coordinator.api().post("/api/v1/tasks", &body).await.unwrap();
    assert_eq!(
        (status, answer["field"].as_str()),
        (StatusCode::BAD_REQUEST, Some("nodeSelector")),
        "{answer:#}"
    );
    assert!(
        answer["details"].as_str().unwrap().contains("none of 2 nodes"),
        "{answer:#}"
    );
}

/// The node as REST shows it: whether it knows the image, by tag.
fn lists(node: &Value, reference: &str) -> bool {
    let images = node["images"].as_array().cloned().unwrap_or_default();
    images.iter().any(|image| {
        image["repoTags"]
            .as_array()
            .is_some_and(|tags| tags.iter().any(|tag| tag == reference))
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_inventory_follows_containerd(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    let (api, truth) = (stand.coordinator.api(), stand.nodes[0].containerd.truth().await);
    let node = api.get("/api/v1/nodes/node-1").await.unwrap();
    assert!(
        node["runtimeVersion"].as_str().unwrap().contains(version.minor()),
        "{node:#}"
    );
    assert_eq!(node["labels"]["pool"], "test", "{node:#}");
    assert!(node["condition"]["imageFsCapacityBytes"].as_u64() > Some(0), "{node:#}");
    assert!(
        node["condition"]["imageFsAvailableBytes"].as_u64() > Some(0),
        "{node:#}"
    );

    // Behind the agent's back, in both directions.
    let reference = registry.reference("small:v1");
    truth.pull(&reference).await.unwrap();
    wait_until(
        "the inventory to show the new image",
        Duration::from_secs(60),
        async || lists(&api.get("/api/v1/nodes/node-1").await.unwrap(), &reference),
    )
    .await;
    truth.remove_image(&reference).await.unwrap();
    wait_until(
        "the inventory to forget the removed image",
        Duration::from_secs(60),
        async || !lists(&api.get("/api/v1/nodes/node-1").await.unwrap(), &reference),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_removed_behind_the_agents_back_is_pulled_again() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V2_1]).await;
    let reference = registry.reference("small:v1");
    stand.completed(&stand.order(&[&reference]).await).await;
    stand.nodes[0]
        .containerd
        .truth()
        .await
        .remove_image(&reference)
        .await
        .unwrap();
    let id = stand.order(&[&reference]).await;
    stand.completed(&id).await;
    assert_eq!(stand.pull(&id, "node-1").await["successReason"], "pulled");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_identity_that_claims_a_nodes_name_is_refused() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V1_7]).await;
    let options = AgentOptions::new("node-1", stand.coordinator.grpc_url(), &stand.nodes[0].containerd);
    let thief = Agent::start(options).await.unwrap();
    wait_until("the thief to be told why", Duration::from_secs(20), async || {
        let log = thief.log();
        log.contains("another key is bound to node-1")
    })
    .await;
    let (status, node) = stand
        .coordinator
        .api()
        .call(reqwest::Method::GET, "/api/v1/nodes/node-1", None)
        .await
        .unwrap();
    assert_eq!(
        (status, node["connected"].as_bool()),
        (StatusCode::OK, Some(true)),
        "{node:#}"
    );
    drop(thief);
    stand
        .completed(&stand.order(&[&registry.reference("small:v1")]).await)
        .await;
}
