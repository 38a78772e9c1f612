//! The fleet: every known node, its live session if it has one, and what its agent last said. In memory only; the engine writes,
//! edges read. What of it must survive a restart (name, identity, labels, platform) is in the store.

mod cluster;
pub mod images;
pub mod messages;
pub mod pool;

pub use cluster::Noticed;

use crate::domain::{
    Millis,
    cluster::ClusterNode,
    ids::NodeName,
    node::{Node, NodeCondition},
    pin::PinReport,
};
use futures::channel::mpsc;
use images::{Catalogue, Images};
use messages::{Abilities, Order};
use std::{collections::BTreeMap, sync::Arc};

/// Orders that may wait for a slow agent before its session is given up.
pub const ORDER_QUEUE: usize = 1024;

/// Taint of a node whose disk is too full.
const DISK_PRESSURE: &str = "node.kubernetes.io/disk-pressure";

/// Way of orders to an agent: a channel that costs a silent session little, and there are ten thousand.
pub type OrderSender = mpsc::Sender<Box<Order>>;

/// The agent's end of it.
pub type OrderReceiver = mpsc::Receiver<Box<Order>>;

/// Number of a session within this run; the newest of a node is the live one.
pub type SessionId = u64;

/// All known nodes.
#[derive(Debug, Default)]
pub struct Fleet {
    nodes: BTreeMap<NodeName, Entry>,
    last_session: SessionId,
    catalogue: Arc<Catalogue>,
}

/// One known node.
#[derive(Debug)]
pub struct Entry {
    /// Record, shared with whoever is told about the node.
    pub node: Arc<Node>,
    /// Last sign of life.
    pub last_seen_at: Millis,
    /// Live session.
    pub session: Option<Session>,
    /// Since when it has none; the start of this process for nodes that have not come back since.
    pub gone_since: Millis,
    /// Disk and runtime, from the last report.
    pub condition: Arc<NodeCondition>,
    /// Images by id; `None` while unknown.
    pub inventory: Option<Inventory>,
    /// Pulls that hold one of its slots.
    pub running_pulls: u32,
    /// How far its agent's clock was ahead at the last heartbeat; 0 while unknown.
    pub clock_offset_ms: Millis,
    /// An agent has said hello from it, now or in an earlier run; without one it is only shown.
    pub has_agent: bool,
    /// What the cluster says of it, where there is one.
    pub cluster: Option<Arc<ClusterNode>>,
    /// It was deleted from the cluster and has not come back.
    pub deleted: bool,
    /// What its agent can do, by its last hello.
    pub abilities: Abilities,
    /// What its agent last said of pins.
    pub pins: Option<Arc<PinReport>>,
}

/// A live session.
#[derive(Debug)]
pub struct Session {
    /// Number.
    pub id: SessionId,
    /// Way to the agent.
    orders: OrderSender,
}

/// Images of a node.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Hash of the agent over its content.
    pub hash: String,
    /// Images by id.
    pub images: Images,
}

impl Entry {
    fn new(node: Node, gone_since: Millis) -> Self {
        Self {
            last_seen_at: node.last_seen_at,
            node: Arc::new(node),
            session: None,
            gone_since,
            condition: Arc::default(),
            inventory: None,
            running_pulls: 0,
            clock_offset_ms: 0,
            has_agent: true,
            cluster: None,
            deleted: false,
            abilities: Abilities::default(),
            pins: None,
        }
    }

    /// Whether tasks may choose it.
    pub fn is_target(&self) -> bool {
        self.has_agent && !self.deleted
    }

    /// The record with the last sign of life, as it is saved.
    pub fn record(&self) -> Node {
        Node {
            last_seen_at: self.last_seen_at,
            ..Node::clone(&self.node)
        }
    }

    /// Why the node cannot pull now; `None` when it can.
    pub fn not_ready(&self) -> Option<String> {
        if self.deleted {
            return Some("the node was deleted from the cluster".into());
        }
        if let (false, Some(cluster)) = (self.has_agent, &self.cluster) {
            return Some(cluster.why_no_agent());
        }
        if self.session.is_none() {
            return Some("agent is not connected".into());
        }
        if self.condition.draining {
            return Some("agent is draining".into());
        }
        if !self.condition.runtime_ready {
            let why = &self.condition.runtime_message;
            return Some(if why.is_empty() {
                "runtime does not answer".into()
            } else {
                why.clone()
            });
        }
        None
    }

    /// What became of its pins, as it means something under its kubelet.
    pub fn pins(&self) -> Option<Arc<PinReport>> {
        let report = self.pins.as_ref()?;
        let kubelet = self.cluster.as_ref().map_or("", |cluster| &cluster.kubelet_version);
        Some(Arc::new(report.under_kubelet(kubelet)))
    }

    /// Whether its cluster says that its disk is too full.
    pub fn has_disk_pressure(&self) -> bool {
        let taints = self.cluster.iter().flat_map(|cluster| &cluster.taints);
        taints.into_iter().any(|taint| taint.key == DISK_PRESSURE)
    }

    /// Slots that are free for new pulls; none while the node is not ready.
    pub fn free_slots(&self) -> u32 {
        if self.not_ready().is_some() {
            return 0;
        }
        self.node.max_concurrent_pulls.saturating_sub(self.running_pulls)
    }

    /// Sends an order; says whether a session took it. An agent too slow to take it loses its session and gets everything again
    /// when it comes back.
    pub fn send(&mut self, order: Order) -> bool {
        let Some(session) = &mut self.session else {
            return false;
        };
        if session.orders.try_send(Box::new(order)).is_ok() {
            return true;
        }
        tracing::warn!(node = %self.node.name, "session given up: the agent does not take its orders");
        self.session = None;
        false
    }
}

impl Fleet {
    /// Nodes from the store, none of them connected yet.
    pub fn from_stored(nodes: Vec<Node>, now: Millis) -> Self {
        let nodes = nodes
            .into_iter()
            .map(|node| (node.name.clone(), Entry::new(node, now)))
            .collect();
        Self {
            nodes,
            ..Self::default()
        }
    }

    /// An inventory without images.
    pub fn empty_inventory(&self) -> Inventory {
        Inventory {
            hash: String::new(),
            images: Images::of(Arc::clone(&self.catalogue)),
        }
    }

    /// Every node by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.nodes.values()
    }

    /// One node.
    pub fn get(&self, name: &NodeName) -> Option<&Entry> {
        self.nodes.get(name)
    }

    /// One node, to change it.
    pub fn get_mut(&mut self, name: &NodeName) -> Option<&mut Entry> {
        self.nodes.get_mut(name)
    }

    /// Makes this the live session of the node; a session before it is closed with a reason. A node whose identity or runtime state
    /// changed loses its inventory.
    pub fn open_session(&mut self, node: Node, condition: NodeCondition, orders: OrderSender) -> SessionId {
        self.last_session += 1;
        let id = self.last_session;
        let name = node.name.clone();
        let entry = self.nodes.entry(name).or_insert_with(|| Entry::new(node.clone(), 0));
        if let Some(mut old) = entry.session.take() {
            let _gone_anyway = old.orders.try_send(Box::new(Order::Superseded));
        }
        let same_machine = entry.node.uid == node.uid && entry.node.runtime_uuid == node.runtime_uuid;
        if !same_machine {
            entry.inventory = None;
        }
        entry.last_seen_at = node.last_seen_at;
        let first_seen_at = if entry.has_agent {
            entry.node.first_seen_at
        } else {
            node.first_seen_at
        };
        entry.node = Arc::new(Node { first_seen_at, ..node });
        entry.has_agent = true;
        entry.condition = Arc::new(condition);
        entry.session = Some(Session { id, orders });
        id
    }

    /// Ends a session, unless a newer one has taken its place; says whether it was the live one.
    pub fn close_session(&mut self, name: &NodeName, id: SessionId, now: Millis) -> bool {
        let Some(entry) = self.nodes.get_mut(name) else {
            return false;
        };
        // A session that was given up in `send` is gone already; it still counts as the end of this one.
        if entry.session.as_ref().is_some_and(|session| session.id != id) {
            return false;
        }
        entry.session = None;
        entry.gone_since = now;
        entry.last_seen_at = now;
        true
    }

    /// The clock jumped by so much: nobody is gone longer or shorter by that.
    pub fn clock_jumped(&mut self, by: Millis) {
        self.nodes.values_mut().for_each(|entry| entry.gone_since += by);
    }

    /// Whether this session is the live one of the node.
    pub fn is_live(&self, name: &NodeName, id: SessionId) -> bool {
        self.get(name)
            .and_then(|entry| entry.session.as_ref())
            .is_some_and(|session| session.id == id)
    }
}

#[cfg(test)]
mod tests;
