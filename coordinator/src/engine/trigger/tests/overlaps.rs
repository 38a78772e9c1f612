//! What happens when a run is due while the one before has not ended.

use super::stand::{MINUTE, Stand};
use crate::domain::{
    execution::{ExecutionState as S, QUEUE_FULL, QUEUED, SKIPPED, TASK_CANCELLED},
    schedule::OverlapPolicy,
    task_state::TaskState,
};

async fn two_runs(policy: OverlapPolicy) -> (Stand, super::stand::Hourly, super::stand::Agent) {
    let mut stand = Stand::start().await;
    let agent = stand.agent().await;
    let hourly = stand.hourly(|request| request.overlap_policy = Some(policy)).await;
    stand.look(hourly.due(1)).await;
    stand.look(hourly.due(2)).await;
    (stand, hourly, agent)
}

#[tokio::test]
async fn skip_leaves_the_run_out_until_the_one_before_has_ended() {
    let (mut stand, hourly, mut agent) = two_runs(OverlapPolicy::Skip).await;
    assert_eq!(stand.states(&hourly.id).await, [S::Running, S::Skipped]);
    let skipped = stand.executions(&hourly.id).await.pop().unwrap();
    assert_eq!((skipped.message.as_str(), skipped.task), (SKIPPED, None));
    agent.end_next(true).await;
    stand.ended(&stand.tasks().await[0].task.id).await;
    stand.look(hourly.due(3)).await;
    assert_eq!(stand.states(&hourly.id).await, [S::Success, S::Skipped, S::Running]);
    assert!(
        stand
            .figures()
            .contains(r#"ips_scheduled_task_executions_total{status="skipped"} 1"#)
    );
}

#[tokio::test]
async fn allow_runs_both() {
    let (stand, hourly, _agent) = two_runs(OverlapPolicy::Allow).await;
    assert_eq!(stand.states(&hourly.id).await, [S::Running, S::Running]);
    assert_eq!(stand.tasks().await.len(), 2);
}

#[tokio::test]
async fn queue_lets_one_run_wait_through_a_restart() {
    let (mut stand, hourly, agent) = two_runs(OverlapPolicy::Queue).await;
    stand.look(hourly.due(3)).await;
    assert_eq!(stand.states(&hourly.id).await, [S::Running, S::Queued, S::Skipped]);
    let messages: Vec<_> = stand.executions(&hourly.id).await;
    assert_eq!(
        (messages[1].message.as_str(), messages[2].message.as_str()),
        (QUEUED, QUEUE_FULL)
    );
    drop(agent);
    let mut stand = stand.crash().await;
    let mut agent = stand.agent().await;
    let first = messages[0].task.clone().unwrap();
    agent.end_next(true).await;
    stand.ended(&first).await;
    let now = hourly.due(3) + MINUTE;
    let turn = stand.look(now).await;
    assert_eq!((turn.settled, turn.launched), (1, 1));
    let second = stand.executions(&hourly.id).await.remove(1);
    assert_eq!(
        (second.state, second.started_at, second.message.as_str()),
        (S::Running, now, "")
    );
    agent.end_next(true).await;
    stand.ended(&second.task.unwrap()).await;
    stand.look(now + MINUTE).await;
    assert_eq!(stand.states(&hourly.id).await, [S::Success, S::Success, S::Skipped]);
    assert_eq!(stand.tasks().await.len(), 2);
}

#[tokio::test]
async fn replace_cancels_the_one_before_and_starts() {
    let (mut stand, hourly, _agent) = two_runs(OverlapPolicy::Replace).await;
    stand.look(hourly.due(2) + MINUTE).await;
    let executions = stand.executions(&hourly.id).await;
    assert_eq!((executions[0].state, executions[1].state), (S::Failed, S::Running));
    assert_eq!(executions[0].message, TASK_CANCELLED);
    let first = stand.engine.task(executions[0].task.as_ref().unwrap()).await.unwrap();
    assert_eq!(first.task.state, TaskState::Cancelled);
    let second = stand.engine.task(executions[1].task.as_ref().unwrap()).await.unwrap();
    assert!(second.task.state.is_open());
}

#[tokio::test]
async fn two_hands_at_once_start_one_run() {
    let stand = Stand::start().await;
    let _agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    let trigger = || stand.engine.trigger_schedule(&hourly.id);
    let (a, b, c) = tokio::join!(trigger(), trigger(), trigger());
    let started = [a, b, c].into_iter().filter(Result::is_ok).count();
    assert_eq!((started, stand.tasks().await.len()), (1, 1));
}
