//! A core with agents on the other end of channels, and a clock that tests move.

use super::*;
use crate::{
    domain::{
        caller::TenantId,
        counts::ByteCounts,
        image::{ImageDigests, Platform, ResolvedImage},
        node::{Node, NodeCondition},
        outcome::{Failure, Success, SuccessReason},
        progress::PullPhase,
        task::Task,
    },
    engine::{fixtures, logins::LoginBook},
    fleet::messages::{Hello, Order, ProgressReport, StartPull},
};
use futures::channel::mpsc;
use std::collections::HashMap;
use tokio::sync::oneshot;

pub const GRACE_MS: Millis = 30_000;
pub const LOST_MS: Millis = 900_000;
/// 2024-10-04 00:16:40 UTC.
const BEGIN: Millis = 20_000 * 86_400_000 + 1_000_000;

pub struct Harness {
    pub core: Core,
    pub shared: Arc<Shared>,
    pub now: Millis,
    /// Zone of nodes that are in one.
    pub zones: HashMap<String, String>,
    /// Answer every question to the registry with "cannot say".
    pub resolve_at_once: bool,
    agents: HashMap<NodeName, (SessionId, mpsc::Receiver<Box<Order>>)>,
    received: HashMap<NodeName, Vec<Order>>,
    /// Newest record of every task, as the store would have it.
    tasks: HashMap<String, Task>,
    /// Newest record of every pull that changed, as the store would have it.
    pulls: HashMap<PullId, Pull>,
    late: usize,
    flush_at: Millis,
    /// Far enough apart that nothing is held back; 0 tells ends only, which is quicker.
    pub flush_step: Millis,
}

pub fn name(text: &str) -> NodeName {
    NodeName::parse(text).unwrap()
}

pub fn digest(fill: char) -> String {
    format!("sha256:{}", fill.to_string().repeat(64))
}

pub fn success(attempt: u32) -> Outcome {
    let result = Ok(Success {
        reason: SuccessReason::Pulled,
        note: String::new(),
        digest_verified: true,
    });
    outcome(attempt, result)
}

pub fn failure(attempt: u32, reason: FailureReason) -> Outcome {
    outcome(
        attempt,
        Err(Failure {
            reason,
            message: format!("it was {reason}"),
        }),
    )
}

fn outcome(attempt: u32, result: Result<Success, Failure>) -> Outcome {
    let bytes = ByteCounts {
        total: 100,
        fetched: 100,
        unpacked: 100,
        ..ByteCounts::default()
    };
    let digests = ImageDigests {
        target: digest('a'),
        manifest: digest('b'),
        config: digest('c'),
    };
    Outcome {
        attempt,
        result,
        digests,
        bytes,
        finished_at: 0,
        phases: Default::default(),
    }
}

impl Harness {
    pub fn new(cluster_pulls: u32) -> Self {
        Self::with_limits(Limits {
            cluster_pulls,
            ..Limits::default()
        })
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self::over(limits, Shared::default())
    }

    pub fn with_logins(cluster_pulls: u32, logins: LoginBook) -> Self {
        let limits = Limits {
            cluster_pulls,
            ..Limits::default()
        };
        Self::over(limits, Shared::default().with_logins(Arc::new(logins)))
    }

    fn over(limits: Limits, shared: Shared) -> Self {
        let settings = EngineSettings {
            limits,
            session_grace_ms: GRACE_MS,
            node_lost_after_ms: LOST_MS,
        };
        let shared = Arc::new(shared);
        let metrics = Arc::new(Metrics::new().unwrap());
        let core = Core::new(settings, "store".into(), 1, Arc::clone(&shared), metrics);
        Self {
            core,
            shared,
            now: BEGIN,
            zones: HashMap::new(),
            resolve_at_once: true,
            agents: HashMap::new(),
            received: HashMap::new(),
            tasks: HashMap::new(),
            pulls: HashMap::new(),
            late: 0,
            flush_at: BEGIN,
            flush_step: 1_000,
        }
    }

    pub fn handle(&mut self, command: Command) {
        self.core.handle(self.now, command);
        self.core.advance(self.now);
        self.settle();
    }

    pub fn pass(&mut self, ms: Millis) {
        self.now += ms;
        self.core.advance(self.now);
        self.settle();
    }

    /// Does what the loop does after a step, until nothing is left.
    pub fn settle(&mut self) {
        loop {
            for pull in self.core.take_changes().pulls_written() {
                self.pulls.insert(pull.id.clone(), pull.clone());
            }
            self.flush_at += self.flush_step;
            for task in self.core.take_delta(self.flush_at).tasks {
                self.tasks.insert(task.task.id.to_string(), task.task.clone());
            }
            self.now += 1;
            let effects = self.core.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.carry_out(effect);
            }
            self.core.advance(self.now);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Order(node, order) => drop(self.shared.send(&node, order)),
            Effect::ReplyTask(reply, answer) => drop(reply.send(*answer)),
            Effect::ReplySession(reply, answer) => drop(reply.send(answer)),
            Effect::Resolve { task, image_index, .. } if self.resolve_at_once => {
                let result = Err("registry not asked".to_owned());
                self.core.handle(
                    self.now,
                    Command::Resolved {
                        task,
                        image_index,
                        result,
                    },
                );
            }
            Effect::Resolve { .. } | Effect::ReadSecrets(_) => {}
            Effect::LateOutcome(..) => self.late += 1,
            Effect::LateChange(id, _, reply) => {
                drop(reply.send(Err(EngineError::NotFound {
                    kind: "task",
                    id: id.to_string(),
                })));
            }
            Effect::Retry(id, reply) => drop(reply.send(self.retry_from_store(&id))),
            Effect::ReplyLimits(reply) => drop(reply.send(self.shared.limits())),
            Effect::Delete(_, reply) => drop(reply.send(Ok(false))),
        }
    }

    pub fn hello(
        &mut self,
        node: &str,
        uid: &str,
        in_flight: Vec<(PullId, u32)>,
        unacknowledged: Vec<(PullId, Outcome)>,
    ) -> Result<SessionGrant, Refusal> {
        self.hello_with_slots(node, uid, 2, in_flight, unacknowledged)
    }

    fn hello_with_slots(
        &mut self,
        node: &str,
        uid: &str,
        slots: u32,
        in_flight: Vec<(PullId, u32)>,
        unacknowledged: Vec<(PullId, Outcome)>,
    ) -> Result<SessionGrant, Refusal> {
        let (orders, inbox) = mpsc::channel(100);
        let (reply, mut answer) = oneshot::channel();
        let condition = NodeCondition {
            runtime_ready: true,
            ..NodeCondition::default()
        };
        let zone = self
            .zones
            .get(node)
            .map(|zone| ("topology.kubernetes.io/zone".into(), zone.as_str().into()));
        let node_record = Node {
            name: name(node),
            uid: uid.into(),
            runtime_uuid: "r".into(),
            labels: zone.into_iter().collect(),
            platform: Platform {
                os: "linux".into(),
                architecture: "amd64".into(),
                variant: String::new(),
            },
            agent_version: "0.1.0".into(),
            runtime_name: "containerd".into(),
            runtime_version: "2.1".into(),
            max_concurrent_pulls: slots,
            first_seen_at: 0,
            last_seen_at: 0,
        };
        let hello = Hello {
            node: node_record,
            condition,
            in_flight,
            unacknowledged,
            inventory_hash: String::new(),
            abilities: Default::default(),
        };
        self.handle(Command::OpenSession {
            hello: Box::new(hello),
            orders,
            reply,
        });
        let grant = answer.try_recv().unwrap()?;
        self.agents.insert(name(node), (grant.session, inbox));
        Ok(grant)
    }

    pub fn connect(&mut self, node: &str, slots: u32) {
        self.hello_with_slots(node, "uid", slots, vec![], vec![]).unwrap();
    }

    pub fn reconnect(&mut self, node: &str, in_flight: Vec<(PullId, u32)>, unacknowledged: Vec<(PullId, Outcome)>) {
        self.received.remove(&name(node));
        self.hello(node, "uid", in_flight, unacknowledged).unwrap();
    }

    pub fn disconnect(&mut self, node: &str) {
        let (session, _inbox) = self.agents.remove(&name(node)).unwrap();
        self.handle(Command::CloseSession {
            node: name(node),
            session,
        });
    }

    pub fn accept(&mut self, id: &str, nodes: &[&str], request: TaskRequest) {
        self.accept_with_canary(id, nodes, &[], request);
    }

    pub fn accept_with_canary(&mut self, id: &str, nodes: &[&str], canary: &[&str], request: TaskRequest) {
        let (mut task, pulls) = fixtures::task_from(id, nodes, request);
        task.created_at = self.now;
        task.spec.rules.canary_nodes = canary.iter().map(|node| name(node)).collect();
        self.pulls
            .extend(pulls.iter().map(|pull| (pull.id.clone(), pull.clone())));
        self.handle(Command::Accepted {
            task: Box::new(task),
            pulls,
        });
    }

    pub fn accept_of(&mut self, tenant: &str, id: &str, nodes: &[&str], request: TaskRequest) {
        let (mut task, pulls) = fixtures::task_from(id, nodes, request);
        task.created_at = self.now;
        task.tenant = TenantId::from_stored(tenant);
        self.pulls
            .extend(pulls.iter().map(|pull| (pull.id.clone(), pull.clone())));
        self.handle(Command::Accepted {
            task: Box::new(task),
            pulls,
        });
    }

    pub fn resolved(&mut self, task: &str, image_index: u32, target: &str, config: &str) {
        let digests = ImageDigests {
            target: target.into(),
            manifest: "m".into(),
            config: config.into(),
        };
        let platform = Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        };
        let result = Ok(vec![ResolvedImage {
            platform,
            digests,
            size_bytes: 100,
        }]);
        self.handle(Command::Resolved {
            task: TaskId::parse(task).unwrap(),
            image_index,
            result,
        });
    }

    pub fn report(&mut self, node: &str, pull: &PullId, outcome: Outcome) {
        let session = self.agents[&name(node)].0;
        self.handle(Command::Report {
            node: name(node),
            session,
            report: Report::Outcome(pull.clone(), outcome),
        });
    }

    pub fn progress(&mut self, node: &str, pull: &PullId, attempt: u32, fetched: u64) {
        let session = self.agents[&name(node)].0;
        let bytes = ByteCounts {
            total: 100,
            fetched,
            ..ByteCounts::default()
        };
        let report = ProgressReport {
            pull: pull.clone(),
            attempt,
            phase: PullPhase::Fetching,
            bytes,
            layers: vec![],
            note: String::new(),
        };
        self.handle(Command::Report {
            node: name(node),
            session,
            report: Report::Progress(vec![report]),
        });
    }

    pub fn cancel(&mut self, id: &str) -> Result<TaskView, EngineError> {
        self.change(id, TaskChange::Cancel)
    }

    pub fn change(&mut self, id: &str, change: TaskChange) -> Result<TaskView, EngineError> {
        let (reply, mut answer) = oneshot::channel();
        let task = TaskId::parse(id).unwrap();
        self.handle(Command::Change { task, change, reply });
        answer.try_recv().unwrap()
    }

    pub fn retry(&mut self, id: &str) -> Result<TaskView, EngineError> {
        let (reply, mut answer) = oneshot::channel();
        let task = TaskId::parse(id).unwrap();
        self.handle(Command::Retry { task, reply });
        answer.try_recv().unwrap()
    }

    /// What the loop does with the store.
    fn retry_from_store(&mut self, id: &TaskId) -> Result<TaskView, EngineError> {
        let task = self.tasks[id.as_str()].clone();
        let of_task: Vec<Pull> = self.pulls.values().filter(|pull| pull.task == *id).cloned().collect();
        let wanted = |pull: &&Pull| {
            pull.state == PullState::Failed || (pull.state == PullState::Cancelled && task.state == TaskState::Failed)
        };
        let pulls: Vec<Pull> = of_task.iter().filter(wanted).cloned().collect();
        self.core.retry(self.now, task, OpenTask::tally(&of_task), pulls)
    }

    pub fn set_limits(&mut self, limits: Limits) {
        let (reply, mut answer) = oneshot::channel();
        self.handle(Command::SetLimits {
            limits: Box::new(limits.clone()),
            reply,
        });
        assert_eq!(answer.try_recv().unwrap().limits, limits);
    }

    pub fn pull(&self, id: &PullId) -> &Pull {
        &self.pulls[id]
    }

    pub fn waiting_for(&self, id: &str) -> String {
        self.shared.live().waiting(&TaskId::parse(id).unwrap()).to_owned()
    }

    fn inbox(&mut self, node: &str) -> &mut Vec<Order> {
        let received = self.received.entry(name(node)).or_default();
        if let Some((_, inbox)) = self.agents.get_mut(&name(node)) {
            received.extend(std::iter::from_fn(|| inbox.try_recv().ok().map(|order| *order)));
        }
        received
    }

    fn take<T>(&mut self, node: &str, pick: impl Fn(&Order) -> Option<T>) -> Vec<T> {
        let inbox = self.inbox(node);
        let picked = inbox.iter().filter_map(&pick).collect();
        inbox.retain(|order| pick(order).is_none());
        picked
    }

    pub fn starts(&mut self, node: &str) -> Vec<StartPull> {
        self.take(node, |order| {
            if let Order::StartPull(start) = order {
                Some(start.clone())
            } else {
                None
            }
        })
    }

    pub fn cancels(&mut self, node: &str) -> Vec<(PullId, u32)> {
        self.take(node, |order| {
            if let Order::CancelPull { pull, attempt, .. } = order {
                Some((pull.clone(), *attempt))
            } else {
                None
            }
        })
    }

    pub fn acknowledged(&mut self, node: &str) -> usize {
        self.take(node, |order| {
            if let Order::Acknowledge(list) = order {
                Some(list.len())
            } else {
                None
            }
        })
        .iter()
        .sum()
    }

    pub fn refusals(&mut self, node: &str) -> Vec<String> {
        self.take(node, |order| {
            if let Order::Refuse { reason, .. } = order {
                Some(reason.clone())
            } else {
                None
            }
        })
    }

    pub fn task(&self, id: &str) -> &Task {
        &self.tasks[id]
    }

    /// The record of a task that the core has let go of.
    pub fn ended(&self, id: &str) -> &Task {
        assert!(
            !self.core.work.tasks.contains_key(&TaskId::parse(id).unwrap()),
            "the task is still open"
        );
        self.task(id)
    }

    pub fn tasks_are_open(&self, count: usize) -> bool {
        self.core.work.tasks.len() == count
    }

    pub fn pull_states(&self) -> Vec<PullState> {
        self.core.work.pulls.values().map(|pull| pull.state).collect()
    }

    pub fn late_outcomes(&self) -> usize {
        self.late
    }
}
