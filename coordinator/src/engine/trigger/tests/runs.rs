//! Runs that are due, asked for by hand, and how they end.

use super::stand::{HOUR, MINUTE, SECOND, Stand};
use crate::{
    domain::{
        execution::{Cause, ExecutionState as S, SWITCHED_OFF, TASK_CANCELLED, TASK_FAILED, TASK_REMOVED, TIMED_OUT},
        ids::ScheduleId,
        schedule::ScheduleRequest,
        task_state::TaskState,
    },
    engine::{EngineError, trigger::ScheduleSettings},
};

#[tokio::test]
async fn a_run_that_is_due_makes_one_task_and_ends_as_it_does() {
    let mut stand = Stand::start().await;
    let mut agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    let due = hourly.due(1);
    let before = stand.look(due - 1).await;
    assert_eq!((before.launched, before.wake_at), (0, Some(due)));
    let at = stand.look(due).await;
    assert_eq!((at.launched, at.wake_at), (1, Some(hourly.due(2))));
    assert_eq!(
        stand.look(due).await.launched,
        0,
        "looking again at the same time does nothing"
    );
    let running = stand.executions(&hourly.id).await.remove(0);
    let task = running.task.clone().unwrap();
    assert_eq!((running.state, running.cause.clone()), (S::Running, Cause::Due(due)));
    assert!(task.as_str().starts_with("sched-"), "{task}");
    assert_eq!(at.watched, [task.clone()].into());
    assert_eq!(stand.schedule(&hourly.id).await.schedule.last_execution_at, due);

    agent.end_next(true).await;
    stand.ended(&task).await;
    assert_eq!(stand.look(due + SECOND).await.settled, 1);
    let ended = stand.executions(&hourly.id).await.remove(0);
    assert_eq!((ended.state, ended.message.as_str()), (S::Success, ""));
    let figures = stand.figures();
    for line in [
        r#"ips_scheduled_task_executions_total{status="success"} 1"#,
        r#"ips_scheduled_task_execution_duration_seconds_count{status="success"} 1"#,
        r#"ips_scheduled_tasks_total{enabled="true"} 1"#,
        r#"ips_scheduled_tasks_total{enabled="false"} 0"#,
        "ips_active_scheduled_tasks 1",
    ] {
        assert!(figures.contains(line), "{line}\n{figures}");
    }
}

#[tokio::test]
async fn a_task_that_fails_is_cancelled_or_vanishes_fails_its_run_in_words() {
    let mut stand = Stand::start().await;
    let mut agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    let mut messages = vec![];
    for n in 1..=3 {
        stand.look(hourly.due(n)).await;
        let task = stand.executions(&hourly.id).await.pop().unwrap().task.unwrap();
        match n {
            1 => agent.end_next(false).await,
            2 => drop(stand.engine.cancel_task(&task).await.unwrap()),
            _removed => agent.end_next(true).await,
        }
        stand.ended(&task).await;
        if n == 3 {
            stand.engine.delete_task(&task).await.unwrap();
        }
        assert_eq!(stand.look(hourly.due(n) + MINUTE).await.settled, 1);
        let ended = stand.executions(&hourly.id).await.pop().unwrap();
        assert_eq!(ended.state, S::Failed);
        messages.push(ended.message);
        if n == 2 {
            // What was cancelled is let go of only by its agent.
            drop(agent);
            agent = stand.agent().await;
        }
    }
    assert_eq!(messages, [TASK_FAILED, TASK_CANCELLED, TASK_REMOVED]);
}

#[tokio::test]
async fn a_run_that_matches_no_node_fails_with_that_text() {
    let mut stand = Stand::start().await;
    let hourly = stand.hourly(|_| {}).await;
    assert_eq!(stand.look(hourly.due(1)).await.launched, 0);
    let failed = stand.executions(&hourly.id).await.remove(0);
    assert_eq!((failed.state, failed.task), (S::Failed, None));
    assert_eq!(failed.message, "nodeSelector: matches none of 0 nodes");
    assert!(stand.tasks().await.is_empty());
    assert_eq!(stand.schedule(&hourly.id).await.schedule.last_execution_at, 0);
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_cancelled() {
    let mut stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand.hourly(|request| request.timeout_seconds = Some(90)).await;
    let due = hourly.due(1);
    let started = stand.look(due).await;
    assert_eq!(
        started.wake_at,
        Some(due + 90 * SECOND),
        "it wakes for the end of the run"
    );
    assert_eq!(stand.look(due + 90 * SECOND - 1).await.settled, 0);
    assert_eq!(stand.look(due + 90 * SECOND).await.settled, 1);
    let ended = stand.executions(&hourly.id).await.remove(0);
    assert_eq!((ended.state, ended.message.as_str()), (S::Timeout, TIMED_OUT));
    assert_eq!(ended.duration_seconds(), 90.0);
    let task = stand.engine.task(&ended.task.unwrap()).await.unwrap();
    assert_eq!(task.task.state, TaskState::Cancelled);
}

#[tokio::test]
async fn a_run_by_hand_obeys_the_schedule() {
    let stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    let triggered = stand.engine.trigger_schedule(&hourly.id).await.unwrap();
    assert_eq!(triggered.execution.cause.due_at(), 0);
    let task = stand.engine.task(&triggered.task).await.unwrap();
    assert!(task.task.state.is_open());
    let refused = |error: EngineError| {
        assert!(matches!(error, EngineError::Precondition(_)), "{error:?}");
        error.to_string()
    };
    let again = stand.engine.trigger_schedule(&hourly.id).await.unwrap_err();
    assert_eq!(refused(again), "Previous task still running, skipped this execution");
    assert_eq!(stand.states(&hourly.id).await, [S::Running, S::Skipped]);
    stand.engine.enable_schedule(&hourly.id, false).await.unwrap();
    let off = stand.engine.trigger_schedule(&hourly.id).await.unwrap_err();
    assert_eq!(refused(off), "the scheduled task is disabled, enable it first");
    let unknown = ScheduleId::from_stored("sched-none".into());
    let missing = stand.engine.trigger_schedule(&unknown).await;
    assert!(matches!(missing, Err(EngineError::NotFound { .. })));
}

#[tokio::test]
async fn a_hand_that_finds_no_node_is_told_so() {
    let stand = Stand::start().await;
    let hourly = stand.hourly(|_| {}).await;
    match stand.engine.trigger_schedule(&hourly.id).await {
        Err(EngineError::Precondition(reason)) => assert_eq!(reason, "nodeSelector: matches none of 0 nodes"),
        other => panic!("{other:?}"),
    }
    assert_eq!(stand.states(&hourly.id).await, [S::Failed]);
}

#[tokio::test]
async fn switching_off_stops_runs_and_leaves_out_what_waits() {
    let mut stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand
        .hourly(|request| request.overlap_policy = Some(crate::domain::schedule::OverlapPolicy::Queue))
        .await;
    stand.look(hourly.due(1)).await;
    stand.look(hourly.due(2)).await;
    assert_eq!(stand.states(&hourly.id).await, [S::Running, S::Queued]);
    let off = stand.engine.enable_schedule(&hourly.id, false).await.unwrap();
    assert!(off.upcoming.is_empty());
    assert_eq!(stand.states(&hourly.id).await, [S::Running, S::Skipped]);
    let left_out = stand.executions(&hourly.id).await.pop().unwrap();
    assert_eq!(left_out.message, SWITCHED_OFF);
    let quiet = stand.look(hourly.due(3)).await;
    assert_eq!((quiet.launched, quiet.wake_at), (0, None));
    let same = stand.engine.enable_schedule(&hourly.id, false).await.unwrap();
    assert_eq!(
        same.schedule.updated_at, off.schedule.updated_at,
        "doing it again changes nothing"
    );
    assert!(stand.figures().contains("ips_active_scheduled_tasks 0"));
    let on = stand.engine.enable_schedule(&hourly.id, true).await.unwrap();
    assert_eq!(on.upcoming.len(), 5);
    assert!(stand.figures().contains("ips_active_scheduled_tasks 1"));
}

#[tokio::test]
async fn a_change_is_saved_whether_on_or_off_and_a_wrong_one_changes_nothing() {
    let stand = Stand::start().await;
    let hourly = stand.hourly(|request| request.enabled = Some(false)).await;
    let change = ScheduleRequest {
        name: Some("renamed".into()),
        cron_expr: Some("30 4 * * *".into()),
        ..ScheduleRequest::default()
    };
    stand.engine.update_schedule(&hourly.id, change).await.unwrap();
    let wrong = ScheduleRequest {
        name: Some("again".into()),
        cron_expr: Some("0 0 30 2 *".into()),
        ..ScheduleRequest::default()
    };
    let refused = stand.engine.update_schedule(&hourly.id, wrong).await;
    assert!(matches!(refused, Err(EngineError::Invalid(invalid)) if invalid.field == "cronExpr"));
    let found = stand.crash().await.schedule(&hourly.id).await.schedule;
    assert_eq!(
        (
            found.spec.name.as_str(),
            found.spec.timetable.expression(),
            found.spec.enabled
        ),
        ("renamed", "30 4 * * *", false)
    );
}

#[tokio::test]
async fn a_schedule_takes_its_history_along_and_leaves_its_tasks() {
    let mut stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    stand.look(hourly.due(1)).await;
    assert!(stand.engine.delete_schedule(&hourly.id).await.unwrap());
    assert!(!stand.engine.delete_schedule(&hourly.id).await.unwrap());
    assert!(stand.executions(&hourly.id).await.is_empty());
    assert!(stand.tasks().await[0].task.state.is_open());
    assert_eq!(stand.look(hourly.due(2)).await.launched, 0);
    assert!(stand.figures().contains("ips_active_scheduled_tasks 0"));
}

#[tokio::test]
async fn old_history_is_pruned_and_what_is_open_stays() {
    let settings = ScheduleSettings {
        keep_count: 3,
        keep_ms: 10 * HOUR,
        ..ScheduleSettings::default()
    };
    let mut stand = Stand::start_with(settings).await;
    // Nobody is there: each run fails at once.
    let hourly = stand.hourly(|_| {}).await;
    for n in 1..=6 {
        stand.look(hourly.due(n)).await;
    }
    stand.look(hourly.due(6) + HOUR - 1).await;
    let kept: Vec<_> = stand.executions(&hourly.id).await;
    let dues: Vec<_> = kept.iter().map(|execution| execution.cause.due_at()).collect();
    assert_eq!(dues, [hourly.due(4), hourly.due(5), hourly.due(6)]);
    assert_eq!(stand.schedule(&hourly.id).await.schedule.pruned_until, hourly.due(3));
    stand.engine.enable_schedule(&hourly.id, false).await.unwrap();
    stand.look(hourly.due(20)).await;
    assert!(stand.executions(&hourly.id).await.is_empty(), "ten hours have passed");
}
