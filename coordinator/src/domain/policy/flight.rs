//! Pulls that have not ended, whoever ordered them: what is on its way is not ordered again.

use crate::domain::{
    ids::{NodeName, PolicyId, PullId, TaskId},
    image::ImageRef,
};
use std::collections::HashMap;

/// A pull that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// Pull.
    pub pull: PullId,
    /// Its task.
    pub task: TaskId,
    /// The policy that ordered it, if one did.
    pub policy: Option<PolicyId>,
    /// Whether an agent holds it; it waits otherwise.
    pub running: bool,
}

/// All of them by node and image.
#[derive(Debug, Default)]
pub struct Flights {
    by_place: HashMap<(NodeName, ImageRef), Vec<Flight>>,
    own: HashMap<PolicyId, Own>,
}

/// Those of one policy.
#[derive(Debug, Default)]
struct Own {
    nodes: HashMap<NodeName, u32>,
    tasks: HashMap<TaskId, u32>,
}

impl Flights {
    /// A pull is open, or has another state than before.
    pub fn put(&mut self, node: &NodeName, image: &ImageRef, flight: Flight) {
        let place = self.by_place.entry((node.clone(), image.clone())).or_default();
        if let Some(known) = place.iter_mut().find(|known| known.pull == flight.pull) {
            known.running = flight.running;
            return;
        }
        if let Some(policy) = &flight.policy {
            let own = self.own.entry(policy.clone()).or_default();
            *own.nodes.entry(node.clone()).or_default() += 1;
            *own.tasks.entry(flight.task.clone()).or_default() += 1;
        }
        place.push(flight);
    }

    /// A pull has ended; says what was known of it.
    pub fn remove(&mut self, node: &NodeName, image: &ImageRef, pull: &PullId) -> Option<Flight> {
        let key = (node.clone(), image.clone());
        let place = self.by_place.get_mut(&key)?;
        let at = place.iter().position(|known| known.pull == *pull)?;
        let flight = place.swap_remove(at);
        if place.is_empty() {
            self.by_place.remove(&key);
        }
        if let Some(policy) = &flight.policy
            && let Some(own) = self.own.get_mut(policy)
        {
            less(&mut own.nodes, node);
            less(&mut own.tasks, &flight.task);
            if own.tasks.is_empty() {
                self.own.remove(policy);
            }
        }
        Some(flight)
    }

    /// What is on its way to this place; the policy's own first.
    pub fn at(&self, node: &NodeName, image: &ImageRef, policy: &PolicyId) -> Option<&Flight> {
        let place = self.by_place.get(&(node.clone(), image.clone()))?;
        let own = place.iter().find(|flight| flight.policy.as_ref() == Some(policy));
        own.or_else(|| place.first())
    }

    /// Nodes on which a pull of the policy is open.
    pub fn nodes_of(&self, policy: &PolicyId) -> usize {
        self.own.get(policy).map_or(0, |own| own.nodes.len())
    }

    /// Whether a pull of the policy is open on this node.
    pub fn is_on(&self, policy: &PolicyId, node: &NodeName) -> bool {
        self.own.get(policy).is_some_and(|own| own.nodes.contains_key(node))
    }

    /// Tasks of the policy that have an open pull.
    pub fn tasks_of(&self, policy: &PolicyId) -> usize {
        self.own.get(policy).map_or(0, |own| own.tasks.len())
    }

    /// Those that policies ordered, with their node and image.
    pub fn of_policies(&self) -> impl Iterator<Item = (&NodeName, &ImageRef, &Flight)> {
        let all = self.by_place.iter();
        let all = all.flat_map(|((node, image), place)| place.iter().map(move |flight| (node, image, flight)));
        all.filter(|(_, _, flight)| flight.policy.is_some())
    }

    /// Open pulls that are known.
    pub fn len(&self) -> usize {
        self.by_place.values().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_place.is_empty()
    }
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: &K) {
    let left = counts.get_mut(key).map(|count| {
        *count -= 1;
        *count
    });
    if left == Some(0) {
        counts.remove(key);
    }
}
