//! The engine's state and the one way in which it changes. `Core` does no I/O: commands and time go in; changes for the store and
//! effects for the world are collected and carried out by the loop, in that order.

mod cancel;
mod dispatch;
mod outcomes;
mod sessions;
mod transitions;

use super::{
    error::EngineError,
    live::Live,
    logins::LoginBook,
    publish::Publisher,
    views::TaskView,
    work::{OpenTask, OpenWork},
};
use crate::{
    domain::{
        Millis,
        credential::{Login, Logins as _, TaskCredential},
        ids::{NodeName, PullId, TaskId},
        image::{ImageRef, Platform, ResolvedImage},
        limits::Limits,
        outcome::Outcome,
        pull::Pull,
        task::Task,
    },
    fleet::{
        Fleet, SessionId,
        messages::{Hello, Order, Report},
    },
    metrics::Metrics,
    store::Changes,
};
use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};
use tokio::sync::{mpsc, oneshot};

pub use sessions::{Refusal, SessionGrant};

/// Behaviour that the operator sets.
#[derive(Debug, Clone, Copy)]
pub struct EngineSettings {
    /// Limits.
    pub limits: Limits,
    /// How long a session may be gone before its pulls are queued again.
    pub session_grace_ms: Millis,
    /// How long a session may be gone before its pulls are skipped.
    pub node_lost_after_ms: Millis,
}

/// What edges read while the engine works.
#[derive(Debug, Default)]
pub struct Shared {
    fleet: RwLock<Fleet>,
    live: RwLock<Live>,
    logins: Option<Arc<LoginBook>>,
}

impl Shared {
    /// Shared state with the nodes that the store knows.
    pub fn new(fleet: Fleet) -> Self {
        Self {
            fleet: RwLock::new(fleet),
            live: RwLock::default(),
            logins: None,
        }
    }

    /// The same with logins for registries.
    pub fn with_logins(self, logins: Arc<LoginBook>) -> Self {
        Self {
            logins: Some(logins),
            ..self
        }
    }

    /// The login for an image of a task; `None` means anonymous.
    pub(super) fn login(&self, credentials: &[TaskCredential], image: &ImageRef) -> Result<Option<Login>, String> {
        let Some(logins) = &self.logins else { return Ok(None) };
        let parts = image.parts();
        logins.of_task(credentials).login(&parts.registry, &parts.repository)
    }

    /// The fleet, to read.
    pub fn fleet(&self) -> RwLockReadGuard<'_, Fleet> {
        self.fleet.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The live figures, to read.
    pub fn live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an order to a node; says whether its session took it.
    pub(super) fn send(&self, node: &NodeName, order: Order) -> bool {
        self.fleet_mut().get_mut(node).is_some_and(|entry| entry.send(order))
    }

    fn fleet_mut(&self) -> RwLockWriteGuard<'_, Fleet> {
        self.fleet.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn live_mut(&self) -> RwLockWriteGuard<'_, Live> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answer to a caller who asked for a task to be cancelled.
pub type TaskReply = oneshot::Sender<Result<TaskView, EngineError>>;

/// Anything that can happen to the engine.
#[derive(Debug)]
pub enum Command {
    /// A task was saved.
    Accepted {
        /// Task.
        task: Box<Task>,
        /// Its pulls, all queued.
        pulls: Vec<Pull>,
    },
    /// Somebody cancels a task.
    Cancel {
        /// Which.
        task: TaskId,
        /// Whom to answer.
        reply: TaskReply,
    },
    /// The registry answered, or did not.
    Resolved {
        /// Task.
        task: TaskId,
        /// Position of the image.
        image_index: u32,
        /// What it found, or why it could not.
        result: Result<Vec<ResolvedImage>, String>,
    },
    /// An agent says hello.
    OpenSession {
        /// What it says.
        hello: Box<Hello>,
        /// Way to it.
        orders: mpsc::Sender<Order>,
        /// Whom to answer.
        reply: oneshot::Sender<Result<SessionGrant, Refusal>>,
    },
    /// An agent reports.
    Report {
        /// Node of its session.
        node: NodeName,
        /// Its session.
        session: SessionId,
        /// What it says.
        report: Report,
    },
    /// A stream ended.
    CloseSession {
        /// Node of the session.
        node: NodeName,
        /// Session.
        session: SessionId,
    },
}

/// What is to be done after the changes of a step are durable.
#[derive(Debug)]
pub enum Effect {
    /// Tell an agent.
    Order(NodeName, Order),
    /// Answer a caller.
    ReplyTask(TaskReply, Box<Result<TaskView, EngineError>>),
    /// Answer an agent's hello.
    ReplySession(
        oneshot::Sender<Result<SessionGrant, Refusal>>,
        Result<SessionGrant, Refusal>,
    ),
    /// Ask the registry about an image.
    Resolve {
        /// Task.
        task: TaskId,
        /// Position of the image.
        image_index: u32,
        /// Image.
        image: ImageRef,
        /// Platforms of the targets.
        platforms: Vec<Platform>,
        /// Credentials that the task names.
        credentials: Vec<TaskCredential>,
    },
    /// An outcome for a pull that is not open: only the store knows what to say.
    LateOutcome(NodeName, PullId, Box<Outcome>),
    /// A cancel for a task that is not open: only the store knows what to say.
    LateCancel(TaskId, TaskReply),
}

/// The engine's state.
#[derive(Debug)]
pub struct Core {
    settings: EngineSettings,
    store_uuid: Arc<str>,
    epoch: u64,
    shared: Arc<Shared>,
    metrics: Arc<Metrics>,
    work: OpenWork,
    /// Nodes whose grace time has passed and whose pulls were queued again.
    expired: HashSet<NodeName>,
    /// Reports that were refused, to log each once.
    refused: HashSet<(NodeName, PullId)>,
    changes: Changes,
    effects: Vec<Effect>,
    publisher: Publisher,
    /// Something happened that may let a pull start.
    plan_due: bool,
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
        Self {
            settings,
            store_uuid,
            epoch,
            shared,
            metrics,
            work: OpenWork::default(),
            expired: HashSet::new(),
            refused: HashSet::new(),
            changes: Changes::default(),
            effects: Vec::new(),
            publisher: Publisher::default(),
            plan_due: true,
        }
    }

    /// Takes up a task that was accepted now or before a restart.
    pub fn take_up(&mut self, task: OpenTask, pulls: Vec<Pull>) {
        let id = task.task.id.clone();
        for pull in pulls.iter().filter(|pull| pull.state.is_running()) {
            if let Some(entry) = self.shared.fleet_mut().get_mut(&pull.node) {
                entry.running_pulls += 1;
            }
        }
        self.publisher.task(&task.task, true);
        self.publisher.pulls(&pulls);
        self.work.insert(task, pulls);
        self.ask_registry(&id);
        self.end_if_done(&id, 0);
        self.plan_due = true;
    }

    /// Handles one command.
    pub fn handle(&mut self, now: Millis, command: Command) {
        match command {
            Command::Accepted { task, pulls } => {
                self.metrics.task_state(task.state);
                let tallies = OpenTask::tally(&pulls);
                self.take_up(OpenTask::new(*task, &pulls, tallies), pulls);
            }
            Command::Cancel { task, reply } => self.cancel(now, task, reply),
            Command::Resolved {
                task,
                image_index,
                result,
            } => self.resolved(&task, image_index, result),
            Command::OpenSession { hello, orders, reply } => self.open_session(now, *hello, orders, reply),
            Command::Report { node, session, report } => self.report(now, &node, session, report),
            Command::CloseSession { node, session } => self.close_session(now, &node, session),
        }
    }

    /// Does what is due by time, then hands out what may start.
    pub fn advance(&mut self, now: Millis) {
        self.expire_sessions(now);
        self.dispatch(now);
    }

    /// Changes of this step, to be written before [`Core::take_effects`].
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// What is to be done once the changes are durable.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What watchers are to be told now.
    pub fn take_delta(&mut self, now: Millis) -> super::board::Delta {
        self.set_gauges();
        self.publisher.flush(now, &self.work, &self.shared)
    }

    fn set_gauges(&self) {
        let counts = || self.work.tasks.values().map(|open| &open.task);
        self.metrics
            .set_active_tasks(counts().filter(|task| task.state.is_open()).count());
        self.metrics
            .set_queue_depth(counts().map(|task| task.counts.queued as usize).sum());
        self.metrics.set_running_pulls(self.work.running() as usize);
        self.metrics.set_sessions(
            self.shared
                .fleet()
                .entries()
                .filter(|entry| entry.session.is_some())
                .count(),
        );
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
        }
    }

    fn ask_registry(&mut self, id: &TaskId) {
        let Some(open) = self.work.tasks.get_mut(id) else {
            return;
        };
        if !open.task.state.is_open() {
            return;
        }
        let fleet = self.shared.fleet();
        let targets = open.tallies.keys().filter_map(|node| fleet.get(node));
        let platforms: HashSet<Platform> = targets.map(|entry| entry.node.platform.clone()).collect();
        for (index, image) in open.task.spec.images.iter().enumerate() {
            let known = open
                .task
                .images
                .get(index)
                .is_some_and(|known| !known.resolved.is_empty() || !known.error.is_empty());
            let image_index = index as u32;
            if !known && open.resolving.insert(image_index) {
                self.effects.push(Effect::Resolve {
                    task: id.clone(),
                    image_index,
                    image: image.clone(),
                    platforms: platforms.iter().cloned().collect(),
                    credentials: open.task.spec.credentials.clone(),
                });
            }
        }
    }

    fn resolved(&mut self, id: &TaskId, image_index: u32, result: Result<Vec<ResolvedImage>, String>) {
        let Some(open) = self.work.tasks.get_mut(id) else {
            return;
        };
        open.resolving.remove(&image_index);
        self.plan_due = true;
        let Some(image) = open.task.images.get_mut(image_index as usize) else {
            return;
        };
        match result {
            Ok(resolved) => image.resolved = resolved,
            Err(error) => image.error = error,
        }
        self.changes.task(open.task.state, &open.task);
        self.publisher.task(&open.task, false);
    }
}

#[cfg(test)]
mod tests;
