//! A node as JSON, and how many there are.

use super::{
    time,
    words::{KubeletSourceWord, PinWord, UsabilityWord},
};
use crate::{
    domain::{
        cluster::{ClusterNode, Taint},
        kubelet::{KubeletFacts, PodPull, usability_on_node},
        node::{InventoryImage, NodeCondition},
        pin::{Pin, PinReport},
    },
    engine::views::{NodeDetail, NodeView, Page, PageRequest},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A node whose agent has said hello at least once, or that the cluster has.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Node)]
pub(crate) struct NodeJson {
    name: String,
    /// Identity of the machine behind the name.
    uid: String,
    labels: BTreeMap<String, String>,
    #[schema(example = "linux/amd64")]
    platform: String,
    /// Its agent's session is open.
    connected: bool,
    /// It can pull now.
    ready: bool,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// Empty while no agent has said hello from it; tasks choose only nodes with an agent.
    agent_version: String,
    runtime_name: String,
    runtime_version: String,
    /// What the cluster says of it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    kubernetes: Option<KubernetesNodeJson>,
    condition: NodeConditionJson,
    /// Slots in use.
    running_pulls: u32,
    /// Slots.
    max_concurrent_pulls: u32,
    /// How far its agent's clock was ahead of the coordinator's at the last heartbeat, in milliseconds; 0 while unknown.
    clock_offset_ms: i64,
    /// Images on it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    image_count: Option<u32>,
    #[schema(format = DateTime)]
    first_seen_at: String,
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// Images as its runtime lists them, empty while unknown; only when one node is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    images: Option<Vec<InventoryImageJson>>,
    /// What became of the images that are to be pinned there; only when one node is asked for, and once its agent has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pins: Option<PinsJson>,
    /// The agent has sent its inventory; only when one node is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    inventory_known: Option<bool>,
}

impl From<&NodeView> for NodeJson {
    fn from(view: &NodeView) -> Self {
        let node = &view.node;
        Self {
            name: node.name.to_string(),
            uid: node.uid.clone(),
            labels: node.plain_labels(),
            platform: node.platform.to_string(),
            connected: view.connected,
            ready: view.not_ready.is_none(),
            reason: view.not_ready.clone(),
            agent_version: node.agent_version.to_string(),
            runtime_name: node.runtime_name.to_string(),
            runtime_version: node.runtime_version.to_string(),
            kubernetes: view.cluster.as_deref().map(Into::into),
            condition: view.condition.as_ref().into(),
            running_pulls: view.running_pulls,
            max_concurrent_pulls: node.max_concurrent_pulls,
            clock_offset_ms: view.clock_offset_ms,
            image_count: view.image_count,
            first_seen_at: time::rfc3339(node.first_seen_at),
            last_seen_at: time::rfc3339(view.last_seen_at),
            images: None,
            pins: None,
            inventory_known: None,
        }
    }
}

impl From<&NodeDetail> for NodeJson {
    fn from(detail: &NodeDetail) -> Self {
        let kubelet = &detail.view.condition.kubelet;
        Self {
            images: Some(
                detail
                    .images
                    .iter()
                    .flatten()
                    .map(|image| InventoryImageJson::new(image, kubelet))
                    .collect(),
            ),
            inventory_known: Some(detail.images.is_some()),
            pins: detail.view.pins.as_deref().map(Into::into),
            ..(&detail.view).into()
        }
    }
}

/// A node as its cluster knows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KubernetesNode)]
pub(crate) struct KubernetesNodeJson {
    /// The cluster takes it for ready.
    ready: bool,
    /// Why not; empty when it is.
    message: String,
    /// Closed to new pods ("cordoned"). Images are pulled all the same.
    unschedulable: bool,
    /// Empty where it is in none.
    zone: String,
    taints: Vec<TaintJson>,
    kubelet_version: String,
    #[schema(example = "containerd://1.7.24")]
    runtime_version: String,
}

/// What keeps pods off a node that do not tolerate it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Taint)]
pub(crate) struct TaintJson {
    key: String,
    /// Empty for none.
    value: String,
    #[schema(example = "NoSchedule")]
    effect: String,
}

impl From<&ClusterNode> for KubernetesNodeJson {
    fn from(node: &ClusterNode) -> Self {
        let taint = |taint: &Taint| TaintJson {
            key: taint.key.clone(),
            value: taint.value.clone(),
            effect: taint.effect.clone(),
        };
        Self {
            ready: node.ready,
            message: node.message.clone(),
            unschedulable: node.unschedulable,
            zone: node.zone().to_owned(),
            taints: node.taints.iter().map(taint).collect(),
            kubelet_version: node.kubelet_version.clone(),
            runtime_version: node.runtime_version.to_string(),
        }
    }
}

/// Disk and runtime of a node, as its agent last said.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NodeCondition)]
pub(crate) struct NodeConditionJson {
    /// The runtime answers.
    runtime_ready: bool,
    /// Why it does not; empty otherwise.
    runtime_message: String,
    /// Mount point of the image file system.
    image_fs_path: String,
    image_fs_used_bytes: u64,
    image_fs_capacity_bytes: u64,
    image_fs_available_bytes: u64,
    image_fs_inodes: u64,
    image_fs_inodes_free: u64,
    /// It takes no new work.
    draining: bool,
    /// Why no pull begins on it now, for example because of I/O pressure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pulls_paused: Option<String>,
    kubelet: KubeletFactsJson,
}

impl From<&NodeCondition> for NodeConditionJson {
    fn from(condition: &NodeCondition) -> Self {
        Self {
            runtime_ready: condition.runtime_ready,
            runtime_message: condition.runtime_message.clone(),
            image_fs_path: condition.image_fs_path.to_string(),
            image_fs_used_bytes: condition.image_fs_used_bytes,
            image_fs_capacity_bytes: condition.image_fs_capacity_bytes,
            image_fs_available_bytes: condition.image_fs_available_bytes,
            image_fs_inodes: condition.image_fs_inodes,
            image_fs_inodes_free: condition.image_fs_inodes_free,
            draining: condition.draining,
            pulls_paused: Some(condition.pulls_paused.clone()).filter(|why| !why.is_empty()),
            kubelet: condition.kubelet.as_ref().into(),
        }
    }
}

/// What a kubelet is set to, as the agent reads it from its configuration. Where that was not read, the thresholds are the kubelet's
/// defaults and the rest is unknown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KubeletFacts)]
pub(crate) struct KubeletFactsJson {
    /// How far it is known.
    source: KubeletSourceWord,
    /// Why it cannot be read; empty otherwise.
    message: String,
    /// Percent of the image file system from which on the kubelet removes images; 0 while the agent has not said.
    image_gc_high_threshold_percent: u32,
    image_gc_low_threshold_percent: u32,
    /// Images that nobody has used for so long are removed; 0 means never.
    image_maximum_gc_age_ms: u64,
    /// `imagePullCredentialsVerificationPolicy` as it is written; empty where it is not.
    credentials_verification_policy: String,
    verification_allowlist: Vec<String>,
    /// The feature gate `KubeletEnsureSecretPulledImages`; left out where the release decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    verification_gate: Option<bool>,
}

impl From<&KubeletFacts> for KubeletFactsJson {
    fn from(facts: &KubeletFacts) -> Self {
        Self {
            source: facts.source.into(),
            message: facts.message.clone(),
            image_gc_high_threshold_percent: facts.high_percent,
            image_gc_low_threshold_percent: facts.low_percent,
            image_maximum_gc_age_ms: facts.maximum_age_ms,
            credentials_verification_policy: facts.policy.clone(),
            verification_allowlist: facts.allowlist.clone(),
            verification_gate: facts.gate,
        }
    }
}

/// What became of pins on a node.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pins)]
pub(crate) struct PinsJson {
    /// Pins mean something there: containerd is 1.7 or newer, and the kubelet, where the cluster tells its version, 1.24 or newer.
    honoured: bool,
    /// Why not; empty otherwise.
    message: String,
    /// Bytes that the agent may pin.
    budget_bytes: u64,
    /// Bytes that it has pinned, by the sizes of CRI.
    pinned_bytes: u64,
    /// Every image that is to be pinned there.
    images: Vec<PinJson>,
}

/// One image that is to be pinned.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pin)]
pub(crate) struct PinJson {
    image: String,
    state: PinWord,
    /// For people; empty when there is nothing to say.
    message: String,
}

impl From<&PinReport> for PinsJson {
    fn from(report: &PinReport) -> Self {
        let pin = |pin: &Pin| PinJson {
            image: pin.image.clone(),
            state: pin.state.into(),
            message: pin.message.clone(),
        };
        Self {
            honoured: report.honoured,
            message: report.message.clone(),
            budget_bytes: report.budget_bytes,
            pinned_bytes: report.pinned_bytes,
            images: report.pins.iter().map(pin).collect(),
        }
    }
}

/// An image on a node.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InventoryImage)]
pub(crate) struct InventoryImageJson {
    /// Digest of its configuration: what the runtime calls image id.
    id: String,
    repo_tags: Vec<String>,
    repo_digests: Vec<String>,
    /// As the runtime reports it.
    size_bytes: u64,
    /// Kubelet's garbage collection leaves it alone.
    pinned: bool,
    /// Whether pods with imagePullPolicy IfNotPresent can use it, by the kubelet's rules for credentials.
    usability: UsabilityWord,
    /// Whether pods with imagePullPolicy Never can use it.
    usability_never: UsabilityWord,
}

impl InventoryImageJson {
    fn new(image: &InventoryImage, kubelet: &KubeletFacts) -> Self {
        let of = |pull| usability_on_node(kubelet, image, pull).into();
        Self {
            id: image.id.clone(),
            repo_tags: image.repo_tags.clone(),
            repo_digests: image.repo_digests.clone(),
            size_bytes: image.size_bytes,
            pinned: image.pinned,
            usability: of(PodPull::IfNotPresent),
            usability_never: of(PodPull::Never),
        }
    }
}

/// A part of the list of nodes, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NodePage)]
pub(crate) struct NodePageJson {
    nodes: Vec<NodeJson>,
    /// How many match in all.
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl NodePageJson {
    /// The part that was asked for.
    pub(crate) fn new(page: &Page<NodeView>, asked: PageRequest) -> Self {
        Self {
            nodes: page.items.iter().map(Into::into).collect(),
            total: page.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}
