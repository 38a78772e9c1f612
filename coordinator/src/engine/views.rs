//! What readers see: stored records with live figures laid over them. Edges convert these and nothing else.

use super::hosts::HostState;
use crate::domain::{
    Millis,
    channel::Channel,
    cluster::ClusterNode,
    counts::{ByteCounts, DayFigures},
    credential::Credential,
    ids::PolicyId,
    library::Entry,
    limits::Limits,
    node::{InventoryImage, Node, NodeCondition},
    node_list::{NodeOrder, NodeState},
    pin::PinReport,
    policy::{CellRow, Condition, Counts, ImageCoverage, Policy},
    progress::LiveProgress,
    pull::{Pull, PullState},
    schedule::{Schedule, ScheduleOrder},
    selection::Selection,
    task::Task,
    task_list::TaskOrder,
    task_state::TaskState,
    tenant::{Tenant, Usage},
};
pub use crate::store::DeliveryQuery as DeliveryFilter;
use std::sync::Arc;

/// A tenant with what it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantView {
    /// Record.
    pub tenant: Tenant,
    /// What it uses now and used up today.
    pub usage: Usage,
    /// When the day of the quotas ends.
    pub day_ends_at: Millis,
}

/// A task with the live figures of its running pulls.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    /// Record.
    pub task: Task,
    /// Bytes of ended pulls and of running ones, live.
    pub bytes: ByteCounts,
    /// Bytes a second that all its pulls fetch.
    pub throughput: u64,
    /// When it will end at this pace, if that can be told.
    pub estimated_completion: Option<Millis>,
    /// Why nothing of it runs although pulls wait; empty otherwise.
    pub waiting_for: String,
}

/// The operator's limits and how the registries bear what is asked of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LimitsView {
    /// In force.
    pub limits: Limits,
    /// Hosts that were pulled from since the start, by name.
    pub registries: Vec<HostState>,
}

/// A pull with the live report of its running attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct PullView {
    /// Record.
    pub pull: Arc<Pull>,
    /// Present while an attempt runs and has reported.
    pub live: Option<Arc<LiveProgress>>,
}

impl PullView {
    /// Bytes of the running attempt, else of the last one.
    pub fn bytes(&self) -> &ByteCounts {
        self.live.as_ref().map_or(&self.pull.bytes, |live| &live.bytes)
    }
}

/// A credential without its password.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialView {
    /// Record; the password in it is encrypted.
    pub credential: Credential,
    /// Why it cannot be used; `None` when it can.
    pub unreadable: Option<String>,
}

/// A channel without its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelView {
    /// Record; the secrets in it are encrypted.
    pub channel: Channel,
    /// Why it cannot be used; `None` when it can.
    pub unreadable: Option<String>,
}

/// What became of one image of an import into the library.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// As it was sent.
    pub image: String,
    /// In a word.
    pub outcome: ImportedAs,
    /// The rule that it breaks; empty otherwise.
    pub message: String,
    /// The entry that was added.
    pub entry: Option<Entry>,
}

/// What became of one image of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportedAs {
    /// It was added.
    Added,
    /// It was there already; nothing changed.
    Existed,
    /// It breaks a rule.
    Refused,
}

/// A node with what its session says.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    /// Record.
    pub node: Arc<Node>,
    /// Its session is open.
    pub connected: bool,
    /// Why it cannot pull now; `None` when it can.
    pub not_ready: Option<String>,
    /// Disk and runtime, from the last report.
    pub condition: Arc<NodeCondition>,
    /// Slots in use.
    pub running_pulls: u32,
    /// How far its agent's clock was ahead at the last heartbeat; 0 while unknown.
    pub clock_offset_ms: Millis,
    /// Images in its inventory; `None` when unknown.
    pub image_count: Option<u32>,
    /// Last sign of life; where there was none, when it became known.
    pub last_seen_at: Millis,
    /// What the cluster says of it, where there is one.
    pub cluster: Option<Arc<ClusterNode>>,
    /// What became of its pins; `None` while its agent has not said.
    pub pins: Option<Arc<PinReport>>,
}

impl NodeView {
    /// How it is, in one word.
    pub fn state(&self) -> NodeState {
        match (self.connected, self.condition.draining, &self.not_ready) {
            (false, _, _) => NodeState::Offline,
            (true, true, _) => NodeState::Draining,
            (true, false, None) => NodeState::Ready,
            (true, false, Some(_)) => NodeState::NotReady,
        }
    }
}

/// A node with its images; `None` when the inventory is unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeDetail {
    /// Node.
    pub view: NodeView,
    /// Inventory.
    pub images: Option<Vec<InventoryImage>>,
}

/// A schedule with the times that it is due next.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleView {
    /// Record.
    pub schedule: Schedule,
    /// The next five times; none while it is switched off.
    pub upcoming: Vec<Millis>,
}

/// A standing policy with how far it is true.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyView {
    /// Record.
    pub policy: Policy,
    /// Nodes that it chooses now.
    pub nodes: u32,
    /// Its images on its nodes, by state.
    pub counts: Counts,
    /// What is to be said of it as a whole; empty until it was looked at.
    pub conditions: Vec<Condition>,
}

impl PolicyView {
    /// A policy that nobody keeps yet.
    pub(super) fn unseen(policy: Policy) -> Self {
        Self {
            policy,
            nodes: 0,
            counts: Counts::default(),
            conditions: vec![],
        }
    }
}

/// How far a policy is true, image by image and node by node.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyCoverage {
    /// As a whole.
    pub view: PolicyView,
    /// Each image over all nodes.
    pub images: Vec<ImageCoverage>,
    /// A part of the images on nodes, by node.
    pub rows: Vec<CellRow>,
    /// How many of them match in all.
    pub total: u32,
}

/// How many nodes there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodeCounts {
    /// Known.
    pub total: u32,
    /// Connected, with an answering runtime, not draining.
    pub ready: u32,
    /// With an open session of their agent.
    pub connected: u32,
    /// Connected, and taking no new work.
    pub draining: u32,
}

/// The service in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Nodes.
    pub nodes: NodeCounts,
    /// Tasks in each state that any is in.
    pub tasks: Vec<(TaskState, u32)>,
    /// What the tasks that were accepted in the last 24 hours did.
    pub day: DayFigures,
    /// Bytes a second that all pulls fetch now.
    pub throughput: u64,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Largest number of items.
    pub limit: u32,
    /// Items to pass over.
    pub offset: u32,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Items.
    pub items: Vec<T>,
    /// How many match in all.
    pub total: u32,
}

/// Which tasks to list; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// In one of these states.
    pub states: Vec<TaskState>,
    /// With this in their id or images, in lower case.
    pub text: String,
    /// Ordered by this policy; all when `None`.
    pub policy: Option<PolicyId>,
    /// In which order.
    pub order: TaskOrder,
}

/// Which pulls of a task to list; `None` and empty mean all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullFilter {
    /// On this node.
    pub node: Option<String>,
    /// Of this reference.
    pub image: Option<String>,
    /// In one of these states.
    pub states: Vec<PullState>,
}

/// Which schedules to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScheduleFilter {
    /// Only those that are switched on, or off.
    pub enabled: Option<bool>,
    /// In which order.
    pub order: ScheduleOrder,
}

/// Which nodes to list; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFilter {
    /// With these labels.
    pub selection: Selection,
    /// With every one of these words in their name or in a label as `key=value`, in lower case.
    pub words: Vec<String>,
    /// In one of these states.
    pub states: Vec<NodeState>,
    /// In which order.
    pub order: NodeOrder,
}

impl NodeFilter {
    /// All nodes with these labels, by name.
    pub fn labelled(selection: Selection) -> Self {
        Self {
            selection,
            ..Self::default()
        }
    }

    /// Sets the words to look for, which are separated by spaces or commas.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        let words = text.split(|c: char| c.is_whitespace() || c == ',');
        self.words = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        self
    }
}
