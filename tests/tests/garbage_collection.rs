//! What a real kubelet's own garbage collection does to a policy, on a real small disk. `make e2e` runs it in a network and a mount
//! namespace of its own, where a kubelet may have its way.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::fs::File;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::V1_7;
use ips_tests::containerd::{Containerd, ContainerdOptions, Disk};
use ips_tests::coordinator::Coordinator;
use ips_tests::kubernetes::Kubernetes;
use ips_tests::kubernetes::network::{NODE, Network};
use ips_tests::kubernetes::node::Kubelet;
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand};
use ips_tests::wait::{wait_for, wait_until};
use serde_json::{Value, json};

/// Longest wait: the kubelet looks at its disk every ten seconds, and what is refused is asked again after a minute or two.
const LIMIT: Duration = Duration::from_secs(300);
/// The disk of the node, MiB.
const DISK: u64 = 200;
/// From here on the kubelet collects.
const FULL_PERCENT: u8 = 80;

/// What is known of the image on the node.
async fn cell(stand: &Stand, policy: &str, state: &str) -> Value {
    let path = format!("/api/v1/policies/{policy}/coverage?node=node-1&state={state}");
    wait_for(&format!("the image to be {state}"), LIMIT, async || {
        let coverage = stand.coordinator.api().get(&path).await.ok()?;
        coverage["cells"].as_array()?.first().cloned()
    })
    .await
}

/// Uses up the disk until a tenth of it is left.
fn fill(containerd: &Containerd, file: &Path) {
    let rest = containerd.free_bytes().saturating_sub((DISK << 20) / 10);
    let mut filler = File::create(file).expect("a file");
    let zeros = vec![0; usize::try_from(rest).expect("it fits")];
    filler.write_all(&zeros).expect("written");
    filler.sync_all().expect("on the disk");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs namespaces of its own: make e2e"]
async fn what_the_kubelet_collects_from_a_full_disk_comes_back_when_there_is_room() {
    let _network = Network::start().await.expect("a network");
    let registry = Registry::shared().await;
    let kubernetes = Kubernetes::start_at(IpAddr::V4(NODE)).await.expect("a Kubernetes");
    let coordinator = Coordinator::start(&[]).await.expect("a coordinator");
    let options = ContainerdOptions {
        disk: Disk::Block(DISK),
        pods: Some(registry.socket_address()),
        ..ContainerdOptions::default()
    };
    let settings = Kubelet::settings(&kubernetes, "node-1");
    std::fs::create_dir_all(settings.parent().expect("a folder")).expect("a folder");
    let settings = settings.to_str().expect("a path");
    let arguments = ["--kubelet-config", settings, "--space-factor", "3"];
    let node = Node::start_with("node-1", &coordinator, V1_7, options, &arguments).await;
    let stand = Stand {
        nodes: vec![node.expect("a node")],
        coordinator,
    };
    let containerd = &stand.nodes[0].containerd;
    let kubelet = Kubelet::start(&kubernetes, "node-1", containerd, FULL_PERCENT)
        .await
        .expect("a kubelet");
    stand.ready().await;

    let reference = registry.reference("small:v1");
    let body = json!({"name": "small", "taskConfig": {"images": [reference], "nodeSelector": {"pool": "test"}}});
    let (status, made) = stand.coordinator.api().post("/api/v1/policies", &body).await.unwrap();
    assert_eq!(status, 201, "{made:#}");
    let policy = made["id"].as_str().expect("an id");
    cell(&stand, policy, "warm").await;

    let filler = containerd.root().join("filler");
    fill(containerd, &filler);
    let truth = containerd.truth().await;
    wait_until("the kubelet to collect the image", LIMIT, async || {
        matches!(truth.image_status(&reference).await, Ok(None))
    })
    .await;
    assert!(kubelet.log().contains("Image garbage collection") || kubelet.log().contains("image garbage collection"));
    let path = format!("/api/v1/policies/{policy}/coverage?node=node-1");
    let cold = wait_for("the reason why it stays away", LIMIT, async || {
        let coverage = stand.coordinator.api().get(&path).await.ok()?;
        let cell = coverage["cells"].as_array()?.first().cloned()?;
        (cell["reason"] == "no_space").then_some(cell)
    })
    .await;
    assert_ne!(cold["state"], "warm", "{cold:#}");
    assert!(truth.image_status(&reference).await.expect("an answer").is_none());

    std::fs::remove_file(&filler).expect("removed");
    wait_until("the image to come back", LIMIT, async || {
        matches!(truth.image_status(&reference).await, Ok(Some(_)))
    })
    .await;
    cell(&stand, policy, "warm").await;
}
