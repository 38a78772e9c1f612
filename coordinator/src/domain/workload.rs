//! What runs in a cluster for good: Deployments, DaemonSets, StatefulSets and CronJobs, with as much of each as says which images its pods
//! use and on which nodes. Pods themselves are not looked at: ten thousand of one workload are one template.

use super::node::Labels;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Kinds of workloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WorkloadKind {
    /// `apps/v1`.
    Deployment,
    /// `apps/v1`.
    DaemonSet,
    /// `apps/v1`.
    StatefulSet,
    /// `batch/v1`, and `batch/v1beta1` before Kubernetes 1.21.
    CronJob,
}

impl WorkloadKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Deployment, Self::DaemonSet, Self::StatefulSet, Self::CronJob];

    /// The word of Kubernetes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::DaemonSet => "DaemonSet",
            Self::StatefulSet => "StatefulSet",
            Self::CronJob => "CronJob",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Which one, in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkloadName {
    /// Namespace.
    pub namespace: Box<str>,
    /// Kind.
    pub kind: WorkloadKind,
    /// Name.
    pub name: Box<str>,
}

impl fmt::Display for WorkloadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.as_str(), self.namespace, self.name)
    }
}

/// Labels that a node must have.
pub type NodeLabels = BTreeMap<String, String>;

/// An image of a pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadImage {
    /// Reference as it is written there, which is not checked yet.
    pub reference: Box<str>,
    /// Its `imagePullPolicy` is `Always`: the registry is asked at each start, however warm the node is.
    pub always: bool,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Which one.
    pub name: WorkloadName,
    /// Its own labels, not those of its pods.
    pub labels: Labels,
    /// `nodeSelector` of its pods.
    pub node_selector: NodeLabels,
    /// Images of its containers, those that only begin a pod included; each reference once.
    pub images: Vec<WorkloadImage>,
}

/// What became known of a cluster's workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadNews {
    /// All of a kind; those that are not among them are gone.
    All(WorkloadKind, Vec<Workload>),
    /// One is new or has changed.
    Changed(Box<Workload>),
    /// One was deleted.
    Gone(WorkloadName),
    /// Nothing is known of changes of a kind for now, with the reason. What was known stays.
    Away(WorkloadKind, String),
    /// Changes of the kind are told again.
    Back(WorkloadKind),
}
