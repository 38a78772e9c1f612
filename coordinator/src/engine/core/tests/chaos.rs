//! Whatever happens in whatever order: limits hold, counts agree with pulls, and every task ends once the world is well again.

use super::*;
use crate::domain::{
    limits::RegistryLimit,
    rules::{BatchMode, RulesRequest},
};
use proptest::prelude::*;

const NODES: [&str; 3] = ["n1", "n2", "n3"];
const IMAGES: [&str; 2] = ["a:1", "r.io/b:1"];
const SLOTS: u32 = 2;

#[derive(Debug, Clone)]
enum Happening {
    Accept(Accepted),
    Disconnect(usize),
    Return(usize, bool),
    Succeed(usize),
    Fail(usize, usize),
    Progress(usize),
    Cancel(usize),
    Pause(usize),
    Resume(usize),
    Retry(usize),
    SetLimits(u32, Option<u32>, Option<u32>),
    Jump(Millis),
    Pass(Millis),
}

#[derive(Debug, Clone)]
struct Accepted {
    priority: i64,
    batch_size: Option<i64>,
    retries: i64,
    strict: bool,
    canary: bool,
    abort: Option<i64>,
    deadline: Option<i64>,
}

fn accepted() -> impl Strategy<Value = Accepted> {
    let rare = |range: std::ops::Range<i64>| proptest::option::weighted(0.2, range);
    let batch = proptest::option::of(1i64..3);
    (
        1i64..=10,
        batch,
        0i64..3,
        any::<bool>(),
        any::<bool>(),
        rare(0..99),
        rare(30..300),
    )
        .prop_map(
            |(priority, batch_size, retries, strict, canary, abort, deadline)| Accepted {
                priority,
                batch_size,
                retries,
                strict: strict && batch_size.is_some(),
                canary,
                abort,
                deadline,
            },
        )
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let limit = || proptest::option::of(0u32..3);
    prop_oneof![
        3 => accepted().prop_map(H::Accept),
        1 => (0usize..3).prop_map(H::Disconnect),
        2 => (0usize..3, any::<bool>()).prop_map(|(node, remembers)| H::Return(node, remembers)),
        4 => (0usize..3).prop_map(H::Succeed),
        2 => (0usize..3, 0usize..FailureReason::ALL.len()).prop_map(|(node, reason)| H::Fail(node, reason)),
        1 => (0usize..3).prop_map(H::Progress),
        1 => (0usize..8).prop_map(H::Cancel),
        1 => (0usize..8).prop_map(H::Pause),
        1 => (0usize..8).prop_map(H::Resume),
        1 => (0usize..8).prop_map(H::Retry),
        1 => (0u32..5, limit(), limit()).prop_map(|(cluster, zone, registry)| H::SetLimits(cluster, zone, registry)),
        1 => prop_oneof![Just(-3_600_000i64), Just(3_600_000)].prop_map(H::Jump),
        2 => prop_oneof![Just(500i64), Just(40_000), Just(GRACE_MS + 1)].prop_map(H::Pass),
    ]
}

fn limits_of(cluster: u32, zone: Option<u32>, registry: Option<u32>) -> Limits {
    let limit = RegistryLimit {
        pulls: registry,
        starts_per_second: None,
    };
    Limits {
        cluster_pulls: cluster,
        zone_pulls: zone,
        registries: [("r.io".to_owned(), limit)].into(),
        ..Limits::default()
    }
}

/// What a simulated agent holds: orders that it has not answered.
#[derive(Default)]
struct Agent {
    connected: bool,
    holds: Vec<(PullId, u32)>,
}

struct World {
    h: Harness,
    agents: Vec<Agent>,
    tasks: usize,
    limits: Limits,
    /// Running pulls before the last happening: in the cluster, in zone a, from r.io.
    before: [usize; 3],
}

impl World {
    fn new() -> Self {
        let limits = limits_of(3, Some(2), Some(2));
        let mut world = Self {
            h: Harness::with_limits(limits.clone()),
            agents: NODES.iter().map(|_| Agent::default()).collect(),
            tasks: 0,
            limits,
            before: [0; 3],
        };
        for (node, zone) in NODES.iter().zip(["a", "a", "b"]) {
            world.h.zones.insert((*node).into(), zone.into());
        }
        (0..NODES.len()).for_each(|node| world.come_back(node, false));
        world
    }

    fn come_back(&mut self, node: usize, remembers: bool) {
        let agent = &mut self.agents[node];
        if !remembers {
            agent.holds.clear();
        }
        agent.connected = true;
        self.h.reconnect(NODES[node], agent.holds.clone(), vec![]);
    }

    fn receive(&mut self) {
        for (node, agent) in NODES.iter().zip(&mut self.agents) {
            agent
                .holds
                .extend(self.h.starts(node).into_iter().map(|start| (start.pull, start.attempt)));
            for (pull, attempt) in self.h.cancels(node) {
                let held = agent.holds.iter().position(|hold| *hold == (pull.clone(), attempt));
                if let Some(held) = held {
                    agent.holds.remove(held);
                    self.h.report(node, &pull, failure(attempt, FailureReason::Cancelled));
                }
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Accept(accepted) => self.accept(accepted),
            Happening::Disconnect(node) if self.agents[node].connected => {
                self.agents[node].connected = false;
                self.h.disconnect(NODES[node]);
            }
            Happening::Return(node, remembers) if !self.agents[node].connected => self.come_back(node, remembers),
            Happening::Succeed(node) => self.answer(node, success),
            Happening::Fail(node, reason) => self.answer(node, |attempt| failure(attempt, FailureReason::ALL[reason])),
            Happening::Progress(node) if self.agents[node].connected => {
                if let Some((pull, attempt)) = self.agents[node].holds.first().cloned() {
                    self.h.progress(NODES[node], &pull, attempt, 1);
                }
            }
            Happening::Cancel(task) if task < self.tasks => drop(self.h.cancel(&format!("t{task}"))),
            Happening::Pause(task) if task < self.tasks => {
                drop(self.h.change(&format!("t{task}"), TaskChange::Pause));
            }
            Happening::Resume(task) if task < self.tasks => {
                drop(self.h.change(&format!("t{task}"), TaskChange::Resume));
            }
            Happening::Retry(task) if task < self.tasks => drop(self.h.retry(&format!("t{task}"))),
            Happening::SetLimits(cluster, zone, registry) => self.set_limits(limits_of(cluster, zone, registry)),
            Happening::Jump(by) => {
                self.h.now += by;
                self.h.core.clock_jumped(by);
                self.h.pass(1);
            }
            Happening::Pass(ms) => self.h.pass(ms),
            Happening::Disconnect(_)
            | Happening::Return(..)
            | Happening::Progress(_)
            | Happening::Cancel(_)
            | Happening::Pause(_)
            | Happening::Resume(_)
            | Happening::Retry(_) => {}
        }
        self.receive();
    }

    fn accept(&mut self, accepted: Accepted) {
        let request = TaskRequest {
            priority: Some(accepted.priority),
            batch_size: accepted.batch_size,
            max_retries: Some(accepted.retries),
            retry_delay_seconds: Some(1),
            rules: RulesRequest {
                batch_mode: accepted.strict.then_some(BatchMode::Strict),
                abort_failure_percent: accepted.abort,
                deadline_seconds: accepted.deadline,
                ..RulesRequest::default()
            },
            ..request(&IMAGES)
        };
        let canary: &[&str] = if accepted.canary { &["n2"] } else { &[] };
        self.h
            .accept_with_canary(&format!("t{}", self.tasks), &NODES, canary, request);
        self.tasks += 1;
    }

    fn set_limits(&mut self, limits: Limits) {
        self.limits = limits.clone();
        self.h.set_limits(limits);
    }

    /// Running pulls in the cluster, in zone a, from r.io.
    fn running(&self) -> [usize; 3] {
        let running = || self.h.core.work.pulls.values().filter(|pull| pull.state.is_running());
        [
            running().count(),
            running().filter(|pull| pull.node.as_str() != "n3").count(),
            running().filter(|pull| pull.image.as_str() == IMAGES[1]).count(),
        ]
    }

    /// A limit that was lowered stops nothing that runs, but nothing more starts above it.
    fn check_limits(&mut self) -> Result<(), TestCaseError> {
        let most = |limit: Option<u32>| limit.map_or(usize::MAX, |limit| limit as usize);
        let limits = [
            self.limits.cluster_pulls as usize,
            most(self.limits.zone_pulls),
            most(self.limits.registry("r.io").pulls),
        ];
        let now = self.running();
        for ((now, before), limit) in now.into_iter().zip(self.before).zip(limits) {
            prop_assert!(now <= limit.max(before), "{now} run, {before} before, {limit} allowed");
        }
        self.before = now;
        Ok(())
    }

    fn answer(&mut self, node: usize, outcome: impl Fn(u32) -> Outcome) {
        let agent = &mut self.agents[node];
        if agent.connected && !agent.holds.is_empty() {
            let (pull, attempt) = agent.holds.remove(0);
            self.h.report(NODES[node], &pull, outcome(attempt));
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let work = &self.h.core.work;
        let running = |pull: &&Arc<Pull>| pull.state.is_running();
        for node in NODES {
            let on_node = work
                .pulls
                .values()
                .filter(|pull| pull.node.as_str() == node)
                .filter(running)
                .count() as u32;
            prop_assert!(on_node <= SLOTS);
            let counted = self
                .h
                .shared
                .fleet()
                .get(&harness::name(node))
                .map_or(0, |entry| entry.running_pulls);
            prop_assert_eq!(on_node, counted);
        }
        for open in work.tasks.values() {
            let pulls: Vec<&Arc<Pull>> = work.pulls.values().filter(|pull| pull.task == open.task.id).collect();
            let busy: HashSet<&NodeName> = pulls
                .iter()
                .filter(|pull| pull.state.is_running())
                .map(|pull| &pull.node)
                .collect();
            prop_assert!(open.task.spec.batch_size.is_none_or(|size| busy.len() <= size as usize));
            prop_assert_eq!(open.task.counts.open() as usize, pulls.len());
            prop_assert_eq!(open.task.counts.total() as usize, NODES.len() * 2);
            prop_assert_eq!(open.busy.iter().collect::<HashSet<_>>(), busy.clone());
            prop_assert_eq!(
                open.queue.values().map(Vec::len).sum::<usize>(),
                open.task.counts.queued as usize
            );
            if let Some(stage) = open.stages.current().filter(|_| open.task.retried_at == 0) {
                prop_assert!(
                    busy.iter().all(|node| stage.contains(*node)),
                    "{:?} beside {:?}",
                    busy,
                    stage
                );
            }
        }
        Ok(())
    }

    /// Every agent is back and every order is answered: then nothing may stay open.
    fn heal(&mut self) {
        for node in 0..NODES.len() {
            if !self.agents[node].connected {
                self.come_back(node, true);
            }
        }
        self.set_limits(limits_of(3, Some(2), Some(2)));
        for task in 0..self.tasks {
            drop(self.h.change(&format!("t{task}"), TaskChange::Resume));
        }
        for _ in 0..500 {
            self.receive();
            (0..NODES.len()).for_each(|node| self.answer(node, success));
            self.h.pass(1_000);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_interleaving_breaks_a_limit_or_leaves_a_task_without_an_end(happenings in proptest::collection::vec(happening(), 1..60)) {
        let mut world = World::new();
        for happening in happenings {
            world.happen(happening);
            world.check()?;
            world.check_limits()?;
        }
        world.heal();
        prop_assert!(world.h.tasks_are_open(0), "{:?}", world.h.core.work);
        for n in 0..world.tasks {
            let state = world.h.task(&format!("t{n}")).state;
            prop_assert!(!state.is_open());
        }
    }
}
