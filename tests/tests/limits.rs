//! The cluster is not hurt: limits hold with real agents, and what is more urgent goes first.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::{V1_6, V1_7, V2_1};
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use serde_json::{Value, json};

/// Every blob stands still at its beginning.
fn standstill() -> Faults {
    Faults {
        blob_stalls_after: Some(0),
        ..Faults::default()
    }
}

fn open(pulls: &[Value]) -> usize {
    pulls
        .iter()
        .filter(|pull| pull["state"] == "dispatched" || pull["state"] == "pulling")
        .count()
}

/// Waits until so many pulls are open, and asserts that it stays at that for a while.
async fn assert_open(stand: &Stand, id: &str, wanted: usize) {
    wait_until(&format!("{wanted} open pulls"), Duration::from_secs(20), async || {
        open(&stand.coordinator.pulls(id).await.unwrap()) == wanted
    })
    .await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(open(&stand.coordinator.pulls(id).await.unwrap()), wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_pulls_two_images_at_a_time() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[V2_1]).await;
    proxy.set(standstill());
    let images = ["library:v1", "small:v1", "multi:v1"].map(|image| proxy.reference(image));
    let id = stand.order_with(json!({"images": images})).await;
    assert_open(&stand, &id, 2).await;
    proxy.set(Faults::default());
    stand.completed(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_pulls_no_more_than_the_operator_allows() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start_with(&[V1_6, V1_7, V2_1], &["--max-concurrent-pulls", "2"]).await;
    proxy.set(standstill());
    let id = stand.order(&[&proxy.reference("small:v1")]).await;
    assert_open(&stand, &id, 2).await;
    proxy.set(Faults::default());
    stand.completed(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_counts_nodes() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[V1_6, V1_7, V2_1]).await;
    proxy.set(standstill());
    let id = stand
        .order_with(json!({"images": [proxy.reference("small:v1")], "batchSize": 1}))
        .await;
    assert_open(&stand, &id, 1).await;
    proxy.set(Faults::default());
    stand.completed(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_more_urgent_goes_first() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start_with(&[V1_7], &["--max-concurrent-pulls", "1"]).await;
    proxy.set(standstill());
    let running = stand.order(&[&proxy.reference("small:v1")]).await;
    assert_open(&stand, &running, 1).await;
    let low = stand
        .order_with(json!({"images": [proxy.reference("library:v1")], "priority": 1}))
        .await;
    let high = stand
        .order_with(json!({"images": [proxy.reference("multi:v1")], "priority": 10}))
        .await;
    proxy.set(Faults::default());
    for id in [&running, &low, &high] {
        stand.completed(id).await;
    }
    let started = async |id: &str| stand.pull(id, "node-1").await["startedAt"].as_str().unwrap().to_owned();
    assert!(started(&high).await < started(&low).await);
}
