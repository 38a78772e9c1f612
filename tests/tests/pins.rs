//! Pins and removals on real containerds: pinned is what CRI says, and what somebody needs stays.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::{Duration, Instant};

use ips_tests::containerd::ContainerdOptions;
use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::coordinator::Coordinator;
use ips_tests::folder::Folder;
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand};
use ips_tests::wait::{wait_for, wait_until};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);
/// What the promise says.
const SOON: Duration = Duration::from_secs(5);

/// A node whose disk is never too full for pins, whatever else is on the machine's.
async fn stand(folder: &Folder, version: ContainerdVersion, arguments: &[&str]) -> Stand {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let config = folder.join("config.yaml");
    std::fs::write(&config, "imageGCHighThresholdPercent: 100\n").unwrap();
    let mut all = vec!["--kubelet-config", config.to_str().unwrap()];
    all.extend(arguments);
    let node = Node::start_with("node-1", &coordinator, version, ContainerdOptions::default(), &all)
        .await
        .unwrap();
    let stand = Stand {
        nodes: vec![node],
        coordinator,
    };
    stand.ready().await;
    stand
}

async fn is_pinned(stand: &Stand, reference: &str) -> bool {
    let truth = stand.nodes[0].containerd.truth().await;
    let image = truth.image_status(reference).await.unwrap();
    let listed = truth.images().await.unwrap();
    let id = image.map(|image| image.id).unwrap_or_default();
    listed.iter().any(|image| image.id == id && image.pinned)
}

async fn until_pinned(stand: &Stand, reference: &str, pinned: bool) {
    let what = format!("{reference} to be pinned: {pinned}");
    wait_until(&what, LIMIT, async || is_pinned(stand, reference).await == pinned).await;
}

async fn pins(stand: &Stand, what: &str, test: impl Fn(&Value) -> bool) -> Value {
    wait_for(what, LIMIT, async || {
        let node = stand.coordinator.api().get("/api/v1/nodes/node-1").await.ok()?;
        Some(node["pins"].clone()).filter(|pins| test(pins))
    })
    .await
}

async fn purge(stand: &Stand, body: Value) -> Value {
    let (status, outcome) = stand.coordinator.api().post("/api/v1/purges", &body).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{outcome:#}");
    outcome["results"][0].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_pin_holds_comes_back_and_goes_with_its_task(#[values(V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let folder = Folder::new("pins").unwrap();
    let stand = stand(&folder, version, &[]).await;
    let (reference, theirs) = (registry.reference("small:v1"), registry.reference("base:v1"));
    let truth = stand.nodes[0].containerd.truth().await;
    truth.pull(&theirs).await.unwrap();
    let label = ["images", "label", &theirs, "io.cri-containerd.pinned=pinned"];
    stand.nodes[0].containerd.ctr(&label).await.unwrap();
    let id = stand.order_with(json!({"images": [reference], "pin": true})).await;
    stand.completed(&id).await;
    until_pinned(&stand, &reference, true).await;
    let report = pins(&stand, "the node to say so", |pins| {
        pins["images"][0]["state"] == "pinned"
    })
    .await;
    assert!(
        report["honoured"] == true && report["pinnedBytes"].as_u64() > Some(0),
        "{report:#}"
    );
    // A further CRI pull erases the label.
    truth.pull(&reference).await.unwrap();
    let began = Instant::now();
    until_pinned(&stand, &reference, true).await;
    assert!(began.elapsed() < SOON, "the pin was back after {:?}", began.elapsed());
    assert_eq!(purge(&stand, json!({"images": [reference]})).await["result"], "pinned");
    assert_eq!(purge(&stand, json!({"images": [theirs]})).await["result"], "pinned");
    let path = format!("/api/v1/tasks/{id}");
    let (status, _) = stand.coordinator.api().call(Method::DELETE, &path, None).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    until_pinned(&stand, &reference, false).await;
    assert!(is_pinned(&stand, &theirs).await, "the pin of others stays");
    assert_eq!(purge(&stand, json!({"images": [reference]})).await["result"], "removed");
    stand.nodes[0].assert_absent(&reference).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_outlives_restarts_of_everything() {
    let registry = Registry::shared().await;
    let folder = Folder::new("pins").unwrap();
    let mut stand = stand(&folder, V1_7, &[]).await;
    let reference = registry.reference("small:v1");
    let id = stand.order_with(json!({"images": [reference], "pin": true})).await;
    stand.completed(&id).await;
    until_pinned(&stand, &reference, true).await;
    stand.coordinator.kill();
    stand.nodes[0].agent.kill();
    stand.nodes[0].containerd.truth().await.pull(&reference).await.unwrap();
    stand.coordinator.restart().await.unwrap();
    stand.nodes[0].agent.restart().await.unwrap();
    until_pinned(&stand, &reference, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containerd_1_6_honours_no_pins_and_the_node_says_so() {
    let registry = Registry::shared().await;
    let folder = Folder::new("pins").unwrap();
    let stand = stand(&folder, V1_6, &[]).await;
    let reference = registry.reference("small:v1");
    let id = stand.order_with(json!({"images": [reference], "pin": true})).await;
    stand.completed(&id).await;
    let report = pins(&stand, "the node to say that pins are not honoured", |pins| {
        pins["honoured"] == false
    })
    .await;
    assert!(
        report["message"].as_str().unwrap().contains("1.7 or newer"),
        "{report:#}"
    );
    assert_eq!(report["images"][0]["state"], "not_honoured", "{report:#}");
    assert!(!is_pinned(&stand, &reference).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_budget_is_refused_with_the_reason() {
    let registry = Registry::shared().await;
    let folder = Folder::new("pins").unwrap();
    let stand = stand(&folder, V2_1, &["--pin-budget", "1Ki"]).await;
    let reference = registry.reference("small:v1");
    let id = stand.order_with(json!({"images": [reference], "pin": true})).await;
    stand.completed(&id).await;
    let over = |pins: &Value| pins["images"][0]["state"] == "over_budget";
    let report = pins(&stand, "the node to say that the budget is too small", over).await;
    assert_eq!(
        (&report["budgetBytes"], &report["pinnedBytes"]),
        (&json!(1024), &json!(0))
    );
    assert!(!is_pinned(&stand, &reference).await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_removes_what_nobody_needs(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let folder = Folder::new("pins").unwrap();
    let stand = stand(&folder, version, &[]).await;
    let reference = registry.reference("small:v1");
    assert_eq!(purge(&stand, json!({"images": [reference]})).await["result"], "absent");
    let id = stand.order(&[&reference]).await;
    stand.completed(&id).await;
    let dry = purge(&stand, json!({"taskId": id, "dryRun": true})).await;
    assert_eq!(dry["result"], "would_remove", "{dry:#}");
    // Another name for the same image keeps it.
    let other = format!("{}-other", reference);
    stand.nodes[0]
        .containerd
        .ctr(&["images", "tag", &reference, &other])
        .await
        .unwrap();
    let truth = stand.nodes[0].containerd.truth().await;
    wait_until("CRI to know the other name", LIMIT, async || {
        truth.image_status(&other).await.unwrap().is_some()
    })
    .await;
    let removed = purge(&stand, json!({"taskId": id})).await;
    assert_eq!(removed["result"], "removed", "{removed:#}");
    assert!(
        removed["message"].as_str().unwrap().contains("other names"),
        "{removed:#}"
    );
    stand.nodes[0].assert_absent(&reference).await;
    assert!(truth.image_status(&other).await.unwrap().is_some());
    let removed = purge(&stand, json!({"images": [other], "nodeNames": ["node-1"]})).await;
    assert_eq!(removed["result"], "removed", "{removed:#}");
    assert!(truth.images().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_pins_what_it_keeps_and_lets_go_of_it_when_it_is_removed() {
    let registry = Registry::shared().await;
    let folder = Folder::new("pins").unwrap();
    let mut stand = stand(&folder, V2_1, &[]).await;
    let reference = registry.reference("small:v1");
    let body =
        json!({"name": "base", "taskConfig": {"images": [reference], "nodeSelector": {"pool": "test"}, "pin": true}});
    let (status, made) = stand.coordinator.api().post("/api/v1/policies", &body).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{made:#}");
    until_pinned(&stand, &reference, true).await;
    stand.coordinator.kill();
    stand.coordinator.restart().await.unwrap();
    let path = format!("/api/v1/policies/{}", made["id"].as_str().unwrap());
    wait_until("the policy to be true again", LIMIT, async || {
        let policy = stand.coordinator.api().get(&path).await;
        policy.is_ok_and(|policy| policy["coverage"]["ratio"] == 1.0 && policy["nodes"] == 1)
    })
    .await;
    assert!(is_pinned(&stand, &reference).await, "a restart unpins nothing");
    let kept = purge(&stand, json!({"images": [reference]})).await;
    assert_eq!(
        (&kept["result"], &kept["message"]),
        (&json!("wanted"), &json!("policy base keeps it there"))
    );
    let (status, _) = stand.coordinator.api().call(Method::DELETE, &path, None).await.unwrap();
    assert!(status.is_success(), "{status}");
    until_pinned(&stand, &reference, false).await;
    assert_eq!(purge(&stand, json!({"images": [reference]})).await["result"], "removed");
    stand.nodes[0].assert_absent(&reference).await;
}
