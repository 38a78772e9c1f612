//! One open task: its record, its open pulls, and everything that the planner asks of it, kept in step with each transition.

use super::{stages::Stages, tally::Tally};
use crate::domain::{
    Millis,
    counts::PullCounts,
    ids::{NodeName, PullId},
    pull::{Pull, PullState},
    rules::BatchMode,
    task::Task,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// A pull that waits for its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Position of the image.
    pub image_index: u32,
    /// Pull.
    pub id: PullId,
    /// Not to start before.
    pub not_before: Millis,
}

/// Waiting pulls by node, each node's in the order of the images.
pub type NodeQueue = BTreeMap<NodeName, Vec<Waiting>>;

/// One open task.
#[derive(Debug)]
pub struct OpenTask {
    /// Record, as the store has it after the next commit.
    pub task: Task,
    /// Its pulls that have not ended, in the order in which they should start.
    pub open: BTreeMap<(NodeName, u32), PullId>,
    /// Those of them that wait.
    pub queue: NodeQueue,
    /// Pulls of each node by state.
    pub tallies: HashMap<NodeName, Tally>,
    /// Nodes on which one of its pulls runs.
    pub busy: HashSet<NodeName>,
    /// Nodes that go first.
    canary: HashSet<NodeName>,
    /// Whose turn it is.
    pub stages: Stages,
    /// Registry host of each image.
    pub hosts: Vec<Arc<str>>,
    /// Images that the registry is being asked about; their pulls wait.
    pub resolving: HashSet<u32>,
    /// Since when nothing of it has started.
    pub waiting_since: Millis,
    /// When the present batch began; 0 before the first start.
    batch_began: Millis,
    /// When it is stopped, whatever is open then.
    pub deadline: Option<Millis>,
    /// How often a registry turned a pull away without that costing a retry.
    pub turned_away: HashMap<PullId, u32>,
}

impl OpenTask {
    /// A task with its open pulls and the tallies of all its pulls.
    pub fn new(task: Task, pulls: &[Pull], tallies: HashMap<NodeName, Tally>) -> Self {
        let hosts = task
            .spec
            .images
            .iter()
            .map(|image| image.parts().registry.into())
            .collect();
        let mut open = Self {
            waiting_since: task.created_at.max(task.started_at),
            batch_began: task.started_at,
            deadline: None,
            open: BTreeMap::new(),
            queue: BTreeMap::new(),
            busy: HashSet::new(),
            canary: task.spec.rules.canary_nodes.iter().cloned().collect(),
            stages: Stages::default(),
            hosts,
            resolving: HashSet::new(),
            turned_away: HashMap::new(),
            tallies,
            task,
        };
        let those_open = || pulls.iter().filter(|pull| pull.state.is_open());
        // All at once: a map that grows key by key in their order is half empty.
        open.open = those_open()
            .map(|pull| ((pull.node.clone(), pull.image_index), pull.id.clone()))
            .collect();
        those_open().for_each(|pull| open.place(pull));
        open.set_stages();
        open.set_deadline();
        open
    }

    /// The deadline counts from the acceptance, or from when its failed pulls were ordered again.
    pub fn set_deadline(&mut self) {
        let from = self.task.created_at.max(self.task.retried_at);
        let seconds = self.task.spec.rules.deadline_seconds;
        self.deadline = seconds.map(|seconds| from + Millis::from(seconds) * 1000);
    }

    /// Something of it starts: it waits no longer, and its first batch has begun.
    pub fn starts(&mut self, now: Millis) {
        self.waiting_since = now;
        if self.batch_began == 0 {
            self.batch_began = now;
        }
    }

    /// After a node has ended: how long the batch took that ended with it, in milliseconds.
    pub fn end_batch(&mut self, now: Millis) -> Option<Millis> {
        let size = self.nodes_at_a_time()?;
        let (ended, all) = (self.task.counts.nodes_ended, self.task.counts.nodes);
        (ended.is_multiple_of(size) || ended >= all).then(|| now - std::mem::replace(&mut self.batch_began, now))
    }

    /// No waiting pull waits longer than until then.
    pub fn start_by(&mut self, latest: Millis) {
        for waiting in self.queue.values_mut().flatten() {
            waiting.not_before = waiting.not_before.min(latest);
        }
    }

    /// The clock jumped by so much: what waits goes on waiting as long as it would have.
    pub fn clock_jumped(&mut self, by: Millis) {
        self.waiting_since += by;
        self.deadline = self.deadline.map(|at| at + by);
        for waiting in self
            .queue
            .values_mut()
            .flatten()
            .filter(|waiting| waiting.not_before > 0)
        {
            waiting.not_before += by;
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

    /// Begins the stages anew, from what is open now.
    pub fn set_stages(&mut self) {
        let rules = &self.task.spec.rules;
        let strict = (rules.batch_mode == BatchMode::Strict)
            .then(|| self.nodes_at_a_time())
            .flatten();
        let targets: BTreeSet<NodeName> = if strict.is_none() && rules.canary_nodes.is_empty() {
            BTreeSet::new()
        } else {
            self.tallies.keys().cloned().collect()
        };
        let tallies = &self.tallies;
        self.stages = Stages::new(&targets, &rules.canary_nodes, strict, |node| is_open(tallies, node));
    }

    /// Nodes with a running pull at a time; `None` for no limit of the task's own.
    pub fn nodes_at_a_time(&self) -> Option<u32> {
        self.task.spec.nodes_at_a_time(self.task.counts.nodes)
    }

    /// Whether the task may work on the node beside those that it works on.
    pub fn batch_has_room(&self, node: &NodeName) -> bool {
        let most = self.nodes_at_a_time();
        self.busy.contains(node) || most.is_none_or(|most| self.busy.len() < most as usize)
    }

    /// Pulls of the canary nodes, if this is one of them.
    pub fn canary_with(&self, node: &NodeName) -> Option<Tally> {
        if !self.canary.contains(node) {
            return None;
        }
        let mut sum = Tally::default();
        for tally in self.canary.iter().filter_map(|node| self.tallies.get(node)) {
            PullState::ALL
                .into_iter()
                .for_each(|state| sum.add(state, tally.get(state)));
        }
        Some(sum)
    }

    /// Keeps everything in step with one pull's way from one state to its present one. When that was the node's last open pull, says
    /// whether all of them succeeded.
    pub fn shift(&mut self, pull: &Pull, from: PullState) -> Option<bool> {
        let to = pull.state;
        let tally = self.tallies.entry(pull.node.clone()).or_default();
        let before = *tally;
        tally.shift(from, to);
        let after = *tally;
        let counts = &mut self.task.counts;
        adjust(
            &mut counts.nodes_completed,
            before.all_succeeded(),
            after.all_succeeded(),
        );
        adjust(&mut counts.nodes_failed, before.any_failed(), after.any_failed());
        adjust(&mut counts.nodes_ended, !before.is_open(), !after.is_open());
        let left = count_of(counts, from);
        *left = left.saturating_sub(1);
        *count_of(counts, to) += 1;
        self.remove(pull);
        if to.is_open() {
            self.place(pull);
        }
        if !after.is_busy() {
            self.busy.remove(&pull.node);
        }
        let ended = before.is_open() && !after.is_open();
        if ended {
            let tallies = &self.tallies;
            self.stages.node_ended(&pull.node, |node| is_open(tallies, node));
        }
        ended.then_some(after.all_succeeded())
    }

    fn place(&mut self, pull: &Pull) {
        let key = (pull.node.clone(), pull.image_index);
        self.open.insert(key, pull.id.clone());
        if pull.state.is_running() {
            self.busy.insert(pull.node.clone());
        } else {
            let queue = self.queue.entry(pull.node.clone()).or_default();
            let place = queue.partition_point(|waiting| waiting.image_index < pull.image_index);
            let waiting = Waiting {
                image_index: pull.image_index,
                id: pull.id.clone(),
                not_before: pull.not_before,
            };
            queue.insert(place, waiting);
        }
    }

    fn remove(&mut self, pull: &Pull) {
        self.open.remove(&(pull.node.clone(), pull.image_index));
        if let Some(queue) = self.queue.get_mut(&pull.node) {
            queue.retain(|waiting| waiting.image_index != pull.image_index);
            if queue.is_empty() {
                self.queue.remove(&pull.node);
            }
        }
    }
}

fn is_open(tallies: &HashMap<NodeName, Tally>, node: &NodeName) -> bool {
    tallies.get(node).is_some_and(Tally::is_open)
}

fn adjust(count: &mut u32, before: bool, after: bool) {
    match (before, after) {
        (false, true) => *count += 1,
        (true, false) => *count = count.saturating_sub(1),
        (false, false) | (true, true) => {}
    }
}

fn count_of(counts: &mut PullCounts, state: PullState) -> &mut u32 {
    match state {
        PullState::Queued => &mut counts.queued,
        PullState::Dispatched | PullState::Pulling => &mut counts.running,
        PullState::Succeeded => &mut counts.succeeded,
        PullState::Skipped => &mut counts.skipped,
        PullState::Failed => &mut counts.failed,
        PullState::Cancelled => &mut counts.cancelled,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::engine::fixtures;

    #[test]
    fn a_node_is_complete_when_all_its_images_are_and_failed_when_one_is() {
        let (task, mut pulls) = fixtures::task_with_pulls("t", &["n1", "n2"], &["a:1", "b:1"]);
        let mut open = OpenTask::new(task, &pulls, OpenTask::tally(&pulls));
        let mut end = |open: &mut OpenTask, n: usize, to| {
            pulls[n].state = to;
            open.shift(&pulls[n], PullState::Queued)
        };
        end(&mut open, 0, PullState::Succeeded);
        assert_eq!((open.task.counts.nodes_completed, open.task.counts.succeeded), (0, 1));
        end(&mut open, 1, PullState::Succeeded);
        end(&mut open, 2, PullState::Succeeded);
        end(&mut open, 3, PullState::Failed);
        let counts = open.task.counts;
        assert_eq!((counts.nodes_completed, counts.nodes_failed, counts.open()), (1, 1, 0));
        assert_eq!(counts.nodes_ended, 2);
        assert!(open.open.is_empty() && open.queue.is_empty());
    }
}
