//! A cancelled task stops its pulls in whatever phase they are, and leaves no image behind that nobody wants.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::fault_proxy::{FaultProxy, Faults, Kind};
use ips_tests::layout::images;
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::Value;

/// Cancels over the API and waits until the node's slot is free again: until the CRI call has ended.
async fn cancel(stand: &Stand, id: &str) -> Value {
    let api = stand.coordinator.api();
    let (status, task) = stand.coordinator.cancel_task(id).await.unwrap();
    assert_eq!(
        (status, task["status"].as_str()),
        (StatusCode::OK, Some("cancelled")),
        "{task:#}"
    );
    wait_until(
        "the cancelled pull to free its slot",
        Duration::from_secs(10),
        async || {
            api.get("/api/v1/nodes/node-1")
                .await
                .is_ok_and(|node| node["runningPulls"] == 0)
        },
    )
    .await;
    let pull = stand
        .pull_is("the pull to be cancelled", id, "node-1", |pull| {
            pull["state"] == "cancelled"
        })
        .await;
    let (status, answer) = stand.coordinator.cancel_task(id).await.unwrap();
    assert_eq!(
        status,
        StatusCode::CONFLICT,
        "an ended task cannot be cancelled: {answer:#}"
    );
    pull
}

struct Scene {
    stand: Stand,
    proxy: FaultProxy,
    registry: std::sync::Arc<Registry>,
}

impl Scene {
    async fn new(version: ContainerdVersion, faults: Faults) -> Self {
        let registry = Registry::shared().await;
        let proxy = FaultProxy::start(registry.address()).await.unwrap();
        proxy.set(faults);
        Self {
            stand: Stand::start(&[version]).await,
            proxy,
            registry,
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn while_resolving(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let scene = Scene::new(
        version,
        Faults {
            manifest_stalls: true,
            only_containerd: true,
            ..Faults::default()
        },
    )
    .await;
    let reference = scene.proxy.reference("small:v1");
    let id = scene.stand.order(&[&reference]).await;
    scene
        .stand
        .pull_is("the pull to resolve", &id, "node-1", |pull| {
            pull["phase"] == "resolving"
        })
        .await;
    cancel(&scene.stand, &id).await;
    scene.proxy.set(Faults::default());
    scene.stand.nodes[0].assert_absent(&reference).await;
    assert_eq!(scene.proxy.asked_by_containerd(Kind::Blob), 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn while_fetching(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let faults = Faults {
        blob_stalls_after: Some(4 << 20),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    };
    let scene = Scene::new(version, faults).await;
    let reference = scene.proxy.reference("library:v1");
    let id = scene.stand.order(&[&reference]).await;
    let fetching = |pull: &Value| pull["phase"] == "fetching" && pull["bytes"]["fetched"].as_u64() > Some(0);
    scene.stand.pull_is("the pull to fetch", &id, "node-1", fetching).await;
    cancel(&scene.stand, &id).await;
    scene.proxy.set(Faults::default());
    scene.stand.nodes[0].assert_absent(&reference).await;
    // The node is free for the next one, also for the same image.
    scene.stand.completed(&scene.stand.order(&[&reference]).await).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn while_unpacking(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let scene = Scene::new(version, Faults::default()).await;
    let reference = scene.proxy.reference(&format!("{}:v1", images::TOOLCHAIN));
    let digests = scene.registry.client().digests("toolchain:v1").await.unwrap();
    let id = scene.stand.order(&[&reference]).await;
    scene
        .stand
        .pull_is("the pull to unpack", &id, "node-1", |pull| pull["phase"] == "unpacking")
        .await;
    cancel(&scene.stand, &id).await;
    scene.stand.nodes[0].assert_absent(&reference).await;
    let truth = scene.stand.nodes[0].containerd.truth().await;
    assert!(
        !truth.snapshot_committed(digests.top_snapshot()).await.unwrap(),
        "it was stopped in the middle"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn while_queued() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start_with(&[V1_7], &["--max-concurrent-pulls", "1"]).await;
    proxy.set(Faults {
        blob_stalls_after: Some(0),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    let first = stand.order(&[&proxy.reference("library:v1")]).await;
    stand
        .pull_is("the first pull to run", &first, "node-1", |pull| {
            pull["state"] == "pulling"
        })
        .await;
    let second = stand.order(&[&proxy.reference("multi:v1")]).await;
    let (status, task) = stand.coordinator.cancel_task(&second).await.unwrap();
    assert_eq!(
        (status, task["status"].as_str()),
        (StatusCode::OK, Some("cancelled")),
        "{task:#}"
    );
    proxy.set(Faults::default());
    stand.completed(&first).await;
    assert_eq!(stand.pull(&second, "node-1").await["state"], "cancelled");
    stand.nodes[0].assert_absent(&proxy.reference("multi:v1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_tasks_that_share_a_pull() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[V2_1]).await;
    proxy.set(Faults {
        blob_stalls_after: Some(4 << 20),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    let reference = proxy.reference("library:v1");
    let first = stand.order(&[&reference]).await;
    stand
        .pull_is("the pull to fetch", &first, "node-1", |pull| {
            pull["bytes"]["fetched"].as_u64() > Some(0)
        })
        .await;
    let second = stand.order(&[&reference]).await;
    stand
        .pull_is("the second pull to be handed out", &second, "node-1", |pull| {
            pull["state"] != "queued"
        })
        .await;
    stand.coordinator.cancel_task(&first).await.unwrap();
    proxy.set(Faults::default());
    stand.completed(&second).await;
    assert_eq!(stand.coordinator.task(&first).await.unwrap()["status"], "cancelled");
    let digests = registry.client().digests("library:v1").await.unwrap();
    assert_eq!(
        proxy.downloads().get(&digests.layers[0].digest),
        Some(&1),
        "the call of both was left running"
    );
}
