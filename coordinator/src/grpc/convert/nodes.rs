//! Nodes, what they have, and what is pinned to or removed from them, as messages of the protocol.

use super::platform;
use crate::{
    domain::{
        cluster::{ClusterNode, Taint},
        kubelet::{KubeletFacts, KubeletSource, PodPull, Usability, usability_on_node},
        node::{InventoryImage, NodeCondition},
        node_groups::NodeGroup,
        pin::{Pin, PinReport, PinState, RemovalResult},
    },
    engine::{
        purge::{PurgeItem, PurgeOutcome},
        views::NodeView,
    },
};
use ips_proto::v1;

/// A node.
pub(in crate::grpc) fn node(view: &NodeView) -> v1::Node {
    let node = &view.node;
    v1::Node {
        name: node.name.to_string(),
        uid: node.uid.clone(),
        labels: node.plain_labels().into_iter().collect(),
        platform: Some(platform(&node.platform)),
        connected: view.connected,
        ready: view.not_ready.is_none(),
        reason: view.not_ready.clone().unwrap_or_default(),
        agent_version: node.agent_version.to_string(),
        runtime_name: node.runtime_name.to_string(),
        runtime_version: node.runtime_version.to_string(),
        condition: Some(condition(&view.condition)),
        running_pulls: view.running_pulls,
        max_concurrent_pulls: node.max_concurrent_pulls,
        image_count: view.image_count.unwrap_or_default(),
        first_seen_at_ms: node.first_seen_at,
        last_seen_at_ms: view.last_seen_at,
        clock_offset_ms: view.clock_offset_ms,
        kubernetes: view.cluster.as_deref().map(cluster_node),
        pins: view.pins.as_deref().map(pins),
    }
}

/// Nodes that have one thing in common.
pub(in crate::grpc) fn node_group(group: NodeGroup) -> v1::NodeGroup {
    v1::NodeGroup {
        value: group.value,
        nodes: group.nodes,
        values: group.values,
        node_names: group.names.iter().map(ToString::to_string).collect(),
    }
}

fn pins(report: &PinReport) -> v1::Pins {
    let pin = |pin: &Pin| v1::Pin {
        reference: pin.image.clone(),
        state: pin_state(pin.state).into(),
        message: pin.message.clone(),
    };
    v1::Pins {
        honoured: report.honoured,
        message: report.message.clone(),
        budget_bytes: report.budget_bytes,
        pinned_bytes: report.pinned_bytes,
        pins: report.pins.iter().map(pin).collect(),
    }
}

fn pin_state(state: PinState) -> v1::PinState {
    match state {
        PinState::Pinned => v1::PinState::Pinned,
        PinState::Absent => v1::PinState::Absent,
        PinState::OverBudget => v1::PinState::OverBudget,
        PinState::Released => v1::PinState::Released,
        PinState::NotHonoured => v1::PinState::NotHonoured,
        PinState::Failed => v1::PinState::Failed,
    }
}

/// What became of a purge.
pub(in crate::grpc) fn purge(outcome: &PurgeOutcome) -> v1::PurgeImagesResponse {
    let result = |item: &PurgeItem| v1::PurgeResult {
        node_name: item.node.to_string(),
        image: item.image.to_string(),
        result: removal(item.result).into(),
        message: item.message.clone(),
    };
    v1::PurgeImagesResponse {
        dry_run: outcome.dry_run,
        results: outcome.items.iter().map(result).collect(),
    }
}

fn removal(result: RemovalResult) -> v1::RemovalResult {
    match result {
        RemovalResult::Removed => v1::RemovalResult::Removed,
        RemovalResult::WouldRemove => v1::RemovalResult::WouldRemove,
        RemovalResult::InUse => v1::RemovalResult::InUse,
        RemovalResult::Pinned => v1::RemovalResult::Pinned,
        RemovalResult::Wanted => v1::RemovalResult::Wanted,
        RemovalResult::Sandbox => v1::RemovalResult::Sandbox,
        RemovalResult::Absent => v1::RemovalResult::Absent,
        RemovalResult::Failed => v1::RemovalResult::Failed,
        RemovalResult::Offline => v1::RemovalResult::Offline,
        RemovalResult::Unanswered => v1::RemovalResult::Unanswered,
    }
}

fn cluster_node(node: &ClusterNode) -> v1::KubernetesNode {
    let taint = |taint: &Taint| v1::Taint {
        key: taint.key.clone(),
        value: taint.value.clone(),
        effect: taint.effect.clone(),
    };
    v1::KubernetesNode {
        ready: node.ready,
        message: node.message.clone(),
        unschedulable: node.unschedulable,
        zone: node.zone().to_owned(),
        taints: node.taints.iter().map(taint).collect(),
        kubelet_version: node.kubelet_version.clone(),
        runtime_version: node.runtime_version.to_string(),
    }
}

fn condition(condition: &NodeCondition) -> v1::NodeCondition {
    v1::NodeCondition {
        runtime_ready: condition.runtime_ready,
        runtime_message: condition.runtime_message.clone(),
        image_fs_path: condition.image_fs_path.to_string(),
        image_fs_used_bytes: condition.image_fs_used_bytes,
        image_fs_capacity_bytes: condition.image_fs_capacity_bytes,
        image_fs_available_bytes: condition.image_fs_available_bytes,
        image_fs_inodes: condition.image_fs_inodes,
        image_fs_inodes_free: condition.image_fs_inodes_free,
        draining: condition.draining,
        kubelet: Some(kubelet(&condition.kubelet)),
        pulls_paused: condition.pulls_paused.clone(),
    }
}

fn kubelet(facts: &KubeletFacts) -> v1::KubeletFacts {
    let source = match facts.source {
        KubeletSource::Unknown => v1::KubeletConfigSource::Unspecified,
        KubeletSource::Read => v1::KubeletConfigSource::Read,
        KubeletSource::Absent => v1::KubeletConfigSource::Absent,
        KubeletSource::Unreadable => v1::KubeletConfigSource::Unreadable,
    };
    v1::KubeletFacts {
        source: source.into(),
        message: facts.message.clone(),
        image_gc_high_threshold_percent: facts.high_percent,
        image_gc_low_threshold_percent: facts.low_percent,
        image_maximum_gc_age_ms: facts.maximum_age_ms,
        credentials_verification_policy: facts.policy.clone(),
        verification_allowlist: facts.allowlist.clone(),
        verification_gate: facts.gate,
    }
}

fn usability(usability: Usability) -> v1::ImageUsability {
    match usability {
        Usability::Unknown => v1::ImageUsability::Unknown,
        Usability::AtOnce => v1::ImageUsability::AtOnce,
        Usability::AfterCheck => v1::ImageUsability::AfterCheck,
        Usability::Not => v1::ImageUsability::Not,
    }
}

/// An image of the inventory of a node whose kubelet is set so.
pub(in crate::grpc) fn inventory_image(image: &InventoryImage, kubelet: &KubeletFacts) -> v1::InventoryImage {
    let of = |pull| usability(usability_on_node(kubelet, image, pull)).into();
    v1::InventoryImage {
        id: image.id.clone(),
        repo_tags: image.repo_tags.clone(),
        repo_digests: image.repo_digests.clone(),
        size_bytes: image.size_bytes,
        pinned: image.pinned,
        usability: of(PodPull::IfNotPresent),
        usability_never: of(PodPull::Never),
    }
}
