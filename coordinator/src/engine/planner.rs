//! Decides which queued pulls may start now. Pure: what it knows is handed to it, what it decides is returned.
//!
//! Order: priority, then age of the task, then node and position of the image. So that endless urgent work starves nobody, a task
//! that has had no start for [`STARVING_MS`] is favoured: every fourth start may go to the one that has waited longest.
//!
//! Limits: the whole cluster, each tenant, each node's slots, each zone, each registry host, and the nodes that a task may work on at a time
//! (a node that is done makes room for the next); a task in stages (canary, strict batches) starts only on the nodes of its stage.

use super::work::{NodeQueue, Waiting};
use crate::domain::{
    Millis,
    caller::TenantId,
    ids::{NodeName, PullId},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// Time without a start after which a task is favoured.
pub const STARVING_MS: Millis = 300_000;
/// Starts between two that are given to a starving task.
pub const FAVOUR_EVERY: u32 = 4;

/// Room on one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeRoom {
    /// Slots left.
    pub free: u32,
    /// Its topology zone, where it has one and zones are limited.
    pub zone: Option<Arc<str>>,
}

/// What may still start.
#[derive(Debug)]
pub struct Room<'a> {
    /// Slots left in the cluster.
    pub cluster: u32,
    /// Nodes that can take work; others cannot.
    pub nodes: &'a HashMap<NodeName, NodeRoom>,
    /// Slots left in each limited zone; a zone that is not here has no limit.
    pub zones: HashMap<Arc<str>, u32>,
    /// Starts left on each limited registry host; a host that is not here has no limit.
    pub hosts: HashMap<Arc<str>, u32>,
    /// Starts left for each tenant with a quota; a tenant that is not here has none.
    pub tenants: HashMap<TenantId, u32>,
    /// A starving task is to be favoured now.
    pub favour: bool,
}

/// One open task as the planner sees it.
#[derive(Debug)]
pub struct PlanTask<'a> {
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// 1 (last) to 10 (first).
    pub priority: u32,
    /// Age.
    pub created_at: Millis,
    /// Since when nothing of it has started.
    pub waiting_since: Millis,
    /// Nodes with a running pull at a time.
    pub nodes_at_a_time: Option<u32>,
    /// Nodes on which one of its pulls runs.
    pub busy: &'a HashSet<NodeName>,
    /// The nodes whose turn it is; `None` for all.
    pub stage: Option<&'a BTreeSet<NodeName>>,
    /// Waiting pulls by node.
    pub queue: &'a NodeQueue,
    /// Registry host of each image.
    pub hosts: &'a [Arc<str>],
    /// Images that the registry is being asked about.
    pub resolving: &'a HashSet<u32>,
}

/// What starts now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan<'a> {
    /// First to start first.
    pub starts: Vec<&'a PullId>,
    /// The first of them was given to a starving task.
    pub favoured: bool,
}

/// The pulls that start now.
pub fn plan<'a>(now: Millis, room: Room<'a>, mut tasks: Vec<PlanTask<'a>>) -> Plan<'a> {
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.priority), task.created_at));
    let favour = room.favour;
    let mut hand = Hand {
        now,
        room,
        taken: HashMap::new(),
        starts: Vec::new(),
        favoured: None,
    };
    let mut offers: Vec<Offer<'a>> = tasks.into_iter().map(Offer::new).collect();
    if favour {
        hand.favour(&mut offers);
    }
    for offer in &mut offers {
        if hand.room.cluster == 0 {
            break;
        }
        hand.serve(offer, usize::MAX);
    }
    Plan {
        favoured: hand.favoured.is_some(),
        starts: hand.starts,
    }
}

/// A task while it is served.
struct Offer<'a> {
    task: PlanTask<'a>,
    /// Nodes that became busy in this plan.
    newly_busy: HashSet<&'a NodeName>,
}

impl<'a> Offer<'a> {
    fn new(task: PlanTask<'a>) -> Self {
        Self {
            task,
            newly_busy: HashSet::new(),
        }
    }

    /// Whether the task may work on the node beside those that it works on.
    fn may_work_on(&self, node: &NodeName) -> bool {
        let busy = self.task.busy.len() + self.newly_busy.len();
        self.task.nodes_at_a_time.is_none_or(|most| busy < most as usize)
            || self.task.busy.contains(node)
            || self.newly_busy.contains(node)
    }

    /// Waiting pulls on the nodes whose turn it is, in order.
    fn waiting(&self) -> Box<dyn Iterator<Item = (&'a NodeName, &'a Vec<Waiting>)> + 'a> {
        let queue = self.task.queue;
        match self.task.stage {
            Some(stage) => Box::new(stage.iter().filter_map(|node| queue.get_key_value(node))),
            None => Box::new(queue.iter()),
        }
    }
}

/// Room that is being handed out.
struct Hand<'a> {
    now: Millis,
    room: Room<'a>,
    /// Slots of nodes that went in this plan.
    taken: HashMap<&'a NodeName, u32>,
    starts: Vec<&'a PullId>,
    favoured: Option<&'a PullId>,
}

impl<'a> Hand<'a> {
    /// One start for the task that has starved longest and can have one.
    fn favour(&mut self, offers: &mut [Offer<'a>]) {
        let starving = |offer: &&mut Offer<'a>| self.now - offer.task.waiting_since >= STARVING_MS;
        let mut starving: Vec<&mut Offer<'a>> = offers.iter_mut().filter(starving).collect();
        starving.sort_by_key(|offer| offer.task.waiting_since);
        for offer in starving {
            self.serve(offer, 1);
            self.favoured = self.starts.first().copied();
            if self.favoured.is_some() {
                return;
            }
        }
    }

    /// Starts what the task may start, at most so many.
    fn serve(&mut self, offer: &mut Offer<'a>, most: usize) {
        let mut left = most;
        for (node, waiting) in offer.waiting() {
            if self.room.cluster == 0 || left == 0 || !self.tenant_has_room(offer.task.tenant) {
                return;
            }
            if !self.has_slot(node) || !offer.may_work_on(node) {
                continue;
            }
            for pull in waiting {
                let due = pull.not_before <= self.now && !offer.task.resolving.contains(&pull.image_index);
                if left > 0 && due && self.favoured != Some(&pull.id) && self.take(node, pull, &offer.task) {
                    offer
                        .newly_busy
                        .extend((!offer.task.busy.contains(node)).then_some(node));
                    self.starts.push(&pull.id);
                    left -= 1;
                }
            }
        }
    }

    fn has_slot(&self, node: &NodeName) -> bool {
        let free = self.room.nodes.get(node).map_or(0, |room| room.free);
        self.taken.get(node).copied().unwrap_or(0) < free
    }

    fn tenant_has_room(&self, tenant: &TenantId) -> bool {
        // Where nobody has a quota nothing is looked up.
        self.room.tenants.is_empty() || self.room.tenants.get(tenant).is_none_or(|room| *room > 0)
    }

    /// Takes a slot everywhere, or nowhere.
    fn take(&mut self, node: &'a NodeName, pull: &Waiting, task: &PlanTask<'a>) -> bool {
        if self.room.cluster == 0 || !self.has_slot(node) || !self.tenant_has_room(task.tenant) {
            return false;
        }
        let zone = self.room.nodes.get(node).and_then(|room| room.zone.as_ref());
        let host = task.hosts.get(pull.image_index as usize);
        let has_room = |rooms: &HashMap<Arc<str>, u32>, key: Option<&Arc<str>>| {
            key.and_then(|key| rooms.get(key)).is_none_or(|room| *room > 0)
        };
        if !has_room(&self.room.zones, zone) || !has_room(&self.room.hosts, host) {
            return false;
        }
        for room in [
            zone.and_then(|zone| self.room.zones.get_mut(zone)),
            host.and_then(|host| self.room.hosts.get_mut(host)),
        ]
        .into_iter()
        .flatten()
        {
            *room -= 1;
        }
        if let Some(room) = self.room.tenants.get_mut(task.tenant) {
            *room -= 1;
        }
        self.room.cluster -= 1;
        *self.taken.entry(node).or_default() += 1;
        true
    }
}

#[cfg(test)]
mod tests;
