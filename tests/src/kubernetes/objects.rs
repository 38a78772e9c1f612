//! Objects that tests put into the API server.

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::client::KubeClient;

/// Calls at a time.
const AT_ONCE: usize = 64;

/// A pod that a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodRef {
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
}

impl PodRef {
    /// The pod that this object is.
    pub fn of(pod: &Value) -> Self {
        let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            uid: text("uid"),
        }
    }
}

/// A node that is ready, as a kubelet of today would report it; labels and taints are the caller's to add.
pub fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": crate::layout::architecture(),
        }},
        // The API server takes the status of a node when it is created, which it does for no other kind.
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
                "lastHeartbeatTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
            "addresses": [{"type": "Hostname", "address": name}],
            "capacity": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "6.1.0", "osImage": "Debian GNU/Linux 12",
                "containerRuntimeVersion": "containerd://1.6.20", "kubeletVersion": "v1.20.2", "kubeProxyVersion": "v1.20.2",
                "operatingSystem": "linux", "architecture": crate::layout::architecture(),
            },
        },
    })
}

/// A service account. One without controllers has no token of the old kind, and needs none.
pub fn service_account(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}, "automountServiceAccountToken": false})
}

pub(super) fn token_request(audience: &str, pod: Option<&PodRef>) -> Value {
    let mut spec = json!({"audiences": [audience], "expirationSeconds": 3600});
    if let Some(PodRef { name, uid }) = pod {
        spec["boundObjectRef"] = json!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid});
    }
    json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
}

pub(super) async fn create_all(client: &KubeClient, path: &str, objects: impl Iterator<Item = Value>) -> Result<()> {
    futures::stream::iter(objects)
        .map(|object| async move { client.create(path, &object).await.map(drop) })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}
