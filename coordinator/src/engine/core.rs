//! The engine's state and the one way in which it changes. `Core` does no I/O: commands and time go in; changes for the store and
//! effects for the world are collected and carried out by the loop, in that order.

mod change;
mod cluster;
mod command;
mod dispatch;
mod figures;
mod inventories;
mod limits;
mod outcomes;
mod pins;
mod quotas;
mod requeue;
mod resolving;
mod rules;
mod sessions;
mod shared;
mod stop;
mod traces;
mod transitions;
mod waiting;

use super::{
    error::EngineError,
    hosts::Hosts,
    publish::Publisher,
    slots::Slots,
    views::TaskView,
    work::{OpenTask, OpenWork},
};
use crate::{
    domain::{
        Millis,
        event::{Event, EventKind},
        ids::{NodeName, PullId, TaskId},
        limits::Limits,
        pull::Pull,
        pull_secret::PullSecrets,
        retry::MAX_DELAY_SECONDS,
        task_state::TaskState,
    },
    fleet::{SessionId, messages::Report},
    metrics::Metrics,
    store::Changes,
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

pub use command::{Command, Effect, TaskChange, TaskReply};
pub use outcomes::Stored;
pub use sessions::{Refusal, SessionGrant};
pub use shared::Shared;

/// Time between two looks at sessions, deadlines and gauges.
const LOOK_MS: Millis = 100;
/// Time between two samples of the queue, the slots and the nodes.
const SAMPLE_MS: Millis = 1000;
/// Longest wait between two attempts.
const LONGEST_WAIT_MS: Millis = MAX_DELAY_SECONDS as Millis * 1000;

/// Behaviour that the operator sets.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Limits until the operator sets others over the API.
    pub limits: Limits,
    /// How long a session may be gone before its pulls are queued again.
    pub session_grace_ms: Millis,
    /// How long a session may be gone before its pulls are skipped.
    pub node_lost_after_ms: Millis,
}

/// The engine's state.
#[derive(Debug)]
pub struct Core {
    settings: EngineSettings,
    limits: Limits,
    store_uuid: Arc<str>,
    epoch: u64,
    shared: Arc<Shared>,
    metrics: Arc<Metrics>,
    work: OpenWork,
    slots: Slots,
    hosts: Hosts,
    /// Nodes whose grace time has passed and whose pulls were queued again.
    expired: HashSet<NodeName>,
    /// Whose inventory is not known.
    inventories: inventories::Inventories,
    /// Reports that were refused, to log each once.
    refused: HashSet<(NodeName, PullId)>,
    /// Nodes that are lost, so that each loss is told once.
    lost: HashSet<NodeName>,
    /// Tasks that ended in this step, and how that is told.
    ended: HashMap<TaskId, EventKind>,
    changes: Changes,
    /// Open tasks whose record changed in this step, and the state in which the store has them.
    changed_tasks: HashMap<TaskId, TaskState>,
    effects: Vec<Effect>,
    publisher: Publisher,
    /// Something happened that may let a pull start.
    plan_due: bool,
    /// When something comes due by time alone: a retry, a window, a host that was left alone.
    alarms: BinaryHeap<Reverse<Millis>>,
    /// Pull secrets that are being read; pulls that need them wait.
    reading_secrets: HashSet<PullSecrets>,
    /// Bytes that each tenant fetched on the present day.
    fetched: quotas::Fetched,
    /// Starts since one was given to a starving task.
    starts_since_favour: u32,
    /// When sessions, deadlines and gauges were looked at last.
    looked_at: Millis,
    /// When the figures that need a look at everything were taken last.
    sampled_at: Millis,
    /// When the core was last told the time.
    advanced_at: Millis,
}

impl Core {
    /// An engine with nothing open yet.
    pub fn new(
        settings: EngineSettings,
        store_uuid: Arc<str>,
        epoch: u64,
        shared: Arc<Shared>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut slots = Slots::default();
        slots.touch_all(&shared.fleet());
        Self {
            limits: settings.limits.clone(),
            settings,
            store_uuid,
            epoch,
            shared,
            metrics,
            work: OpenWork::default(),
            slots,
            hosts: Hosts::default(),
            expired: HashSet::new(),
            inventories: inventories::Inventories::default(),
            refused: HashSet::new(),
            lost: HashSet::new(),
            ended: HashMap::new(),
            changes: Changes::default(),
            changed_tasks: HashMap::new(),
            effects: Vec::new(),
            publisher: Publisher::default(),
            plan_due: true,
            alarms: BinaryHeap::new(),
            reading_secrets: HashSet::new(),
            fetched: quotas::Fetched::default(),
            starts_since_favour: 0,
            looked_at: 0,
            sampled_at: 0,
            advanced_at: 0,
        }
    }

    /// Takes up a task that was accepted now or before a restart.
    pub fn take_up(&mut self, now: Millis, mut task: OpenTask, pulls: Vec<Pull>) {
        let id = task.task.id.clone();
        // No wait is longer than this, whatever the clock did while nobody ran.
        task.start_by(now + LONGEST_WAIT_MS);
        for pull in pulls.iter().filter(|pull| pull.state.is_running()) {
            self.occupy(now, task.hosts.get(pull.image_index as usize), pull, false);
        }
        self.alarms.extend(
            task.queue
                .values()
                .flatten()
                .filter(|pull| pull.not_before > 0)
                .map(|pull| Reverse(pull.not_before)),
        );
        self.publisher.task_changed(&id, true);
        let pulls: Vec<Arc<Pull>> = pulls.into_iter().map(Arc::new).collect();
        pulls.iter().for_each(|pull| self.publisher.pull_moved(pull));
        self.work.insert(task, pulls);
        self.ask_registry(&id);
        self.end_if_done(&id, now);
        self.plan_due = true;
    }

    /// Handles one command.
    pub fn handle(&mut self, now: Millis, command: Command) {
        match command {
            Command::Accepted { task, pulls } => {
                self.metrics.task_state(task.state);
                let tallies = OpenTask::tally(&pulls);
                self.pin_for(&task, &pulls);
                self.take_up(now, OpenTask::new(*task, &pulls, tallies), pulls);
            }
            Command::Change { task, change, reply } => self.change(now, task, change, reply),
            Command::Retry { task, reply } => self.effects.push(Effect::Retry(task, reply)),
            Command::Delete { task, reply } => self.effects.push(Effect::Delete(task, reply)),
            Command::SetLimits { limits, reply } => self.change_limits(now, *limits, reply),
            Command::TenantsChanged => self.plan_due = true,
            Command::Resolved {
                task,
                image_index,
                result,
            } => self.resolved(&task, image_index, result),
            Command::SecretsRead(secrets) => self.secrets_read(&secrets),
            Command::OpenSession { hello, orders, reply } => self.open_session(now, *hello, orders, reply),
            Command::Report { node, session, report } => self.report(now, &node, session, report),
            Command::CloseSession { node, session } => self.close_session(now, &node, session),
            Command::Cluster(news) => self.cluster(now, news),
            Command::SetPins { owner, places } => self.set_pins(owner, places),
            Command::SetPolicyPins { policy, places } => self.set_policy_pins(policy, &places),
            Command::PoliciesHaveSpoken => self.policies_have_spoken(),
        }
    }

    /// Does what is due by time, then hands out what may start.
    pub fn advance(&mut self, now: Millis) {
        self.advanced_at = now;
        if now - self.looked_at >= LOOK_MS {
            self.looked_at = now;
            self.expire_sessions(now);
            self.pass_deadlines(now);
            self.set_gauges(now);
        }
        self.dispatch(now);
        self.ask_inventories(now);
    }

    /// The clock jumped by so much: what waits goes on waiting as long as it would have, and nobody is taken for gone.
    pub fn clock_jumped(&mut self, by: Millis) {
        tracing::warn!(by_ms = by, "the clock jumped");
        self.hosts.clock_jumped(by);
        self.shared.fleet_mut().clock_jumped(by);
        self.looked_at += by;
        self.sampled_at += by;
        self.work.tasks.values_mut().for_each(|open| open.clock_jumped(by));
        for pull in self.work.pulls.values_mut().filter(|pull| pull.not_before > 0) {
            Arc::make_mut(pull).not_before += by;
        }
        self.alarms = self.alarms.drain().map(|Reverse(at)| Reverse(at + by)).collect();
        self.plan_due = true;
    }

    /// Changes of this step, to be written before [`Core::take_effects`].
    pub fn take_changes(&mut self) -> Changes {
        for (id, from) in self.changed_tasks.drain() {
            if let Some(open) = self.work.tasks.get(&id) {
                self.changes.task(from, &open.task);
            }
        }
        for (id, kind) in std::mem::take(&mut self.ended) {
            // The end of a task is a change of its record.
            if let Some(task) = self.changes.task_written(&id).cloned() {
                let event_id = uuid::Uuid::new_v4().simple().to_string();
                self.changes.event(Event::task(event_id, kind, task.finished_at, task));
            }
        }
        std::mem::take(&mut self.changes)
    }

    /// Whether a question to the store would miss something that is not written yet.
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty() || !self.changed_tasks.is_empty() || !self.ended.is_empty()
    }

    /// What is to be done once the changes are durable.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Answers a caller after the changes so far are durable.
    pub fn reply_when_durable(&mut self, reply: TaskReply, answer: Result<TaskView, EngineError>) {
        self.effects.push(Effect::ReplyTask(reply, Box::new(answer)));
    }

    /// What watchers are to be told now.
    pub fn take_delta(&mut self, now: Millis) -> super::board::Delta {
        if self.publisher.is_due(now) {
            self.tell_why_tasks_wait(self.advanced_at);
        }
        self.publisher.flush(now, &self.work, &self.shared)
    }

    fn set_gauges(&mut self, now: Millis) {
        let tasks = || self.work.tasks.values().map(|open| &open.task);
        self.metrics
            .set_active_tasks(tasks().filter(|task| task.state.is_open()).count());
        self.metrics
            .set_queue_depth(tasks().map(|task| task.counts.queued as usize).sum());
        self.metrics.set_running_pulls(self.work.running() as usize);
        let fleet = self.shared.fleet();
        self.metrics
            .set_sessions(fleet.entries().filter(|entry| entry.session.is_some()).count());
        let hosts = self.hosts.states(now, &self.limits);
        if now - self.sampled_at >= SAMPLE_MS {
            self.sampled_at = now;
            self.metrics.sample(self.figures(now, &fleet, &hosts));
        }
        self.shared.set_hosts(hosts);
    }

    fn report(&mut self, now: Millis, node: &NodeName, session: SessionId, report: Report) {
        if !self.shared.fleet().is_live(node, session) {
            return;
        }
        match report {
            Report::Heartbeat(heartbeat) => self.heartbeat(now, node, heartbeat),
            Report::Progress(reports) => reports.into_iter().for_each(|report| self.progress(now, node, report)),
            Report::Outcome(pull, outcome) => self.outcome(now, node, &pull, outcome),
            Report::Inventory(report) => self.inventory(node, report),
            Report::Pins(report) => self.pins_reported(node, report),
            Report::Removed { order, result, message } => {
                self.shared.removals().answered(node, &order, result, message)
            }
        }
    }
}

#[cfg(test)]
mod tests;
