//! Executions of a schedule as JSON.

use super::{progress::if_said, time, words::ExecutionStatus};
use crate::{
    domain::execution::Execution,
    engine::views::{Page, PageRequest},
};
use serde::Serialize;
use utoipa::ToSchema;

/// One run of a schedule, or one that was left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Execution)]
pub(crate) struct ExecutionJson {
    id: i64,
    scheduled_task_id: String,
    /// Empty when the run was left out, waits, or its task could not be made.
    task_id: String,
    status: ExecutionStatus,
    /// When it was due; absent for a run that somebody asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    due_at: Option<String>,
    /// When it was taken up.
    #[schema(format = DateTime)]
    triggered_at: String,
    /// When it began to run, or was left out.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    finished_at: Option<String>,
    /// From start to end; 0 while it has not ended.
    duration_seconds: f64,
    /// Why it did not succeed, or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_message: Option<String>,
}

impl From<&Execution> for ExecutionJson {
    fn from(execution: &Execution) -> Self {
        Self {
            id: execution.id,
            scheduled_task_id: execution.schedule.to_string(),
            task_id: execution.task.as_ref().map(ToString::to_string).unwrap_or_default(),
            status: execution.state.into(),
            due_at: time::if_set(execution.cause.due_at()),
            triggered_at: time::rfc3339(execution.triggered_at),
            started_at: time::rfc3339(execution.started_at),
            finished_at: time::if_set(execution.finished_at),
            duration_seconds: execution.duration_seconds(),
            error_message: if_said(&execution.message),
        }
    }
}

/// A part of the history of a schedule, newest start first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExecutionPage)]
pub(crate) struct ExecutionPageJson {
    executions: Vec<ExecutionJson>,
    /// How many match in all.
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl ExecutionPageJson {
    /// The part that was asked for.
    pub(crate) fn new(page: &Page<Execution>, asked: PageRequest) -> Self {
        Self {
            executions: page.items.iter().map(Into::into).collect(),
            total: page.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}
