//! Stories of pulls through the engine's core: no store, no network, time by hand.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod chaos;
mod cluster;
mod harness;
mod life;
mod limits;
mod logins;
mod quotas;
mod rules;

use super::*;
use crate::domain::{
    outcome::{FailureReason, Outcome},
    pull::{PullEvent, PullState},
    task::TaskRequest,
    task_state::TaskState,
};
use harness::{GRACE_MS, Harness, LOST_MS, failure, success};

fn request(images: &[&str]) -> TaskRequest {
    TaskRequest {
        images: images.iter().map(|image| (*image).to_owned()).collect(),
        ..TaskRequest::default()
    }
}

#[test]
fn a_task_runs_from_acceptance_to_completion() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1", "b:1"]));
    let starts = h.starts("n1");
    assert_eq!(starts.iter().map(|start| start.attempt).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(h.task("t").state, TaskState::Running);
    for start in &starts {
        h.report("n1", &start.pull, success(1));
    }
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.succeeded, task.counts.nodes_completed),
        (TaskState::Completed, 2, 1)
    );
    assert_eq!(task.settled_bytes.fetched, 200);
    assert_eq!(h.acknowledged("n1"), 2);
}

#[test]
fn pulls_wait_until_the_registry_has_answered_and_then_carry_its_digests() {
    let mut h = Harness::new(50);
    h.resolve_at_once = false;
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    assert!(h.starts("n1").is_empty());
    h.resolved("t", 0, "target", "config");
    let starts = h.starts("n1");
    assert_eq!(
        (starts[0].digests.target.as_str(), starts[0].digests.config.as_str()),
        ("target", "config")
    );
}

#[test]
fn a_success_with_another_digest_than_resolved_is_a_moved_tag() {
    let mut h = Harness::new(50);
    h.resolve_at_once = false;
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    h.resolved("t", 0, "other", "other");
    let start = h.starts("n1").remove(0);
    h.report("n1", &start.pull, success(1));
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.failures[0].reason),
        (TaskState::Failed, FailureReason::TagMoved)
    );
}

#[test]
fn the_first_nodes_digest_binds_the_rest_where_the_registry_could_not_be_asked() {
    let mut h = Harness::new(1);
    h.connect("n1", 1);
    h.connect("n2", 1);
    h.accept("t", &["n1", "n2"], request(&["a:1"]));
    let first = h.starts("n1").remove(0);
    h.report("n1", &first.pull, success(1));
    let second = h.starts("n2").remove(0);
    assert_eq!(second.digests.target, harness::digest('a'));
}

#[test]
fn a_retryable_failure_waits_and_spends_a_retry_a_final_one_does_not_wait() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept(
        "t",
        &["n1"],
        TaskRequest {
            max_retries: Some(1),
            retry_delay_seconds: Some(10),
            ..request(&["a:1", "b:1"])
        },
    );
    let starts = h.starts("n1");
    h.report("n1", &starts[0].pull, failure(1, FailureReason::Network));
    h.report("n1", &starts[1].pull, failure(1, FailureReason::NotFound));
    h.pass(7_000);
    assert!(h.starts("n1").is_empty(), "a fifth off ten seconds at most");
    h.pass(4_000);
    let again = h.starts("n1");
    assert_eq!((again.len(), again[0].attempt), (1, 2));
    h.report("n1", &again[0].pull, failure(2, FailureReason::Network));
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.failed, task.counts.retries),
        (TaskState::Failed, 2, 1)
    );
    assert_eq!(task.error_message, "2 of 2 pulls failed: 1 not_found, 1 network");
}

#[test]
fn a_lost_session_queues_its_pulls_again_after_the_grace_time_and_spends_no_retry() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    assert_eq!(h.starts("n1").len(), 1);
    h.disconnect("n1");
    h.pass(GRACE_MS - 1);
    assert_eq!(h.task("t").counts.running, 1, "the slot stays counted");
    h.pass(LOOK_MS);
    assert_eq!(h.task("t").counts.queued, 1);
    h.connect("n1", 2);
    let again = h.starts("n1");
    assert_eq!((again[0].attempt, h.task("t").counts.retries), (2, 0));
}

#[test]
fn an_agent_that_comes_back_in_mid_pull_is_left_alone_even_after_the_grace_time() {
    for away in [1, GRACE_MS + 1] {
        let mut h = Harness::new(50);
        h.connect("n1", 2);
        h.accept("t", &["n1"], request(&["a:1"]));
        let start = h.starts("n1").remove(0);
        h.disconnect("n1");
        h.pass(away);
        h.reconnect("n1", vec![(start.pull.clone(), 1)], vec![]);
        assert!(
            h.starts("n1").is_empty() && h.cancels("n1").is_empty(),
            "away for {away} ms"
        );
        h.report("n1", &start.pull, success(1));
        assert_eq!(h.ended("t").state, TaskState::Completed);
    }
}

#[test]
fn an_agent_that_was_restarted_gets_its_pulls_again_at_once() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    h.starts("n1");
    h.reconnect("n1", vec![], vec![]);
    assert_eq!(h.starts("n1")[0].attempt, 2);
}

#[test]
fn an_outcome_kept_by_the_agent_settles_the_pull_when_it_comes_back() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    let start = h.starts("n1").remove(0);
    h.disconnect("n1");
    h.reconnect("n1", vec![], vec![(start.pull, success(1))]);
    assert_eq!(h.ended("t").state, TaskState::Completed);
    assert_eq!(h.acknowledged("n1"), 1);
}

#[test]
fn old_attempts_count_only_when_they_succeeded() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    let start = h.starts("n1").remove(0);
    h.reconnect("n1", vec![], vec![]);
    assert_eq!(h.starts("n1")[0].attempt, 2);
    h.report("n1", &start.pull, failure(1, FailureReason::NotFound));
    assert_eq!(
        h.task("t").counts.running,
        1,
        "the late failure of attempt 1 says nothing about attempt 2"
    );
    h.report("n1", &start.pull, success(1));
    assert_eq!(h.ended("t").state, TaskState::Completed);
}

#[test]
fn cancelling_ends_what_waits_stops_what_runs_and_keeps_its_slot_until_then() {
    let mut h = Harness::new(1);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1", "b:1"]));
    let running = h.starts("n1").remove(0);
    h.cancel("t").unwrap();
    let task = h.task("t");
    assert_eq!(
        (task.state, task.counts.cancelled, task.counts.running),
        (TaskState::Cancelled, 1, 1)
    );
    assert_eq!(h.cancels("n1"), [(running.pull.clone(), 1)]);
    h.accept("next", &["n1"], request(&["c:1"]));
    assert!(h.starts("n1").is_empty(), "the only slot is still taken");
    h.report("n1", &running.pull, failure(1, FailureReason::Cancelled));
    assert_eq!(h.starts("n1").len(), 1);
    assert_eq!(h.ended("t").counts.cancelled, 2);
}

#[test]
fn a_success_that_overtakes_the_cancel_is_recorded() {
    let mut h = Harness::new(1);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    let running = h.starts("n1").remove(0);
    h.cancel("t").unwrap();
    h.report("n1", &running.pull, success(1));
    let task = h.ended("t");
    assert_eq!((task.state, task.counts.succeeded), (TaskState::Cancelled, 1));
}

#[test]
fn a_cancelled_pull_of_a_lost_agent_ends_with_the_grace_time_and_a_late_cancel_reaches_a_returning_one() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    let running = h.starts("n1").remove(0);
    h.disconnect("n1");
    h.cancel("t").unwrap();
    h.reconnect("n1", vec![(running.pull.clone(), 1)], vec![]);
    assert_eq!(h.cancels("n1"), [(running.pull, 1)]);
    h.disconnect("n1");
    h.pass(GRACE_MS + 1);
    assert_eq!(h.ended("t").counts.cancelled, 1);
}

#[test]
fn a_node_that_is_gone_for_long_is_skipped_and_a_task_without_any_success_has_failed() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.disconnect("n1");
    h.accept("t", &["n1"], request(&["a:1"]));
    h.pass(LOST_MS + 1);
    let task = h.ended("t");
    assert_eq!((task.state, task.counts.skipped), (TaskState::Failed, 1));
    assert_eq!(task.error_message, "no pull succeeded: 1 skipped");
}

#[test]
fn skipped_nodes_count_neither_way() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.connect("gone", 2);
    h.disconnect("gone");
    h.accept("t", &["n1", "gone"], request(&["a:1"]));
    let start = h.starts("n1").remove(0);
    h.report("n1", &start.pull, success(1));
    h.pass(LOST_MS + 1);
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.succeeded, task.counts.skipped),
        (TaskState::Completed, 1, 1)
    );
}

#[test]
fn the_cluster_limit_and_priority_decide_who_goes_first() {
    let mut h = Harness::new(1);
    h.accept(
        "late-but-first",
        &["n1"],
        TaskRequest {
            priority: Some(9),
            ..request(&["a:1"])
        },
    );
    h.accept(
        "early",
        &["n1"],
        TaskRequest {
            priority: Some(1),
            ..request(&["b:1"])
        },
    );
    assert!(h.tasks_are_open(2));
    h.connect("n1", 5);
    let first = h.starts("n1");
    assert_eq!((first.len(), first[0].reference.as_str()), (1, "a:1"));
    h.report("n1", &first[0].pull, success(1));
    assert_eq!(h.starts("n1")[0].reference.as_str(), "b:1");
}

#[test]
fn another_machine_may_not_take_a_live_name_but_a_reinstalled_one_may_later() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    let refusal = h.hello("n1", "thief", vec![], vec![]).unwrap_err();
    assert!(refusal.to_string().contains("another machine"), "{refusal}");
    h.disconnect("n1");
    assert!(
        h.hello("n1", "thief", vec![], vec![]).is_err(),
        "within the grace time the name is still held"
    );
    h.pass(GRACE_MS + 1);
    assert!(h.hello("n1", "reinstalled", vec![], vec![]).is_ok());
}

#[test]
fn reports_about_other_nodes_pulls_and_attempts_that_never_were_are_refused() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.connect("n2", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    let start = h.starts("n1").remove(0);
    h.report("n2", &start.pull, success(1));
    h.report("n1", &start.pull, success(7));
    assert_eq!(h.refusals("n2"), ["the pull belongs to another node"]);
    assert_eq!(h.refusals("n1"), ["no such attempt was ordered"]);
    assert_eq!(h.task("t").counts.running, 1);
}

#[test]
fn an_outcome_of_an_unknown_pull_is_left_to_the_store() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    let id = PullId::from_stored("ghost".into());
    h.report("n1", &id, success(1));
    assert_eq!(h.late_outcomes(), 1);
    h.core.late_outcome(h.now, &harness::name("n1"), &id, None, &success(1));
    h.settle();
    assert_eq!(h.refusals("n1"), ["no such pull"]);
}

#[test]
fn progress_shows_live_and_moves_the_pull_to_pulling_once() {
    let mut h = Harness::new(50);
    h.connect("n1", 2);
    h.accept("t", &["n1"], request(&["a:1"]));
    let start = h.starts("n1").remove(0);
    h.progress("n1", &start.pull, 1, 40);
    assert_eq!(h.pull_states(), [PullState::Pulling]);
    h.progress("n1", &start.pull, 9, 99);
    let shared = Arc::clone(&h.shared);
    assert_eq!(
        shared.live().pull(&start.pull).unwrap().bytes.fetched,
        40,
        "a report of another attempt is ignored"
    );
    assert!(PullState::Pulling.apply(PullEvent::Dispatch).is_err());
}
