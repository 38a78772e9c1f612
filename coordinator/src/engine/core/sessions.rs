//! Sessions come, go and come back: what each means for the pulls on that node.

use super::{Core, Effect};
use crate::{
    domain::{
        Millis,
        event::{Event, NodeNews},
        ids::{NodeName, PullId},
        pull::{Pull, PullEvent, PullState},
    },
    fleet::{
        SessionId,
        messages::{Heartbeat, Hello, InventoryReport, Order},
    },
};
use futures::channel::mpsc;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tokio::sync::oneshot;

/// Nodes that were last seen longer ago are no news when they are found lost after a start: a week.
const OLD_NEWS_MS: Millis = 7 * 86_400_000;

/// The session is open.
#[derive(Debug, Clone)]
pub struct SessionGrant {
    /// Number of the session.
    pub session: SessionId,
    /// Identity of the database.
    pub store_uuid: String,
    /// Epoch of this coordinator.
    pub epoch: u64,
}

/// Why a hello was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another machine holds the name.
    #[error(
        "node name {name:?} is held by another machine (uid {holder:?}), which was heard of less than {grace_s} s ago"
    )]
    OtherIdentity {
        /// Name.
        name: String,
        /// Identity of the holder.
        holder: String,
        /// Time after which the name is free, in seconds.
        grace_s: Millis,
    },
}

impl Core {
    pub(super) fn open_session(
        &mut self,
        now: Millis,
        hello: Hello,
        orders: mpsc::Sender<Box<Order>>,
        reply: oneshot::Sender<Result<SessionGrant, Refusal>>,
    ) {
        if let Some(refusal) = self.name_is_held(now, &hello) {
            self.effects.push(Effect::ReplySession(reply, Err(refusal)));
            return;
        }
        let mut node = hello.node.clone();
        let name = node.name.clone();
        let session = {
            let mut fleet = self.shared.fleet_mut();
            let known = fleet.get(&name).filter(|entry| entry.has_agent);
            node.first_seen_at = known.map_or(now, |entry| entry.node.first_seen_at);
            if let Some(labels) = fleet.labels_of(&name) {
                node.labels = labels.clone();
            }
            node.last_seen_at = now;
            let session = fleet.open_session(node.clone(), hello.condition.clone(), orders);
            if let Some(entry) = fleet.get_mut(&name) {
                entry.abilities = hello.abilities;
            }
            session
        };
        self.changes.node(node);
        self.expired.remove(&name);
        self.lost.remove(&name);
        let grant = SessionGrant {
            session,
            store_uuid: self.store_uuid.to_string(),
            epoch: self.epoch,
        };
        self.effects.push(Effect::ReplySession(reply, Ok(grant)));
        self.compare(now, &name, &hello);
        for (pull, outcome) in hello.unacknowledged {
            self.outcome(now, &name, &pull, outcome);
        }
        self.ask_inventory(&name, &hello.inventory_hash);
        self.order_pins(&name);
        self.node_changed(&name);
        self.plan_due = true;
    }

    /// A machine keeps its name while its session is open or within the grace time; after that a reinstalled one may take it.
    fn name_is_held(&self, now: Millis, hello: &Hello) -> Option<Refusal> {
        let fleet = self.shared.fleet();
        let entry = fleet.get(&hello.node.name)?;
        let gone = entry.session.is_none() && now - entry.gone_since > self.settings.session_grace_ms;
        if entry.node.uid == hello.node.uid || gone {
            return None;
        }
        Some(Refusal::OtherIdentity {
            name: hello.node.name.to_string(),
            holder: entry.node.uid.clone(),
            grace_s: self.settings.session_grace_ms / 1000,
        })
    }

    /// Brings what we believe to run on the node and what its agent says into agreement.
    fn compare(&mut self, now: Millis, node: &NodeName, hello: &Hello) {
        let in_flight: HashMap<&PullId, u32> = hello.in_flight.iter().map(|(pull, attempt)| (pull, *attempt)).collect();
        let reported: HashSet<&PullId> = hello.unacknowledged.iter().map(|(pull, _)| pull).collect();
        let ours: Vec<Arc<Pull>> = self.work.on_node(node).cloned().collect();
        for pull in &ours {
            let alive = in_flight.get(&pull.id) == Some(&pull.attempt);
            if alive && self.is_cancelled(pull) {
                self.order_cancel(node, &pull.id, pull.attempt);
            } else if alive && pull.state == PullState::Queued {
                self.adopt_or_cancel(now, pull);
            } else if !alive && pull.state.is_running() && !reported.contains(&pull.id) {
                self.lose(now, pull, "the agent was restarted");
            }
        }
        for (pull, attempt) in in_flight {
            if !ours.iter().any(|own| own.id == *pull && own.attempt == attempt) {
                self.order_cancel(node, pull, attempt);
            }
        }
    }

    /// The node was away for so long that its pull was queued again, and is still at it: it may go on if no limit says otherwise. If
    /// one does it is stopped, and what it has fetched is there when its turn comes.
    fn adopt_or_cancel(&mut self, now: Millis, pull: &Pull) {
        if self.has_room(now, pull) {
            // A queued pull allows it.
            let _adopted = self.apply(now, &pull.id, PullEvent::Progress, |pull| pull.not_before = 0);
        } else {
            self.order_cancel(&pull.node, &pull.id, pull.attempt);
        }
    }

    /// Whether every limit has room for one more pull like this; that of its own node is the agent's.
    fn has_room(&mut self, now: Millis, pull: &Pull) -> bool {
        self.slots.refresh(&self.shared.fleet(), &self.limits);
        let Some(open) = self.work.tasks.get(&pull.task) else {
            return false;
        };
        let host = open.hosts.get(pull.image_index as usize);
        let hosts = self.hosts.room(now, &self.limits, host.into_iter());
        let fleet = self.shared.fleet();
        let labels = fleet.get(&pull.node).map(|entry| &entry.node.labels);
        let zone = labels.and_then(|labels| self.limits.zone_of(labels));
        let zone_room = zone.and_then(|zone| self.slots.zone_room(&self.limits).get(zone).copied());
        self.work.running() < self.limits.cluster_pulls
            && open.batch_has_room(&pull.node)
            && open.stages.current().is_none_or(|turn| turn.contains(&pull.node))
            && host.and_then(|host| hosts.get(host)).is_none_or(|room| *room > 0)
            && zone_room.is_none_or(|room| room > 0)
    }

    pub(super) fn order_cancel(&mut self, node: &NodeName, pull: &PullId, attempt: u32) {
        let reason = "the coordinator no longer wants it".to_owned();
        self.order(
            node,
            Order::CancelPull {
                pull: pull.clone(),
                attempt,
                reason,
            },
        );
    }

    fn is_cancelled(&self, pull: &Pull) -> bool {
        self.work
            .tasks
            .get(&pull.task)
            .is_some_and(|open| !open.task.state.is_open())
    }

    /// An attempt is lost without an outcome: the pull is queued again, which spends no retry; with its task cancelled it ends.
    pub(super) fn lose(&mut self, now: Millis, pull: &Pull, why: &str) {
        let event = if self.is_cancelled(pull) {
            PullEvent::Cancel
        } else {
            PullEvent::Lose
        };
        tracing::info!(pull.id = %pull.id, node = %pull.node, pull.attempt, why, "attempt lost");
        // Called for running pulls only, which allow both events.
        let _queued = self.apply(now, &pull.id, event, |pull| pull.message = why.to_owned());
    }

    fn ask_inventory(&mut self, name: &NodeName, hash: &str) {
        let fleet = self.shared.fleet();
        let held = fleet.get(name).and_then(|entry| entry.inventory.as_ref());
        let known = held.is_some_and(|inventory| !hash.is_empty() && inventory.hash == hash);
        drop(fleet);
        if !known {
            self.inventories.want(name);
        }
    }

    pub(super) fn close_session(&mut self, now: Millis, node: &NodeName, session: SessionId) {
        let mut fleet = self.shared.fleet_mut();
        if !fleet.close_session(node, session, now) {
            return;
        }
        if let Some(entry) = fleet.get(node) {
            self.changes.node(entry.record());
        }
        drop(fleet);
        self.node_changed(node);
    }

    pub(super) fn heartbeat(&mut self, now: Millis, name: &NodeName, heartbeat: Heartbeat) {
        let mut fleet = self.shared.fleet_mut();
        let Some(entry) = fleet.get_mut(name) else { return };
        entry.last_seen_at = now;
        let was_ready = entry.not_ready().is_none();
        entry.condition = Arc::new(heartbeat.condition);
        entry.clock_offset_ms = heartbeat.clock_offset_ms;
        self.plan_due |= was_ready != entry.not_ready().is_none();
        if let Some((runtime_name, version, uuid)) = heartbeat.runtime {
            if entry.node.runtime_uuid != uuid && !entry.node.runtime_uuid.is_empty() {
                entry.inventory = None;
            }
            let node = Arc::make_mut(&mut entry.node);
            (node.runtime_name, node.runtime_version, node.runtime_uuid) = (runtime_name.into(), version.into(), uuid);
            self.changes.node(entry.record());
        }
        drop(fleet);
        self.node_changed(name);
    }

    pub(super) fn inventory(&mut self, name: &NodeName, report: InventoryReport) {
        let mut fleet = self.shared.fleet_mut();
        let empty = fleet.empty_inventory();
        let Some(entry) = fleet.get_mut(name) else { return };
        if !report.whole && entry.inventory.is_none() {
            // A change to a list that we do not have.
            drop(fleet);
            self.inventories.want(name);
            return;
        }
        let inventory = entry.inventory.get_or_insert(empty);
        if report.whole {
            inventory.images.clear();
        }
        report.removed.iter().for_each(|id| inventory.images.remove(id));
        inventory.images.insert(report.images);
        if !report.hash.is_empty() {
            inventory.images.settle();
        }
        let complete = !report.hash.is_empty();
        inventory.hash = report.hash;
        drop(fleet);
        if complete {
            self.inventories.came(name);
        }
        self.node_changed(name);
    }

    /// Sessions gone for longer than the grace time lose their running pulls; nodes gone for long lose all.
    pub(super) fn expire_sessions(&mut self, now: Millis) {
        let gone: Vec<(NodeName, Millis)> = {
            let fleet = self.shared.fleet();
            let without = fleet
                .entries()
                .filter(|entry| entry.session.is_none() && entry.is_target());
            without
                .map(|entry| (entry.node.name.clone(), now - entry.gone_since))
                .collect()
        };
        for (node, gone_ms) in gone {
            if gone_ms > self.settings.node_lost_after_ms {
                self.tell_of_loss(now, &node);
                self.skip_all(now, &node);
            } else if gone_ms > self.settings.session_grace_ms && self.expired.insert(node.clone()) {
                let running: Vec<Arc<Pull>> = self
                    .work
                    .on_node(&node)
                    .filter(|pull| pull.state.is_running())
                    .cloned()
                    .collect();
                running
                    .iter()
                    .for_each(|pull| self.lose(now, pull, "the agent's session is gone"));
            }
        }
    }

    fn tell_of_loss(&mut self, now: Millis, name: &NodeName) {
        if self.lost.contains(name) {
            return;
        }
        let last_seen_at = self.shared.fleet().get(name).map_or(0, |entry| entry.node.last_seen_at);
        self.lost.insert(name.clone());
        if now - last_seen_at < OLD_NEWS_MS {
            let node = NodeNews {
                name: name.clone(),
                last_seen_at,
            };
            self.changes.event(Event::node_lost(now, node));
        }
    }

    fn skip_all(&mut self, now: Millis, node: &NodeName) {
        let minutes = self.settings.node_lost_after_ms / 60_000;
        let open: Vec<PullId> = self
            .work
            .on_node(node)
            .filter(|pull| {
                now - self.work.tasks.get(&pull.task).map_or(0, |open| open.task.created_at)
                    > self.settings.node_lost_after_ms
            })
            .map(|pull| pull.id.clone())
            .collect();
        for pull in open {
            // Every open state allows it.
            let _skipped = self.apply(now, &pull, PullEvent::Skip, |pull| {
                pull.message = format!("node gone: its agent has had no session for {minutes} min");
            });
        }
    }
}
