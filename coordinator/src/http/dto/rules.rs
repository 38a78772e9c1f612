//! How a task runs, as JSON.

use super::{
    selection::first,
    words::{BatchModeWord, PullPolicyWord},
};
use crate::domain::{
    rules::TaskRules,
    window::{Window, WindowRequest},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A time of day on some days of the week in which a task may start pulls. What runs when it closes is finished.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MaintenanceWindow)]
pub(crate) struct WindowJson {
    /// `mon` to `sun`, the days on which it opens. Default: every day.
    #[serde(default)]
    #[schema(example = json!(["sat", "sun"]))]
    days: Vec<String>,
    /// When it opens.
    #[serde(default)]
    #[schema(required, example = "22:00")]
    start: String,
    /// When it closes; not after `start` means on the next day.
    #[serde(default)]
    #[schema(required, example = "06:00")]
    end: String,
    /// IANA name of the zone of all three. Default: UTC.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
}

impl From<WindowJson> for WindowRequest {
    fn from(json: WindowJson) -> Self {
        Self {
            days: json.days,
            start: json.start,
            end: json.end,
            time_zone: json.time_zone,
        }
    }
}

impl From<&Window> for WindowJson {
    fn from(window: &Window) -> Self {
        let written = WindowRequest::from(window);
        Self {
            days: written.days,
            start: written.start,
            end: written.end,
            time_zone: written.time_zone,
        }
    }
}

/// How a task runs; what was not asked for is left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Rules)]
pub(crate) struct RulesJson {
    /// Nodes with an open pull at a time, as number or percentage of the targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "10%")]
    parallelism: Option<String>,
    /// How batches follow each other.
    batch_mode: BatchModeWord,
    /// Nodes that go first, as number or percentage of the targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "1")]
    canary: Option<String>,
    /// Those nodes; the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    canary_nodes: Vec<String>,
    /// More than so many percent of failed pulls stop the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    abort_failure_percent: Option<u32>,
    /// So many percent of succeeded pulls make it a success.
    success_threshold: u32,
    /// Longest life in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deadline_seconds: Option<u32>,
    /// When it may start pulls; left out when at any time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<WindowJson>,
    /// Whether a warm image is left alone.
    pull_policy: PullPolicyWord,
    /// Its images are pinned; left out where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pin: Option<bool>,
}

impl From<&TaskRules> for RulesJson {
    fn from(rules: &TaskRules) -> Self {
        Self {
            parallelism: rules.parallelism.map(|share| share.to_string()),
            batch_mode: rules.batch_mode.into(),
            canary: rules.canary.map(|share| share.to_string()),
            canary_nodes: first(rules.canary_nodes.iter()),
            abort_failure_percent: rules.abort_failure_percent,
            success_threshold: rules.success_threshold,
            deadline_seconds: rules.deadline_seconds,
            windows: rules.windows.iter().map(Into::into).collect(),
            pull_policy: rules.pull_policy.into(),
            pin: rules.pin.then_some(true),
        }
    }
}
