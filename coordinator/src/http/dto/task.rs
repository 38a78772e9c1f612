//! A task as JSON.

use super::{
    failure::{FailedNodeJson, FailureGroupJson},
    progress::if_said,
    resolved::ResolvedImageJson,
    rules::RulesJson,
    selection::SelectionJson,
    task_progress::TaskProgressJson,
    tenant, time,
    words::{RetryWord, TaskStatus},
};
use crate::{
    domain::pull::PullState,
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
    /// Whose it is; absent for the default tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tenant: Option<String>,
    /// The standing policy that ordered it; absent where somebody else did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    policy_id: Option<String>,
    /// The Kubernetes object that declares it, or its policy, as `namespace/name`; absent for what came by the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    declared_by: Option<String>,
    /// Secrets of that namespace that its pulls log in with; absent for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_pull_secrets: Vec<String>,
    status: TaskStatus,
    /// 1 (last) to 10 (first).
    priority: u32,
    /// Nodes with an open pull at a time, if limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
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
    #[serde(flatten)]
    selection: SelectionJson,
    #[serde(flatten)]
    rules: RulesJson,
    /// The first stored credential that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret_id: Option<i64>,
    /// Its name when the task was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret_name: Option<String>,
    /// All stored credentials that it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_ids: Vec<i64>,
    /// Registry of the login that it brought along.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    registry: Option<String>,
    /// User name of the login that it brought along.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    username: Option<String>,
    /// Names of the channels that are told of its end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<String>,
    /// Address that is told of its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_url: Option<String>,
    progress: TaskProgressJson,
    /// Why nothing of it runs although pulls wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    waiting_for: Option<String>,
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
    #[schema(format = DateTime, nullable = false)]
    started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    finished_at: Option<String>,
    /// When it will end at this pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    estimated_completion: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_message: Option<String>,
}

impl From<&TaskView> for TaskJson {
    fn from(view: &TaskView) -> Self {
        let task = &view.task;
        let spec = &task.spec;
        let stored = || spec.credentials.iter().filter(|credential| !credential.owned);
        let owned = spec.credentials.iter().find(|credential| credential.owned);
        Self {
            task_id: task.id.to_string(),
            tenant: tenant::shown(&task.tenant),
            policy_id: task.policy.as_ref().map(ToString::to_string),
            declared_by: spec.declared.as_ref().map(ToString::to_string),
            image_pull_secrets: spec.pull_secret_names().to_vec(),
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
            selection: (&spec.selection).into(),
            rules: (&spec.rules).into(),
            secret_id: stored().next().map(|credential| credential.id.get()),
            secret_name: stored().next().map(|credential| credential.name.clone()),
            secret_ids: stored().map(|credential| credential.id.get()).collect(),
            registry: owned.map(|credential| credential.registry.clone()),
            username: owned.map(|credential| credential.username.clone()),
            channels: spec
                .notices
                .channels
                .iter()
                .map(|channel| channel.name.clone())
                .collect(),
            webhook_url: spec.notices.webhook_url.clone(),
            progress: view.into(),
            waiting_for: if_said(&view.waiting_for),
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
                self.failed_node_details.push(pull.as_ref().into());
            }
        }
        self
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
