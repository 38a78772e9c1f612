//! What a cluster says of its nodes, and what that means for their pulls.

use super::Core;
use crate::{
    domain::{
        Millis,
        cluster::{ClusterNews, ClusterNode},
        ids::{NodeName, PullId},
        pull::PullEvent,
    },
    fleet::{Entry, Noticed},
};
use std::collections::HashSet;

impl Core {
    pub(super) fn cluster(&mut self, now: Millis, news: ClusterNews) {
        match news {
            ClusterNews::All(nodes) => {
                let there: HashSet<&NodeName> = nodes.iter().map(|node| &node.name).collect();
                let gone = self.shared.fleet().missing(&there);
                nodes.into_iter().for_each(|node| self.notice(now, node));
                gone.iter().for_each(|name| self.left(now, name));
                self.shared.fleet_mut().forget_strangers();
            }
            ClusterNews::Changed(node) => self.notice(now, *node),
            ClusterNews::Gone(name) => self.left(now, &name),
            // Said to people, not to the engine.
            ClusterNews::Away(_) | ClusterNews::Back => {}
        }
    }

    fn notice(&mut self, now: Millis, node: ClusterNode) {
        let name = node.name.clone();
        let mut fleet = self.shared.fleet_mut();
        let was_full = fleet.get(&name).is_some_and(Entry::has_disk_pressure);
        let noticed = fleet.notice(node, now);
        let is_full = fleet.get(&name).is_some_and(Entry::has_disk_pressure);
        let record = fleet.get(&name).map(|entry| entry.record());
        drop(fleet);
        match (noticed, record) {
            (Noticed::Nothing, _) => return,
            (Noticed::Saved, Some(record)) => self.changes.node(record),
            (Noticed::Saved | Noticed::Shown, _) => {}
        }
        if was_full != is_full {
            self.order_pins(&name);
        }
        self.node_changed(&name);
        // Another zone may have room.
        self.plan_due = true;
    }

    /// The node's object was deleted: nobody waits for it, and an agent that is still there stops.
    fn left(&mut self, now: Millis, name: &NodeName) {
        if !self.shared.fleet_mut().left(name) {
            return;
        }
        let open: Vec<(PullId, u32, bool)> = self
            .work
            .on_node(name)
            .map(|pull| (pull.id.clone(), pull.attempt, pull.state.is_running()))
            .collect();
        for (pull, attempt, is_running) in open {
            if is_running {
                self.order_cancel(name, &pull, attempt);
            }
            // Every open state allows it.
            let _skipped = self.apply(now, &pull, PullEvent::Skip, |pull| {
                pull.message = "node gone: it was deleted from the cluster".into();
            });
        }
        self.node_changed(name);
    }
}
