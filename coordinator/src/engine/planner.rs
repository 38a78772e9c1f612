//! Decides which queued pulls may start now. Pure: what it knows is handed to it, what it decides is returned.
//!
//! Order: priority, then age of the task, then node and position of the image. Limits: the whole cluster, each node's slots, and the
//! nodes that a task may work on at a time (`batchSize`, rolling: a node that is done makes room for the next).

use crate::domain::{
    Millis,
    ids::{NodeName, PullId},
};
use std::collections::{HashMap, HashSet};

/// What may still start.
#[derive(Debug, Default)]
pub struct Room<'a> {
    /// Slots left in the cluster.
    pub cluster: u32,
    /// Slots left on each ready node; a node that is not here cannot take work.
    pub nodes: HashMap<&'a NodeName, u32>,
}

/// One open task as the planner sees it.
#[derive(Debug)]
pub struct PlanTask<'a> {
    /// 1 (last) to 10 (first).
    pub priority: u32,
    /// Age.
    pub created_at: Millis,
    /// Nodes with a running pull at a time.
    pub batch_size: Option<u32>,
    /// Nodes on which one of its pulls runs.
    pub busy_nodes: HashSet<&'a NodeName>,
    /// Waiting pulls in the order in which they should start.
    pub queued: Vec<QueuedPull<'a>>,
}

/// One waiting pull.
#[derive(Debug, Clone, Copy)]
pub struct QueuedPull<'a> {
    /// Id.
    pub id: &'a PullId,
    /// Node.
    pub node: &'a NodeName,
    /// Not to start before this time.
    pub not_before: Millis,
}

/// The pulls that start now, first to start first.
pub fn plan<'a>(now: Millis, mut room: Room<'a>, mut tasks: Vec<PlanTask<'a>>) -> Vec<&'a PullId> {
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.priority), task.created_at));
    let mut starts = Vec::new();
    for task in &mut tasks {
        for pull in &task.queued {
            if room.cluster == 0 {
                return starts;
            }
            if pull.not_before <= now && take_slot(&mut room, task.batch_size, &mut task.busy_nodes, pull.node) {
                starts.push(pull.id);
            }
        }
    }
    starts
}

/// Takes a slot on the node if the node, the batch and (checked before) the cluster have one.
fn take_slot<'a>(
    room: &mut Room<'a>,
    batch_size: Option<u32>,
    busy_nodes: &mut HashSet<&'a NodeName>,
    node: &'a NodeName,
) -> bool {
    let Some(free) = room.nodes.get_mut(node).filter(|free| **free > 0) else {
        return false;
    };
    let batch_is_full = batch_size.is_some_and(|size| busy_nodes.len() >= size as usize);
    if batch_is_full && !busy_nodes.contains(node) {
        return false;
    }
    *free -= 1;
    room.cluster -= 1;
    busy_nodes.insert(node);
    true
}

#[cfg(test)]
mod tests;
