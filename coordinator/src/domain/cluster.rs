//! Nodes as a cluster knows them, which is more and less than their agents say: labels and taints are its own, images and disks are not.

use super::{ids::NodeName, image::Platform, node::Labels};

/// Labels that name a node's zone, the present one first.
const ZONES: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/// A node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterNode {
    /// Name.
    pub name: NodeName,
    /// UID of the object: another one under the same name is another node.
    pub uid: String,
    /// Labels.
    pub labels: Labels,
    /// Platform.
    pub platform: Platform,
    /// The cluster takes it for ready.
    pub ready: bool,
    /// Why not; empty when it is.
    pub message: String,
    /// Closed to new pods ("cordoned").
    pub unschedulable: bool,
    /// Taints.
    pub taints: Vec<Taint>,
    /// Version of its kubelet.
    pub kubelet_version: String,
    /// Its runtime and the version of that, such as `containerd://1.6.20`.
    pub runtime_version: String,
}

/// What keeps pods off a node that do not tolerate it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value; empty for none.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

impl ClusterNode {
    /// Its zone; empty where it is in none.
    pub fn zone(&self) -> &str {
        ZONES
            .iter()
            .find_map(|key| self.labels.get(key))
            .map_or("", |zone| zone)
    }

    /// Why no agent has come from it, as far as the cluster tells.
    pub fn why_no_agent(&self) -> String {
        if self.platform.os != "linux" {
            return format!("no agent: agents run on Linux, this node runs {}", self.platform.os);
        }
        if !self.ready {
            return format!(
                "no agent has come from it; the cluster says that the node is not ready: {}",
                self.message
            );
        }
        "no agent has come from it: its pod does not run there, or cannot reach the coordinator".into()
    }
}

/// What became known of a cluster's nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterNews {
    /// All there are; those that are not among them are gone.
    All(Vec<ClusterNode>),
    /// One is new or has changed.
    Changed(Box<ClusterNode>),
    /// One was deleted.
    Gone(NodeName),
    /// Nothing is known of changes for now, with the reason. What was known stays.
    Away(String),
    /// Changes are told again.
    Back,
}
