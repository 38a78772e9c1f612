#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use proptest::prelude::*;

fn names(count: usize) -> Vec<NodeName> {
    (0..count).map(|n| NodeName::parse(&format!("n{n}")).unwrap()).collect()
}

fn ids(count: usize) -> Vec<PullId> {
    (0..count).map(|n| PullId::from_stored(format!("p{n}"))).collect()
}

fn task<'a>(priority: u32, created_at: Millis, queued: Vec<QueuedPull<'a>>) -> PlanTask<'a> {
    PlanTask {
        priority,
        created_at,
        batch_size: None,
        busy_nodes: HashSet::new(),
        queued,
    }
}

#[test]
fn the_higher_priority_goes_first_and_then_the_older_task() {
    let (nodes, ids) = (names(1), ids(3));
    let pull = |n: usize| QueuedPull {
        id: &ids[n],
        node: &nodes[0],
        not_before: 0,
    };
    let tasks = vec![
        task(5, 2, vec![pull(0)]),
        task(5, 1, vec![pull(1)]),
        task(9, 3, vec![pull(2)]),
    ];
    let room = Room {
        cluster: 2,
        nodes: [(&nodes[0], 9)].into(),
    };
    assert_eq!(plan(0, room, tasks), [&ids[2], &ids[1]]);
}

#[test]
fn a_batch_is_refilled_and_counts_nodes_not_pulls() {
    let (nodes, ids) = (names(3), ids(4));
    let pull = |id: usize, node: usize| QueuedPull {
        id: &ids[id],
        node: &nodes[node],
        not_before: 0,
    };
    let mut one = task(5, 1, vec![pull(0, 0), pull(1, 0), pull(2, 1), pull(3, 2)]);
    one.batch_size = Some(2);
    let room = || Room {
        cluster: 9,
        nodes: nodes.iter().map(|n| (n, 2)).collect(),
    };
    assert_eq!(plan(0, room(), vec![one]), [&ids[0], &ids[1], &ids[2]]);

    let mut refilled = task(5, 1, vec![pull(3, 2)]);
    refilled.batch_size = Some(2);
    refilled.busy_nodes = [&nodes[1]].into();
    assert_eq!(plan(0, room(), vec![refilled]), [&ids[3]]);
}

#[test]
fn what_waits_for_its_retry_and_what_has_no_node_lets_others_pass() {
    let (nodes, ids) = (names(2), ids(3));
    let pull = |id: usize, node: usize, not_before| QueuedPull {
        id: &ids[id],
        node: &nodes[node],
        not_before,
    };
    let tasks = vec![task(5, 1, vec![pull(0, 0, 11), pull(1, 1, 0), pull(2, 0, 10)])];
    let room = Room {
        cluster: 9,
        nodes: [(&nodes[0], 1)].into(),
    };
    assert_eq!(plan(10, room, tasks), [&ids[2]]);
}

proptest! {
    /// Whatever is asked for: no limit is passed, and no slot stays free while somebody who may have it waits.
    #[test]
    fn limits_hold_and_no_slot_is_wasted(
        cluster in 0u32..8,
        slots in proptest::collection::vec(0u32..4, 1..5),
        tasks in proptest::collection::vec((1u32..=10, 0i64..5, proptest::option::of(1u32..3), proptest::collection::vec((0usize..5, 0i64..3), 0..8)), 0..5),
    ) {
        let nodes = names(5);
        let total = tasks.iter().map(|task| task.3.len()).sum();
        let ids = ids(total);
        let mut next = ids.iter();
        let plan_tasks: Vec<_> = tasks.iter().map(|(priority, created_at, batch_size, pulls)| PlanTask {
            batch_size: *batch_size,
            ..task(*priority, *created_at, pulls.iter().map(|(node, not_before)| QueuedPull {
                id: next.next().unwrap(), node: &nodes[*node], not_before: *not_before }).collect())
        }).collect();
        let all: Vec<(usize, QueuedPull)> = plan_tasks.iter().enumerate()
            .flat_map(|(t, task)| task.queued.iter().map(move |pull| (t, *pull))).collect();
        let room = Room { cluster, nodes: nodes.iter().zip(slots.iter().copied()).collect() };
        let starts: HashSet<_> = plan(1, room, plan_tasks).into_iter().collect();

        prop_assert!(starts.len() <= cluster as usize);
        let started_on = |node: &NodeName| all.iter().filter(|(_, p)| p.node == node && starts.contains(p.id)).count() as u32;
        let free = |node: &NodeName| nodes.iter().zip(&slots).find(|(n, _)| *n == node).map_or(0, |(_, s)| *s);
        for node in &nodes {
            prop_assert!(started_on(node) <= free(node));
        }
        let nodes_of = |t: usize| all.iter().filter(|(u, p)| *u == t && starts.contains(p.id)).map(|(_, p)| p.node).collect::<HashSet<_>>();
        for (t, (_, _, batch_size, _)) in tasks.iter().enumerate() {
            prop_assert!(batch_size.is_none_or(|size| nodes_of(t).len() <= size as usize));
        }
        for (t, pull) in &all {
            if starts.contains(pull.id) { prop_assert!(pull.not_before <= 1); continue; }
            let batch_is_full = tasks[*t].2.is_some_and(|size| nodes_of(*t).len() >= size as usize) && !nodes_of(*t).contains(pull.node);
            let allowed = pull.not_before <= 1 && starts.len() < cluster as usize && started_on(pull.node) < free(pull.node) && !batch_is_full;
            prop_assert!(!allowed, "{pull:?} could have started");
        }
    }
}
