//! Tells nodes what is to be pinned on them, and keeps what they answer.

use super::Core;
use crate::{
    domain::{
        ids::{NodeName, PolicyId, TaskId},
        image::ImageRef,
        pin::{PinOwner, PinReport},
        pull::Pull,
        task::Task,
    },
    engine::pins::PinnedPlace,
    fleet::messages::Order,
};
use std::sync::Arc;

impl Core {
    /// The owner wants exactly these from now on.
    pub fn set_pins(&mut self, owner: PinOwner, places: impl IntoIterator<Item = PinnedPlace>) {
        for node in self.shared.pins().set(&owner, places) {
            self.order_pins(&node);
        }
    }

    /// The policy wants exactly these on these nodes from now on.
    pub(super) fn set_policy_pins(&mut self, policy: PolicyId, places: &[(NodeName, Vec<ImageRef>)]) {
        let owner = PinOwner::Policy(policy);
        for (node, images) in places {
            if self.shared.pins().set_on(&owner, node, images) {
                self.order_pins(node);
            }
        }
    }

    /// No node is told to let anything go before policies have spoken.
    pub fn wait_for_policies(&self) {
        self.shared.pins().wait_for_policies();
    }

    /// All wishes are known: nodes that came before are told.
    pub(super) fn policies_have_spoken(&mut self) {
        if !self.shared.pins().policies_have_spoken() {
            return;
        }
        let connected: Vec<NodeName> = {
            let fleet = self.shared.fleet();
            let entries = fleet.entries().filter(|entry| entry.session.is_some());
            entries.map(|entry| entry.node.name.clone()).collect()
        };
        connected.iter().for_each(|node| self.order_pins(node));
    }

    /// A task that pins wants all its images on all its nodes, also those that it has not warmed yet.
    pub(super) fn pin_for(&mut self, task: &Task, pulls: &[Pull]) {
        if task.spec.rules.pin {
            let places = pulls.iter().map(|pull| (pull.node.clone(), pull.image.clone()));
            self.set_pins(PinOwner::Task(task.id.clone()), places);
        }
    }

    /// A task is cancelled or gone.
    pub fn unpin_for(&mut self, task: &TaskId) {
        self.set_pins(PinOwner::Task(task.clone()), []);
    }

    /// Says to a node what is to be pinned there, as soon as all wishes are known; nothing is to be while its cluster says that its disk is full.
    pub(super) fn order_pins(&mut self, node: &NodeName) {
        let (heeds, is_full) = {
            let fleet = self.shared.fleet();
            let entry = fleet.get(node).filter(|entry| entry.session.is_some());
            (
                entry.is_some_and(|entry| entry.abilities.pins),
                entry.is_some_and(|entry| entry.has_disk_pressure()),
            )
        };
        if !heeds || self.shared.pins().is_partial() {
            return;
        }
        let references = if is_full { vec![] } else { self.shared.pins().on(node) };
        self.order(node, Order::SetPins(references));
    }

    /// What a node says of its pins.
    pub(super) fn pins_reported(&mut self, node: &NodeName, report: PinReport) {
        if let Some(entry) = self.shared.fleet_mut().get_mut(node) {
            entry.pins = Some(Arc::new(report));
        }
        self.node_changed(node);
    }
}
