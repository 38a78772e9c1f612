//! The messages of the protocol as the JSON of the REST API: camelCase, times in RFC 3339, "if known" left out. The words and shapes
//! are promised in docs/api.md.

use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;
use std::collections::BTreeMap;

/// A task.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    task_id: String,
    status: String,
    priority: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<u32>,
    max_retries: u32,
    retry_count: u32,
    retry_strategy: String,
    retry_delay: u32,
    pull_timeout_seconds: u32,
    no_progress_timeout_seconds: u32,
    images: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    node_selector: BTreeMap<String, String>,
    progress: Progress,
    resolved_images: Vec<ResolvedImage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<FailureGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_completion: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    error_message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    total_nodes: u32,
    completed_nodes: u32,
    failed_nodes: u32,
    current_batch: u32,
    total_batches: u32,
    percentage: f64,
    total_pulls: u32,
    queued_pulls: u32,
    running_pulls: u32,
    succeeded_pulls: u32,
    failed_pulls: u32,
    skipped_pulls: u32,
    cancelled_pulls: u32,
    bytes: Bytes,
    throughput_bytes_per_second: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bytes {
    total: u64,
    fetched: u64,
    already_there: u64,
    not_needed: u64,
    unpacked: u64,
}

#[derive(Debug, Serialize)]
struct ResolvedImage {
    image: String,
    platforms: Vec<ResolvedPlatform>,
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResolvedPlatform {
    platform: String,
    target_digest: String,
    manifest_digest: String,
    config_digest: String,
    size_bytes: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureGroup {
    reason: String,
    pulls: u32,
    example_node: String,
    example_message: String,
}

/// A pull.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pull {
    pull_id: String,
    task_id: String,
    node_name: String,
    image: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    digest_verified: bool,
    digests: Digests,
    bytes: Bytes,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    layers: Vec<Layer>,
    throughput_bytes_per_second: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
}

#[derive(Debug, Serialize)]
struct Digests {
    target: String,
    manifest: String,
    config: String,
}

#[derive(Debug, Serialize)]
struct Layer {
    digest: String,
    index: u32,
    bytes: Bytes,
    unpacked: bool,
}

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
    condition: Condition,
    running_pulls: u32,
    max_concurrent_pulls: u32,
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
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Inventory {
    images: Vec<InventoryImage>,
    inventory_known: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InventoryImage {
    id: String,
    repo_tags: Vec<String>,
    repo_digests: Vec<String>,
    size_bytes: u64,
    pinned: bool,
}

impl From<&v1::Task> for Task {
    fn from(task: &v1::Task) -> Self {
        Self {
            task_id: task.task_id.clone(),
            status: words::task_state(task.state),
            priority: task.priority,
            batch_size: task.batch_size,
            max_retries: task.max_retries,
            retry_count: task.retry_count,
            retry_strategy: words::retry_strategy(task.retry_strategy),
            retry_delay: task.retry_delay_seconds,
            pull_timeout_seconds: task.pull_timeout_seconds,
            no_progress_timeout_seconds: task.no_progress_timeout_seconds,
            images: task.images.iter().map(|image| image.reference.clone()).collect(),
            node_selector: task.node_selector.clone().into_iter().collect(),
            progress: (&task.progress.unwrap_or_default()).into(),
            resolved_images: task.images.iter().map(ResolvedImage::from).collect(),
            failures: task.failures.iter().map(FailureGroup::from).collect(),
            created_at: moment(task.created_at_ms),
            started_at: moment(task.started_at_ms),
            finished_at: moment(task.finished_at_ms),
            estimated_completion: moment(task.estimated_completion_ms),
            error_message: task.error_message.clone(),
        }
    }
}

impl From<&v1::TaskProgress> for Progress {
    fn from(progress: &v1::TaskProgress) -> Self {
        let nodes = f64::from(progress.total_nodes.max(1));
        Self {
            total_nodes: progress.total_nodes,
            completed_nodes: progress.completed_nodes,
            failed_nodes: progress.failed_nodes,
            current_batch: progress.current_batch,
            total_batches: progress.total_batches,
            percentage: f64::from(progress.completed_nodes) / nodes * 100.0,
            total_pulls: progress.total_pulls,
            queued_pulls: progress.queued_pulls,
            running_pulls: progress.running_pulls,
            succeeded_pulls: progress.succeeded_pulls,
            failed_pulls: progress.failed_pulls,
            skipped_pulls: progress.skipped_pulls,
            cancelled_pulls: progress.cancelled_pulls,
            bytes: progress.bytes.into(),
            throughput_bytes_per_second: progress.throughput_bytes_per_second,
        }
    }
}

impl From<Option<v1::ByteCounts>> for Bytes {
    fn from(bytes: Option<v1::ByteCounts>) -> Self {
        let bytes = bytes.unwrap_or_default();
        Self {
            total: bytes.total,
            fetched: bytes.fetched,
            already_there: bytes.already_there,
            not_needed: bytes.not_needed,
            unpacked: bytes.unpacked,
        }
    }
}

impl From<&v1::TaskImage> for ResolvedImage {
    fn from(image: &v1::TaskImage) -> Self {
        Self {
            image: image.reference.clone(),
            platforms: image.resolved.iter().map(ResolvedPlatform::from).collect(),
            error: image.resolve_error.clone(),
        }
    }
}

impl From<&v1::ResolvedImage> for ResolvedPlatform {
    fn from(image: &v1::ResolvedImage) -> Self {
        let digests = image.digests.clone().unwrap_or_default();
        Self {
            platform: words::platform(image.platform.as_ref()),
            target_digest: digests.target,
            manifest_digest: digests.manifest,
            config_digest: digests.config,
            size_bytes: image.size_bytes,
        }
    }
}

impl From<&v1::FailureGroup> for FailureGroup {
    fn from(group: &v1::FailureGroup) -> Self {
        Self {
            reason: words::failure_reason(group.reason),
            pulls: group.pulls,
            example_node: group.example_node.clone(),
            example_message: group.example_message.clone(),
        }
    }
}

/// The word, unless the value is the enum's zero.
fn unless_unset(value: i32, word: fn(i32) -> String) -> Option<String> {
    (value != 0).then(|| word(value))
}

impl From<&v1::PullView> for Pull {
    fn from(pull: &v1::PullView) -> Self {
        let digests = pull.digests.clone().unwrap_or_default();
        Self {
            pull_id: pull.pull_id.clone(),
            task_id: pull.task_id.clone(),
            node_name: pull.node_name.clone(),
            image: pull.image.clone(),
            state: words::pull_state(pull.state),
            phase: unless_unset(pull.phase, words::phase),
            attempt: pull.attempt,
            success_reason: unless_unset(pull.success_reason, words::success_reason),
            failure_reason: unless_unset(pull.failure_reason, words::failure_reason),
            message: pull.message.clone(),
            digest_verified: pull.digest_verified,
            digests: Digests {
                target: digests.target,
                manifest: digests.manifest,
                config: digests.config,
            },
            bytes: pull.bytes.into(),
            layers: pull.layers.iter().map(Layer::from).collect(),
            throughput_bytes_per_second: pull.throughput_bytes_per_second,
            started_at: moment(pull.started_at_ms),
            finished_at: moment(pull.finished_at_ms),
            not_before: moment(pull.not_before_ms),
        }
    }
}

impl From<&v1::LayerProgress> for Layer {
    fn from(layer: &v1::LayerProgress) -> Self {
        Self {
            digest: layer.digest.clone(),
            index: layer.index,
            bytes: layer.bytes.into(),
            unpacked: layer.unpacked,
        }
    }
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
            condition: node.condition.clone().unwrap_or_default().into(),
            running_pulls: node.running_pulls,
            max_concurrent_pulls: node.max_concurrent_pulls,
            image_count: node.image_count,
            first_seen_at: moment(node.first_seen_at_ms),
            last_seen_at: moment(node.last_seen_at_ms),
            inventory: None,
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
        });
        let inventory = Inventory {
            images: images.collect(),
            inventory_known: response.inventory_known,
        };
        Self {
            inventory: Some(inventory),
            ..Self::from(response.node.as_ref().unwrap_or(&v1::Node::default()))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_task_has_the_shape_of_the_rest_api() {
        let task = v1::Task {
            task_id: "nightly".into(),
            state: v1::TaskState::Completed.into(),
            images: vec![v1::TaskImage {
                reference: "nginx:1".into(),
                ..Default::default()
            }],
            progress: Some(v1::TaskProgress {
                total_nodes: 4,
                completed_nodes: 3,
                ..Default::default()
            }),
            created_at_ms: 1_795_485_600_000,
            retry_strategy: v1::RetryStrategy::Linear.into(),
            ..Default::default()
        };
        let shown = serde_json::to_value(Task::from(&task)).unwrap();
        assert_eq!(shown["taskId"], "nightly");
        assert_eq!(shown["status"], "completed");
        assert_eq!(shown["images"], json!(["nginx:1"]));
        assert_eq!(shown["progress"]["percentage"], 75.0);
        assert_eq!(shown["createdAt"], "2026-11-24T02:00:00.000Z");
        for absent in ["startedAt", "batchSize", "errorMessage", "nodeSelector", "failures"] {
            assert!(shown.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn a_pull_says_only_what_is_known() {
        let pull = v1::PullView {
            state: v1::PullState::Succeeded.into(),
            success_reason: v1::SuccessReason::Pulled.into(),
            ..Default::default()
        };
        let shown = serde_json::to_value(Pull::from(&pull)).unwrap();
        assert_eq!(
            (&shown["state"], &shown["successReason"]),
            (&json!("succeeded"), &json!("pulled"))
        );
        assert_eq!(shown["bytes"]["alreadyThere"], 0);
        for absent in ["phase", "failureReason", "layers", "message", "notBefore"] {
            assert!(shown.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn only_a_node_asked_for_by_name_has_images() {
        let node = v1::Node {
            name: "n".into(),
            ..Default::default()
        };
        assert!(serde_json::to_value(Node::from(&node)).unwrap().get("images").is_none());
        let response = v1::GetNodeResponse {
            node: Some(node),
            ..Default::default()
        };
        let shown = serde_json::to_value(Node::from(&response)).unwrap();
        assert_eq!(
            (&shown["images"], &shown["inventoryKnown"]),
            (&json!([]), &json!(false))
        );
    }
}
