//! Counts of bytes, pulls and nodes. Sums only; no rules.

use serde::{Deserialize, Serialize};

/// Bytes of an image or layer; compressed sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteCounts {
    /// Size; 0 while unknown.
    pub total: u64,
    /// Moved over the network by this attempt.
    pub fetched: u64,
    /// In the content store before the attempt.
    pub already_there: u64,
    /// Not moved because the snapshot existed.
    pub not_needed: u64,
    /// Size of the layers whose snapshot is committed.
    pub unpacked: u64,
}

impl ByteCounts {
    /// Field by field; saturating, because the figures come from agents.
    pub fn add(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.fetched = self.fetched.saturating_add(other.fetched);
        self.already_there = self.already_there.saturating_add(other.already_there);
        self.not_needed = self.not_needed.saturating_add(other.not_needed);
        self.unpacked = self.unpacked.saturating_add(other.unpacked);
    }

    /// Bytes that were present before, so that nobody had to move them.
    pub fn saved(&self) -> u64 {
        self.already_there.saturating_add(self.not_needed)
    }

    /// Field by field; saturating. Takes back what was added before.
    pub fn subtract(&mut self, other: &Self) {
        self.total = self.total.saturating_sub(other.total);
        self.fetched = self.fetched.saturating_sub(other.fetched);
        self.already_there = self.already_there.saturating_sub(other.already_there);
        self.not_needed = self.not_needed.saturating_sub(other.not_needed);
        self.unpacked = self.unpacked.saturating_sub(other.unpacked);
    }

    /// Bounds every figure so that it fits a signed 64-bit column.
    pub fn bounded(self) -> Self {
        let bound = |bytes: u64| bytes.min(i64::MAX as u64);
        Self {
            total: bound(self.total),
            fetched: bound(self.fetched),
            already_there: bound(self.already_there),
            not_needed: bound(self.not_needed),
            unpacked: bound(self.unpacked),
        }
    }
}

/// Pulls of one task by state, and its nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullCounts {
    /// Nodes targeted.
    pub nodes: u32,
    /// Nodes all of whose pulls succeeded.
    pub nodes_completed: u32,
    /// Nodes with a failed pull.
    pub nodes_failed: u32,
    /// Nodes none of whose pulls is open.
    #[serde(default)]
    pub nodes_ended: u32,
    /// Waiting.
    pub queued: u32,
    /// Dispatched or pulling.
    pub running: u32,
    /// Succeeded.
    pub succeeded: u32,
    /// Failed.
    pub failed: u32,
    /// Skipped.
    pub skipped: u32,
    /// Cancelled.
    pub cancelled: u32,
    /// Retries spent by all pulls.
    pub retries: u32,
}

impl PullCounts {
    /// All pulls.
    pub fn total(&self) -> u32 {
        self.queued + self.running + self.succeeded + self.failed + self.skipped + self.cancelled
    }

    /// Pulls that have not ended.
    pub fn open(&self) -> u32 {
        self.queued + self.running
    }
}

/// What some tasks did together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayFigures {
    /// Tasks.
    pub tasks: u32,
    /// Pulls that succeeded.
    pub succeeded_pulls: u32,
    /// Pulls that failed.
    pub failed_pulls: u32,
    /// Nodes all of whose pulls of a task succeeded; a node counts for each of its tasks.
    pub completed_nodes: u32,
    /// Nodes with a failed pull of a task.
    pub failed_nodes: u32,
    /// Bytes that ended pulls moved over the network.
    pub bytes_moved: u64,
    /// Bytes that ended pulls found in place.
    pub bytes_saved: u64,
}

impl DayFigures {
    /// Adds one task.
    pub fn add(&mut self, counts: &PullCounts, bytes: &ByteCounts) {
        self.tasks += 1;
        self.succeeded_pulls += counts.succeeded;
        self.failed_pulls += counts.failed;
        self.completed_nodes += counts.nodes_completed;
        self.failed_nodes += counts.nodes_failed;
        self.bytes_moved = self.bytes_moved.saturating_add(bytes.fetched);
        self.bytes_saved = self.bytes_saved.saturating_add(bytes.saved());
    }
}

/// Failed pulls of one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureGroup {
    /// Reason.
    pub reason: super::outcome::FailureReason,
    /// How many pulls.
    pub pulls: u32,
    /// One of their messages.
    pub example_message: String,
    /// One of their nodes.
    pub example_node: String,
}
