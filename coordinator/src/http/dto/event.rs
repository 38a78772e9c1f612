//! The data of server-sent events.

use super::{node::NodeJson, pull::PullJson, task::TaskJson};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Data of the events `snapshot` and `resync`: everything that the topics show.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SnapshotEvent)]
pub(crate) struct SnapshotJson {
    /// Deltas with a greater version come after it.
    pub(crate) version: u64,
    /// Why everything is sent again (`resync` only).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) reason: Option<&'static str>,
    /// Topic to what it shows. A task that was removed in the meantime is missing.
    pub(crate) topics: BTreeMap<String, TopicJson>,
}

/// What one topic shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TopicSnapshot)]
pub(crate) enum TopicJson {
    /// `tasks`.
    Tasks(TasksTopicJson),
    /// `task:{id}`.
    Task(Box<TaskTopicJson>),
    /// `nodes`.
    Nodes(NodesTopicJson),
    /// `changes`.
    Changes(ChangesTopicJson),
}

/// Topic `tasks`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TasksTopic)]
pub(crate) struct TasksTopicJson {
    /// The newest 100.
    pub(crate) tasks: Vec<TaskJson>,
    /// How many there are.
    pub(crate) total: u32,
}

/// Topic `task:{id}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskTopic)]
pub(crate) struct TaskTopicJson {
    pub(crate) task: TaskJson,
    /// By node, then image; at most 10,000. The rest is at `GET /tasks/{id}/pulls`.
    pub(crate) pulls: Vec<PullJson>,
    /// How many there are.
    pub(crate) total_pulls: u32,
}

/// Topic `nodes`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NodesTopic)]
pub(crate) struct NodesTopicJson {
    pub(crate) nodes: Vec<NodeJson>,
}

/// Topic `changes`: nothing at first; deltas say of which things some changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangesTopic)]
pub(crate) struct ChangesTopicJson {}

/// Data of the event `delta`: each object replaces the one of its name as a whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeltaEvent)]
pub(crate) struct DeltaJson {
    /// Version after it.
    pub(crate) version: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<TaskJson>,
    /// Ids of tasks whose record was removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed_tasks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pulls: Vec<PullJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) nodes: Vec<NodeJson>,
    /// Things of which some changed (`schedules`, `deliveries`, `limits`, `nodes`), of whomever: read their lists again. Topic `changes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changed: Vec<&'static str>,
}
