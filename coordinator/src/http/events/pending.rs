//! Changes that wait to be sent, merged: of each object only the newest state is kept, so that a slow reader costs no more memory
//! than there are objects that changed.

use super::topics::Topics;
use crate::{
    domain::ids::{NodeName, PullId, TaskId},
    engine::{
        Engine,
        board::{Delta, Noun},
        views::{NodeView, PullView, TaskView},
    },
    http::dto::event::DeltaJson,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What changed since the last event.
#[derive(Debug, Default)]
pub(super) struct Pending {
    version: u64,
    tasks: BTreeMap<TaskId, Arc<TaskView>>,
    removed_tasks: BTreeSet<TaskId>,
    pulls: BTreeMap<PullId, Arc<PullView>>,
    nodes: BTreeMap<NodeName, Arc<NodeView>>,
    changed: BTreeSet<Noun>,
    urgent: bool,
}

impl Pending {
    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
            && self.removed_tasks.is_empty()
            && self.pulls.is_empty()
            && self.nodes.is_empty()
            && self.changed.is_empty()
    }

    /// Whether something ended: outcomes are not held back as progress is.
    pub(super) fn is_urgent(&self) -> bool {
        self.urgent
    }

    /// Version of the newest delta in it.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Adds what the topics show of a delta, and the engine of whoever watches.
    pub(super) fn merge(&mut self, delta: &Delta, topics: &Topics, engine: &Engine) {
        self.version = delta.version;
        let tasks = delta.tasks.iter().filter(|view| engine.shows_task(view));
        let tasks = tasks.filter(|view| topics.show_task(&view.task.id));
        for task in tasks {
            self.urgent |= !task.task.state.is_open();
            self.removed_tasks.remove(&task.task.id);
            self.tasks.insert(task.task.id.clone(), Arc::clone(task));
        }
        for pull in delta.pulls.iter().filter(|view| topics.show_pull(&view.pull)) {
            self.urgent |= !pull.pull.state.is_open();
            self.pulls.insert(pull.pull.id.clone(), Arc::clone(pull));
        }
        if topics.changes {
            self.changed.extend(&delta.changed);
            if !delta.nodes.is_empty() {
                self.changed.insert(Noun::Nodes);
            }
        }
        if topics.nodes {
            let nodes = delta.nodes.iter().filter_map(|view| engine.shown_node(view));
            self.nodes.extend(nodes.map(|view| (view.node.name.clone(), view)));
        }
        let removed = delta
            .removed_tasks
            .iter()
            .filter(|(tenant, _)| engine.shows_tenant(tenant));
        for (_, id) in removed.filter(|(_, id)| topics.show_task(id)) {
            self.urgent = true;
            self.tasks.remove(id);
            self.pulls.retain(|_, view| view.pull.task != *id);
            self.removed_tasks.insert(id.clone());
        }
    }

    /// Takes everything out for one event.
    pub(super) fn take(&mut self) -> DeltaJson {
        let taken = std::mem::take(self);
        DeltaJson {
            version: taken.version,
            tasks: taken.tasks.values().map(|view| view.as_ref().into()).collect(),
            removed_tasks: taken.removed_tasks.iter().map(ToString::to_string).collect(),
            pulls: taken.pulls.values().map(|view| view.as_ref().into()).collect(),
            nodes: taken.nodes.values().map(|view| view.as_ref().into()).collect(),
            changed: taken.changed.into_iter().map(Noun::as_str).collect(),
        }
    }
}
