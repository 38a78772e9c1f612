//! Schedules as JSON.

use super::{
    task_config::TaskConfigJson,
    tenant, time,
    words::{MissedRunsWord, OverlapWord},
};
use crate::engine::views::{Page, PageRequest, ScheduleView};
use serde::Serialize;
use utoipa::ToSchema;

/// A task that is started again and again by a timetable.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScheduledTask)]
pub(crate) struct ScheduledTaskJson {
    id: String,
    /// Whose it is; absent for the default tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tenant: Option<String>,
    name: String,
    description: String,
    /// Expression without its zone.
    cron_expr: String,
    /// IANA name of the zone.
    time_zone: String,
    /// Whether runs are started.
    enabled: bool,
    task_config: TaskConfigJson,
    overlap_policy: OverlapWord,
    /// Longest run in seconds; 0 means none.
    timeout_seconds: u32,
    missed_runs: MissedRunsWord,
    /// When a run was started last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_execution_at: Option<String>,
    /// When the next run is due; absent while it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    next_execution_at: Option<String>,
    /// When the next five runs are due; empty while it is disabled.
    #[schema(format = DateTime)]
    next_executions: Vec<String>,
    /// Who made it; empty when nobody had to say who they are.
    created_by: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// When somebody changed it last.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&ScheduleView> for ScheduledTaskJson {
    fn from(view: &ScheduleView) -> Self {
        let schedule = &view.schedule;
        let spec = &schedule.spec;
        let next_executions: Vec<_> = view.upcoming.iter().map(|due| time::rfc3339(*due)).collect();
        Self {
            id: schedule.id.to_string(),
            tenant: tenant::shown(&schedule.tenant),
            name: spec.name.clone(),
            description: spec.description.clone(),
            cron_expr: spec.timetable.expression().to_owned(),
            time_zone: spec.timetable.zone().name().to_owned(),
            enabled: spec.enabled,
            task_config: (&spec.task).into(),
            overlap_policy: spec.overlap.into(),
            timeout_seconds: spec.timeout_seconds,
            missed_runs: spec.missed_runs.into(),
            last_execution_at: time::if_set(schedule.last_execution_at),
            next_execution_at: next_executions.first().cloned(),
            next_executions,
            created_by: schedule.created_by.clone(),
            created_at: time::rfc3339(schedule.created_at),
            updated_at: time::rfc3339(schedule.updated_at),
        }
    }
}

/// A part of the list of schedules, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduledTaskPage)]
pub(crate) struct ScheduledTaskPageJson {
    tasks: Vec<ScheduledTaskJson>,
    /// How many there are in all.
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl ScheduledTaskPageJson {
    /// The part that was asked for.
    pub(crate) fn new(page: &Page<ScheduleView>, asked: PageRequest) -> Self {
        Self {
            tasks: page.items.iter().map(Into::into).collect(),
            total: page.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}

/// What was done to a schedule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScheduledTaskAction)]
pub(crate) struct ScheduledTaskActionJson {
    /// The schedule; of a trigger: the task that was started.
    task_id: String,
    /// Always `success`.
    status: &'static str,
    message: &'static str,
}

impl ScheduledTaskActionJson {
    pub(crate) fn new(task_id: String, message: &'static str) -> Self {
        Self {
            task_id,
            status: "success",
            message,
        }
    }
}
