//! The operator's limits while pulls run, registries that turn pulls away, and nobody starves.

use super::*;
use crate::{
    domain::{
        limits::RegistryLimit,
        outcome::{Failure, Outcome},
    },
    engine::planner::STARVING_MS,
};

fn limits(set: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits);
    limits
}

fn registry(host: &str, pulls: Option<u32>, starts_per_second: Option<f64>) -> Limits {
    let limit = RegistryLimit {
        pulls,
        starts_per_second,
    };
    limits(|limits| limits.registries.extend([(host.to_owned(), limit)]))
}

fn server_error(attempt: u32) -> Outcome {
    let words = "unexpected status from GET request to http://r/v2/a/manifests/1: 503 Service Unavailable";
    Outcome {
        result: Err(Failure {
            reason: FailureReason::Network,
            message: words.into(),
        }),
        ..failure(attempt, FailureReason::Network)
    }
}

#[test]
fn a_limit_of_zero_pauses_and_says_so_and_another_one_lets_go_on() {
    let cases: [(Limits, &str); 5] = [
        (limits(|l| l.cluster_pulls = 0), "clusterPulls is 0"),
        (limits(|l| l.node_pulls = Some(0)), "nodePulls is 0"),
        (limits(|l| l.zone_pulls = Some(0)), "zonePulls is 0"),
        (registry("docker.io", Some(0), None), "docker.io are paused"),
        (registry("docker.io", None, Some(0.0)), "docker.io are paused"),
    ];
    for (paused, why) in cases {
        let mut h = Harness::with_limits(paused.clone());
        h.zones.insert("n1".into(), "a".into());
        h.core.set_limits(h.now, paused);
        h.connect("n1", 2);
        h.accept("t", &["n1"], request(&["a:1"]));
        assert!(h.starts("n1").is_empty(), "{why}");
        assert!(h.waiting_for("t").contains(why), "{}", h.waiting_for("t"));
        h.set_limits(Limits::default());
        assert_eq!(h.starts("n1").len(), 1, "{why}");
        assert_eq!(h.waiting_for("t"), "");
    }
}

#[test]
fn nodes_zones_and_registries_have_limits_that_hold_together() {
    let mut h = Harness::with_limits(limits(|l| {
        l.node_pulls = Some(1);
        l.zone_pulls = Some(2);
        l.registries.insert(
            "r.io".into(),
            RegistryLimit {
                pulls: Some(1),
                starts_per_second: None,
            },
        );
    }));
    for (node, zone) in [("n1", "a"), ("n2", "a"), ("n3", "a"), ("n4", "b")] {
        h.zones.insert(node.into(), zone.into());
        h.connect(node, 5);
    }
    let nodes = ["n1", "n2", "n3", "n4"];
    h.accept("t", &nodes, request(&["a:1", "r.io/b:1"]));
    let started: Vec<(usize, String)> = nodes
        .iter()
        .flat_map(|node| {
            h.starts(node)
                .into_iter()
                .map(|s| s.reference.to_string())
                .map(|r| (r.len(), (*node).to_owned()))
        })
        .collect();
    let on = |node: &str| started.iter().filter(|(_, n)| n == node).count();
    assert!(nodes.iter().all(|node| on(node) <= 1));
    assert_eq!(
        (started.len(), on("n3")),
        (3, 0),
        "two in zone a, one in zone b: {started:?}"
    );
}

#[test]
fn the_limits_of_a_registry_count_pulls_and_starts() {
    let names: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    let nodes: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut h = Harness::with_limits(registry("docker.io", Some(3), None));
    nodes.iter().for_each(|node| h.connect(node, 1));
    h.accept("t", &nodes, request(&["a:1"]));
    assert_eq!(h.task("t").counts.running, 3);
    h.set_limits(registry("docker.io", None, Some(2.0)));
    h.pass(10);
    assert_eq!(h.task("t").counts.running, 5, "a bucket of two is full at first");
    h.pass(1_000);
    assert_eq!(h.task("t").counts.running, 7);
    h.pass(500);
    assert_eq!(h.task("t").counts.running, 8);
}

#[test]
fn one_refusal_holds_the_whole_host_costs_no_retry_while_others_are_served_and_ends() {
    let mut h = Harness::new(50);
    ["n1", "n2", "n3"].iter().for_each(|node| h.connect(node, 1));
    h.accept("t", &["n1", "n2"], request(&["a:1"]));
    let (one, two) = (h.starts("n1").remove(0), h.starts("n2").remove(0));
    h.report("n1", &one.pull, server_error(1));
    assert_eq!(h.pull(&one.pull).state, PullState::Queued);
    h.accept("other", &["n3"], request(&["b:1"]));
    assert!(
        h.starts("n3").is_empty() && h.starts("n1").is_empty(),
        "the host is left alone"
    );
    assert!(
        h.waiting_for("other").starts_with("docker.io turned pulls away"),
        "{}",
        h.waiting_for("other")
    );
    h.report("n2", &two.pull, success(1));
    h.pass(2_000);
    let again = h.starts("n1");
    assert_eq!((again.len(), h.task("t").counts.retries), (1, 0));
    h.report("n1", &again[0].pull, success(2));
    assert_eq!(h.ended("t").state, TaskState::Completed);
    h.pass(2_000);
    let last = h.starts("n3").remove(0);
    h.report("n3", &last.pull, failure(1, FailureReason::RateLimited));
    assert_eq!(
        h.ended("other").state,
        TaskState::Failed,
        "a host that serves nobody spends retries"
    );
}

/// A registry that bears K pulls at once: the engine settles near K, and everything ends well without a retry.
#[test]
fn against_a_registry_that_bears_twenty_pulls_it_settles_near_twenty() {
    const BEARS: usize = 20;
    let names: Vec<String> = (0..120).map(|n| format!("n{n}")).collect();
    let nodes: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut h = Harness::new(100);
    h.flush_step = 0;
    nodes.iter().for_each(|node| h.connect(node, 1));
    let images: Vec<String> = (0..25).map(|n| format!("a:{n}")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    h.accept("t", &nodes, request(&images));
    let mut running: Vec<(Millis, usize, PullId, u32, bool)> = vec![];
    let mut borne_later = vec![];
    for step in 0..5_000 {
        for (n, node) in nodes.iter().enumerate() {
            for start in h.starts(node) {
                let borne = running.iter().filter(|r| r.4).count() < BEARS;
                let takes = if borne { 1_000 + (n as i64 % 7) * 50 } else { 50 };
                running.push((h.now + takes, n, start.pull, start.attempt, borne));
            }
        }
        let now = h.now;
        let (due, rest): (Vec<_>, Vec<_>) = running.into_iter().partition(|r| r.0 <= now);
        running = rest;
        for (_, n, pull, attempt, borne) in due {
            let outcome = if borne {
                success(attempt)
            } else {
                failure(attempt, FailureReason::RateLimited)
            };
            h.report(nodes[n], &pull, outcome);
        }
        if h.tasks_are_open(0) {
            break;
        }
        if step > 1_200 && h.task("t").counts.queued > 100 {
            borne_later.push(running.iter().filter(|r| r.4).count());
        }
        h.pass(50);
    }
    let mean = borne_later.iter().sum::<usize>() as f64 / borne_later.len().max(1) as f64;
    assert!(
        borne_later.len() > 500 && mean >= 0.8 * BEARS as f64,
        "{mean} of {BEARS} over {} steps",
        borne_later.len()
    );
    assert_eq!(h.task("t").counts.failed, 0);
}

#[test]
fn endless_urgent_work_starves_nobody() {
    let mut h = Harness::new(1);
    h.connect("n1", 1);
    let priority = |priority| TaskRequest {
        priority: Some(priority),
        ..request(&["a:1"])
    };
    h.accept("first", &["n1"], priority(10));
    h.accept("poor", &["n1"], priority(1));
    let begun = h.now;
    for n in 0..2_000 {
        h.accept(&format!("urgent-{n}"), &["n1"], priority(10));
        let start = h.starts("n1").remove(0);
        let task = h.pull(&start.pull).task.to_string();
        h.report("n1", &start.pull, success(start.attempt));
        if task == "poor" {
            let waited = h.now - begun;
            assert!((STARVING_MS..STARVING_MS + 60_000).contains(&waited), "{waited} ms");
            return;
        }
        h.pass(10_000);
    }
    panic!("the task of priority 1 never started");
}
