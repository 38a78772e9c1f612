//! Nodes are not harmed: what has no room is refused before a byte moves, pulls wait for busy disks, and a node shows what its kubelet
//! is set to.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::path::Path;
use std::time::Duration;

use ips_tests::containerd::ContainerdOptions;
use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::coordinator::Coordinator;
use ips_tests::folder::Folder;
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand};
use ips_tests::wait::wait_until;
use rstest::rstest;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);

/// A coordinator and one node whose kubelet and pressure are files of the test.
async fn stand(folder: &Folder, version: ContainerdVersion) -> Stand {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let (config, pressure) = (folder.join("config.yaml"), folder.join("io"));
    let arguments = [
        "--kubelet-config",
        config.to_str().unwrap(),
        "--io-pressure-file",
        pressure.to_str().unwrap(),
        "--space-factor",
        "3",
        "--io-pressure-limit",
        "50",
    ];
    let options = ContainerdOptions::default();
    let node = Node::start_with("node-1", &coordinator, version, options, &arguments)
        .await
        .unwrap();
    let stand = Stand {
        nodes: vec![node],
        coordinator,
    };
    stand.ready().await;
    stand
}

fn press(folder: &Path, percent: u32) {
    let text = format!("some avg10={percent}.00 avg60=0.00 avg300=0.00 total=0\n");
    std::fs::write(folder.join("io"), text).unwrap();
}

async fn node_is(stand: &Stand, what: &str, test: impl Fn(&Value) -> bool) {
    wait_until(what, LIMIT, async || {
        let node = stand.coordinator.api().get("/api/v1/nodes/node-1").await;
        node.is_ok_and(|node| test(&node))
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_would_push_a_node_over_its_threshold_is_no_space(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let folder = Folder::new("guards").unwrap();
    std::fs::write(folder.join("config.yaml"), "imageGCHighThresholdPercent: 0\n").unwrap();
    let stand = stand(&folder, version).await;
    let reference = registry.reference("small:v1");
    let body = json!({"images": [reference], "maxRetries": 2, "retryDelay": 1});
    let id = stand.order_with(body).await;
    stand.failed(&id).await;
    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(
        (&pull["failureReason"], &pull["attempt"], &pull["bytes"]["fetched"]),
        (&json!("no_space"), &json!(1), &json!(0)),
        "{pull:#}"
    );
    assert!(pull["message"].as_str().unwrap().contains("kubelet's 0 %"), "{pull:#}");
    stand.nodes[0].assert_absent(&reference).await;

    let rules = "imageGCHighThresholdPercent: 100\nimagePullCredentialsVerificationPolicy: AlwaysVerify\n";
    std::fs::write(folder.join("config.yaml"), rules).unwrap();
    let id = stand.order(&[&reference]).await;
    stand.completed(&id).await;
    node_is(&stand, "the node to show its kubelet's rules", |node| {
        let (kubelet, image) = (&node["condition"]["kubelet"], &node["images"][0]);
        kubelet["source"] == "read"
            && kubelet["imageGcHighThresholdPercent"] == 100
            && image["usability"] == "after_check"
            && image["usabilityNever"] == "not"
    })
    .await;
    std::fs::remove_file(folder.join("config.yaml")).unwrap();
    node_is(&stand, "the node to know nothing of its kubelet", |node| {
        let kubelet = &node["condition"]["kubelet"];
        kubelet["source"] == "absent"
            && kubelet["imageGcHighThresholdPercent"] == 85
            && node["images"][0]["usability"] == "unknown"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_wait_while_the_disk_is_busy_and_go_on_when_it_is_not() {
    let registry = Registry::shared().await;
    let folder = Folder::new("guards").unwrap();
    press(folder.path(), 80);
    std::fs::write(folder.join("config.yaml"), "imageGCHighThresholdPercent: 100\n").unwrap();
    let stand = stand(&folder, V1_7).await;
    let reference = registry.reference("small:v1");
    let id = stand.order(&[&reference]).await;
    let waits = |pull: &Value| {
        pull["message"]
            .as_str()
            .is_some_and(|text| text.contains("I/O pressure is 80 %"))
    };
    stand
        .pull_is("the pull to say what it waits for", &id, "node-1", waits)
        .await;
    node_is(&stand, "the node to say that its pulls are paused", |node| {
        node["condition"]["pullsPaused"]
            .as_str()
            .is_some_and(|text| text.contains("80 %"))
    })
    .await;
    stand.nodes[0].assert_absent(&reference).await;
    press(folder.path(), 10);
    stand.completed(&id).await;
    node_is(&stand, "the node to go on", |node| {
        node["condition"]["pullsPaused"].is_null()
    })
    .await;
}
