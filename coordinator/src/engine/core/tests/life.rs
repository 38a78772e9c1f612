//! What people do to tasks: pause, resume, retry; and what comes after the end.

use super::*;
use crate::domain::rules::RulesRequest;

fn run(h: &mut Harness, node: &str, outcome: impl Fn(u32) -> Outcome) {
    let start = h.starts(node).remove(0);
    h.report(node, &start.pull, outcome(start.attempt));
}

#[test]
fn a_paused_task_finishes_what_runs_and_starts_nothing_until_it_is_resumed() {
    let mut h = Harness::new(50);
    h.connect("n1", 1);
    h.accept("t", &["n1"], request(&["a:1", "b:1"]));
    assert_eq!(h.change("t", TaskChange::Pause).unwrap().task.state, TaskState::Paused);
    let refusal = h.change("t", TaskChange::Pause).unwrap_err().to_string();
    assert_eq!(refusal, "the task is paused and cannot be paused");
    run(&mut h, "n1", success);
    assert!(h.starts("n1").is_empty());
    assert_eq!(h.waiting_for("t"), "the task is paused");
    assert_eq!(
        h.change("t", TaskChange::Resume).unwrap().task.state,
        TaskState::Running
    );
    run(&mut h, "n1", success);
    assert_eq!(h.ended("t").state, TaskState::Completed);
}

#[test]
fn a_task_that_never_started_is_pending_again_after_a_pause_and_can_be_cancelled_while_paused() {
    let mut h = Harness::new(50);
    h.accept("t", &["n1"], request(&["a:1"]));
    h.change("t", TaskChange::Pause).unwrap();
    assert_eq!(
        h.change("t", TaskChange::Resume).unwrap().task.state,
        TaskState::Pending
    );
    h.change("t", TaskChange::Pause).unwrap();
    h.cancel("t").unwrap();
    assert_eq!(h.ended("t").state, TaskState::Cancelled);
}

#[test]
fn only_what_failed_is_tried_again_and_counts_agree() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.connect("n2", 2);
    h.accept("t", &["n1", "n2"], request(&["a:1"]));
    run(&mut h, "n1", success);
    run(&mut h, "n2", |attempt| failure(attempt, FailureReason::NotFound));
    assert_eq!(h.ended("t").state, TaskState::Failed);
    let view = h.retry("t").unwrap();
    assert!(view.task.state.is_open() && view.task.failures.is_empty() && view.task.error_message.is_empty());
    assert!(h.starts("n1").is_empty());
    run(&mut h, "n2", success);
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.succeeded, task.counts.failed),
        (TaskState::Completed, 2, 0)
    );
    assert_eq!(
        (
            task.counts.nodes_completed,
            task.counts.nodes_failed,
            task.counts.nodes_ended
        ),
        (2, 0, 2)
    );
    assert_eq!(
        task.settled_bytes.fetched, 200,
        "the failed attempt's bytes are not counted twice"
    );
}

#[test]
fn a_running_task_takes_its_failed_pulls_up_again_and_a_cancelled_one_does_not() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1", "b:1"]));
    let starts = h.starts("n1");
    h.report("n1", &starts[0].pull, failure(1, FailureReason::NotFound));
    assert_eq!(h.retry("t").unwrap().task.state, TaskState::Running);
    assert_eq!(h.starts("n1")[0].attempt, 2);
    h.cancel("t").unwrap();
    for (pull, attempt) in h.cancels("n1") {
        h.report("n1", &pull, failure(attempt, FailureReason::Cancelled));
    }
    assert_eq!(h.ended("t").state, TaskState::Cancelled);
    assert!(h.retry("t").unwrap_err().to_string().contains("cancelled"));
}

#[test]
fn what_a_failed_canary_left_undone_is_tried_again_too_and_the_deadline_counts_anew() {
    let mut h = Harness::new(50);
    h.connect("n1", 1);
    h.connect("n2", 1);
    let rules = RulesRequest {
        deadline_seconds: Some(60),
        ..RulesRequest::default()
    };
    let with_deadline = TaskRequest {
        rules,
        ..request(&["a:1"])
    };
    h.accept_with_canary("t", &["n1", "n2"], &["n1"], with_deadline);
    run(&mut h, "n1", |attempt| failure(attempt, FailureReason::NotFound));
    assert_eq!(h.ended("t").state, TaskState::Failed);
    h.pass(50_000);
    h.retry("t").unwrap();
    h.pass(50_000);
    run(&mut h, "n1", success);
    run(&mut h, "n2", success);
    assert_eq!(h.ended("t").state, TaskState::Completed);
}

#[test]
fn a_success_after_the_end_corrects_the_counts_and_not_the_state() {
    let mut h = Harness::new(50);
    h.connect("n1", 1);
    h.accept("t", &["n1"], request(&["a:1"]));
    let start = h.starts("n1").remove(0);
    h.report("n1", &start.pull, failure(1, FailureReason::NotFound));
    let task = h.ended("t").clone();
    let pull = h.pull(&start.pull).clone();
    let tallies = OpenTask::tally(std::slice::from_ref(&pull));
    let stored = Stored {
        pull,
        task: Some((task, tallies)),
    };
    h.core
        .late_outcome(h.now, &harness::name("n1"), &start.pull, Some(stored), &success(1));
    h.settle();
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.failed, task.counts.succeeded),
        (TaskState::Failed, 0, 1)
    );
    assert!(task.failures.is_empty());
    assert_eq!(h.pull(&start.pull).state, PullState::Succeeded);
}
