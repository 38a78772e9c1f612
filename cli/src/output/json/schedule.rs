//! Schedules and executions as the REST API shows them.

use super::rules::Rules;
use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;
use std::collections::BTreeMap;

/// A schedule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    id: String,
    name: String,
    description: String,
    cron_expr: String,
    time_zone: String,
    enabled: bool,
    task_config: TaskConfig,
    overlap_policy: String,
    timeout_seconds: u32,
    missed_runs: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_execution_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_execution_at: Option<String>,
    next_executions: Vec<String>,
    created_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskConfig {
    images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<u32>,
    priority: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    node_selector: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    label_selector: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_names: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exclude_nodes: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    max_nodes: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    platform: String,
    #[serde(flatten)]
    rules: Rules,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_ids: Vec<i64>,
    max_retries: u32,
    retry_strategy: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    webhook_url: String,
    retry_delay: u32,
    pull_timeout_seconds: u32,
    no_progress_timeout_seconds: u32,
}

impl From<&v1::Schedule> for Schedule {
    fn from(schedule: &v1::Schedule) -> Self {
        let next_executions: Vec<_> = schedule
            .next_executions_ms
            .iter()
            .filter_map(|due| moment(*due))
            .collect();
        Self {
            id: schedule.schedule_id.clone(),
            name: schedule.name.clone(),
            description: schedule.description.clone(),
            cron_expr: schedule.cron_expr.clone(),
            time_zone: schedule.time_zone.clone(),
            enabled: schedule.enabled,
            task_config: schedule.task_config.clone().unwrap_or_default().into(),
            overlap_policy: words::overlap_policy(schedule.overlap_policy),
            timeout_seconds: schedule.timeout_seconds,
            missed_runs: words::missed_runs(schedule.missed_runs),
            last_execution_at: moment(schedule.last_execution_at_ms),
            next_execution_at: next_executions.first().cloned(),
            next_executions,
            created_by: schedule.created_by.clone(),
            created_at: moment(schedule.created_at_ms),
            updated_at: moment(schedule.updated_at_ms),
        }
    }
}

impl From<v1::CreateTaskRequest> for TaskConfig {
    fn from(task: v1::CreateTaskRequest) -> Self {
        Self {
            rules: (&task).into(),
            images: task.images,
            batch_size: task.batch_size,
            priority: task.priority,
            node_selector: task.node_selector.into_iter().collect(),
            label_selector: task.label_selector,
            node_names: task.node_names,
            exclude_nodes: task.exclude_nodes,
            max_nodes: task.max_nodes,
            platform: task.platform,
            secret_ids: task.credential_ids,
            channels: task.channels,
            webhook_url: task.webhook_url,
            max_retries: task.max_retries,
            retry_strategy: words::retry_strategy(task.retry_strategy),
            retry_delay: task.retry_delay_seconds,
            pull_timeout_seconds: task.pull_timeout_seconds,
            no_progress_timeout_seconds: task.no_progress_timeout_seconds,
        }
    }
}

/// An execution.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    id: i64,
    scheduled_task_id: String,
    task_id: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    triggered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    duration_seconds: f64,
    #[serde(skip_serializing_if = "String::is_empty")]
    error_message: String,
}

impl From<&v1::Execution> for Execution {
    fn from(execution: &v1::Execution) -> Self {
        Self {
            id: execution.execution_id,
            scheduled_task_id: execution.schedule_id.clone(),
            task_id: execution.task_id.clone(),
            status: words::execution_state(execution.state),
            due_at: moment(execution.due_at_ms),
            triggered_at: moment(execution.triggered_at_ms),
            started_at: moment(execution.started_at_ms),
            finished_at: moment(execution.finished_at_ms),
            duration_seconds: execution.duration_seconds,
            error_message: execution.error_message.clone(),
        }
    }
}
