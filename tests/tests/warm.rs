//! Green means warm: what a succeeded pull must leave behind, and what it must not touch.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::fault_proxy::{FaultProxy, Faults, Kind};
use ips_tests::registry::{Access, Registry};
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use rstest::rstest;
use serde_json::{Value, json};

/// The sum that must hold for each pull that has ended well: nothing of the image is unaccounted for.
fn assert_accounted(pull: &Value, size: u64) {
    let part = |name: &str| pull["bytes"][name].as_u64().unwrap_or_default();
    assert_eq!(part("total"), size, "{pull:#}");
    assert_eq!(
        part("fetched") + part("alreadyThere") + part("notNeeded"),
        size,
        "{pull:#}"
    );
    assert_eq!(part("unpacked"), size, "{pull:#}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_two_layers_is_warm_and_the_second_order_is_free(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
) {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[version]).await;
    let reference = proxy.reference("base-v2:v1");
    let digests = registry.client().digests("base-v2:v1").await.unwrap();

    let id = stand.order(&[&reference]).await;
    let task = stand.completed(&id).await;
    assert_eq!(task["nodeStatuses"]["node-1"][&reference], 1, "{task:#}");
    stand.nodes[0].assert_warm(&reference, &digests).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(
        (pull["state"].as_str(), pull["successReason"].as_str()),
        (Some("succeeded"), Some("pulled")),
        "{pull:#}"
    );
    assert_eq!(pull["digests"]["target"], digests.target, "{pull:#}");
    assert_accounted(&pull, digests.layer_bytes());

    proxy.forget();
    let again = stand.order(&[&reference]).await;
    stand.completed(&again).await;
    let pull = stand.pull(&again, "node-1").await;
    assert_eq!(pull["successReason"], "already_present", "{pull:#}");
    assert_accounted(&pull, digests.layer_bytes());
    assert_eq!(pull["bytes"]["fetched"], 0, "all of it is saved: {pull:#}");
    let asked = (
        proxy.asked_by_containerd(Kind::Manifest),
        proxy.asked_by_containerd(Kind::Blob),
    );
    assert_eq!(asked, (0, 0), "what is there costs the registry nothing");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn layers_that_another_image_has_brought_are_not_needed(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    stand
        .completed(&stand.order(&[&registry.reference("small:v1")]).await)
        .await;
    let id = stand.order(&[&registry.reference("multi:v1")]).await;
    stand.completed(&id).await;
    let digests = registry.client().digests("multi:v1").await.unwrap();
    let pull = stand.pull(&id, "node-1").await;
    assert_accounted(&pull, digests.layer_bytes());
    assert!(
        pull["bytes"]["fetched"].as_u64().unwrap() <= digests.layers[1].size,
        "{pull:#}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_was_only_fetched_is_unpacked(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    let reference = registry.reference("library:v1");
    let digests = registry.client().digests("library:v1").await.unwrap();
    let containerd = &stand.nodes[0].containerd;
    containerd.fetch_only(&reference).await.unwrap();
    let truth = containerd.truth().await;
    wait_until("CRI to know the fetched image", Duration::from_secs(10), async || {
        truth.image_status(&reference).await.unwrap().is_some()
    })
    .await;
    assert!(!truth.snapshot_committed(digests.top_snapshot()).await.unwrap());

    let id = stand.order(&[&reference]).await;
    stand.completed(&id).await;
    stand.nodes[0].assert_warm(&reference, &digests).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(pull["successReason"], "pulled", "it was not warm before: {pull:#}");
    assert_eq!(pull["bytes"]["fetched"], 0, "its blobs were there already: {pull:#}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_reference_is_passed_through(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    let digests = registry.client().digests("multi:v1").await.unwrap();
    let reference = registry.reference(&format!("multi@{}", digests.target));
    let id = stand.order(&[&reference]).await;
    let task = stand.completed(&id).await;
    assert_eq!(task["images"][0], reference);
    stand.nodes[0].assert_warm(&reference, &digests).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_an_index_each_node_gets_its_own_platform(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    let reference = registry.reference("multi:v1");
    let digests = registry.client().digests("multi:v1").await.unwrap();
    assert_ne!(digests.target, digests.manifest, "multi is an index");
    let id = stand.order(&[&reference]).await;
    stand.completed(&id).await;
    stand.nodes[0].assert_warm(&reference, &digests).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(pull["digests"]["manifest"], digests.manifest, "{pull:#}");
    assert_eq!(pull["digests"]["config"], digests.config, "{pull:#}");
    assert_accounted(&pull, digests.layer_bytes());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moves_between_two_nodes_is_noticed(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::start(Access::Open).await.unwrap();
    let old = registry.client().push("library", "app:v1").await.unwrap();
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[version, version]).await;
    let reference = proxy.reference("app:v1");

    proxy.set(Faults {
        blob_stalls_after: Some(1 << 20),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    let id = stand.order_with(json!({"images": [reference], "batchSize": 1})).await;
    let first = wait_for_fetching(&stand, &id).await;
    let new = registry.client().move_tag("small", "app:v1").await.unwrap();
    assert_ne!(old.target, new.target);
    proxy.set(Faults::default());

    let task = stand.failed(&id).await;
    assert_eq!(task["progress"]["succeededPulls"], 1, "{task:#}");
    let (warm, moved) = if first == "node-1" {
        (0, "node-2")
    } else {
        (1, "node-1")
    };
    stand.nodes[warm].assert_warm(&reference, &old).await;
    let pull = stand.pull(&id, moved).await;
    assert_eq!(
        (pull["state"].as_str(), pull["failureReason"].as_str()),
        (Some("failed"), Some("tag_moved")),
        "{pull:#}"
    );
}

/// The node that fetches first.
async fn wait_for_fetching(stand: &Stand, id: &str) -> String {
    ips_tests::wait::wait_for("a node that fetches", Duration::from_secs(30), async || {
        let pulls = stand.coordinator.pulls(id).await.ok()?;
        let pull = pulls
            .into_iter()
            .find(|pull| pull["bytes"]["fetched"].as_u64() > Some(0))?;
        pull["nodeName"].as_str().map(str::to_owned)
    })
    .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_tasks_for_the_same_image_at_once_download_it_once(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[version]).await;
    let reference = proxy.reference("library:v1");
    let digests = registry.client().digests("library:v1").await.unwrap();
    proxy.set(Faults {
        blob_bytes_per_second: Some(30 << 20),
        ..Faults::default()
    });
    let images = [reference.as_str()];
    let (one, two) = tokio::join!(stand.order(&images), stand.order(&images));
    tokio::join!(stand.completed(&one), stand.completed(&two));
    stand.nodes[0].assert_warm(&reference, &digests).await;
    assert_eq!(
        proxy.downloads().get(&digests.layers[0].digest),
        Some(&1),
        "{:?}",
        proxy.downloads()
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_the_registry_a_warm_image_is_still_green(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let mut registry = Registry::start(Access::Open).await.unwrap();
    registry.client().push("small", "small:v1").await.unwrap();
    let stand = Stand::start(&[version]).await;
    let reference = registry.reference("small:v1");
    stand.completed(&stand.order(&[&reference]).await).await;
    registry.kill();
    let id = stand.order(&[&reference]).await;
    stand.completed(&id).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(pull["successReason"], "already_present", "{pull:#}");
    assert_eq!(pull["digestVerified"], false, "{pull:#}");
    assert!(
        pull["message"].as_str().unwrap_or_default().contains("not verified"),
        "{pull:#}"
    );
}
