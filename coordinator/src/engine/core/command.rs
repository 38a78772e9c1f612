//! What can happen to the engine, and what it wants done: the words between the core and the loop around it.

use super::{Refusal, SessionGrant};
use crate::{
    domain::{
        caller::TenantId,
        cluster::ClusterNews,
        credential::TaskCredential,
        ids::{NodeName, PolicyId, PullId, TaskId},
        image::{ImageRef, Platform, ResolvedImage},
        limits::Limits,
        outcome::Outcome,
        pin::PinOwner,
        pull::Pull,
        pull_secret::PullSecrets,
        task::Task,
    },
    engine::{
        EngineError,
        pins::PinnedPlace,
        views::{LimitsView, TaskView},
    },
    fleet::{
        SessionId,
        messages::{Hello, Order, Report},
    },
};
use futures::channel::mpsc;
use tokio::sync::oneshot;

/// What a person or program can do to a task that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskChange {
    /// Hold its pulls back; what runs goes on.
    Pause,
    /// Let it go on.
    Resume,
    /// End it.
    Cancel,
}

/// Answer to a caller who asked for a task to be changed.
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
    /// Somebody changes a task.
    Change {
        /// Which.
        task: TaskId,
        /// How.
        change: TaskChange,
        /// Whom to answer.
        reply: TaskReply,
    },
    /// Somebody has the failed pulls of a task tried again.
    Retry {
        /// Which.
        task: TaskId,
        /// Whom to answer.
        reply: TaskReply,
    },
    /// Somebody removes the record of a task that has ended.
    Delete {
        /// Which.
        task: TaskId,
        /// Whom to answer: whether it could be removed.
        reply: oneshot::Sender<Result<bool, EngineError>>,
    },
    /// The operator sets the limits.
    SetLimits {
        /// Checked.
        limits: Box<Limits>,
        /// Whom to answer.
        reply: oneshot::Sender<LimitsView>,
    },
    /// What tenants may has changed: pulls that waited may start.
    TenantsChanged,
    /// The registry answered, or did not.
    Resolved {
        /// Task.
        task: TaskId,
        /// Position of the image.
        image_index: u32,
        /// What it found, or why it could not.
        result: Result<Vec<ResolvedImage>, String>,
    },
    /// Pull secrets were read, or could not be.
    SecretsRead(PullSecrets),
    /// An agent says hello.
    OpenSession {
        /// What it says.
        hello: Box<Hello>,
        /// Way to it.
        orders: mpsc::Sender<Box<Order>>,
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
    /// A cluster says something of its nodes.
    Cluster(ClusterNews),
    /// Somebody wants exactly these images pinned.
    SetPins {
        /// Who.
        owner: PinOwner,
        /// Which, and where.
        places: Vec<PinnedPlace>,
    },
    /// A policy wants exactly these images pinned on these nodes; on others nothing changes.
    SetPolicyPins {
        /// Policy.
        policy: PolicyId,
        /// Everything that it wants on each node.
        places: Vec<(NodeName, Vec<ImageRef>)>,
    },
    /// Every policy has said what it wants pinned.
    PoliciesHaveSpoken,
}

/// What is to be done after the changes of a step are durable.
///
/// Those that ask the store may do so only when nothing is left to be written ([`Core::has_changes`]).
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
        /// Pull secrets of its object.
        pull_secrets: Option<PullSecrets>,
        /// Whose the task is.
        tenant: TenantId,
    },
    /// Read pull secrets that pulls wait for.
    ReadSecrets(PullSecrets),
    /// An outcome for a pull that is not open: only the store knows what to say.
    LateOutcome(NodeName, PullId, Box<Outcome>),
    /// A change of a task that is not open: only the store knows what to say.
    LateChange(TaskId, TaskChange, TaskReply),
    /// The failed pulls of a task are to be tried again: the store has them.
    Retry(TaskId, TaskReply),
    /// The record of a task is to be removed.
    Delete(TaskId, oneshot::Sender<Result<bool, EngineError>>),
    /// Tell the operator that the limits are in force.
    ReplyLimits(oneshot::Sender<LimitsView>),
}

impl Effect {
    /// Whether carrying it out reads what this step may have changed.
    pub fn asks_the_store(&self) -> bool {
        matches!(
            self,
            Self::LateOutcome(..) | Self::LateChange(..) | Self::Retry(..) | Self::Delete(..)
        )
    }
}
