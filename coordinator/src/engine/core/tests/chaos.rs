//! Whatever happens in whatever order: limits hold, counts agree with pulls, and every task ends once the world is well again.

use super::*;
use proptest::prelude::*;

const NODES: [&str; 3] = ["n1", "n2", "n3"];
const SLOTS: u32 = 2;
const CLUSTER: u32 = 3;

#[derive(Debug, Clone)]
enum Happening {
    Accept {
        priority: i64,
        batch_size: Option<i64>,
        retries: i64,
    },
    Disconnect(usize),
    Return(usize, bool),
    Succeed(usize),
    Fail(usize, usize),
    Progress(usize),
    Cancel(usize),
    Pass(Millis),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    prop_oneof![
        (1i64..=10, proptest::option::of(1i64..3), 0i64..3).prop_map(|(priority, batch_size, retries)| H::Accept {
            priority,
            batch_size,
            retries
        }),
        (0usize..3).prop_map(H::Disconnect),
        (0usize..3, any::<bool>()).prop_map(|(node, remembers)| H::Return(node, remembers)),
        (0usize..3).prop_map(H::Succeed),
        (0usize..3, 0usize..FailureReason::ALL.len()).prop_map(|(node, reason)| H::Fail(node, reason)),
        (0usize..3).prop_map(H::Progress),
        (0usize..8).prop_map(H::Cancel),
        prop_oneof![Just(500i64), Just(40_000), Just(GRACE_MS + 1)].prop_map(H::Pass),
    ]
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
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            h: Harness::new(CLUSTER),
            agents: NODES.iter().map(|_| Agent::default()).collect(),
            tasks: 0,
        };
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
            Happening::Accept {
                priority,
                batch_size,
                retries,
            } => {
                let request = TaskRequest {
                    priority: Some(priority),
                    batch_size,
                    max_retries: Some(retries),
                    retry_delay_seconds: Some(1),
                    ..request(&["a:1", "b:1"])
                };
                self.h.accept(&format!("t{}", self.tasks), &NODES, request);
                self.tasks += 1;
            }
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
            Happening::Pass(ms) => self.h.pass(ms),
            Happening::Disconnect(_) | Happening::Return(..) | Happening::Progress(_) | Happening::Cancel(_) => {}
        }
        self.receive();
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
        let running = |pull: &&Pull| pull.state.is_running();
        prop_assert!(work.pulls.values().filter(running).count() as u32 <= CLUSTER);
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
            let pulls: Vec<&Pull> = work.pulls.values().filter(|pull| pull.task == open.task.id).collect();
            let busy: HashSet<&NodeName> = pulls
                .iter()
                .filter(|pull| pull.state.is_running())
                .map(|pull| &pull.node)
                .collect();
            prop_assert!(open.task.spec.batch_size.is_none_or(|size| busy.len() <= size as usize));
            prop_assert_eq!(open.task.counts.open() as usize, pulls.len());
            prop_assert_eq!(open.task.counts.total() as usize, NODES.len() * 2);
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
        }
        world.heal();
        prop_assert!(world.h.tasks_are_open(0), "{:?}", world.h.core.work);
        for n in 0..world.tasks {
            let state = world.h.task(&format!("t{n}")).state;
            prop_assert!(!state.is_open());
        }
    }
}
