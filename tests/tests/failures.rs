//! What cannot succeed fails for the right reason, and burns retries only where another try can help.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::containerd::{ContainerdOptions, Disk};
use ips_tests::coordinator::Coordinator;
use ips_tests::fault_proxy::{FaultProxy, Faults, Kind};
use ips_tests::registry::{Access, Registry};
use ips_tests::stand::{Node, Stand};
use ips_tests::wait::wait_until;
use rstest::rstest;
use serde_json::{Value, json};

/// Orders an image with two retries, and asserts that its only pull failed for this reason after so many attempts.
async fn assert_fails(stand: &Stand, body: Value, reason: &str, attempts: u64) -> Value {
    let reference = body["images"][0].as_str().expect("an image").to_owned();
    let id = stand.order_with(body).await;
    let task = stand.failed(&id).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(
        (pull["state"].as_str(), pull["failureReason"].as_str()),
        (Some("failed"), Some(reason)),
        "{pull:#}"
    );
    assert_eq!(pull["attempt"], attempts, "{pull:#}");
    assert!(
        pull["message"].as_str().is_some_and(|message| !message.is_empty()),
        "{pull:#}"
    );
    assert_eq!(task["failures"][0]["reason"], reason, "{task:#}");
    assert_eq!(task["nodeStatuses"]["node-1"][&reference], 0, "{task:#}");
    pull
}

fn with_retries(reference: &str) -> Value {
    json!({"images": [reference], "maxRetries": 2, "retryDelay": 1})
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tag_is_final(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    assert_fails(
        &stand,
        with_retries(&registry.reference("small:no-such-tag")),
        "not_found",
        1,
    )
    .await;
    assert_fails(
        &stand,
        with_retries(&registry.reference("no-such-image:v1")),
        "not_found",
        1,
    )
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_wants_a_login_is_final(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::start(Access::Login).await.unwrap();
    registry.client().push("small", "small:v1").await.unwrap();
    let stand = Stand::start(&[version]).await;
    assert_fails(&stand, with_retries(&registry.reference("small:v1")), "unauthorized", 1).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_image_for_another_architecture_is_not_green(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    assert_fails(
        &stand,
        with_retries(&registry.reference("foreign:v1")),
        "wrong_platform",
        1,
    )
    .await;
}

#[rstest]
#[case(429, "rate_limited")]
#[case(503, "network")]
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_registry_is_tried_again(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
    #[case] status: u16,
    #[case] reason: &str,
) {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[version]).await;
    let reference = proxy.reference("small:v1");
    proxy.set(Faults {
        manifest_status: Some(status),
        only_containerd: true,
        ..Faults::default()
    });
    assert_fails(
        &stand,
        json!({"images": [reference], "maxRetries": 1, "retryDelay": 1}),
        reason,
        2,
    )
    .await;
    proxy.set(Faults::default());
    stand.completed(&stand.order(&[&reference]).await).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_stalls_runs_into_the_no_progress_time_out(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
) {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[version]).await;
    proxy.set(Faults {
        blob_stalls_after: Some(1 << 20),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    let reference = proxy.reference("library:v1");
    let body = json!({"images": [reference], "noProgressTimeoutSeconds": 2});
    let pull = assert_fails(&stand, body, "timed_out", 1).await;
    assert!(proxy.asked_by_containerd(Kind::Blob) > 0, "{pull:#}");
    stand.nodes[0].assert_absent(&reference).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_is_too_slow_runs_into_its_deadline(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[version]).await;
    proxy.set(Faults {
        blob_bytes_per_second: Some(1 << 20),
        ..Faults::default()
    });
    let reference = proxy.reference("library:v1");
    assert_fails(
        &stand,
        json!({"images": [reference], "pullTimeoutSeconds": 3}),
        "timed_out",
        1,
    )
    .await;
    stand.nodes[0].assert_absent(&reference).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_final_and_said_so(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let coordinator = Coordinator::start(&[]).await.unwrap();
    // The image needs 58 MB for its blob and four times that for its files.
    let disk = ContainerdOptions {
        disk: Disk::Memory(130),
        ..ContainerdOptions::default()
    };
    let node = Node::start_with("node-1", &coordinator, version, disk, &[])
        .await
        .unwrap();
    let stand = Stand {
        nodes: vec![node],
        coordinator,
    };
    stand.ready().await;
    let reference = registry.reference("library:v1");
    assert_fails(&stand, with_retries(&reference), "no_space", 1).await;
    // What fits is still pulled, once containerd has collected what the failed pull left: the node is not broken.
    let containerd = &stand.nodes[0].containerd;
    wait_until("the disk to be freed", Duration::from_secs(60), async || {
        containerd.free_bytes() > 32 << 20
    })
    .await;
    stand
        .completed(&stand.order(&[&registry.reference("small:v1")]).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_image_fails_the_task_and_spares_the_good_one() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V1_7]).await;
    let (good, bad) = (registry.reference("small:v1"), registry.reference("small:no-such-tag"));
    let id = stand.order(&[&good, &bad]).await;
    let task = stand.failed(&id).await;
    assert_eq!(task["nodeStatuses"]["node-1"][&good], 1, "{task:#}");
    assert_eq!(task["nodeStatuses"]["node-1"][&bad], 0, "{task:#}");
    assert_eq!(task["progress"]["failedNodes"], 1, "{task:#}");
}
