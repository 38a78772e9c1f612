//! What people are told of: tasks that end, schedules that do not run as they should, nodes that are lost. An event holds everything that a
//! message about it says, so that it can be told long after, and again, in the same words.

use super::{
    Millis,
    caller::TenantId,
    channel::ChannelId,
    ids::{NodeName, PolicyId, ScheduleId},
    task::Task,
    task_state::TaskState,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// Enough pulls of a task succeeded.
    #[serde(rename = "task.completed")]
    TaskCompleted,
    /// Too few did.
    #[serde(rename = "task.failed")]
    TaskFailed,
    /// Somebody ended a task.
    #[serde(rename = "task.cancelled")]
    TaskCancelled,
    /// A task was stopped by its abort rule, and so has failed.
    #[serde(rename = "task.aborted")]
    TaskAborted,
    /// A run of a schedule was left out or missed.
    #[serde(rename = "schedule.skipped")]
    ScheduleSkipped,
    /// A run of a schedule failed or took too long.
    #[serde(rename = "schedule.failed")]
    ScheduleFailed,
    /// A node has been away for so long that its pulls were given up.
    #[serde(rename = "node.lost")]
    NodeLost,
    /// A tag of a policy stands for something else than its nodes should have.
    #[serde(rename = "policy.tag_moved")]
    PolicyTagMoved,
    /// An image was removed twice from a node of a policy, which orders it there no more for now.
    #[serde(rename = "policy.image_paused")]
    PolicyImagePaused,
    /// Somebody tries a channel.
    #[serde(rename = "test")]
    Test,
}

impl EventKind {
    /// Those that a channel can ask for.
    pub const ALL: [Self; 9] = [
        Self::TaskCompleted,
        Self::TaskFailed,
        Self::TaskCancelled,
        Self::TaskAborted,
        Self::ScheduleSkipped,
        Self::ScheduleFailed,
        Self::NodeLost,
        Self::PolicyTagMoved,
        Self::PolicyImagePaused,
    ];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskCompleted => "task.completed",
            Self::TaskFailed => "task.failed",
            Self::TaskCancelled => "task.cancelled",
            Self::TaskAborted => "task.aborted",
            Self::ScheduleSkipped => "schedule.skipped",
            Self::ScheduleFailed => "schedule.failed",
            Self::NodeLost => "node.lost",
            Self::PolicyTagMoved => "policy.tag_moved",
            Self::PolicyImagePaused => "policy.image_paused",
            Self::Test => "test",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .chain([Self::Test])
            .find(|kind| kind.as_str() == word)
    }

    /// How the end of a task is told; `None` while it is open.
    pub fn of_end(state: TaskState) -> Option<Self> {
        match state {
            TaskState::Completed => Some(Self::TaskCompleted),
            TaskState::Failed => Some(Self::TaskFailed),
            TaskState::Cancelled => Some(Self::TaskCancelled),
            TaskState::Pending | TaskState::Running | TaskState::Paused => None,
        }
    }

    /// Whether who asks for `self` is told of `other`: a task that its abort rule stopped has failed, too.
    pub fn covers(self, other: Self) -> bool {
        self == other || (self == Self::TaskFailed && other == Self::TaskAborted)
    }
}

/// A run of a schedule that did not come to what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleNews {
    /// Schedule.
    pub id: ScheduleId,
    /// Whose it is.
    #[serde(default)]
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Number of the execution; 0 where it has none yet.
    pub execution: i64,
    /// When the run was taken up.
    pub triggered_at: Millis,
    /// Why, in words.
    pub message: String,
    /// Channels that its task names.
    pub channels: Vec<ChannelId>,
}

/// A node that is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeNews {
    /// Node.
    pub name: NodeName,
    /// Its last sign of life.
    pub last_seen_at: Millis,
}

/// Something about an image of a standing policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyNews {
    /// Policy.
    pub id: PolicyId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Reference of the image.
    pub image: String,
    /// Node; empty where it is about all of them.
    pub node: String,
    /// What happened, in words.
    pub message: String,
    /// Channels that the policy names.
    pub channels: Vec<ChannelId>,
}

/// What it happened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A task, as it was at that moment.
    Task(Box<Task>),
    /// A schedule.
    Schedule(ScheduleNews),
    /// A node.
    Node(NodeNews),
    /// A standing policy.
    Policy(PolicyNews),
    /// The channel that is tried, by its name.
    Channel(String),
}

/// Something that people are told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Names it; the same however often it is told.
    pub id: String,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Millis,
    /// To what.
    pub subject: Subject,
}

impl Event {
    /// The end of a task; `id` names this end of it, for it can be tried again and end again.
    pub fn task(id: String, kind: EventKind, at: Millis, task: Task) -> Self {
        let subject = Subject::Task(Box::new(task));
        Self { id, kind, at, subject }
    }

    /// A run of a schedule.
    pub fn schedule(id: String, kind: EventKind, at: Millis, news: ScheduleNews) -> Self {
        let subject = Subject::Schedule(news);
        Self { id, kind, at, subject }
    }

    /// A node is lost. The same absence has the same id, also after a restart.
    pub fn node_lost(at: Millis, node: NodeNews) -> Self {
        Self {
            id: digest(&["node.lost", node.name.as_str(), &node.last_seen_at.to_string()]),
            kind: EventKind::NodeLost,
            at,
            subject: Subject::Node(node),
        }
    }

    /// Something about an image of a policy; `id` names it, so that the same is told once.
    pub fn policy(id: String, kind: EventKind, at: Millis, news: PolicyNews) -> Self {
        let subject = Subject::Policy(news);
        Self { id, kind, at, subject }
    }

    /// A trial of a channel.
    pub fn test(id: String, at: Millis, channel: String) -> Self {
        let subject = Subject::Channel(channel);
        Self {
            id,
            kind: EventKind::Test,
            at,
            subject,
        }
    }

    /// Name or id of what it happened to.
    pub fn about(&self) -> &str {
        match &self.subject {
            Subject::Task(task) => task.id.as_str(),
            Subject::Schedule(news) => news.id.as_str(),
            Subject::Node(node) => node.name.as_str(),
            Subject::Policy(news) => news.id.as_str(),
            Subject::Channel(name) => name,
        }
    }

    /// Whose task or schedule it is; `None` for what belongs to nobody.
    pub fn tenant(&self) -> Option<&TenantId> {
        match &self.subject {
            Subject::Task(task) => Some(&task.tenant),
            Subject::Schedule(news) => Some(&news.tenant),
            Subject::Policy(news) => Some(&news.tenant),
            Subject::Node(_) | Subject::Channel(_) => None,
        }
    }

    /// Channels that are told because the task or schedule names them.
    pub fn named_channels(&self) -> Vec<ChannelId> {
        match &self.subject {
            Subject::Task(task) => task.spec.notices.channels.iter().map(|channel| channel.id).collect(),
            Subject::Schedule(news) => news.channels.clone(),
            Subject::Policy(news) => news.channels.clone(),
            Subject::Node(_) | Subject::Channel(_) => vec![],
        }
    }

    /// The address that the task gives for itself.
    pub fn webhook_url(&self) -> Option<&str> {
        match &self.subject {
            Subject::Task(task) => task.spec.notices.webhook_url.as_deref(),
            Subject::Schedule(_) | Subject::Policy(_) | Subject::Node(_) | Subject::Channel(_) => None,
        }
    }

    /// Names the delivery to one target; the same however often it is tried.
    pub fn delivery_id(&self, target: &str) -> String {
        digest(&[&self.id, target])
    }
}

/// 32 hexadecimal digits that stand for these texts.
pub fn digest(parts: &[&str]) -> String {
    let sum = Sha256::digest(parts.join("\n").as_bytes());
    let mut text = String::with_capacity(32);
    for byte in sum.iter().take(16) {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in EventKind::ALL.into_iter().chain([EventKind::Test]) {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(EventKind::parse("task.paused"), None);
    }

    #[test]
    fn who_asks_for_failures_hears_of_aborted_tasks() {
        assert!(EventKind::TaskFailed.covers(EventKind::TaskAborted));
        assert!(!EventKind::TaskAborted.covers(EventKind::TaskFailed));
        assert!(!EventKind::TaskCompleted.covers(EventKind::TaskFailed));
    }

    #[test]
    fn one_absence_of_a_node_is_one_event() {
        let news = |seen| NodeNews {
            name: NodeName::parse("n1").unwrap(),
            last_seen_at: seen,
        };
        assert_eq!(Event::node_lost(5, news(1)).id, Event::node_lost(9, news(1)).id);
        assert_ne!(Event::node_lost(5, news(1)).id, Event::node_lost(5, news(2)).id);
        let event = Event::node_lost(5, news(1));
        assert_ne!(event.delivery_id("channel/1"), event.delivery_id("channel/2"));
        assert_eq!(event.delivery_id("channel/1").len(), 32);
    }
}
