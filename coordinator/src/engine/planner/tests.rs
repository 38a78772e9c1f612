#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use proptest::prelude::*;

const LATER: Millis = 1_000;

fn node(n: usize) -> NodeName {
    NodeName::parse(&format!("n{n}")).unwrap()
}

/// A task with its own queue; pulls are named by task, node and image.
#[derive(Debug, Clone)]
struct Sample {
    tenant: TenantId,
    priority: u32,
    created_at: Millis,
    waiting_since: Millis,
    nodes_at_a_time: Option<u32>,
    busy: HashSet<NodeName>,
    stage: Option<BTreeSet<NodeName>>,
    queue: NodeQueue,
    hosts: Vec<Arc<str>>,
    resolving: HashSet<u32>,
}

impl Sample {
    /// Pulls as (node, image, not before).
    fn new(name: &str, priority: u32, created_at: Millis, pulls: &[(usize, u32, Millis)]) -> Self {
        let mut queue = NodeQueue::new();
        for (n, image_index, not_before) in pulls {
            let waiting = Waiting {
                image_index: *image_index,
                id: PullId::from_stored(format!("{name}/{n}/{image_index}")),
                not_before: *not_before,
            };
            queue.entry(node(*n)).or_default().push(waiting);
        }
        Self {
            tenant: TenantId::default(),
            priority,
            created_at,
            waiting_since: LATER,
            nodes_at_a_time: None,
            busy: HashSet::new(),
            stage: None,
            queue,
            hosts: ["a.io", "b.io"].map(Arc::from).into(),
            resolving: HashSet::new(),
        }
    }

    fn view(&self) -> PlanTask<'_> {
        PlanTask {
            tenant: &self.tenant,
            priority: self.priority,
            created_at: self.created_at,
            waiting_since: self.waiting_since,
            nodes_at_a_time: self.nodes_at_a_time,
            busy: &self.busy,
            stage: self.stage.as_ref(),
            queue: &self.queue,
            hosts: &self.hosts,
            resolving: &self.resolving,
        }
    }
}

/// Room on nodes `n0`, `n1`…; the zone is `even` or `odd`.
fn nodes(slots: &[u32]) -> HashMap<NodeName, NodeRoom> {
    let zone = |n: usize| Some(Arc::from(if n.is_multiple_of(2) { "even" } else { "odd" }));
    let room = |(n, free): (usize, &u32)| {
        (
            node(n),
            NodeRoom {
                free: *free,
                zone: zone(n),
            },
        )
    };
    slots.iter().enumerate().map(room).collect()
}

fn room(cluster: u32, nodes: &HashMap<NodeName, NodeRoom>) -> Room<'_> {
    Room {
        cluster,
        nodes,
        zones: HashMap::new(),
        hosts: HashMap::new(),
        tenants: HashMap::new(),
        favour: false,
    }
}

fn starts(room: Room<'_>, tasks: &[Sample]) -> Vec<String> {
    let views = tasks.iter().map(Sample::view).collect();
    plan(LATER, room, views)
        .starts
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_higher_priority_goes_first_and_then_the_older_task() {
    let tasks = [
        Sample::new("young", 5, 2, &[(0, 0, 0)]),
        Sample::new("old", 5, 1, &[(0, 0, 0)]),
        Sample::new("urgent", 9, 3, &[(0, 0, 0)]),
    ];
    assert_eq!(starts(room(2, &nodes(&[9])), &tasks), ["urgent/0/0", "old/0/0"]);
}

#[test]
fn a_batch_is_refilled_and_counts_nodes_not_pulls() {
    let mut task = Sample::new("t", 5, 1, &[(0, 0, 0), (0, 1, 0), (1, 0, 0), (2, 0, 0)]);
    task.nodes_at_a_time = Some(2);
    let free = nodes(&[2, 2, 2]);
    assert_eq!(starts(room(9, &free), &[task]), ["t/0/0", "t/0/1", "t/1/0"]);

    let mut refilled = Sample::new("t", 5, 1, &[(2, 0, 0)]);
    refilled.nodes_at_a_time = Some(2);
    refilled.busy = [node(1)].into();
    assert_eq!(starts(room(9, &free), &[refilled]), ["t/2/0"]);
}

#[test]
fn only_the_nodes_whose_turn_it_is_start() {
    let mut task = Sample::new("t", 5, 1, &[(0, 0, 0), (1, 0, 0), (2, 0, 0)]);
    task.stage = Some([node(1), node(7)].into());
    assert_eq!(starts(room(9, &nodes(&[1, 1, 1])), &[task]), ["t/1/0"]);
}

#[test]
fn zones_and_registries_have_limits_of_their_own_and_let_others_pass() {
    let pulls = [(0, 0, 0), (0, 1, 0), (1, 0, 0), (2, 0, 0), (3, 1, 0)];
    let task = Sample::new("t", 5, 1, &pulls);
    let free = nodes(&[2, 2, 2, 2]);
    let mut by_zone = room(9, &free);
    by_zone.zones = [("even".into(), 1)].into();
    assert_eq!(
        starts(by_zone, std::slice::from_ref(&task)),
        ["t/0/0", "t/1/0", "t/3/1"]
    );
    let mut by_host = room(9, &free);
    by_host.hosts = [("a.io".into(), 1), ("b.io".into(), 1)].into();
    assert_eq!(starts(by_host, &[task]), ["t/0/0", "t/0/1"]);
}

#[test]
fn a_tenant_has_a_limit_of_its_own_and_lets_others_pass() {
    let mut rich = Sample::new("rich", 9, 1, &[(0, 0, 0), (1, 0, 0), (2, 0, 0)]);
    rich.tenant = TenantId::from_stored("team");
    let mut beside = Sample::new("beside", 8, 2, &[(0, 1, 0)]);
    beside.tenant = TenantId::from_stored("team");
    let other = Sample::new("other", 1, 3, &[(0, 0, 0), (2, 0, 0)]);
    let free = nodes(&[3, 3, 3]);
    let tasks = [rich, beside, other];
    let mut limited = room(9, &free);
    limited.tenants = [(TenantId::from_stored("team"), 2)].into();
    assert_eq!(
        starts(limited, &tasks),
        ["rich/0/0", "rich/1/0", "other/0/0", "other/2/0"]
    );
    let mut paused = room(9, &free);
    paused.tenants = [(TenantId::from_stored("team"), 0)].into();
    assert_eq!(starts(paused, &tasks), ["other/0/0", "other/2/0"]);
}

#[test]
fn what_waits_for_its_retry_or_the_registry_and_what_has_no_node_lets_others_pass() {
    let mut task = Sample::new("t", 5, 1, &[(0, 0, LATER + 1), (0, 1, LATER), (1, 1, 0)]);
    let one = nodes(&[2]);
    assert_eq!(starts(room(9, &one), std::slice::from_ref(&task)), ["t/0/1"]);
    task.resolving = [1].into();
    assert!(starts(room(9, &one), &[task]).is_empty());
}

#[test]
fn a_starving_task_is_favoured_with_one_start_and_only_when_it_is_due() {
    let mut poor = Sample::new("poor", 1, 1, &[(0, 0, 0), (0, 1, 0)]);
    poor.waiting_since = LATER - STARVING_MS;
    let rich = Sample::new("rich", 10, 2, &[(0, 0, 0), (0, 1, 0)]);
    let free = nodes(&[9]);
    let tasks = [poor, rich];
    assert_eq!(starts(room(2, &free), &tasks), ["rich/0/0", "rich/0/1"]);
    let favoured = Room {
        favour: true,
        ..room(2, &free)
    };
    assert_eq!(starts(favoured, &tasks), ["poor/0/0", "rich/0/0"]);
    let everyone = Room {
        favour: true,
        ..room(9, &free)
    };
    assert_eq!(
        starts(everyone, &tasks),
        ["poor/0/0", "rich/0/0", "rich/0/1", "poor/0/1"]
    );
}

fn sample() -> impl Strategy<Value = Sample> {
    let pull = (0usize..5, 0u32..2, prop_oneof![Just(0), Just(LATER + 1)]);
    (
        1u32..=10,
        0i64..5,
        proptest::option::of(1u32..3),
        proptest::collection::btree_set(pull.prop_map(|(n, image, at)| (n, image, at)), 0..8),
        proptest::option::of(proptest::collection::btree_set(0usize..5, 0..4)),
        any::<bool>(),
    )
        .prop_map(|(priority, created_at, nodes_at_a_time, pulls, stage, starving)| {
            let mut seen = HashSet::new();
            let pulls: Vec<_> = pulls
                .into_iter()
                .filter(|(n, image, _)| seen.insert((*n, *image)))
                .collect();
            let mut sample = Sample::new("t", priority, created_at, &pulls);
            sample.nodes_at_a_time = nodes_at_a_time;
            sample.stage = stage.map(|stage| stage.into_iter().map(node).collect());
            sample.waiting_since = if starving { LATER - STARVING_MS } else { LATER };
            sample
        })
}

/// What started, counted by whatever has a limit.
struct Counted<'a> {
    tasks: &'a [Sample],
    starts: HashSet<(usize, NodeName, u32)>,
}

impl Counted<'_> {
    fn count(&self, which: impl Fn(&(usize, NodeName, u32)) -> bool) -> u32 {
        self.starts.iter().filter(|start| which(start)).count() as u32
    }

    fn host(&self, start: &(usize, NodeName, u32)) -> Arc<str> {
        Arc::clone(&self.tasks[start.0].hosts[start.2 as usize])
    }

    fn nodes_of(&self, task: usize) -> HashSet<&NodeName> {
        self.starts
            .iter()
            .filter(|start| start.0 == task)
            .map(|start| &start.1)
            .collect()
    }
}

proptest! {
    /// Whatever is asked for: no limit is passed, and no slot stays free while somebody who may have it waits.
    #[test]
    fn limits_hold_and_no_slot_is_wasted(
        cluster in 0u32..8,
        slots in proptest::collection::vec(0u32..4, 1..5),
        even in proptest::option::of(0u32..3),
        host in proptest::option::of(0u32..3),
        team in proptest::option::of(0u32..4),
        favour in any::<bool>(),
        mut tasks in proptest::collection::vec(sample(), 0..5),
    ) {
        for (n, task) in tasks.iter_mut().enumerate() {
            if n % 2 == 1 {
                task.tenant = TenantId::from_stored("team");
            }
            for waiting in task.queue.values_mut().flatten() {
                waiting.id = PullId::from_stored(format!("{n}{}", waiting.id.as_str().trim_start_matches('t')));
            }
        }
        let free = nodes(&slots);
        let room = Room {
            zones: even.map(|room| ("even".into(), room)).into_iter().collect(),
            hosts: host.map(|room| ("a.io".into(), room)).into_iter().collect(),
            tenants: team.map(|room| (TenantId::from_stored("team"), room)).into_iter().collect(),
            favour,
            ..room(cluster, &free)
        };
        let planned = plan(LATER, room, tasks.iter().map(Sample::view).collect());
        let parse = |id: &&PullId| {
            let parts: Vec<&str> = id.as_str().split('/').collect();
            (parts[0].parse().unwrap(), node(parts[1].parse().unwrap()), parts[2].parse().unwrap())
        };
        let c = Counted { tasks: &tasks, starts: planned.starts.iter().map(parse).collect() };
        prop_assert_eq!(c.starts.len(), planned.starts.len(), "nothing starts twice");

        let slots_of = |node: &NodeName| free.get(node).map_or(0, |room| room.free);
        let zone_is_even = |node: &NodeName| free.get(node).is_some_and(|room| room.zone.as_deref() == Some("even"));
        prop_assert!(c.starts.len() <= cluster as usize);
        prop_assert!(even.is_none_or(|most| c.count(|s| zone_is_even(&s.1)) <= most));
        let of_team = || c.count(|s| tasks[s.0].tenant.as_str() == "team");
        prop_assert!(team.is_none_or(|most| of_team() <= most));
        prop_assert!(host.is_none_or(|most| c.count(|s| &*c.host(s) == "a.io") <= most));
        for (n, task) in tasks.iter().enumerate() {
            let nodes = c.nodes_of(n);
            prop_assert!(task.nodes_at_a_time.is_none_or(|most| nodes.len() <= most as usize));
            prop_assert!(task.stage.as_ref().is_none_or(|stage| nodes.iter().all(|node| stage.contains(*node))));
            for (node, waiting) in &task.queue {
                prop_assert!(c.count(|s| s.1 == *node) <= slots_of(node));
                for pull in waiting {
                    if c.starts.contains(&(n, node.clone(), pull.image_index)) {
                        prop_assert!(pull.not_before <= LATER);
                        continue;
                    }
                    let batch = task.nodes_at_a_time.is_some_and(|most| nodes.len() >= most as usize) && !nodes.contains(node);
                    let turn = task.stage.as_ref().is_none_or(|stage| stage.contains(node));
                    let zone = zone_is_even(node) && even.is_some_and(|most| c.count(|s| zone_is_even(&s.1)) >= most);
                    let at_host = &*task.hosts[pull.image_index as usize] == "a.io";
                    let host = at_host && host.is_some_and(|most| c.count(|s| &*c.host(s) == "a.io") >= most);
                    let spent = task.tenant.as_str() == "team" && team.is_some_and(|most| of_team() >= most);
                    let allowed = pull.not_before <= LATER && c.starts.len() < cluster as usize
                        && c.count(|s| s.1 == *node) < slots_of(node) && turn && !batch && !zone && !host && !spent;
                    prop_assert!(!allowed, "{:?} could have started", pull);
                }
            }
        }
    }
}
