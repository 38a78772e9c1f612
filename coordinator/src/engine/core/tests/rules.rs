//! Canary, strict batches, abort rule, success threshold, deadline, windows.

use super::*;
use crate::domain::{
    rules::{BatchMode, RulesRequest},
    window::WindowRequest,
};

fn with_rules(rules: RulesRequest) -> TaskRequest {
    TaskRequest {
        rules,
        ..request(&["a:1"])
    }
}

fn connect(h: &mut Harness, nodes: &[&str]) {
    nodes.iter().for_each(|node| h.connect(node, 2));
}

/// Nodes that got an order, and answers those orders.
fn answer(h: &mut Harness, nodes: &[&str], outcome: impl Fn(u32) -> Outcome) -> Vec<String> {
    let ordered = |node: &&str| {
        h.starts(node)
            .into_iter()
            .map(|start| ((*node).to_owned(), start))
            .collect::<Vec<_>>()
    };
    let starts: Vec<_> = nodes.iter().flat_map(ordered).collect();
    for (node, start) in &starts {
        h.report(node, &start.pull, outcome(start.attempt));
    }
    starts.into_iter().map(|(node, _)| node).collect()
}

#[test]
fn the_rest_follows_when_the_canary_has_succeeded() {
    let nodes = ["n1", "n2", "n3"];
    let mut h = Harness::new(50);
    connect(&mut h, &nodes);
    h.accept_with_canary("t", &nodes, &["n2"], request(&["a:1"]));
    assert_eq!(answer(&mut h, &nodes, success), ["n2"]);
    assert_eq!(answer(&mut h, &nodes, success), ["n1", "n3"]);
    assert_eq!(h.ended("t").state, TaskState::Completed);
}

#[test]
fn a_failed_canary_leaves_the_rest_alone() {
    let nodes = ["n1", "n2", "n3"];
    let mut h = Harness::new(50);
    connect(&mut h, &nodes);
    h.accept_with_canary("t", &nodes, &["n2"], request(&["a:1"]));
    let fail = |attempt| failure(attempt, FailureReason::NotFound);
    assert_eq!(answer(&mut h, &nodes, fail), ["n2"]);
    assert!(h.starts("n1").is_empty() && h.starts("n3").is_empty());
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.failed, task.counts.cancelled),
        (TaskState::Failed, 1, 2)
    );
    assert!(
        task.error_message.starts_with("the canary failed"),
        "{}",
        task.error_message
    );
}

#[test]
fn a_canary_that_is_gone_has_proved_nothing() {
    let nodes = ["n1", "n2"];
    let mut h = Harness::new(50);
    connect(&mut h, &nodes);
    h.disconnect("n2");
    h.accept_with_canary("t", &nodes, &["n2"], request(&["a:1"]));
    h.pass(LOST_MS + 1);
    let task = h.ended("t");
    assert_eq!(
        (task.state, task.counts.skipped, task.counts.cancelled),
        (TaskState::Failed, 1, 1)
    );
}

#[test]
fn a_strict_batch_waits_for_the_whole_one_before_it() {
    let nodes = ["n1", "n2", "n3", "n4", "n5"];
    let mut h = Harness::new(50);
    connect(&mut h, &nodes);
    let rules = RulesRequest {
        batch_mode: Some(BatchMode::Strict),
        ..RulesRequest::default()
    };
    let request = TaskRequest {
        batch_size: Some(2),
        ..with_rules(rules)
    };
    h.accept("t", &nodes, request);
    assert_eq!(h.task("t").batches(), (1, 3));
    let first = h.starts("n1").remove(0);
    h.report("n1", &first.pull, success(1));
    assert!(h.starts("n3").is_empty(), "n2 of the first batch still runs");
    assert_eq!(h.task("t").batches(), (1, 3));
    assert_eq!(answer(&mut h, &["n2"], success), ["n2"]);
    assert_eq!(h.task("t").batches(), (2, 3));
    assert_eq!(answer(&mut h, &nodes, success), ["n3", "n4"]);
    assert_eq!(answer(&mut h, &nodes, success), ["n5"]);
    assert_eq!(h.ended("t").batches(), (3, 3));
    let figures = String::from_utf8(h.core.metrics.render().unwrap()).unwrap();
    assert!(
        figures.contains("ips_batch_execution_duration_seconds_count 3"),
        "{figures}"
    );
}

#[test]
fn parallelism_is_a_part_of_the_targets() {
    let nodes = ["n1", "n2", "n3", "n4"];
    let mut h = Harness::new(50);
    connect(&mut h, &nodes);
    let rules = RulesRequest {
        parallelism: Some("50%".into()),
        ..RulesRequest::default()
    };
    h.accept("t", &nodes, with_rules(rules));
    assert_eq!(h.task("t").counts.running, 2);
}

#[test]
fn too_many_failures_stop_the_task_and_what_runs_is_stopped_by_its_agent() {
    let names: Vec<String> = (10..32).map(|n| format!("n{n}")).collect();
    let nodes: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut h = Harness::new(11);
    connect(&mut h, &nodes);
    let rules = RulesRequest {
        abort_failure_percent: Some(50),
        ..RulesRequest::default()
    };
    h.accept("t", &nodes, with_rules(rules));
    for (n, node) in nodes[..10].iter().enumerate() {
        let start = h.starts(node).remove(0);
        let outcome = if n < 4 {
            success(1)
        } else {
            failure(1, FailureReason::NotFound)
        };
        h.report(node, &start.pull, outcome);
    }
    let task = h.task("t").clone();
    assert_eq!(task.state, TaskState::Failed);
    assert!(task.error_message.contains("more than 50 %"), "{}", task.error_message);
    assert!(task.counts.running > 0, "slots stay counted until the agents confirm");
    for node in &nodes {
        for (pull, attempt) in h.cancels(node) {
            h.report(node, &pull, failure(attempt, FailureReason::Cancelled));
        }
    }
    let task = h.ended("t");
    assert_eq!(
        (task.counts.succeeded, task.counts.failed, task.counts.cancelled),
        (4, 6, 12)
    );
}

#[test]
fn the_threshold_decides_whether_a_task_with_failures_is_a_success() {
    let names: Vec<String> = (10..20).map(|n| format!("n{n}")).collect();
    let nodes: Vec<&str> = names.iter().map(String::as_str).collect();
    for (threshold, state) in [
        (Some(90), TaskState::Completed),
        (None, TaskState::Failed),
        (Some(91), TaskState::Failed),
    ] {
        let mut h = Harness::new(50);
        connect(&mut h, &nodes);
        let rules = RulesRequest {
            success_threshold: threshold,
            ..RulesRequest::default()
        };
        h.accept("t", &nodes, with_rules(rules));
        answer(&mut h, &nodes[..1], |attempt| failure(attempt, FailureReason::NotFound));
        answer(&mut h, &nodes, success);
        let task = h.ended("t");
        assert_eq!((task.state, task.counts.failed), (state, 1), "{threshold:?}");
    }
}

#[test]
fn a_deadline_ends_the_task_as_far_as_it_came() {
    for (threshold, state) in [(None, TaskState::Failed), (Some(50), TaskState::Completed)] {
        let mut h = Harness::new(50);
        connect(&mut h, &["n1", "n2"]);
        let rules = RulesRequest {
            deadline_seconds: Some(60),
            success_threshold: threshold,
            ..RulesRequest::default()
        };
        h.accept("t", &["n1", "n2"], with_rules(rules));
        answer(&mut h, &["n1"], success);
        h.pass(59_000);
        assert!(h.task("t").state.is_open());
        h.pass(1_000);
        let (pull, attempt) = h.cancels("n2").remove(0);
        assert_eq!(h.task("t").state, state);
        h.report("n2", &pull, failure(attempt, FailureReason::Cancelled));
        assert_eq!(h.ended("t").counts.cancelled, 1);
    }
}

#[test]
fn a_clock_that_jumps_changes_no_deadline_and_takes_nobody_for_gone() {
    for jump in [-86_400_000, 86_400_000] {
        let mut h = Harness::new(50);
        connect(&mut h, &["n1", "n2"]);
        h.disconnect("n2");
        let rules = RulesRequest {
            deadline_seconds: Some(600),
            ..RulesRequest::default()
        };
        h.accept("t", &["n1", "n2"], with_rules(rules));
        h.now += jump;
        h.core.clock_jumped(jump);
        h.pass(100_000);
        assert_eq!(h.task("t").counts.skipped, 0, "{jump}");
        assert!(h.task("t").state.is_open());
        h.pass(500_000);
        assert_eq!(h.task("t").state, TaskState::Failed);
    }
}

#[test]
fn pulls_start_only_while_a_window_is_open() {
    let mut h = Harness::new(50);
    connect(&mut h, &["n1"]);
    // The harness begins at 00:16:40 UTC.
    let window = WindowRequest {
        start: "01:00".into(),
        end: "02:00".into(),
        ..WindowRequest::default()
    };
    let rules = RulesRequest {
        windows: vec![window],
        ..RulesRequest::default()
    };
    h.accept("t", &["n1"], with_rules(rules));
    assert!(h.starts("n1").is_empty());
    assert!(
        h.waiting_for("t").contains("2024-10-04T01:00:00Z"),
        "{}",
        h.waiting_for("t")
    );
    h.pass(43 * 60_000);
    assert!(h.starts("n1").is_empty());
    h.pass(60_000);
    assert_eq!(h.starts("n1").len(), 1);
}
