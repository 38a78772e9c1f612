//! The coordinator knows the nodes of a real API server: all of them, as they are now, with one list and a watch.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ips_tests::containerd::ContainerdVersion;
use ips_tests::coordinator::Coordinator;
use ips_tests::kubernetes::{Call, Kubernetes, PodRef, node};
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand};
use ips_tests::wait::{wait_for, wait_until};
use serde_json::{Value, json};

/// Longest wait for what takes milliseconds on a quiet machine.
const LIMIT: Duration = Duration::from_secs(30);

/// How soon a change of a node is seen: one second is promised, on a machine with nothing else to do and in a release build.
const SEEN: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });

const PODS: &str = "/api/v1/namespaces/default/pods";
const ACCOUNT: &str = "system:serviceaccount:default:watcher";

/// Makes that somebody, who may only list and watch nodes.
async fn watcher(kubernetes: &Kubernetes) -> PathBuf {
    let rules = json!([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]}]);
    kubernetes.account("watcher", &rules).await.expect("an account")
}

/// A coordinator that watches this cluster as that somebody.
async fn watching(kubernetes: &Kubernetes, arguments: &[&str]) -> Coordinator {
    let config = watcher(kubernetes).await.display().to_string();
    let arguments = [&["--kubernetes", "on", "--kubeconfig", &config], arguments].concat();
    Coordinator::start(&arguments).await.expect("a coordinator")
}

/// Waits until the node is shown as the test says.
async fn shown(coordinator: &Coordinator, name: &str, mut test: impl FnMut(&Value) -> bool) -> Value {
    wait_for(&format!("{name} to be shown so"), LIMIT, async || {
        let node = coordinator.api().get(&format!("/api/v1/nodes/{name}")).await.ok()?;
        test(&node).then_some(node)
    })
    .await
}

fn is_list(call: &Call) -> bool {
    call.user == ACCOUNT && call.verb == "list" && call.resource == "nodes"
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn nodes_are_shown_as_the_cluster_has_them_and_tasks_choose_by_its_labels() {
    let registry = Registry::shared().await;
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let admin = kubernetes.admin();
    let mut with_agent = node("node-1");
    with_agent["metadata"]["labels"]["pool"] = json!("gpu");
    with_agent["metadata"]["labels"]["topology.kubernetes.io/zone"] = json!("z1");
    with_agent["spec"]["taints"] = json!([{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]);
    admin.create("/api/v1/nodes", &with_agent).await.expect("a node");
    let mut broken = node("node-2");
    broken["status"]["conditions"][0]["status"] = json!("False");
    broken["status"]["conditions"][0]["reason"] = json!("KubeletNotReady");
    broken["status"]["conditions"][0]["message"] = json!("no network");
    admin.create("/api/v1/nodes", &broken).await.expect("a node");
    let coordinator = watching(&kubernetes, &[]).await;

    // Known to the cluster alone.
    let first = shown(&coordinator, "node-1", |node| !node["kubernetes"].is_null()).await;
    assert_eq!(
        (&first["agentVersion"], &first["ready"]),
        (&json!(""), &json!(false)),
        "{first}"
    );
    assert!(
        first["reason"].as_str().expect("a reason").contains("no agent"),
        "{first}"
    );
    let second = shown(&coordinator, "node-2", |_| true).await;
    assert!(
        second["reason"]
            .as_str()
            .expect("a reason")
            .contains("KubeletNotReady: no network"),
        "{second}"
    );
    let (status, refused) = coordinator
        .api()
        .post("/api/v1/tasks", &json!({"images": [registry.reference("small:v1")]}))
        .await
        .expect("an answer");
    assert_eq!(status, 400, "nobody could pull: {refused}");

    // Its agent comes, with labels of its own that do not count.
    let agent = Node::start("node-1", &coordinator, ContainerdVersion::V1_7)
        .await
        .expect("a node");
    let first = shown(&coordinator, "node-1", |node| node["ready"] == true).await;
    assert_eq!(
        (&first["labels"]["pool"], &first["kubernetes"]["zone"]),
        (&json!("gpu"), &json!("z1")),
        "{first}"
    );
    assert_eq!(
        first["kubernetes"]["taints"],
        json!([{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
    );
    let stand = Stand {
        nodes: vec![agent],
        coordinator,
    };
    let order = json!({"images": [registry.reference("small:v1")], "nodeSelector": {"pool": "gpu"}});
    let task = stand.order_with(order.clone()).await;
    assert_eq!(stand.completed(&task).await["progress"]["totalNodes"], 1);

    // Live: another label is seen within a second, and the next task goes by it.
    let changed = Instant::now();
    let patch = json!({"metadata": {"labels": {"pool": "cpu"}}, "spec": {"unschedulable": true}});
    admin.patch("/api/v1/nodes/node-1", &patch).await.expect("patched");
    let first = shown(&stand.coordinator, "node-1", |node| node["labels"]["pool"] == "cpu").await;
    let took = changed.elapsed();
    println!("a changed label was seen after {took:?}");
    assert!(took < SEEN, "{took:?}");
    assert_eq!(first["kubernetes"]["unschedulable"], true);
    let (status, _) = stand
        .coordinator
        .api()
        .post("/api/v1/tasks", &order)
        .await
        .expect("an answer");
    assert_eq!(status, 400, "no node is a gpu node any more");

    // Deleted: gone from the list.
    admin.delete("/api/v1/nodes/node-2").await.expect("deleted");
    wait_until("node-2 to be gone", LIMIT, async || {
        let nodes = stand.coordinator.api().get("/api/v1/nodes").await.expect("the nodes");
        nodes["total"] == 1
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn an_api_server_that_is_away_is_told_and_got_over() {
    let mut kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    kubernetes
        .create_nodes(3, |n| node(&format!("node-{n}")))
        .await
        .expect("nodes");
    let coordinator = watching(&kubernetes, &[]).await;
    shown(&coordinator, "node-2", |_| true).await;
    let warning = async |part: &str| {
        let (_, body) = coordinator.readiness().await.expect("an answer");
        body["warnings"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one.as_str().unwrap_or_default().contains(part)))
    };

    kubernetes.kill();
    wait_until("the coordinator to say so", LIMIT, async || warning("kubernetes").await).await;
    let (status, _) = coordinator.readiness().await.expect("an answer");
    assert_eq!(status, 200, "it serves all the same");
    let nodes = coordinator.api().get("/api/v1/nodes").await.expect("the nodes");
    assert_eq!(nodes["total"], 3, "what was known stays");
    kubernetes.restart().await.expect("it comes back");
    kubernetes
        .admin()
        .create("/api/v1/nodes", &node("node-3"))
        .await
        .expect("a node");
    shown(&coordinator, "node-3", |_| true).await;
    wait_until("the warning to be gone", LIMIT, async || !warning("kubernetes").await).await;
}

/// Writes a token into the file that is bound to a pod of its own, and so ends with it.
async fn write_token(kubernetes: &Kubernetes, pod: &str, file: &Path) {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod}, "spec": {"serviceAccountName": "watcher",
        "automountServiceAccountToken": false, "containers": [{"name": "it", "image": "it"}]}});
    let made = kubernetes.admin().create(PODS, &object).await.expect("a pod");
    let bound = PodRef::of(&made);
    let token = kubernetes.token("default", "watcher", "https://kubernetes.default.svc", Some(&bound));
    std::fs::write(file, token.await.expect("a token")).expect("written");
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_token_that_ended_is_told_and_the_next_one_in_its_file_is_taken_up() {
    let mut kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    watcher(&kubernetes).await;
    let file = kubernetes.home().join("watcher-token");
    write_token(&kubernetes, "first", &file).await;
    let config = kubernetes.kubeconfig_with("watcher.conf", &file).expect("a kubeconfig");
    let config = config.display().to_string();
    let arguments = ["--kubernetes", "on", "--kubeconfig", &config];
    let coordinator = Coordinator::start(&arguments).await.expect("a coordinator");
    let admin = kubernetes.admin();
    admin.create("/api/v1/nodes", &node("node-1")).await.expect("a node");
    shown(&coordinator, "node-1", |_| true).await;

    admin.delete(&format!("{PODS}/first")).await.expect("deleted");
    // A watch that was let in goes on until it ends.
    kubernetes.kill();
    kubernetes.restart().await.expect("it comes back");
    let told = async || {
        let (_, body) = coordinator.readiness().await.expect("an answer");
        body["warnings"].to_string()
    };
    wait_until("the coordinator to say so", LIMIT, async || {
        told().await.contains("Unauthorized")
    })
    .await;
    write_token(&kubernetes, "second", &file).await;
    let admin = kubernetes.admin();
    admin.create("/api/v1/nodes", &node("node-2")).await.expect("a node");
    // A token that was read is used for a minute.
    wait_until("the new token to be used", 8 * LIMIT, async || {
        coordinator.api().get("/api/v1/nodes/node-2").await.is_ok()
    })
    .await;
    wait_until("the warning to be gone", LIMIT, async || {
        !told().await.contains("Unauthorized")
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn five_thousand_nodes_are_listed_once_and_cost_little() {
    const NODES: usize = 5_000;
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let without = Coordinator::start(&[]).await.expect("a coordinator");
    kubernetes.create_nodes(NODES, heavy).await.expect("the nodes");
    let mut coordinator = watching(&kubernetes, &[]).await;
    wait_until("all nodes to be known", Duration::from_secs(120), async || {
        let stats = coordinator.api().get("/api/v1/stats").await.unwrap_or_default();
        stats["nodes"]["total"] == NODES
    })
    .await;
    let began = kubernetes
        .calls()
        .expect("the calls")
        .into_iter()
        .filter(is_list)
        .count();

    let admin = kubernetes.admin();
    let mut slowest = Duration::ZERO;
    for round in 0..10 {
        let name = format!("node-{:04}", round * 499);
        let changed = Instant::now();
        let patch = json!({"metadata": {"labels": {"round": round.to_string()}}});
        admin
            .patch(&format!("/api/v1/nodes/{name}"), &patch)
            .await
            .expect("patched");
        shown(&coordinator, &name, |node| {
            node["labels"]["round"].as_str() == Some(round.to_string().as_str())
        })
        .await;
        slowest = slowest.max(changed.elapsed());
    }
    let own = coordinator.process().resident_bytes().expect("memory");
    let mut without = without;
    let bare = without.process().resident_bytes().expect("memory");
    let cost = own.saturating_sub(bare) / (1 << 20);
    println!("{NODES} nodes: {cost} MiB, {began} list calls, slowest change seen after {slowest:?}");
    assert!(cost <= 60, "{cost} MiB for {NODES} nodes");
    assert!(slowest < SEEN, "{slowest:?}");
    let lists = kubernetes
        .calls()
        .expect("the calls")
        .into_iter()
        .filter(is_list)
        .count();
    assert_eq!(lists, began, "no list after the first");
}

/// A node with what a real one carries: fifty images and managed fields.
fn heavy(number: usize) -> Value {
    let mut node = node(&format!("node-{number:04}"));
    let digest = |fill: usize| format!("{fill:064x}");
    let images = (0..50).map(|image| {
        let name = format!("registry.example/team-{}/app-{image}", number % 10);
        json!({"names": [format!("{name}@sha256:{}", digest(image)), format!("{name}:v{image}")], "sizeBytes": 123_456_789})
    });
    node["status"]["images"] = images.collect();
    let labels = node["metadata"]["labels"].as_object_mut().expect("labels");
    for label in 0..15 {
        labels.insert(
            format!("example.com/label-{label}"),
            json!(format!("value-{}", number % 7)),
        );
    }
    node
}
