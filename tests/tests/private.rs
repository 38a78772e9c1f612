//! Private images from end to end: a login reaches its registry, and nothing else.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use ips_tests::containerd::ContainerdOptions;
use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::coordinator::Coordinator;
use ips_tests::fault_proxy::FaultProxy;
use ips_tests::registry::{Access, Registry};
use ips_tests::stand::{Node, Stand};
use rstest::rstest;
use serde_json::json;

/// A registry that wants a login, with `small:v1`, behind a proxy that remembers.
async fn private() -> (Registry, FaultProxy) {
    let registry = Registry::start(Access::Login).await.unwrap();
    registry.client().push("small", "small:v1").await.unwrap();
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    (registry, proxy)
}

/// A login that only the node has: the coordinator cannot ask for digests, so the pull policy decides what is believed.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn with_a_login_of_the_node_alone_the_policy_decides(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let (registry, proxy) = private().await;
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let options = ContainerdOptions {
        login_for: Some(proxy.address().parse().unwrap()),
        ..ContainerdOptions::default()
    };
    let node = Node::start_with("node-1", &coordinator, version, options, &[])
        .await
        .unwrap();
    let stand = Stand {
        nodes: vec![node],
        coordinator,
    };
    stand.ready().await;
    let reference = proxy.reference("small:v1");
    let run = async |policy: &str| {
        let id = stand
            .order_with(json!({"images": [reference], "pullPolicy": policy}))
            .await;
        stand.completed(&id).await;
        stand.pull(&id, "node-1").await
    };
    assert_eq!(run("IfNotPresent").await["successReason"], "pulled");
    let new = registry.client().move_tag("multi", "small:v1").await.unwrap();
    let pull = run("IfNotPresent").await;
    assert_eq!(pull["successReason"], "already_present", "{pull:#}");
    assert!(
        pull["message"]
            .as_str()
            .is_some_and(|note| note.contains("not verified")),
        "{pull:#}"
    );
    let pull = run("Always").await;
    assert_eq!(pull["successReason"], "pulled", "{pull:#}");
    assert!(
        pull["message"]
            .as_str()
            .is_some_and(|note| note.contains("replaces sha256:")),
        "{pull:#}"
    );
    stand.nodes[0].assert_warm(&reference, &new).await;
}
