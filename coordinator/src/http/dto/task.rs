//! A task as JSON.

use super::{
    progress::{BytesJson, if_said},
    time,
    words::{FailureWord, RetryWord, TaskStatus},
};
use crate::{
    domain::{
        counts::{FailureGroup, PullCounts},
        image::{ImageRef, ResolvedImage},
        pull::{Pull, PullState},
        task::TaskImage,
    },
    engine::views::{Page, PageRequest, PullView, TaskView},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One prewarm operation: these images on these nodes, once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Task)]
pub(crate) struct TaskJson {
    task_id: String,
    status: TaskStatus,
    /// 1 (last) to 10 (first).
    priority: u32,
    /// Nodes with an open pull at a time, if limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<u32>,
    max_retries: u32,
    /// Retries spent by all pulls.
    retry_count: u32,
    retry_strategy: RetryWord,
    /// First wait between attempts, in seconds.
    retry_delay: u32,
    /// Longest attempt, in seconds.
    pull_timeout_seconds: u32,
    /// Longest standstill of an attempt, in seconds.
    no_progress_timeout_seconds: u32,
    /// References as pods write them.
    images: Vec<String>,
    /// Labels that its nodes have; left out when every node was meant.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    node_selector: BTreeMap<String, String>,
    progress: TaskProgressJson,
    /// What each image resolved to, in the order of `images`.
    resolved_images: Vec<ResolvedImageJson>,
    /// Failed pulls by reason, most frequent first.
    failures: Vec<FailureGroupJson>,
    /// Failed pulls one by one; only when one task is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_node_details: Vec<FailedNodeJson>,
    /// Node name to image to 1 (succeeded) or 0 (failed); only when one task is asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    node_statuses: BTreeMap<String, BTreeMap<String, u8>>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When its first pull was handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// When it will end at this pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    estimated_completion: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

impl From<&TaskView> for TaskJson {
    fn from(view: &TaskView) -> Self {
        let task = &view.task;
        let spec = &task.spec;
        Self {
            task_id: task.id.to_string(),
            status: task.state.into(),
            priority: spec.priority,
            batch_size: spec.batch_size,
            max_retries: spec.retry.max_retries,
            retry_count: task.counts.retries,
            retry_strategy: spec.retry.strategy.into(),
            retry_delay: spec.retry.delay_seconds,
            pull_timeout_seconds: spec.pull_timeout_seconds,
            no_progress_timeout_seconds: spec.no_progress_timeout_seconds,
            images: spec.images.iter().map(ToString::to_string).collect(),
            node_selector: spec.node_selector.labels().clone(),
            progress: view.into(),
            resolved_images: spec.images.iter().zip(&task.images).map(Into::into).collect(),
            failures: task.failures.iter().map(Into::into).collect(),
            failed_node_details: vec![],
            node_statuses: BTreeMap::new(),
            created_at: time::rfc3339(task.created_at),
            started_at: time::if_set(task.started_at),
            finished_at: time::if_set(task.finished_at),
            estimated_completion: view.estimated_completion.map(time::rfc3339),
            error_message: if_said(&task.error_message),
        }
    }
}

impl TaskJson {
    /// Adds what its succeeded and failed pulls say.
    pub(crate) fn with_pulls(mut self, pulls: &[PullView]) -> Self {
        for PullView { pull, .. } in pulls {
            let settled = match pull.state {
                PullState::Succeeded => 1,
                PullState::Failed => 0,
                PullState::Queued
                | PullState::Dispatched
                | PullState::Pulling
                | PullState::Skipped
                | PullState::Cancelled => continue,
            };
            let of_node = self.node_statuses.entry(pull.node.to_string()).or_default();
            of_node.insert(pull.image.to_string(), settled);
            if pull.state == PullState::Failed {
                self.failed_node_details.push(pull.into());
            }
        }
        self
    }
}

/// How far a task is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskProgress)]
pub(crate) struct TaskProgressJson {
    /// Nodes targeted.
    total_nodes: u32,
    /// Nodes all of whose pulls succeeded.
    completed_nodes: u32,
    /// Nodes with a failed pull.
    failed_nodes: u32,
    /// Batch that runs, from 1; 0 without a batch size or before the first pull.
    current_batch: u32,
    /// Batches in all; 0 without a batch size.
    total_batches: u32,
    /// Completed nodes of all nodes, 0 to 100. A task with failures ends below 100.
    percentage: f64,
    total_pulls: u32,
    queued_pulls: u32,
    running_pulls: u32,
    succeeded_pulls: u32,
    failed_pulls: u32,
    skipped_pulls: u32,
    cancelled_pulls: u32,
    bytes: BytesJson,
    /// What all its pulls fetch now.
    throughput_bytes_per_second: u64,
}

impl From<&TaskView> for TaskProgressJson {
    fn from(view: &TaskView) -> Self {
        let counts = &view.task.counts;
        let (current_batch, total_batches) = view.task.batches();
        Self {
            total_nodes: counts.nodes,
            completed_nodes: counts.nodes_completed,
            failed_nodes: counts.nodes_failed,
            current_batch,
            total_batches,
            percentage: percentage(counts),
            total_pulls: counts.total(),
            queued_pulls: counts.queued,
            running_pulls: counts.running,
            succeeded_pulls: counts.succeeded,
            failed_pulls: counts.failed,
            skipped_pulls: counts.skipped,
            cancelled_pulls: counts.cancelled,
            bytes: (&view.bytes).into(),
            throughput_bytes_per_second: view.throughput,
        }
    }
}

fn percentage(counts: &PullCounts) -> f64 {
    if counts.nodes == 0 {
        return 0.0;
    }
    f64::from(counts.nodes_completed) / f64::from(counts.nodes) * 100.0
}

/// What one image of a task is on each platform among its nodes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResolvedImage)]
pub(crate) struct ResolvedImageJson {
    image: String,
    /// Empty until it is resolved.
    platforms: Vec<ResolvedPlatformJson>,
    /// Why it could not be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<(&ImageRef, &TaskImage)> for ResolvedImageJson {
    fn from((image, resolved): (&ImageRef, &TaskImage)) -> Self {
        Self {
            image: image.to_string(),
            platforms: resolved.resolved.iter().map(Into::into).collect(),
            error: if_said(&resolved.error),
        }
    }
}

/// An image on one platform.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResolvedPlatform)]
pub(crate) struct ResolvedPlatformJson {
    #[schema(example = "linux/amd64")]
    platform: String,
    /// What the tag pointed at.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_digest: Option<String>,
    /// The runtime's image id.
    #[serde(skip_serializing_if = "Option::is_none")]
    config_digest: Option<String>,
    /// Configuration and layers, compressed.
    size_bytes: u64,
}

impl From<&ResolvedImage> for ResolvedPlatformJson {
    fn from(image: &ResolvedImage) -> Self {
        Self {
            platform: image.platform.to_string(),
            target_digest: if_said(&image.digests.target),
            manifest_digest: if_said(&image.digests.manifest),
            config_digest: if_said(&image.digests.config),
            size_bytes: image.size_bytes,
        }
    }
}

/// Failed pulls of one reason.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailureGroup)]
pub(crate) struct FailureGroupJson {
    reason: FailureWord,
    /// How many.
    pulls: u32,
    /// One of their nodes.
    example_node: String,
    /// One of their messages.
    example_message: String,
}

impl From<&FailureGroup> for FailureGroupJson {
    fn from(group: &FailureGroup) -> Self {
        Self {
            reason: group.reason.into(),
            pulls: group.pulls,
            example_node: group.example_node.clone(),
            example_message: group.example_message.clone(),
        }
    }
}

/// One failed pull.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailedNode)]
pub(crate) struct FailedNodeJson {
    node_name: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<FailureWord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// When the pull ended.
    #[schema(format = DateTime)]
    timestamp: String,
}

impl From<&Pull> for FailedNodeJson {
    fn from(pull: &Pull) -> Self {
        Self {
            node_name: pull.node.to_string(),
            image: pull.image.to_string(),
            reason: pull.failure.map(Into::into),
            message: if_said(&pull.message),
            timestamp: time::rfc3339(pull.finished_at),
        }
    }
}

/// A part of the list of tasks, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskPage)]
pub(crate) struct TaskPageJson {
    tasks: Vec<TaskJson>,
    /// How many match in all.
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl TaskPageJson {
    /// The part that was asked for.
    pub(crate) fn new(page: &Page<TaskView>, asked: PageRequest) -> Self {
        Self {
            tasks: page.items.iter().map(Into::into).collect(),
            total: page.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}

/// What `DELETE /tasks/{id}` did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskDeleted)]
pub(crate) struct TaskDeletedJson {
    task_id: String,
    /// Always `success`.
    status: &'static str,
    action: DeleteAction,
    message: &'static str,
}

/// Which of its two meanings a delete had.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeleteAction {
    /// The task had not ended and was cancelled.
    Cancelled,
    /// The record was removed.
    Deleted,
}

impl TaskDeletedJson {
    pub(crate) fn new(task_id: String, action: DeleteAction) -> Self {
        let message = match action {
            DeleteAction::Cancelled => "Task cancelled successfully",
            DeleteAction::Deleted => "Task deleted successfully",
        };
        Self {
            task_id,
            status: "success",
            action,
            message,
        }
    }
}
