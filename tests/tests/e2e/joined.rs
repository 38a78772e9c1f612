//! Nodes that join later: an object in the API server, a containerd and an agent of their own. What stands in for their kubelet is that the
//! test hands the agent the token of the pod that the DaemonSet has made for it.

use std::path::{Path, PathBuf};

use ips_tests::agent::{Agent, AgentOptions};
use ips_tests::containerd::{Containerd, ContainerdOptions, ContainerdVersion};
use ips_tests::kubernetes::{PodRef, node};
use ips_tests::wait::{wait_for, wait_until};
use serde_json::{Value, json};

use crate::stand::{HOST, LIMIT, SYSTEM, Stand, know};

/// Which nodes the standing policy is for.
pub const POOL: &str = "standing";

/// See the module.
pub struct Joined {
    /// Ends before its runtime.
    pub agent: Agent,
    pub containerd: Containerd,
    pub name: &'static str,
    token: PathBuf,
}

impl Joined {
    /// A containerd of this version, its Node object, and the agent with the token of its pod.
    async fn start(stand: &Stand, name: &'static str, version: ContainerdVersion, pool: &str) -> Self {
        let containerd = Containerd::start(version, ContainerdOptions::default()).await;
        let containerd = containerd.expect("containerd");
        know(&containerd, &[&stand.registry.address(), stand.proxy.address()]);
        appear(stand, name, pool).await;
        let token = stand.builder.join(&format!("{name}-token"));
        write_token(stand, name, &token).await;
        let agent = agent(stand, name, &token, &containerd).await;
        stand.node_ready(name).await;
        Self {
            agent,
            containerd,
            name,
            token,
        }
    }

    /// Hands the agent the token of its pod of now, as a kubelet does.
    pub async fn renew_token(&self, stand: &Stand) {
        write_token(stand, self.name, &self.token).await;
    }

    /// Stops the agents before their runtimes.
    pub fn end(nodes: [Self; 2]) {
        for mut node in nodes {
            node.agent.kill();
        }
    }
}

/// An agent of this name with the token of a pod. By its kubelet's configuration no disk is too full for pins.
async fn agent(stand: &Stand, name: &str, token: &Path, containerd: &Containerd) -> Agent {
    let kubelet = stand.builder.join("kubelet.yaml");
    std::fs::write(&kubelet, "imageGCHighThresholdPercent: 100\n").expect("written");
    let mut options = AgentOptions::new(name, format!("https://{HOST}:9443"), containerd);
    options.bootstrap_token = String::new();
    for (option, path) in [
        ("--ca-file", stand.authority().await.as_path()),
        ("--kubernetes-token-file", token),
        ("--kubelet-config", &kubelet),
    ] {
        options
            .arguments
            .extend([option.to_owned(), path.display().to_string()]);
    }
    Agent::start(options).await.expect("an agent")
}

/// Makes a Node object that ordinary pods keep away from.
pub async fn appear(stand: &Stand, name: &str, pool: &str) {
    let mut object = node(name);
    object["metadata"]["labels"]["pool"] = json!(pool);
    object["spec"]["taints"] = json!([{"key": "no-kubelet", "effect": "NoSchedule"}]);
    stand.admin.create("/api/v1/nodes", &object).await.expect("a node");
}

/// The pod that the DaemonSet has made for a node, once it is there.
pub async fn pod_of(stand: &Stand, node: &str) -> Value {
    let path = format!("/api/v1/namespaces/{SYSTEM}/pods?labelSelector=app.kubernetes.io/name=ips-agent");
    wait_for(&format!("the agent's pod of {node}"), LIMIT, async || {
        let pods = stand.admin.get(&path).await.ok()?;
        let pods = pods["items"].as_array().cloned()?;
        let own = |pod: &Value| pod["spec"]["nodeName"] == node && pod["metadata"]["deletionTimestamp"].is_null();
        pods.into_iter().find(own)
    })
    .await
}

async fn write_token(stand: &Stand, node: &str, to: &PathBuf) {
    let pod = PodRef::of(&pod_of(stand, node).await);
    let token = stand.kubernetes.token(SYSTEM, "ips-agent", "ips", Some(&pod)).await;
    std::fs::write(to, token.expect("a token")).expect("written");
}

/// A node is shown with the reason before an agent comes from it, and works as soon as one does.
pub async fn second(stand: &Stand) -> Joined {
    let joined = Joined::start(stand, "node-2", ContainerdVersion::V1_6, POOL).await;
    let nodes = stand.api().get("/api/v1/nodes").await.expect("the nodes");
    assert_eq!(nodes["total"], 2, "{nodes:#}");
    joined
}

/// One more with the newest containerd, for which nothing is kept warm: a task is for it alone.
pub async fn third(stand: &Stand) -> Joined {
    let joined = Joined::start(stand, "node-3", ContainerdVersion::V2_1, "other").await;
    let reference = stand.registry.reference("small:v1");
    let task = stand.order(&reference, "node-3").await;
    stand.completed(&task).await;
    let truth = joined.containerd.truth().await;
    assert!(truth.image_status(&reference).await.expect("an answer").is_some());
    joined
}

/// With the token of one node an agent says that it is another: it is refused in words, and the real one works on.
pub async fn claims_another(stand: &Stand, second: &Joined) {
    let liar = agent(stand, "node-3", &second.token, &second.containerd).await;
    wait_until("the reason in its log", LIMIT, async || {
        liar.log().contains("runs on node-2, not on node-3")
    })
    .await;
    stand.node_ready("node-3").await;
}
