//! Tells nodes what is to be pinned on them, and keeps what they answer.

use super::Core;
use crate::{
    domain::{
        ids::{NodeName, TaskId},
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
        for node in self.shared.pins().set(owner, places) {
            self.order_pins(&node);
        }
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

    /// Says to a node what is to be pinned there; nothing while its cluster says that its disk is full.
    pub(super) fn order_pins(&mut self, node: &NodeName) {
        let (heeds, is_full) = {
            let fleet = self.shared.fleet();
            let entry = fleet.get(node).filter(|entry| entry.session.is_some());
            (
                entry.is_some_and(|entry| entry.abilities.pins),
                entry.is_some_and(|entry| entry.has_disk_pressure()),
            )
        };
        if !heeds {
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
