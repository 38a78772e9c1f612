//! How far a task is, as JSON.

use super::progress::BytesJson;
use crate::{domain::counts::PullCounts, engine::views::TaskView};
use serde::Serialize;
use utoipa::ToSchema;

/// How far a task is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskProgress)]
pub(crate) struct TaskProgressJson {
    /// Nodes targeted.
    total_nodes: u32,
    /// Nodes all of whose pulls succeeded.
    completed_nodes: u32,
    /// Nodes with a failed pull.
    failed_nodes: u32,
    /// Batch that runs, from 1; 0 without a batch size or before the first pull.
    current_batch: u32,
    /// Batches in all; 0 without a batch size.
    total_batches: u32,
    /// Completed nodes of all nodes, 0 to 100. A task with failures ends below 100.
    percentage: f64,
    total_pulls: u32,
    queued_pulls: u32,
    running_pulls: u32,
    succeeded_pulls: u32,
    failed_pulls: u32,
    skipped_pulls: u32,
    cancelled_pulls: u32,
    bytes: BytesJson,
    /// Of `bytes`: moved over the network.
    bytes_moved: u64,
    /// Of `bytes`: present before, so that nobody had to move them.
    bytes_saved: u64,
    /// What all its pulls fetch now.
    throughput_bytes_per_second: u64,
}

impl From<&TaskView> for TaskProgressJson {
    fn from(view: &TaskView) -> Self {
        let counts = &view.task.counts;
        let (current_batch, total_batches) = view.task.batches();
        Self {
            total_nodes: counts.nodes,
            completed_nodes: counts.nodes_completed,
            failed_nodes: counts.nodes_failed,
            current_batch,
            total_batches,
            percentage: percentage(counts),
            total_pulls: counts.total(),
            queued_pulls: counts.queued,
            running_pulls: counts.running,
            succeeded_pulls: counts.succeeded,
            failed_pulls: counts.failed,
            skipped_pulls: counts.skipped,
            cancelled_pulls: counts.cancelled,
            bytes: (&view.bytes).into(),
            bytes_moved: view.bytes.fetched,
            bytes_saved: view.bytes.saved(),
            throughput_bytes_per_second: view.throughput,
        }
    }
}

fn percentage(counts: &PullCounts) -> f64 {
    if counts.nodes == 0 {
        return 0.0;
    }
    f64::from(counts.nodes_completed) / f64::from(counts.nodes) * 100.0
}
