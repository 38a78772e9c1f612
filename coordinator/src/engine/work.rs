//! What is open, in memory: the engine's picture of every task that has not ended or still has pulls to close. Rebuilt from the
//! store at a start; kept in step with it by the one function that applies transitions.

mod open_task;
mod stages;
mod tally;

pub use open_task::{NodeQueue, OpenTask, Waiting};
pub use tally::Tally;

use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    pull::Pull,
};
use std::{collections::HashMap, sync::Arc};

/// Everything that is open.
#[derive(Debug, Default)]
pub struct OpenWork {
    /// Tasks.
    pub tasks: HashMap<TaskId, OpenTask>,
    /// Pulls that have not ended. Each record is shared with what is to be written and with watchers, until it changes.
    pub pulls: HashMap<PullId, Arc<Pull>>,
}

impl OpenWork {
    /// Adds a task and its open pulls.
    pub fn insert(&mut self, task: OpenTask, pulls: Vec<Arc<Pull>>) {
        self.tasks.insert(task.task.id.clone(), task);
        self.pulls.extend(pulls.into_iter().map(|pull| (pull.id.clone(), pull)));
    }

    /// Open pulls on a node.
    pub fn on_node<'a>(&'a self, node: &'a NodeName) -> impl Iterator<Item = &'a Arc<Pull>> {
        self.tasks.values().flat_map(move |task| {
            let from = (node.clone(), 0);
            let to = (node.clone(), u32::MAX);
            task.open.range(from..=to).filter_map(|(_, id)| self.pulls.get(id))
        })
    }

    /// Pulls that hold a slot.
    pub fn running(&self) -> u32 {
        self.tasks.values().map(|task| task.task.counts.running).sum()
    }
}
