//! Tasks as the REST API shows them.

use super::{Bytes, rules::Rules};
use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;
use std::collections::BTreeMap;

/// A task.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    task_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    declared_by: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_pull_secrets: Vec<String>,
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
    #[serde(skip_serializing_if = "String::is_empty")]
    label_selector: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_name_count: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exclude_nodes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_node_count: Option<u32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    max_nodes: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    platform: String,
    #[serde(flatten)]
    rules: Rules,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_ids: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    webhook_url: String,
    progress: Progress,
    #[serde(skip_serializing_if = "String::is_empty")]
    waiting_for: String,
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
    bytes_moved: u64,
    bytes_saved: u64,
    throughput_bytes_per_second: u64,
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

impl From<&v1::Task> for Task {
    fn from(task: &v1::Task) -> Self {
        let stored = || task.credentials.iter().filter(|credential| !credential.owned);
        let owned = task.credentials.iter().find(|credential| credential.owned);
        Self {
            task_id: task.task_id.clone(),
            declared_by: task.declared_by.clone(),
            image_pull_secrets: task.image_pull_secrets.clone(),
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
            label_selector: task.label_selector.clone(),
            node_names: task.node_names.clone(),
            node_name_count: if_more(task.node_name_count, task.node_names.len()),
            exclude_nodes: task.exclude_nodes.clone(),
            exclude_node_count: if_more(task.exclude_node_count, task.exclude_nodes.len()),
            max_nodes: task.max_nodes.clone(),
            platform: task.platform.clone(),
            rules: task.into(),
            waiting_for: task.waiting_for.clone(),
            secret_id: stored().next().map(|it| it.credential_id),
            secret_name: stored().next().map(|it| it.name.clone()),
            secret_ids: stored().map(|it| it.credential_id).collect(),
            registry: owned.map(|it| it.registry.clone()),
            username: owned.map(|it| it.username.clone()),
            channels: task.channels.clone(),
            webhook_url: task.webhook_url.clone(),
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

/// How many names there are, where not all are shown.
fn if_more(count: u32, shown: usize) -> Option<u32> {
    (count as usize > shown).then_some(count)
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
            bytes_moved: progress.bytes_moved,
            bytes_saved: progress.bytes_saved,
            throughput_bytes_per_second: progress.throughput_bytes_per_second,
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
