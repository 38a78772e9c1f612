//! What happens to clusters: pods are killed, runtimes and API servers restarted, tokens renewed, nodes deleted, and the kubelet pulls what is
//! being warmed.

use std::time::{Duration, Instant};

use ips_tests::wait::{wait_for, wait_until};
use serde_json::{Value, json};

use crate::joined::{Joined, appear, pod_of};
use crate::stand::{LIMIT, SYSTEM, Stand};
use crate::tasks::{pod, runs};

/// How long the API server stays away.
const AWAY: Duration = Duration::from_secs(60);

fn uid(pod: &Value) -> &Value {
    &pod["metadata"]["uid"]
}

async fn delete_pod(stand: &Stand, pod: &Value) {
    let name = pod["metadata"]["name"].as_str().expect("a name");
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods/{name}");
    stand.admin.delete(&path).await.expect("deleted");
}

/// Takes an image off node-1, and with it the layers that nothing else has.
async fn forget(stand: &Stand, image: &str) {
    let digests = stand.registry.client().digests(image).await.expect("the digests");
    let truth = stand.containerd.truth().await;
    for reference in [stand.registry.reference(image), stand.proxy.reference(image)] {
        truth.remove_image(&reference).await.expect("removed");
    }
    wait_until("its layers to be gone", LIMIT, async || {
        let blob = truth.has_blob(&digests.layers[0].digest).await;
        let snapshot = truth.snapshot_committed(digests.top_snapshot()).await;
        matches!((blob, snapshot), (Ok(false), Ok(false)))
    })
    .await;
}

/// The kubelet and the agent pull the same reference at the same time; both are done, and each layer is fetched once.
pub async fn kubelet_pulls_too(stand: &Stand) {
    let reference = stand.proxy.reference("toolchain:v1");
    let task = stand.in_mid_pull("toolchain:v1", "node-1").await;
    pod(stand, "always", &reference, "Always").await;
    let path = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=always,reason=Pulling";
    wait_until("the kubelet to pull", LIMIT, async || {
        let events = stand.admin.get(path).await.unwrap_or_default();
        events["items"].as_array().is_some_and(|all| !all.is_empty())
    })
    .await;
    let pull = stand.pull(&task).await;
    assert_eq!(pull["state"], "pulling", "{pull:#}");
    stand.slow(false);
    stand.completed(&task).await;
    runs(stand, "always").await;
    let twice = stand.proxy.downloads().into_iter().filter(|(_, times)| *times > 1);
    assert_eq!(twice.collect::<Vec<_>>(), [], "fetched more than once");
}

/// A rolling restart of the agents lets the one that pulls finish what it does: the same attempt, and another pod after it.
pub async fn rolled(stand: &Stand) {
    forget(stand, "library:v1").await;
    let task = stand.in_mid_pull("library:v1", "node-1").await;
    let old = stand.ready_pod("ips-agent").await;
    let agents = "daemonset/ips-agent";
    stand.kubectl(&["-n", SYSTEM, "rollout", "restart", agents]).await;
    let name = old["metadata"]["name"].as_str().expect("a name");
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods/{name}");
    wait_until("the old pod to be asked to end", LIMIT, async || {
        let pod = stand.admin.get(&path).await.unwrap_or_default();
        pod["metadata"]["deletionTimestamp"].is_string()
    })
    .await;
    let pull = stand.pull(&task).await;
    assert_eq!(pull["state"], "pulling", "{pull:#}");
    stand.slow(false);
    stand.completed(&task).await;
    let pull = stand.pull(&task).await;
    assert_eq!(pull["attempt"], 1, "{pull:#}");
    stand
        .kubectl(&["-n", SYSTEM, "rollout", "status", agents, "--timeout=120s"])
        .await;
    let new = stand.ready_pod("ips-agent").await;
    assert_ne!(uid(&new), uid(&old));
    stand.node_ready("node-1").await;
}

/// The agent's pod goes without a word; the next one takes up its pull.
pub async fn agent_killed(stand: &Stand) {
    forget(stand, "library:v1").await;
    let task = stand.in_mid_pull("library:v1", "node-1").await;
    let old = stand.ready_pod("ips-agent").await;
    delete_pod(stand, &old).await;
    let new = wait_for("another pod", LIMIT, async || {
        let pod = pod_of(stand, "node-1").await;
        (uid(&pod) != uid(&old)).then_some(pod)
    })
    .await;
    stand.slow(false);
    stand.completed(&task).await;
    let ready = stand.ready_pod("ips-agent").await;
    assert_eq!(uid(&ready), uid(&new));
}

/// The runtime is killed and comes back; the pod of the agent is the same, and so is the attempt.
pub async fn containerd_restarted(stand: &mut Stand) {
    forget(stand, "library:v1").await;
    let task = stand.in_mid_pull("library:v1", "node-1").await;
    let old = stand.ready_pod("ips-agent").await;
    stand.containerd.kill();
    stand
        .node_is("not ready", "node-1", |node| node["ready"] == false)
        .await;
    stand.containerd.restart().await.expect("it comes back");
    stand.slow(false);
    stand.completed(&task).await;
    stand.node_ready("node-1").await;
    let pull = stand.pull(&task).await;
    assert_eq!(pull["attempt"], 1, "{pull:#}");
    let new = stand.ready_pod("ips-agent").await;
    assert_eq!(uid(&new), uid(&old));
    assert_eq!(new["status"]["containerStatuses"][0]["restartCount"], 0, "{new:#}");
}

/// It is away for long enough to have forgotten where watches were. Work goes on meanwhile, and what changes afterwards is seen.
pub async fn api_server_away(stand: &mut Stand, second: &Joined) {
    let began = Instant::now();
    stand.kubernetes.kill();
    wait_until("the coordinator to say so", LIMIT, async || {
        stand.warns("the cluster's nodes are not watched").await
    })
    .await;
    let task = stand.order(&stand.registry.reference("library:v1"), second.name).await;
    stand.completed(&task).await;
    wait_until("the time to pass", LIMIT, async || began.elapsed() >= AWAY).await;
    stand.kubernetes.restart().await.expect("it comes back");
    let patch = json!({"metadata": {"labels": {"after": "it"}}});
    let path = format!("/api/v1/nodes/{}", second.name);
    stand.admin.patch(&path, &patch).await.expect("patched");
    stand
        .node_is("labelled", second.name, |node| node["labels"]["after"] == "it")
        .await;
    wait_until("the warning to be gone", LIMIT, async || {
        !stand.warns("the cluster's nodes").await
    })
    .await;
    stand.ready_pod("ips-agent").await;
}

/// With a token that holds no longer an agent is refused in words; with the next one, in the same file, it comes in by itself.
pub async fn token_rotated(stand: &Stand, second: &mut Joined) {
    let old = pod_of(stand, second.name).await;
    delete_pod(stand, &old).await;
    second.agent.kill();
    second.agent.restart().await.expect("the agent");
    wait_until("the reason in its log", LIMIT, async || {
        let log = second.agent.log();
        log.contains("the cluster does not know the token, or it has ended") || log.contains("is gone or on no node")
    })
    .await;
    stand
        .node_is("not ready", second.name, |node| node["ready"] == false)
        .await;
    second.renew_token(stand).await;
    stand.node_ready(second.name).await;
}

/// Nobody waits for its pull any more, and its agent stops it. The node may come back.
pub async fn node_deleted(stand: &Stand, third: &mut Joined) {
    let task = stand.in_mid_pull("library:v1", third.name).await;
    let path = format!("/api/v1/nodes/{}", third.name);
    stand.admin.delete(&path).await.expect("deleted");
    let task = stand.ended(&task).await;
    let pull = stand.pull(task["taskId"].as_str().expect("an id")).await;
    assert_eq!(pull["state"], "skipped", "{pull:#}");
    let why = pull["message"].as_str().unwrap_or_default();
    assert!(why.contains("deleted from the cluster"), "{pull:#}");
    let truth = third.containerd.truth().await;
    wait_until("the agent to stop it", LIMIT, async || {
        truth.ingests().await.is_ok_and(|all| all.is_empty())
    })
    .await;
    stand.slow(false);
    wait_until("the node to be gone", LIMIT, async || {
        stand.api().get("/api/v1/nodes").await.unwrap_or_default()["total"] == 2
    })
    .await;
    appear(stand, third.name, "other").await;
    third.renew_token(stand).await;
    stand.node_ready(third.name).await;
    let task = stand.order(&stand.proxy.reference("library:v1"), third.name).await;
    stand.completed(&task).await;
}
