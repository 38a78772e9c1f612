//! Watches the cluster's nodes. Of each node only what is used is kept; images and managed fields, most of its bytes, are not even parsed.

use super::{
    Kubernetes,
    watch::{Tidings, watch},
};
use crate::domain::{
    cluster::{ClusterNews, ClusterNode, Taint},
    ids::NodeName,
    image::Platform,
};
use k8s_openapi::{
    api::core::v1::{Node, NodeCondition, NodeSystemInfo, Taint as KubeTaint},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Api, Resource};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Nodes that are listed at a time. A node of a busy cluster has tens of kilobytes.
const PAGE: u32 = 100;
/// What is read of a node.
#[derive(Debug, Clone, Deserialize, Resource)]
#[resource(inherit = Node)]
struct WatchedNode {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Spec {
    #[serde(default)]
    unschedulable: bool,
    #[serde(default)]
    taints: Vec<KubeTaint>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    conditions: Vec<NodeCondition>,
    #[serde(default)]
    node_info: NodeSystemInfo,
}

impl Kubernetes {
    /// Tells of the cluster's nodes until `stop`. An API server that is away, and a right that is missing, are told and tried again.
    pub async fn watch_nodes(&self, news: mpsc::Sender<ClusterNews>, stop: CancellationToken) {
        let nodes = Api::<WatchedNode>::all(self.client());
        let watched = watch(nodes, PAGE, "the cluster's nodes", read, cluster_news, &news);
        let _stopped = stop.run_until_cancelled(watched).await;
    }
}

fn cluster_news(tidings: Tidings<ClusterNode>) -> ClusterNews {
    match tidings {
        Tidings::All(nodes) => ClusterNews::All(nodes),
        Tidings::Changed(node) => ClusterNews::Changed(Box::new(node)),
        Tidings::Gone(node) => ClusterNews::Gone(node.name),
        Tidings::Away(why) => ClusterNews::Away(why),
        Tidings::Back => ClusterNews::Back,
    }
}

/// A node whose name is none of Kubernetes' cannot be there; such a one is passed over.
fn name(node: &WatchedNode) -> Option<NodeName> {
    NodeName::parse(node.metadata.name.as_deref()?).ok()
}

fn read(node: WatchedNode) -> Option<ClusterNode> {
    let name = name(&node)?;
    let WatchedNode { metadata, spec, status } = node;
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let is_ready = ready.is_some_and(|condition| condition.status == "True");
    let message = match ready {
        Some(_) if is_ready => String::new(),
        Some(condition) => {
            let words = [condition.reason.as_deref(), condition.message.as_deref()];
            words
                .into_iter()
                .flatten()
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(": ")
        }
        None => "its kubelet has not reported yet".to_owned(),
    };
    let labels = metadata.labels.unwrap_or_default();
    let taint = |taint: KubeTaint| Taint {
        key: taint.key,
        value: taint.value.unwrap_or_default(),
        effect: taint.effect,
    };
    Some(ClusterNode {
        name,
        uid: metadata.uid.unwrap_or_default(),
        platform: platform(&status.node_info, &labels),
        labels: labels
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
        ready: is_ready,
        message,
        unschedulable: spec.unschedulable,
        taints: spec.taints.into_iter().map(taint).collect(),
        kubelet_version: status.node_info.kubelet_version,
        runtime_version: status.node_info.container_runtime_version,
    })
}

/// What the kubelet has reported, or, until it has, what the labels say.
fn platform(info: &NodeSystemInfo, labels: &std::collections::BTreeMap<String, String>) -> Platform {
    let either = |reported: &str, label: &str, default: &str| match labels.get(label) {
        _ if !reported.is_empty() => reported.to_owned(),
        Some(label) => label.clone(),
        None => default.to_owned(),
    };
    Platform {
        os: either(&info.operating_system, "kubernetes.io/os", "linux"),
        architecture: either(&info.architecture, "kubernetes.io/arch", "unknown"),
        variant: String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn node(value: serde_json::Value) -> WatchedNode {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_read_of_a_node_is_what_is_shown() {
        let read = read(node(json!({
            "metadata": {"name": "a.example", "uid": "u", "labels": {"topology.kubernetes.io/zone": "z1", "pool": "gpu"},
                "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}]},
            "spec": {"unschedulable": true, "taints": [{"key": "gpu", "effect": "NoSchedule"}]},
            "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "no network"}],
                "images": [{"names": ["a"], "sizeBytes": 1}],
                "nodeInfo": {"machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "", "kubeProxyVersion": "",
                    "containerRuntimeVersion": "containerd://1.6.20", "kubeletVersion": "v1.20.2", "operatingSystem": "linux", "architecture": "arm64"}},
        })))
        .unwrap();
        assert_eq!(
            (read.name.as_str(), read.zone(), read.platform.to_string()),
            ("a.example", "z1", "linux/arm64".into())
        );
        assert!(read.unschedulable && !read.ready);
        assert_eq!(read.message, "KubeletNotReady: no network");
        assert_eq!(
            (read.taints[0].key.as_str(), read.taints[0].effect.as_str()),
            ("gpu", "NoSchedule")
        );
        assert!(read.why_no_agent().contains("no network"));
    }

    #[test]
    fn a_node_that_has_only_a_name_is_read_too() {
        let read = read(node(
            json!({"metadata": {"name": "new", "labels": {"kubernetes.io/os": "windows"}}}),
        ))
        .unwrap();
        assert_eq!(read.message, "its kubelet has not reported yet");
        assert!(read.why_no_agent().contains("windows"), "{}", read.why_no_agent());
    }
}
