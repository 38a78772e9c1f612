//! Schedules and executions as messages of the protocol. Every field is named here once; nothing is computed.

use crate::{
    domain::{
        execution::{Execution, ExecutionState},
        schedule::{MissedRuns, OverlapPolicy},
    },
    engine::views::ScheduleView,
    grpc::convert::task_config,
};
use ips_proto::v1;

/// A schedule.
pub(super) fn schedule(view: &ScheduleView) -> v1::Schedule {
    let schedule = &view.schedule;
    let spec = &schedule.spec;
    v1::Schedule {
        schedule_id: schedule.id.to_string(),
        tenant: schedule.tenant.to_string(),
        name: spec.name.clone(),
        description: spec.description.clone(),
        cron_expr: spec.timetable.expression().to_owned(),
        time_zone: spec.timetable.zone().name().to_owned(),
        enabled: spec.enabled,
        task_config: Some(task_config(&spec.task)),
        overlap_policy: overlap_policy(spec.overlap).into(),
        timeout_seconds: spec.timeout_seconds,
        missed_runs: missed_runs(spec.missed_runs).into(),
        last_execution_at_ms: schedule.last_execution_at,
        next_executions_ms: view.upcoming.clone(),
        created_by: schedule.created_by.clone(),
        created_at_ms: schedule.created_at,
        updated_at_ms: schedule.updated_at,
    }
}

/// An execution.
pub(super) fn execution(execution: &Execution) -> v1::Execution {
    v1::Execution {
        execution_id: execution.id,
        schedule_id: execution.schedule.to_string(),
        task_id: execution.task.as_ref().map(ToString::to_string).unwrap_or_default(),
        state: execution_state(execution.state).into(),
        due_at_ms: execution.cause.due_at(),
        triggered_at_ms: execution.triggered_at,
        started_at_ms: execution.started_at,
        finished_at_ms: execution.finished_at,
        duration_seconds: execution.duration_seconds(),
        error_message: execution.message.clone(),
    }
}

fn overlap_policy(policy: OverlapPolicy) -> v1::OverlapPolicy {
    match policy {
        OverlapPolicy::Skip => v1::OverlapPolicy::Skip,
        OverlapPolicy::Allow => v1::OverlapPolicy::Allow,
        OverlapPolicy::Queue => v1::OverlapPolicy::Queue,
        OverlapPolicy::Replace => v1::OverlapPolicy::Replace,
    }
}

fn missed_runs(policy: MissedRuns) -> v1::MissedRuns {
    match policy {
        MissedRuns::Skip => v1::MissedRuns::Skip,
        MissedRuns::RunOnce => v1::MissedRuns::RunOnce,
    }
}

fn execution_state(state: ExecutionState) -> v1::ExecutionState {
    match state {
        ExecutionState::Queued => v1::ExecutionState::Queued,
        ExecutionState::Running => v1::ExecutionState::Running,
        ExecutionState::Success => v1::ExecutionState::Success,
        ExecutionState::Failed => v1::ExecutionState::Failed,
        ExecutionState::Skipped => v1::ExecutionState::Skipped,
        ExecutionState::Timeout => v1::ExecutionState::Timeout,
    }
}
