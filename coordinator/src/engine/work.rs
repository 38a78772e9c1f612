//! What is open, in memory: the engine's picture of every task that has not ended or still has pulls to close. Rebuilt from the
//! store at a start; kept in step with it by the one function that applies transitions.

use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    pull::{Pull, PullState},
    task::Task,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Everything that is open.
#[derive(Debug, Default)]
pub struct OpenWork {
    /// Tasks.
    pub tasks: HashMap<TaskId, OpenTask>,
    /// Pulls that have not ended.
    pub pulls: HashMap<PullId, Pull>,
}

/// One open task.
#[derive(Debug)]
pub struct OpenTask {
    /// Record, as the store has it after the next commit.
    pub task: Task,
    /// Its pulls that have not ended, in the order in which they should start.
    pub open: BTreeMap<(NodeName, u32), PullId>,
    /// Pulls of each node by state.
    pub tallies: HashMap<NodeName, Tally>,
    /// Images that the registry is being asked about; their pulls wait.
    pub resolving: HashSet<u32>,
}

/// Pulls of one node by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally([u32; PullState::ALL.len()]);

impl Tally {
    fn index(state: PullState) -> usize {
        match state {
            PullState::Queued => 0,
            PullState::Dispatched => 1,
            PullState::Pulling => 2,
            PullState::Succeeded => 3,
            PullState::Skipped => 4,
            PullState::Failed => 5,
            PullState::Cancelled => 6,
        }
    }

    /// How many are in the state.
    pub fn get(&self, state: PullState) -> u32 {
        self.0[Self::index(state)]
    }

    /// Adds pulls in a state.
    pub fn add(&mut self, state: PullState, count: u32) {
        self.0[Self::index(state)] += count;
    }

    fn shift(&mut self, from: PullState, to: PullState) {
        let from = &mut self.0[Self::index(from)];
        *from = from.saturating_sub(1);
        self.add(to, 1);
    }

    fn all_succeeded(&self) -> bool {
        let total: u32 = self.0.iter().sum();
        self.get(PullState::Succeeded) == total
    }

    fn any_failed(&self) -> bool {
        self.get(PullState::Failed) > 0
    }

    fn is_open(&self) -> bool {
        self.get(PullState::Queued) > 0 || self.is_busy()
    }

    /// Whether an agent holds one of them.
    pub fn is_busy(&self) -> bool {
        self.get(PullState::Dispatched) + self.get(PullState::Pulling) > 0
    }
}

impl OpenTask {
    /// A task with its open pulls and the tallies of all its pulls.
    pub fn new(task: Task, pulls: &[Pull], tallies: HashMap<NodeName, Tally>) -> Self {
        let open = pulls
            .iter()
            .map(|pull| ((pull.node.clone(), pull.image_index), pull.id.clone()))
            .collect();
        Self {
            task,
            open,
            tallies,
            resolving: HashSet::new(),
        }
    }

    /// Tallies of pulls that are all known.
    pub fn tally(pulls: &[Pull]) -> HashMap<NodeName, Tally> {
        let mut tallies: HashMap<NodeName, Tally> = HashMap::new();
        for pull in pulls {
            tallies.entry(pull.node.clone()).or_default().add(pull.state, 1);
        }
        tallies
    }

    /// Whether the task may work on the node beside those that it works on.
    pub fn batch_has_room(&self, node: &NodeName) -> bool {
        let busy = self.tallies.values().filter(|tally| tally.is_busy()).count();
        let at_it = self.tallies.get(node).is_some_and(Tally::is_busy);
        at_it || self.task.spec.batch_size.is_none_or(|size| busy < size as usize)
    }

    /// Keeps counts and tallies in step with one pull's way from one state to another. When that was the node's last open pull, says
    /// whether all of them succeeded.
    pub fn shift(&mut self, pull: &Pull, from: PullState, to: PullState) -> Option<bool> {
        let tally = self.tallies.entry(pull.node.clone()).or_default();
        let before = (tally.all_succeeded(), tally.any_failed());
        tally.shift(from, to);
        let after = (tally.all_succeeded(), tally.any_failed());
        let node_done = (from.is_open() && !tally.is_open()).then_some(after.0);
        let counts = &mut self.task.counts;
        adjust(&mut counts.nodes_completed, before.0, after.0);
        adjust(&mut counts.nodes_failed, before.1, after.1);
        let left = count_of(counts, from);
        *left = left.saturating_sub(1);
        *count_of(counts, to) += 1;
        let key = (pull.node.clone(), pull.image_index);
        if to.is_open() {
            self.open.insert(key, pull.id.clone());
        } else {
            self.open.remove(&key);
        }
        node_done
    }
}

fn adjust(count: &mut u32, before: bool, after: bool) {
    match (before, after) {
        (false, true) => *count += 1,
        (true, false) => *count = count.saturating_sub(1),
        (false, false) | (true, true) => {}
    }
}

fn count_of(counts: &mut crate::domain::counts::PullCounts, state: PullState) -> &mut u32 {
    match state {
        PullState::Queued => &mut counts.queued,
        PullState::Dispatched | PullState::Pulling => &mut counts.running,
        PullState::Succeeded => &mut counts.succeeded,
        PullState::Skipped => &mut counts.skipped,
        PullState::Failed => &mut counts.failed,
        PullState::Cancelled => &mut counts.cancelled,
    }
}

impl OpenWork {
    /// Adds a task and its open pulls.
    pub fn insert(&mut self, task: OpenTask, pulls: Vec<Pull>) {
        self.tasks.insert(task.task.id.clone(), task);
        self.pulls.extend(pulls.into_iter().map(|pull| (pull.id.clone(), pull)));
    }

    /// Open pulls on a node.
    pub fn on_node<'a>(&'a self, node: &'a NodeName) -> impl Iterator<Item = &'a Pull> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::engine::fixtures;

    #[test]
    fn a_node_is_complete_when_all_its_images_are_and_failed_when_one_is() {
        let (task, pulls) = fixtures::task_with_pulls("t", &["n1", "n2"], &["a:1", "b:1"]);
        let mut open = OpenTask::new(task, &pulls, OpenTask::tally(&pulls));
        let end = |open: &mut OpenTask, n: usize, to| open.shift(&pulls[n], PullState::Queued, to);
        end(&mut open, 0, PullState::Succeeded);
        assert_eq!((open.task.counts.nodes_completed, open.task.counts.succeeded), (0, 1));
        end(&mut open, 1, PullState::Succeeded);
        end(&mut open, 2, PullState::Succeeded);
        end(&mut open, 3, PullState::Failed);
        let counts = open.task.counts;
        assert_eq!((counts.nodes_completed, counts.nodes_failed, counts.open()), (1, 1, 0));
        assert!(open.open.is_empty());
    }
}
