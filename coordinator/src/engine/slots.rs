//! Free slots of every node and running pulls of every zone, kept up to date node by node: with ten thousand nodes nobody looks at
//! all of them because one changed.

use super::planner::NodeRoom;
use crate::{
    domain::{ids::NodeName, limits::Limits},
    fleet::Fleet,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// See the module.
#[derive(Debug, Default)]
pub struct Slots {
    /// Nodes with a free slot.
    free: HashMap<NodeName, NodeRoom>,
    /// Zone and running pulls as they were counted last.
    counted: HashMap<NodeName, (Arc<str>, u32)>,
    zones: HashMap<Arc<str>, u32>,
    changed: HashSet<NodeName>,
}

impl Slots {
    /// Something about the node changed.
    pub fn touch(&mut self, node: &NodeName) {
        self.changed.insert(node.clone());
    }

    /// Something about every node changed: the limits.
    pub fn touch_all(&mut self, fleet: &Fleet) {
        self.changed
            .extend(fleet.entries().map(|entry| entry.node.name.clone()));
    }

    /// Reads again what changed.
    pub fn refresh(&mut self, fleet: &Fleet, limits: &Limits) {
        for node in std::mem::take(&mut self.changed) {
            self.uncount(&node);
            let Some(entry) = fleet.get(&node) else {
                self.free.remove(&node);
                continue;
            };
            let zone = limits.zone_of(&entry.node.labels).map(|zone| self.zone(zone));
            if let Some(zone) = &zone {
                *self.zones.entry(Arc::clone(zone)).or_default() += entry.running_pulls;
                self.counted
                    .insert(node.clone(), (Arc::clone(zone), entry.running_pulls));
            }
            let allowed = limits
                .node_pulls
                .unwrap_or(u32::MAX)
                .saturating_sub(entry.running_pulls);
            match entry.free_slots().min(allowed) {
                0 => drop(self.free.remove(&node)),
                free => drop(self.free.insert(node, NodeRoom { free, zone })),
            }
        }
    }

    /// Nodes that can take work.
    pub fn free(&self) -> &HashMap<NodeName, NodeRoom> {
        &self.free
    }

    /// Slots left in each zone under the limit; empty without one.
    pub fn zone_room(&self, limits: &Limits) -> HashMap<Arc<str>, u32> {
        let Some(most) = limits.zone_pulls else {
            return HashMap::new();
        };
        let room = |(zone, running): (&Arc<str>, &u32)| (Arc::clone(zone), most.saturating_sub(*running));
        self.zones.iter().map(room).collect()
    }

    fn zone(&self, name: &str) -> Arc<str> {
        let known = self.zones.get_key_value(name);
        known.map_or_else(|| name.into(), |(known, _)| Arc::clone(known))
    }

    fn uncount(&mut self, node: &NodeName) {
        if let Some((zone, running)) = self.counted.remove(node)
            && let Some(count) = self.zones.get_mut(&zone)
        {
            *count = count.saturating_sub(running);
        }
    }
}
