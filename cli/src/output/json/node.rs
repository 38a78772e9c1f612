//! Nodes as the REST API shows them.

use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;
use std::collections::BTreeMap;

/// A node; images only when it was asked for by name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    name: String,
    uid: String,
    labels: BTreeMap<String, String>,
    platform: String,
    connected: bool,
    ready: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    agent_version: String,
    runtime_name: String,
    runtime_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubernetes: Option<KubernetesNode>,
    condition: Condition,
    running_pulls: u32,
    max_concurrent_pulls: u32,
    clock_offset_ms: i64,
    image_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<String>,
    #[serde(flatten)]
    inventory: Option<Inventory>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KubernetesNode {
    ready: bool,
    message: String,
    unschedulable: bool,
    zone: String,
    taints: Vec<Taint>,
    kubelet_version: String,
    runtime_version: String,
}

#[derive(Debug, Serialize)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    runtime_ready: bool,
    runtime_message: String,
    image_fs_path: String,
    image_fs_used_bytes: u64,
    image_fs_capacity_bytes: u64,
    image_fs_available_bytes: u64,
    image_fs_inodes: u64,
    image_fs_inodes_free: u64,
    draining: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pulls_paused: String,
    kubelet: Kubelet,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kubelet {
    source: &'static str,
    message: String,
    image_gc_high_threshold_percent: u32,
    image_gc_low_threshold_percent: u32,
    image_maximum_gc_age_ms: u64,
    credentials_verification_policy: String,
    verification_allowlist: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_gate: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Inventory {
    images: Vec<InventoryImage>,
    inventory_known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pins: Option<Pins>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Pins {
    honoured: bool,
    message: String,
    budget_bytes: u64,
    pinned_bytes: u64,
    images: Vec<Pin>,
}

#[derive(Debug, Serialize)]
struct Pin {
    image: String,
    state: String,
    message: String,
}

impl From<&v1::Pins> for Pins {
    fn from(pins: &v1::Pins) -> Self {
        let pin = |pin: &v1::Pin| Pin {
            image: pin.reference.clone(),
            state: words::pin_state(pin.state),
            message: pin.message.clone(),
        };
        Self {
            honoured: pins.honoured,
            message: pins.message.clone(),
            budget_bytes: pins.budget_bytes,
            pinned_bytes: pins.pinned_bytes,
            images: pins.pins.iter().map(pin).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InventoryImage {
    id: String,
    repo_tags: Vec<String>,
    repo_digests: Vec<String>,
    size_bytes: u64,
    pinned: bool,
    usability: &'static str,
    usability_never: &'static str,
}

impl From<&v1::Node> for Node {
    fn from(node: &v1::Node) -> Self {
        Self {
            name: node.name.clone(),
            uid: node.uid.clone(),
            labels: node.labels.clone().into_iter().collect(),
            platform: words::platform(node.platform.as_ref()),
            connected: node.connected,
            ready: node.ready,
            reason: node.reason.clone(),
            agent_version: node.agent_version.clone(),
            runtime_name: node.runtime_name.clone(),
            runtime_version: node.runtime_version.clone(),
            kubernetes: node.kubernetes.clone().map(Into::into),
            condition: node.condition.clone().unwrap_or_default().into(),
            running_pulls: node.running_pulls,
            max_concurrent_pulls: node.max_concurrent_pulls,
            clock_offset_ms: node.clock_offset_ms,
            image_count: node.image_count,
            first_seen_at: moment(node.first_seen_at_ms),
            last_seen_at: moment(node.last_seen_at_ms),
            inventory: None,
        }
    }
}

impl From<v1::KubernetesNode> for KubernetesNode {
    fn from(node: v1::KubernetesNode) -> Self {
        let taint = |taint: v1::Taint| Taint {
            key: taint.key,
            value: taint.value,
            effect: taint.effect,
        };
        Self {
            ready: node.ready,
            message: node.message,
            unschedulable: node.unschedulable,
            zone: node.zone,
            taints: node.taints.into_iter().map(taint).collect(),
            kubelet_version: node.kubelet_version,
            runtime_version: node.runtime_version,
        }
    }
}

impl From<v1::NodeCondition> for Condition {
    fn from(condition: v1::NodeCondition) -> Self {
        Self {
            runtime_ready: condition.runtime_ready,
            runtime_message: condition.runtime_message,
            image_fs_path: condition.image_fs_path,
            image_fs_used_bytes: condition.image_fs_used_bytes,
            image_fs_capacity_bytes: condition.image_fs_capacity_bytes,
            image_fs_available_bytes: condition.image_fs_available_bytes,
            image_fs_inodes: condition.image_fs_inodes,
            image_fs_inodes_free: condition.image_fs_inodes_free,
            draining: condition.draining,
            pulls_paused: condition.pulls_paused,
            kubelet: condition.kubelet.unwrap_or_default().into(),
        }
    }
}

impl From<v1::KubeletFacts> for Kubelet {
    fn from(facts: v1::KubeletFacts) -> Self {
        Self {
            source: words::kubelet_source(facts.source()),
            message: facts.message,
            image_gc_high_threshold_percent: facts.image_gc_high_threshold_percent,
            image_gc_low_threshold_percent: facts.image_gc_low_threshold_percent,
            image_maximum_gc_age_ms: facts.image_maximum_gc_age_ms,
            credentials_verification_policy: facts.credentials_verification_policy,
            verification_allowlist: facts.verification_allowlist,
            verification_gate: facts.verification_gate,
        }
    }
}

impl From<&v1::GetNodeResponse> for Node {
    fn from(response: &v1::GetNodeResponse) -> Self {
        let images = response.images.iter().map(|image| InventoryImage {
            id: image.id.clone(),
            repo_tags: image.repo_tags.clone(),
            repo_digests: image.repo_digests.clone(),
            size_bytes: image.size_bytes,
            pinned: image.pinned,
            usability: words::usability(image.usability()),
            usability_never: words::usability(image.usability_never()),
        });
        let inventory = Inventory {
            images: images.collect(),
            inventory_known: response.inventory_known,
            pins: response
                .node
                .as_ref()
                .and_then(|node| node.pins.as_ref())
                .map(Into::into),
        };
        Self {
            inventory: Some(inventory),
            ..Self::from(response.node.as_ref().unwrap_or(&v1::Node::default()))
        }
    }
}
