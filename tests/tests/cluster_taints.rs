//! The start-up taint on a real API server: it goes when a node is warm, when nobody wants anything there, and when the time is up.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::{Duration, Instant};

use ips_tests::containerd::ContainerdVersion;
use ips_tests::coordinator::Coordinator;
use ips_tests::kubernetes::{Kubernetes, node};
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, TASK_LIMIT};
use ips_tests::wait::{wait_for, wait_until};
use reqwest::StatusCode;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);
/// How long the taint may stay where something is cold.
const COLD_FOR: Duration = Duration::from_secs(20);
const KEY: &str = "ips.dev/cold";

fn rules(may_patch: bool) -> Value {
    let verbs = if may_patch {
        json!(["list", "watch", "patch"])
    } else {
        json!(["list", "watch"])
    };
    json!([{"apiGroups": [""], "resources": ["nodes"], "verbs": verbs}])
}

/// A node that joins with the taint behind another one.
async fn joins(kubernetes: &Kubernetes, name: &str, pool: &str) {
    let mut object = node(name);
    object["metadata"]["labels"]["pool"] = json!(pool);
    object["spec"]["taints"] =
        json!([{"key": "gpu", "value": "yes", "effect": "NoSchedule"}, {"key": KEY, "effect": "NoSchedule"}]);
    kubernetes
        .admin()
        .create("/api/v1/nodes", &object)
        .await
        .expect("a node");
}

/// Keys of the taints that the node has.
async fn taints(kubernetes: &Kubernetes, name: &str) -> Vec<String> {
    let node = kubernetes
        .admin()
        .get(&format!("/api/v1/nodes/{name}"))
        .await
        .expect("the node");
    let all = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    all.iter()
        .map(|taint| taint["key"].as_str().unwrap().to_owned())
        .collect()
}

async fn goes(kubernetes: &Kubernetes, name: &str, limit: Duration) {
    wait_until(&format!("the taint to be taken off {name}"), limit, async || {
        taints(kubernetes, name).await == ["gpu"]
    })
    .await;
}

async fn warnings(coordinator: &Coordinator) -> String {
    let (_, body) = coordinator.readiness().await.expect("an answer");
    body["warnings"].to_string()
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn the_taint_goes_when_a_node_is_warm_unwanted_or_out_of_time() {
    let registry = Registry::shared().await;
    let image = registry.reference("small:v1");
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let config = kubernetes
        .account("untainter", &rules(false))
        .await
        .expect("an account");
    let config = config.display().to_string();
    let limit = format!("{}s", COLD_FOR.as_secs());
    let arguments = [
        "--kubernetes",
        "on",
        "--kubeconfig",
        &config,
        "--startup-taint",
        KEY,
        "--startup-taint-limit",
        &limit,
    ];
    let coordinator = Coordinator::start(&arguments).await.expect("a coordinator");
    let body = json!({"name": "base", "taskConfig": {"images": [image], "nodeSelector": {"pool": "gpu"}}});
    let (status, made) = coordinator
        .api()
        .post("/api/v1/policies", &body)
        .await
        .expect("an answer");
    assert_eq!(status, StatusCode::CREATED, "{made:#}");

    // Nobody wants anything there; but the coordinator may not.
    joins(&kubernetes, "node-1", "cpu").await;
    wait_until("the missing right to be said", LIMIT, async || {
        let said = warnings(&coordinator).await;
        said.contains("startup-taint") && said.contains("forbidden")
    })
    .await;
    assert_eq!(taints(&kubernetes, "node-1").await, ["gpu", KEY]);
    kubernetes.allow("untainter", &rules(true)).await.expect("allowed");
    goes(&kubernetes, "node-1", LIMIT).await;
    wait_until("the warning to be gone", LIMIT, async || {
        !warnings(&coordinator).await.contains("startup-taint")
    })
    .await;

    // One whose agent never comes stays cold, and is let go when the time is up.
    let joined = Instant::now();
    joins(&kubernetes, "node-2", "gpu").await;
    // One that gets warm.
    let agent = Node::start("node-3", &coordinator, ContainerdVersion::V1_7)
        .await
        .expect("a node");
    joins(&kubernetes, "node-3", "gpu").await;
    goes(&kubernetes, "node-3", TASK_LIMIT).await;
    let digests = registry.client().digests("small:v1").await.expect("digests");
    agent.assert_warm(&image, &digests).await;
    println!("a node was free {:?} after it joined", joined.elapsed());
    wait_for("the time to be up", COLD_FOR + LIMIT, async || {
        (taints(&kubernetes, "node-2").await == ["gpu"]).then_some(())
    })
    .await;
    assert!(joined.elapsed() >= COLD_FOR, "{:?}", joined.elapsed());
    let log = coordinator.log();
    for reason in ["unwanted", "warm", "time_is_up"] {
        assert!(log.contains(reason), "{reason} is not in the log:\n{log}");
    }
}
