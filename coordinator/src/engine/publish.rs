//! Collects what changed and turns it into deltas: ends at once, figures at most four times a second for each task.

use super::{
    board::Delta,
    core::Shared,
    live::LiveTask,
    run::now,
    views::{NodeView, PullView, TaskView},
    work::{OpenTask, OpenWork},
};
use crate::{
    domain::{
        Millis,
        ids::{NodeName, PullId, TaskId},
        pull::Pull,
        task::Task,
    },
    fleet::{Entry, Fleet},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Shortest pause between two deltas that carry only figures.
const INTERVAL_MS: Millis = 250;

/// What watchers have not been told yet.
#[derive(Debug, Default)]
pub struct Publisher {
    /// Open tasks that changed; their record is read when they are told.
    tasks: HashSet<TaskId>,
    /// Tasks that ended, with their last record.
    ended: HashMap<TaskId, Task>,
    pulls: HashMap<PullId, Arc<Pull>>,
    nodes: HashSet<NodeName>,
    /// When the figures of an open task were computed last.
    figured_at: HashMap<TaskId, Millis>,
    urgent: bool,
    flushed_at: Millis,
}

impl Publisher {
    /// An open task changed; `urgent` when people wait for the news.
    pub fn task_changed(&mut self, id: &TaskId, urgent: bool) {
        self.ended.remove(id);
        self.tasks.insert(id.clone());
        self.urgent |= urgent;
    }

    /// A task ended, and the engine lets go of it.
    pub fn task_ended(&mut self, task: Task) {
        self.tasks.remove(&task.id);
        self.figured_at.remove(&task.id);
        self.ended.insert(task.id.clone(), task);
        self.urgent = true;
    }

    /// A pull changed its state.
    pub fn pull(&mut self, pull: &Arc<Pull>) {
        self.urgent |= !pull.state.is_open();
        self.pull_moved(pull);
    }

    /// The figures of a pull changed.
    pub fn pull_moved(&mut self, pull: &Arc<Pull>) {
        self.pulls.insert(pull.id.clone(), Arc::clone(pull));
    }

    /// A node changed.
    pub fn node(&mut self, node: &NodeName) {
        self.nodes.insert(node.clone());
    }

    /// The last record of a task that ended in this step.
    pub fn ended_task(&self, id: &TaskId) -> Option<Task> {
        self.ended.get(id).cloned()
    }

    /// Whether figures alone may be told again.
    pub fn is_due(&self, now: Millis) -> bool {
        now - self.flushed_at >= INTERVAL_MS
    }

    /// What watchers are to be told now; empty while it is too early.
    pub fn flush(&mut self, now: Millis, work: &OpenWork, shared: &Shared) -> Delta {
        if !self.is_due(now) && !self.urgent {
            return Delta::default();
        }
        self.urgent = false;
        self.flushed_at = now;
        let tasks = self.take_tasks(now, work, shared);
        let live = shared.live();
        let view = |(id, pull): (PullId, Arc<Pull>)| {
            let live = if pull.state.is_running() {
                live.pull(&id).cloned()
            } else {
                None
            };
            Arc::new(PullView { pull, live })
        };
        let pulls = std::mem::take(&mut self.pulls).into_iter().map(view).collect();
        let fleet = shared.fleet();
        let nodes = self.nodes.drain().filter_map(|name| node_view(&fleet, &name));
        Delta {
            tasks,
            pulls,
            nodes: nodes.map(Arc::new).collect(),
            ..Delta::default()
        }
    }

    /// Figures of a task with many pulls are dear: they are computed at most once an interval, and told again with the next one.
    fn take_tasks(&mut self, now: Millis, work: &OpenWork, shared: &Shared) -> Vec<Arc<TaskView>> {
        let mut views: Vec<Arc<TaskView>> = Vec::with_capacity(self.tasks.len() + self.ended.len());
        let mut again = HashSet::new();
        for id in self.tasks.drain() {
            let Some(open) = work.tasks.get(&id) else { continue };
            if self.figured_at.get(&id).is_none_or(|at| now - at >= INTERVAL_MS) {
                let figures = figures(open, work, shared, now);
                shared.live_mut().set_task(id.clone(), figures);
                self.figured_at.insert(id, now);
            } else {
                again.insert(id);
            }
            views.push(Arc::new(view_of(open.task.clone(), shared)));
        }
        self.tasks = again;
        views.extend(self.ended.drain().map(|(_, task)| Arc::new(view_of(task, shared))));
        views
    }
}

/// A task with the live figures that were last computed for it.
pub fn view_of(task: Task, shared: &Shared) -> TaskView {
    let (live, waiting_for) = {
        let live = shared.live();
        (live.task(&task.id).copied(), live.waiting(&task.id).to_owned())
    };
    let figures = live.unwrap_or(LiveTask {
        bytes: task.settled_bytes,
        ..LiveTask::default()
    });
    TaskView {
        bytes: figures.bytes,
        throughput: figures.throughput,
        // An estimate that has passed says nothing.
        estimated_completion: figures
            .estimated_completion
            .filter(|at| task.state.is_open() && *at > now()),
        waiting_for,
        task,
    }
}

/// A node with what its session says.
pub fn entry_view(entry: &Entry) -> NodeView {
    NodeView {
        node: Arc::clone(&entry.node),
        connected: entry.session.is_some(),
        not_ready: entry.not_ready(),
        condition: Arc::clone(&entry.condition),
        running_pulls: entry.running_pulls,
        clock_offset_ms: entry.clock_offset_ms,
        image_count: entry.inventory.as_ref().map(|inventory| inventory.images.len() as u32),
        last_seen_at: entry.last_seen_at,
        cluster: entry.cluster.clone(),
        pins: entry.pins(),
    }
}

fn node_view(fleet: &Fleet, name: &NodeName) -> Option<NodeView> {
    fleet.get(name).map(entry_view)
}

/// Bytes of a task: what ended, what runs, and the sizes of what waits.
fn figures(open: &OpenTask, work: &OpenWork, shared: &Shared, now: Millis) -> LiveTask {
    let mut figures = LiveTask {
        bytes: open.task.settled_bytes,
        ..LiveTask::default()
    };
    let (live, fleet) = (shared.live(), shared.fleet());
    for pull in open.open.values().filter_map(|id| work.pulls.get(id)) {
        match live.pull(&pull.id).filter(|live| live.bytes.total > 0) {
            Some(progress) => {
                figures.bytes.add(&progress.bytes);
                figures.throughput += progress.throughput;
            }
            None => figures.bytes.total += resolved_size(open, pull, &fleet),
        }
    }
    figures.estimated_completion = estimate(&open.task, &figures, now);
    figures
}

fn resolved_size(open: &OpenTask, pull: &Pull, fleet: &Fleet) -> u64 {
    let image = open.task.images.get(pull.image_index as usize);
    let resolved = image.map_or(&[][..], |image| &image.resolved);
    if let [only] = resolved {
        return only.size_bytes;
    }
    let platform = fleet.get(&pull.node).map(|entry| &entry.node.platform);
    let found = resolved.iter().find(|resolved| Some(&resolved.platform) == platform);
    found.map_or(0, |resolved| resolved.size_bytes)
}

/// At the pace since the task started, where fetching and unpacking count alike; nothing before a twentieth is done.
fn estimate(task: &Task, figures: &LiveTask, now: Millis) -> Option<Millis> {
    let bytes = &figures.bytes;
    let moved = bytes.fetched + bytes.already_there + bytes.not_needed;
    let done = (moved + bytes.unpacked) as f64 / (2.0 * bytes.total.max(1) as f64);
    let elapsed = (now - task.started_at) as f64;
    let known = task.started_at > 0 && bytes.total > 0 && (0.05..1.0).contains(&done);
    known.then(|| now + (elapsed * (1.0 - done) / done) as Millis)
}
