//! The process dies at any point: nothing is started twice and nothing is lost.

use super::stand::{HOUR, Hourly, MINUTE, SECOND, Stand};
use crate::{
    domain::{
        Millis,
        execution::{Cause, Execution, ExecutionState as S, TIMED_OUT},
        ids::TaskId,
        schedule::{MissedRuns, OverlapPolicy},
        task::NewTask,
    },
    store::ScheduleStep,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Writes the run as the trigger does, and dies before its task is made; or just after, before that is noted.
async fn dies_while_firing(stand: Stand, hourly: &Hourly, due: Millis, task_is_made: bool) -> Stand {
    let mut schedule = stand.engine.store.schedule(&hourly.id).await.unwrap().unwrap();
    schedule.cursor = due;
    let task = TaskId::of_schedule(due, 7);
    let execution = Execution::start(hourly.id.clone(), Cause::Due(due), task.clone(), due);
    let step = ScheduleStep {
        schedule: Some(&schedule),
        new: Some(&execution),
        ..ScheduleStep::default()
    };
    if stand.engine.store.schedule_step(step).await.is_ok() && task_is_made {
        let new = NewTask {
            spec: schedule.spec.task.clone(),
            login: None,
            id: Some(task),
            request_id: Some(execution.request_id()),
        };
        stand.engine.create_task(new).await.unwrap();
    }
    stand.crash().await
}

#[tokio::test]
async fn a_death_between_run_and_task_makes_the_task_once() {
    for task_is_made in [false, true] {
        let stand = Stand::start().await;
        let agent = stand.agent().await;
        let hourly = stand.hourly(|_| {}).await;
        let due = hourly.due(1);
        drop(agent);
        let mut stand = dies_while_firing(stand, &hourly, due, task_is_made).await;
        let mut agent = stand.agent().await;
        assert_eq!(stand.look(due + 3 * SECOND).await.launched, 1);
        assert_eq!(stand.look(due + 4 * SECOND).await.launched, 0);
        let tasks = stand.tasks().await;
        assert_eq!(tasks.len(), 1);
        let execution = stand.executions(&hourly.id).await.remove(0);
        assert_eq!(execution.task.as_ref(), Some(&tasks[0].task.id));
        agent.end_next(true).await;
        stand.ended(&tasks[0].task.id).await;
        stand.look(due + MINUTE).await;
        assert_eq!(stand.states(&hourly.id).await, [S::Success]);
    }
}

#[tokio::test]
async fn an_end_that_nobody_saw_is_found_at_the_next_start() {
    let mut stand = Stand::start().await;
    let mut agent = stand.agent().await;
    let hourly = stand.hourly(|_| {}).await;
    stand.look(hourly.due(1)).await;
    agent.end_next(true).await;
    stand.ended(&stand.tasks().await[0].task.id).await;
    drop(agent);
    let mut stand = stand.crash().await;
    assert_eq!(stand.states(&hourly.id).await, [S::Running]);
    assert_eq!(stand.look(hourly.due(1) + MINUTE).await.settled, 1);
    assert_eq!(stand.states(&hourly.id).await, [S::Success]);
    assert_eq!(
        stand.look(hourly.due(2)).await.launched,
        1,
        "it does not hold up what follows"
    );
}

#[tokio::test]
async fn a_time_out_that_was_cut_off_is_still_one() {
    let mut stand = Stand::start().await;
    let agent = stand.agent().await;
    let hourly = stand.hourly(|request| request.timeout_seconds = Some(1)).await;
    // The end of the task is on the real clock, so the run has to be long over.
    let start = hourly.due(0) - HOUR;
    let mut schedule = stand.engine.store.schedule(&hourly.id).await.unwrap().unwrap();
    schedule.cursor = start - 1;
    let step = ScheduleStep {
        schedule: Some(&schedule),
        ..ScheduleStep::default()
    };
    stand.engine.store.schedule_step(step).await.unwrap();
    assert_eq!(stand.look(start).await.launched, 1);
    let task = stand.executions(&hourly.id).await[0].task.clone().unwrap();
    stand.engine.cancel_task(&task).await.unwrap();
    drop(agent);
    let mut stand = stand.crash().await;
    stand.look(start + MINUTE).await;
    let ended = stand.executions(&hourly.id).await.remove(0);
    assert_eq!((ended.state, ended.message.as_str()), (S::Timeout, TIMED_OUT));
}

/// What happens between two looks.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Time passes and the trigger looks.
    Look(Millis),
    /// The process dies, stays away for so long, and looks as soon as it is back.
    Crash(Millis),
    /// The process dies in the middle of firing what is due, before or after the task is made.
    DieFiring(bool),
    /// The clock goes back.
    Back(Millis),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..40 * MINUTE).prop_map(Step::Look),
        2 => (1..5 * HOUR).prop_map(Step::Crash),
        2 => any::<bool>().prop_map(Step::DieFiring),
        1 => (1..3 * HOUR).prop_map(Step::Back),
    ];
    proptest::collection::vec(step, 1..14)
}

async fn run(steps: Vec<Step>, missed: MissedRuns) {
    let mut stand = Stand::start().await;
    let mut agent = stand.agent().await;
    let hourly = stand
        .hourly(|request| {
            request.overlap_policy = Some(OverlapPolicy::Allow);
            request.missed_runs = Some(missed);
        })
        .await;
    let mut now = hourly.due(0);
    let mut latest = now;
    for step in steps {
        match step {
            Step::Look(span) => now += span,
            Step::Back(span) => now = (now - span).max(hourly.due(0)),
            Step::Crash(span) => {
                now += span;
                drop(agent);
                stand = stand.crash().await;
                agent = stand.agent().await;
            }
            Step::DieFiring(task_is_made) => {
                let n = (now - hourly.due(0)) / HOUR + 1;
                now = hourly.due(n);
                drop(agent);
                stand = dies_while_firing(stand, &hourly, now, task_is_made).await;
                agent = stand.agent().await;
            }
        }
        latest = latest.max(now);
        stand.look(now).await;
    }
    let executions = stand.executions(&hourly.id).await;
    let ran: Vec<_> = executions.iter().filter(|run| run.state == S::Running).collect();
    let dues: BTreeSet<_> = ran.iter().map(|run| run.cause.due_at()).collect();
    assert_eq!(dues.len(), ran.len(), "no due time has two runs");
    let tasks: BTreeSet<_> = stand.tasks().await.into_iter().map(|view| view.task.id).collect();
    let named: BTreeSet<_> = ran.iter().filter_map(|run| run.task.clone()).collect();
    assert_eq!(
        (tasks.len(), &tasks),
        (ran.len(), &named),
        "each run has its task, and there are no others"
    );
    assert!(ran.iter().all(|run| run.launched));
    // Nothing is lost: a due time that did not run was passed over by a later run, or is among those said to be missed.
    let missed_until: BTreeSet<_> = executions
        .iter()
        .filter(|run| run.state == S::Skipped)
        .map(|run| run.cause.due_at())
        .collect();
    let later = |due: Millis| dues.iter().chain(&missed_until).any(|covers| *covers >= due);
    for n in 1..=(latest - hourly.due(0)) / HOUR {
        assert!(later(hourly.due(n)), "run {n} vanished");
    }
    if missed == MissedRuns::RunOnce {
        assert!(missed_until.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_due_time_is_started_twice_or_lost(steps in steps(), once in any::<bool>()) {
        let missed = if once { MissedRuns::RunOnce } else { MissedRuns::Skip };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(run(steps, missed));
    }
}
