//! The service in numbers, as JSON.

use crate::{
    domain::{counts::DayFigures, task_state::TaskState},
    engine::views::{NodeCounts, Stats},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The service in numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stats)]
pub(crate) struct StatsJson {
    nodes: NodeCountsJson,
    tasks: TaskCountsJson,
    last_day: DayFiguresJson,
    /// What all pulls fetch now.
    throughput_bytes_per_second: u64,
}

/// How many tasks are in each state.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = TaskCounts)]
pub(crate) struct TaskCountsJson {
    pending: u32,
    running: u32,
    paused: u32,
    completed: u32,
    failed: u32,
    cancelled: u32,
}

/// How many nodes there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NodeCounts)]
pub(crate) struct NodeCountsJson {
    /// Known.
    total: u32,
    /// Connected, with an answering runtime, and not draining.
    ready: u32,
    /// The same as `ready`; stays for old clients.
    coverage: u32,
    /// With an open session of their agent.
    connected: u32,
    /// Connected, and taking no new work.
    draining: u32,
}

/// What the tasks that were accepted in the last 24 hours did, the newest 10,000 of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DayFigures)]
pub(crate) struct DayFiguresJson {
    tasks: u32,
    succeeded_pulls: u32,
    failed_pulls: u32,
    /// Nodes all of whose pulls of a task succeeded; a node counts for each of its tasks.
    completed_nodes: u32,
    /// Nodes with a failed pull of a task.
    failed_nodes: u32,
    /// Bytes that ended pulls moved over the network.
    bytes_moved: u64,
    /// Bytes that ended pulls found in place.
    bytes_saved: u64,
}

impl TaskCountsJson {
    fn of(&mut self, state: TaskState) -> &mut u32 {
        match state {
            TaskState::Pending => &mut self.pending,
            TaskState::Running => &mut self.running,
            TaskState::Paused => &mut self.paused,
            TaskState::Completed => &mut self.completed,
            TaskState::Failed => &mut self.failed,
            TaskState::Cancelled => &mut self.cancelled,
        }
    }
}

impl From<&Stats> for StatsJson {
    fn from(stats: &Stats) -> Self {
        let mut tasks = TaskCountsJson::default();
        for (state, count) in &stats.tasks {
            *tasks.of(*state) = *count;
        }
        Self {
            nodes: stats.nodes.into(),
            tasks,
            last_day: stats.day.into(),
            throughput_bytes_per_second: stats.throughput,
        }
    }
}

impl From<NodeCounts> for NodeCountsJson {
    fn from(counts: NodeCounts) -> Self {
        Self {
            total: counts.total,
            ready: counts.ready,
            coverage: counts.ready,
            connected: counts.connected,
            draining: counts.draining,
        }
    }
}

impl From<DayFigures> for DayFiguresJson {
    fn from(day: DayFigures) -> Self {
        Self {
            tasks: day.tasks,
            succeeded_pulls: day.succeeded_pulls,
            failed_pulls: day.failed_pulls,
            completed_nodes: day.completed_nodes,
            failed_nodes: day.failed_nodes,
            bytes_moved: day.bytes_moved,
            bytes_saved: day.bytes_saved,
        }
    }
}
