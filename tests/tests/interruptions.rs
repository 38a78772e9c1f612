//! Nothing is lost: registry, containerd, agent and coordinator are killed in the middle of the work and come back.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::agent::{Agent, AgentOptions};
use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::containerd::{Containerd, ContainerdOptions};
use ips_tests::coordinator::Coordinator;
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::{Access, Digests, Registry};
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use rstest::rstest;
use serde_json::{Value, json};

/// Slow enough that a layer of 58 MB is in the middle for some seconds.
const SLOW: u64 = 14 << 20;
const MIDDLE: u64 = 8 << 20;

struct Scene {
    stand: Stand,
    proxy: FaultProxy,
    registry: Registry,
    reference: String,
    digests: Digests,
    id: String,
}

impl Scene {
    /// A slow pull of one large layer on each node, caught in the middle of the layer.
    async fn in_mid_layer(versions: &[ContainerdVersion], arguments: &[&str]) -> Self {
        let registry = Registry::start(Access::Open).await.unwrap();
        let digests = registry.client().push("library", "library:v1").await.unwrap();
        let proxy = FaultProxy::start(registry.address()).await.unwrap();
        let stand = Stand::start_with(versions, arguments).await;
        proxy.set(Faults {
            blob_bytes_per_second: Some(SLOW),
            ..Faults::default()
        });
        let reference = proxy.reference("library:v1");
        let id = stand
            .order_with(json!({"images": [reference], "maxRetries": 5, "retryDelay": 1}))
            .await;
        for node in &stand.nodes {
            stand
                .pull_is("the middle of the layer", &id, node.agent.node(), in_the_middle)
                .await;
        }
        Self {
            stand,
            proxy,
            registry,
            reference,
            digests,
            id,
        }
    }

    async fn ends_warm(&self) {
        self.stand.completed(&self.id).await;
        for node in &self.stand.nodes {
            node.assert_warm(&self.reference, &self.digests).await;
        }
    }

    fn downloads(&self) -> usize {
        self.proxy
            .downloads()
            .get(&self.digests.layers[0].digest)
            .copied()
            .unwrap_or_default()
    }
}

fn in_the_middle(pull: &Value) -> bool {
    pull["bytes"]["fetched"].as_u64() >= Some(MIDDLE)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_registry_is_killed_in_mid_layer_and_comes_back(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let mut scene = Scene::in_mid_layer(&[version], &[]).await;
    scene.registry.kill();
    // Long enough that the first attempt, or containerd's own repetitions, meet a registry that is gone.
    tokio::time::sleep(Duration::from_secs(2)).await;
    scene.registry.restart().await.unwrap();
    scene.ends_warm().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_mid_layer_is_taken_up_again(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
) {
    let scene = Scene::in_mid_layer(&[version], &[]).await;
    // Broken off at once, for what runs and for what follows.
    scene.proxy.set(Faults {
        blob_breaks_after: Some(MIDDLE),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    scene.proxy.set(Faults::default());
    scene.ends_warm().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn containerd_is_killed_in_mid_pull_and_comes_back(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let mut scene = Scene::in_mid_layer(&[version], &[]).await;
    scene.stand.nodes[0].containerd.kill();
    let api = scene.stand.coordinator.api();
    wait_until(
        "the node to be shown as not ready",
        Duration::from_secs(30),
        async || {
            api.get("/api/v1/nodes/node-1")
                .await
                .is_ok_and(|node| node["ready"] == false && node["reason"].is_string())
        },
    )
    .await;
    scene.stand.nodes[0].containerd.restart().await.unwrap();
    scene.ends_warm().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_killed_in_mid_pull_and_comes_back(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let mut scene = Scene::in_mid_layer(&[version], &["--session-grace", "2s"]).await;
    scene.stand.nodes[0].agent.kill();
    scene.stand.nodes[0].agent.restart().await.unwrap();
    scene.ends_warm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_stays_away_for_longer_than_the_grace_time() {
    let mut scene = Scene::in_mid_layer(&[V1_7], &["--session-grace", "1s"]).await;
    scene.stand.nodes[0].agent.kill();
    scene
        .stand
        .pull_is("the pull to be queued again", &scene.id, "node-1", |pull| {
            pull["state"] == "queued"
        })
        .await;
    scene.stand.nodes[0].agent.restart().await.unwrap();
    scene.ends_warm().await;
    assert!(scene.stand.pull(&scene.id, "node-1").await["attempt"].as_u64() >= Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_never_comes_back_does_not_hold_the_task() {
    let mut scene = Scene::in_mid_layer(&[V1_7, V2_1], &["--session-grace", "1s", "--node-lost-after", "4s"]).await;
    scene.stand.nodes[0].agent.kill();
    let task = scene.stand.ended(&scene.id).await;
    assert_eq!(task["status"], "completed", "{task:#}");
    assert_eq!(task["progress"]["skippedPulls"], 1, "{task:#}");
    assert_eq!(scene.stand.pull(&scene.id, "node-1").await["state"], "skipped");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_coordinator_is_killed_in_mid_task_and_comes_back(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let mut scene = Scene::in_mid_layer(&[version], &[]).await;
    scene.stand.coordinator.kill();
    scene.stand.coordinator.restart().await.unwrap();
    scene.ends_warm().await;
    assert_eq!(scene.downloads(), 1, "the agent has gone on with what it had begun");
    assert_eq!(scene.stand.pull(&scene.id, "node-1").await["attempt"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coordinator_is_stopped_in_mid_task_and_comes_back() {
    let mut scene = Scene::in_mid_layer(&[V2_1], &[]).await;
    let status = scene.stand.coordinator.terminate().await;
    assert!(status.success(), "SIGTERM is a clean end: {status}");
    scene.stand.coordinator.restart().await.unwrap();
    scene.ends_warm().await;
    assert_eq!(scene.downloads(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_while_the_coordinator_is_away_is_reported_later(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
) {
    let mut scene = Scene::in_mid_layer(&[version], &[]).await;
    scene.stand.coordinator.kill();
    scene.proxy.set(Faults::default());
    let truth = scene.stand.nodes[0].containerd.truth().await;
    wait_until(
        "the pull to end without a coordinator",
        Duration::from_secs(60),
        async || {
            truth.snapshot_committed(scene.digests.top_snapshot()).await.unwrap()
                && truth.image_status(&scene.reference).await.unwrap().is_some()
        },
    )
    .await;
    scene.stand.coordinator.restart().await.unwrap();
    scene.ends_warm().await;
    assert_eq!(scene.downloads(), 1);
    let pull = scene.stand.pull(&scene.id, "node-1").await;
    assert_eq!(pull["successReason"], "pulled", "{pull:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_killed_again_and_again_loses_nothing() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let mut stand = Stand::start(&[V1_6, V2_1]).await;
    proxy.set(Faults {
        blob_bytes_per_second: Some(SLOW),
        ..Faults::default()
    });
    let images = ["library:v1", "small:v1", "multi:v1"].map(|image| proxy.reference(image));
    let mut accepted = Vec::new();
    for image in &images {
        accepted.push(stand.order(&[image]).await);
        stand.coordinator.kill();
        stand.coordinator.restart().await.unwrap();
    }
    for (id, image) in accepted.iter().zip(["library:v1", "small:v1", "multi:v1"]) {
        stand.completed(id).await;
        let digests = registry.client().digests(image).await.unwrap();
        for node in &stand.nodes {
            node.assert_warm(&proxy.reference(image), &digests).await;
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_drained_agent_finishes_what_it_pulls(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let mut scene = Scene::in_mid_layer(&[version], &[]).await;
    scene.stand.nodes[0].agent.terminate();
    let status = scene.stand.nodes[0].agent.process().wait(Duration::from_secs(60)).await;
    assert!(status.success(), "{status}");
    scene.ends_warm().await;
    assert_eq!(scene.stand.pull(&scene.id, "node-1").await["attempt"], 1);
}

/// What is replaced first in an upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Coordinator,
    Agents,
}

/// The coordinator as a Deployment replaces it: it is asked to end, and the next one starts on the same database.
async fn replace_coordinator(stand: &mut Stand) {
    let status = stand.coordinator.terminate().await;
    assert!(status.success(), "{status}");
    stand.coordinator.restart().await.unwrap();
}

/// An agent that was asked to end does so by itself, and the next one starts, as a DaemonSet has it.
async fn replaced(stand: &mut Stand, node: usize) {
    let status = stand.nodes[node].agent.process().wait(Duration::from_secs(90)).await;
    assert!(status.success(), "{status}");
    stand.nodes[node].agent.restart().await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_in_mid_pull_loses_nothing_and_pulls_nothing_twice(
    #[values(First::Coordinator, First::Agents)] first: First,
) {
    let mut scene = Scene::in_mid_layer(&[V1_7, V2_1], &["--session-grace", "2m"]).await;
    let small = scene.registry.client().push("small", "small:v1").await.unwrap();
    // Slow enough that the large layer is in the middle until the last part is replaced.
    scene.proxy.set(Faults {
        blob_bytes_per_second: Some(1 << 20),
        ..Faults::default()
    });
    if first == First::Coordinator {
        replace_coordinator(&mut scene.stand).await;
        scene.stand.ready().await;
    }
    scene.stand.nodes[0].agent.terminate();
    let reference = scene.proxy.reference("small:v1");
    let waiting = scene.stand.order(&[&reference]).await;
    if first == First::Agents {
        replace_coordinator(&mut scene.stand).await;
    }
    let pull = scene.stand.pull(&scene.id, "node-1").await;
    assert!(pull["finishedAt"].is_null(), "all of that was in mid-pull: {pull:#}");
    scene.proxy.set(Faults::default());
    replaced(&mut scene.stand, 0).await;
    scene.stand.nodes[1].agent.terminate();
    replaced(&mut scene.stand, 1).await;

    scene.ends_warm().await;
    scene.stand.completed(&waiting).await;
    for node in &scene.stand.nodes {
        node.assert_warm(&reference, &small).await;
        assert_eq!(scene.stand.pull(&scene.id, node.agent.node()).await["attempt"], 1);
    }
    let twice: Vec<_> = scene
        .proxy
        .downloads()
        .into_iter()
        .filter(|(_, times)| *times > 2)
        .collect();
    assert!(twice.is_empty(), "once for each of two nodes: {twice:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_waits_for_a_socket_that_is_not_there(#[values(V1_6, V1_7, V2_1)] version: ContainerdVersion) {
    let registry = Registry::shared().await;
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let mut containerd = Containerd::start(version, ContainerdOptions::default()).await.unwrap();
    containerd.kill();
    std::fs::remove_file(containerd.socket()).unwrap();
    let options = AgentOptions::new("node-1", coordinator.grpc_url(), &containerd);
    let agent = Agent::start(options).await.unwrap();
    let socket = containerd.socket().display().to_string();
    wait_until(
        "the agent to say that containerd is away",
        Duration::from_secs(20),
        async || agent.log().contains("containerd does not answer"),
    )
    .await;
    assert!(agent.log().contains(&socket), "it names the socket");
    containerd.restart().await.unwrap();
    let stand = Stand {
        nodes: vec![ips_tests::stand::Node { agent, containerd }],
        coordinator,
    };
    stand.ready().await;
    stand
        .completed(&stand.order(&[&registry.reference("small:v1")]).await)
        .await;
}
