//! What clients send about schedules, as the domain's types.

use crate::{
    domain::{
        Invalid,
        execution::ExecutionState,
        ids::ScheduleId,
        schedule::{MissedRuns, OverlapPolicy, ScheduleRequest},
        task::TaskRequest,
    },
    grpc::request::{task, unknown},
};
use ips_proto::v1;

/// A schedule as it was asked for; empty and zero mean what the protocol says of them.
pub(super) fn create(request: v1::CreateScheduleRequest) -> Result<ScheduleRequest, Invalid> {
    Ok(ScheduleRequest {
        name: Some(request.name),
        description: Some(request.description),
        cron_expr: Some(request.cron_expr),
        time_zone: Some(request.time_zone),
        enabled: request.enabled,
        task: request.task_config.map(task_config).transpose()?,
        overlap_policy: overlap_policy(request.overlap_policy)?,
        timeout_seconds: Some(request.timeout_seconds.into()),
        missed_runs: missed_runs(request.missed_runs)?,
    })
}

/// A change as it was asked for, and of which schedule.
pub(super) fn update(request: v1::UpdateScheduleRequest) -> Result<(ScheduleId, ScheduleRequest), Invalid> {
    let change = ScheduleRequest {
        name: request.name,
        description: request.description,
        cron_expr: request.cron_expr,
        time_zone: request.time_zone,
        enabled: request.enabled,
        task: request.task_config.map(task_config).transpose()?,
        overlap_policy: overlap_policy(request.overlap_policy)?,
        timeout_seconds: request.timeout_seconds.map(Into::into),
        missed_runs: missed_runs(request.missed_runs)?,
    };
    Ok((schedule_id(request.schedule_id)?, change))
}

/// The id of a schedule that must be named. An id that no schedule can have is simply not found later.
pub(super) fn schedule_id(text: String) -> Result<ScheduleId, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("id", "must not be empty"));
    }
    Ok(ScheduleId::from_stored(text))
}

/// Which executions to list.
pub(super) fn execution_states(states: &[i32]) -> Result<Vec<ExecutionState>, Invalid> {
    states.iter().map(|state| execution_state(*state)).collect()
}

fn task_config(request: v1::CreateTaskRequest) -> Result<TaskRequest, Invalid> {
    task(request).map_err(|invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule))
}

fn overlap_policy(value: i32) -> Result<Option<OverlapPolicy>, Invalid> {
    match v1::OverlapPolicy::try_from(value) {
        Ok(v1::OverlapPolicy::Unspecified) => Ok(None),
        Ok(v1::OverlapPolicy::Skip) => Ok(Some(OverlapPolicy::Skip)),
        Ok(v1::OverlapPolicy::Allow) => Ok(Some(OverlapPolicy::Allow)),
        Ok(v1::OverlapPolicy::Queue) => Ok(Some(OverlapPolicy::Queue)),
        Ok(v1::OverlapPolicy::Replace) => Ok(Some(OverlapPolicy::Replace)),
        Err(_unknown) => {
            let known = OverlapPolicy::ALL.map(OverlapPolicy::as_str);
            Err(unknown("overlapPolicy", value, &known))
        }
    }
}

fn missed_runs(value: i32) -> Result<Option<MissedRuns>, Invalid> {
    match v1::MissedRuns::try_from(value) {
        Ok(v1::MissedRuns::Unspecified) => Ok(None),
        Ok(v1::MissedRuns::Skip) => Ok(Some(MissedRuns::Skip)),
        Ok(v1::MissedRuns::RunOnce) => Ok(Some(MissedRuns::RunOnce)),
        Err(_unknown) => Err(unknown("missedRuns", value, &MissedRuns::ALL.map(MissedRuns::as_str))),
    }
}

fn execution_state(value: i32) -> Result<ExecutionState, Invalid> {
    match v1::ExecutionState::try_from(value) {
        Ok(v1::ExecutionState::Queued) => Ok(ExecutionState::Queued),
        Ok(v1::ExecutionState::Running) => Ok(ExecutionState::Running),
        Ok(v1::ExecutionState::Success) => Ok(ExecutionState::Success),
        Ok(v1::ExecutionState::Failed) => Ok(ExecutionState::Failed),
        Ok(v1::ExecutionState::Skipped) => Ok(ExecutionState::Skipped),
        Ok(v1::ExecutionState::Timeout) => Ok(ExecutionState::Timeout),
        Ok(v1::ExecutionState::Unspecified) | Err(_) => {
            let known = ExecutionState::ALL.map(ExecutionState::as_str);
            Err(unknown("status", value, &known))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_is_set_arrives_and_what_is_absent_stays_open() {
        let request = v1::CreateScheduleRequest {
            name: "nightly".into(),
            cron_expr: "@daily".into(),
            time_zone: "Asia/Tokyo".into(),
            enabled: Some(false),
            task_config: Some(v1::CreateTaskRequest {
                images: vec!["nginx:1".into()],
                priority: 9,
                ..Default::default()
            }),
            overlap_policy: v1::OverlapPolicy::Queue.into(),
            timeout_seconds: 60,
            missed_runs: v1::MissedRuns::RunOnce.into(),
            ..Default::default()
        };
        let spec = create(request).unwrap().check().unwrap();
        assert_eq!(spec.timetable.to_string(), "@daily (Asia/Tokyo)");
        assert_eq!((spec.enabled, spec.task.priority, spec.timeout_seconds), (false, 9, 60));
        assert_eq!(
            (spec.overlap, spec.missed_runs),
            (OverlapPolicy::Queue, MissedRuns::RunOnce)
        );
        let nothing = v1::UpdateScheduleRequest {
            schedule_id: "s".into(),
            ..Default::default()
        };
        let (_, change) = update(nothing).unwrap();
        assert_eq!(change.check_over(&spec).unwrap(), spec);
    }

    #[test]
    fn unknown_values_are_refused_by_name() {
        let field = |change: fn(&mut v1::CreateScheduleRequest)| {
            let mut request = v1::CreateScheduleRequest::default();
            change(&mut request);
            create(request).unwrap_err().field
        };
        assert_eq!(field(|r| r.overlap_policy = 9), "overlapPolicy");
        assert_eq!(field(|r| r.missed_runs = 9), "missedRuns");
        let strategy = |r: &mut v1::CreateScheduleRequest| {
            r.task_config = Some(v1::CreateTaskRequest {
                retry_strategy: 9,
                ..Default::default()
            });
        };
        assert_eq!(field(strategy), "taskConfig.retryStrategy");
        assert_eq!(execution_states(&[1, 2, 3, 4, 5, 6]).unwrap(), ExecutionState::ALL);
        assert_eq!(execution_states(&[0]).unwrap_err().field, "status");
        assert_eq!(schedule_id(String::new()).unwrap_err().field, "id");
    }
}
