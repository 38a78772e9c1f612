//! Whose inventory is asked for next. After a restart ten thousand agents come back at once: their sessions and outcomes must not wait
//! behind the lists of what they have, so only so many lists are on their way at a time.

use super::Core;
use crate::{
    domain::{Millis, ids::NodeName},
    fleet::messages::Order,
};
use std::collections::{HashMap, HashSet, VecDeque};

/// Inventories that are on their way at a time.
const AT_A_TIME: usize = 64;
/// Time after which one that has not come holds up no other.
const PATIENCE_MS: Millis = 5_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Inventories {
    queue: VecDeque<NodeName>,
    queued: HashSet<NodeName>,
    /// When those on their way were asked for.
    asked: HashMap<NodeName, Millis>,
}

impl Inventories {
    /// The inventory of this node is not known.
    pub(super) fn want(&mut self, node: &NodeName) {
        // What an earlier session was asked for will not come.
        self.asked.remove(node);
        if self.queued.insert(node.clone()) {
            self.queue.push_back(node.clone());
        }
    }

    /// It came.
    pub(super) fn came(&mut self, node: &NodeName) {
        self.asked.remove(node);
    }

    /// Nodes to be asked now.
    fn next(&mut self, now: Millis) -> Vec<NodeName> {
        if self.queue.is_empty() {
            return vec![];
        }
        if self.asked.len() >= AT_A_TIME {
            // A clock that went back makes nobody wait longer.
            self.asked.retain(|_, at| (0..PATIENCE_MS).contains(&(now - *at)));
        }
        let room = AT_A_TIME.saturating_sub(self.asked.len()).min(self.queue.len());
        let nodes: Vec<NodeName> = self.queue.drain(..room).collect();
        for node in &nodes {
            self.queued.remove(node);
            self.asked.insert(node.clone(), now);
        }
        nodes
    }
}

impl Core {
    /// Asks for the inventories whose turn it is.
    pub(super) fn ask_inventories(&mut self, now: Millis) {
        for node in self.inventories.next(now) {
            self.order(&node, Order::SendInventory);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn name(number: usize) -> NodeName {
        NodeName::parse(&format!("n{number}")).unwrap()
    }

    #[test]
    fn only_so_many_are_on_their_way_and_all_come_in_turn() {
        let mut inventories = Inventories::default();
        (0..150).for_each(|number| inventories.want(&name(number)));
        inventories.want(&name(0));
        assert_eq!(inventories.next(0).len(), AT_A_TIME);
        assert!(inventories.next(0).is_empty(), "none has come");
        inventories.came(&name(0));
        inventories.came(&name(1));
        assert_eq!(inventories.next(0), [name(64), name(65)]);
        assert_eq!(
            inventories.next(PATIENCE_MS).len(),
            AT_A_TIME,
            "the first ones took too long"
        );
        assert_eq!(
            inventories.next(-1).len(),
            150 - 2 * AT_A_TIME - 2,
            "the clock went back"
        );
        assert!(inventories.next(PATIENCE_MS).is_empty());
    }
}
