//! How a task runs, as the REST API shows it.

use crate::words;
use ips_proto::v1;
use serde::Serialize;

/// How a task runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    #[serde(skip_serializing_if = "String::is_empty")]
    parallelism: String,
    batch_mode: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    canary: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    canary_nodes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abort_failure_percent: Option<u32>,
    success_threshold: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<Window>,
    pull_policy: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pin: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    days: Vec<String>,
    start: String,
    end: String,
    time_zone: String,
}

impl From<&v1::Task> for Rules {
    fn from(task: &v1::Task) -> Self {
        Self {
            parallelism: task.parallelism.clone(),
            batch_mode: words::batch_mode(task.batch_mode),
            canary: task.canary.clone(),
            canary_nodes: task.canary_nodes.clone(),
            abort_failure_percent: task.abort_failure_percent,
            success_threshold: task.success_threshold,
            deadline_seconds: (task.deadline_seconds > 0).then_some(task.deadline_seconds),
            windows: task.windows.iter().map(Window::from).collect(),
            pull_policy: words::pull_policy(task.pull_policy),
            pin: task.pin,
        }
    }
}

impl From<&v1::CreateTaskRequest> for Rules {
    fn from(task: &v1::CreateTaskRequest) -> Self {
        Self {
            parallelism: task.parallelism.clone(),
            batch_mode: words::batch_mode(task.batch_mode),
            canary: task.canary.clone(),
            canary_nodes: vec![],
            abort_failure_percent: task.abort_failure_percent,
            success_threshold: task.success_threshold.unwrap_or_default(),
            deadline_seconds: task.deadline_seconds,
            windows: task.windows.iter().map(Window::from).collect(),
            pull_policy: words::pull_policy(task.pull_policy),
            pin: task.pin.unwrap_or_default(),
        }
    }
}

impl From<&v1::MaintenanceWindow> for Window {
    fn from(window: &v1::MaintenanceWindow) -> Self {
        Self {
            days: window.days.clone(),
            start: window.start.clone(),
            end: window.end.clone(),
            time_zone: window.time_zone.clone(),
        }
    }
}
