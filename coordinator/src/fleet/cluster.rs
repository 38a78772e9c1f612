//! What a cluster says of nodes, laid over what their agents say: labels are the cluster's, and it knows nodes without an agent.

use super::{Entry, Fleet};
use crate::domain::{
    Millis,
    cluster::ClusterNode,
    ids::NodeName,
    node::{Labels, Node},
};
use std::{collections::HashSet, sync::Arc};

/// What a word of the cluster changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noticed {
    /// Nothing.
    Nothing,
    /// Something that is only shown.
    Shown,
    /// Something that is saved with the node: its labels.
    Saved,
}

impl Fleet {
    /// Takes what the cluster says of a node.
    pub fn notice(&mut self, told: ClusterNode, now: Millis) -> Noticed {
        let name = told.name.clone();
        let entry = self.nodes.entry(name).or_insert_with(|| without_agent(&told, now));
        if !entry.deleted && entry.cluster.as_deref() == Some(&told) {
            return Noticed::Nothing;
        }
        let replaced = entry.cluster.as_ref().is_some_and(|known| known.uid != told.uid);
        if replaced {
            // The old node's images went with it.
            entry.inventory = None;
        }
        let relabelled = entry.node.labels != told.labels;
        if relabelled {
            Arc::make_mut(&mut entry.node).labels = told.labels.clone();
        }
        if !entry.has_agent {
            Arc::make_mut(&mut entry.node).platform = told.platform.clone();
        }
        entry.deleted = false;
        entry.cluster = Some(Arc::new(told));
        if relabelled && entry.has_agent {
            Noticed::Saved
        } else {
            Noticed::Shown
        }
    }

    /// A node has left the cluster. Says whether it was there.
    pub fn left(&mut self, name: &NodeName) -> bool {
        let Some(entry) = self.nodes.get_mut(name) else {
            return false;
        };
        entry.deleted |= entry.cluster.take().is_some();
        entry.deleted
    }

    /// Nodes that the cluster had and that are not among these.
    pub fn missing(&self, there: &HashSet<&NodeName>) -> Vec<NodeName> {
        let known = self.nodes.values().filter(|entry| entry.cluster.is_some());
        let gone = known.filter(|entry| !there.contains(&entry.node.name));
        gone.map(|entry| entry.node.name.clone()).collect()
    }

    /// Forgets nodes that have left and never had an agent: nothing refers to them.
    pub fn forget_strangers(&mut self) {
        self.nodes.retain(|_, entry| entry.has_agent || !entry.deleted);
    }

    /// The labels that the cluster gives a node, where it knows it.
    pub fn labels_of(&self, name: &NodeName) -> Option<&Labels> {
        self.get(name)?.cluster.as_ref().map(|cluster| &cluster.labels)
    }
}

/// A node that only the cluster knows.
fn without_agent(told: &ClusterNode, now: Millis) -> Entry {
    let node = Node {
        name: told.name.clone(),
        uid: String::new(),
        runtime_uuid: String::new(),
        labels: told.labels.clone(),
        platform: told.platform.clone(),
        agent_version: Arc::default(),
        runtime_name: Arc::default(),
        runtime_version: Arc::default(),
        max_concurrent_pulls: 0,
        first_seen_at: now,
        last_seen_at: now,
    };
    Entry {
        has_agent: false,
        ..Entry::new(node, 0)
    }
}
