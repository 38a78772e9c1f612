//! Looks at nodes for policies: which ones they choose, what those have, and what was removed from them.

use super::Keeper;
use crate::{
    domain::{
        Millis,
        declared::of_eviction,
        event::{Event, EventKind, PolicyNews, digest},
        ids::{NodeName, PolicyId},
        node::InventoryImage,
        policy::{Agent, Eviction, Policy, PolicyState, Seen, Sight},
        rfc3339,
    },
    engine::{Engine, EngineError, create::candidate},
    fleet::Entry,
    store::StoredEviction,
};
use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

/// Nodes that are looked at in one go: the engine waits for its fleet no longer than that.
const AT_A_TIME: usize = 128;
/// Failures that lie further back make no wait longer: that of six in a row is the longest, and is over by then.
const FAILURES_MS: Millis = 6 * 3_600_000;

impl Keeper {
    /// Reads every policy.
    pub(super) async fn load(&mut self, now: Millis) -> Result<(), EngineError> {
        let found = self.engine.store.all_policies().await?;
        let mut states = vec![];
        for policy in found.sound {
            let evictions = self.engine.store.evictions(&policy.id).await?;
            let evictions: HashMap<_, _> = evictions
                .into_iter()
                .map(|known| ((known.node, known.image), known.evictions))
                .collect();
            let since = policy.updated_at.max(now - FAILURES_MS);
            let failures = self.engine.store.failures_of(&policy.id, since).await?;
            states.push(PolicyState::new(policy, evictions).with_failures(failures));
        }
        match found.damaged.first() {
            Some(first) => {
                let count = found.damaged.len();
                let text = format!(
                    "{count} cannot be read and are not kept, the first is {}: its {} is damaged",
                    first.id, first.what
                );
                tracing::error!("policies: {text}");
                self.engine.readiness.remark("policies", text);
            }
            None => self.engine.readiness.withdraw("policies"),
        }
        let mut book = self.engine.policies.book_mut();
        for state in states {
            book.fresh.insert(state.policy.id.clone());
            book.policies.insert(state.policy.id.clone(), state);
        }
        book.count_wanted();
        book.lacks_flights = true;
        book.loaded = true;
        drop(book);
        self.engine.policies.library_changed.store(true, Ordering::Relaxed);
        self.engine.policies.workloads.set_changed();
        self.loaded = true;
        Ok(())
    }

    /// Looks at what is new and at what something was said of; says how many images were removed by somebody else.
    pub(super) async fn look(&mut self, now: Millis) -> Result<usize, EngineError> {
        let dirty = std::mem::take(&mut self.dirty);
        let (fresh, all) = {
            let mut book = self.engine.policies.book_mut();
            let fresh = std::mem::take(&mut book.fresh);
            let all: Vec<PolicyId> = book.policies.keys().cloned().collect();
            (fresh, all)
        };
        let names: Vec<NodeName> = if fresh.is_empty() {
            vec![]
        } else {
            self.engine
                .shared
                .fleet()
                .entries()
                .map(|entry| entry.node.name.clone())
                .collect()
        };
        let dirty: Vec<NodeName> = dirty.into_iter().collect();
        let looks = !names.is_empty() || !dirty.is_empty();
        self.has_news |= looks && !all.is_empty();
        let mut count = 0;
        for id in all {
            let looked_at = if fresh.contains(&id) { &names } else { &dirty };
            let mut gone = vec![];
            for some in looked_at.chunks(AT_A_TIME) {
                let mut book = self.engine.policies.book_mut();
                let Some(state) = book.policies.get_mut(&id) else { break };
                for name in some {
                    let evictions = self.engine.see_node(state, name, now);
                    gone.extend(evictions.into_iter().map(|eviction| (name.clone(), eviction)));
                }
            }
            if let Some(state) = self.engine.policies.book_mut().policies.get_mut(&id) {
                gone.extend(state.advance(now));
            }
            count += gone.len();
            self.write_down(&id, gone, now).await?;
        }
        Ok(count)
    }

    /// Tells the engine where what policies want pinned has changed.
    pub(super) async fn say_pins(&mut self) -> Result<(), EngineError> {
        let changes: Vec<_> = {
            let mut book = self.engine.policies.book_mut();
            let states = book.policies.iter_mut();
            let changes = states.map(|(id, state)| (id.clone(), state.pin_changes()));
            changes.filter(|(_, places)| !places.is_empty()).collect()
        };
        for (policy, places) in changes {
            self.engine.set_policy_pins(policy, places).await?;
        }
        if !self.has_said_pins {
            self.engine.policies_have_spoken().await?;
            self.has_said_pins = true;
        }
        Ok(())
    }

    /// Removals are saved before anything is ordered again: a crash forgets none of them.
    async fn write_down(&self, id: &PolicyId, gone: Vec<(NodeName, Eviction)>, now: Millis) -> Result<(), EngineError> {
        if gone.is_empty() {
            return Ok(());
        }
        let (mut rows, mut events) = (vec![], vec![]);
        {
            let book = self.engine.policies.book();
            let Some(state) = book.policies.get(id) else {
                return Ok(());
            };
            for (node, eviction) in gone {
                let Some(known) = state.policy.images.get(eviction.image as usize) else {
                    continue;
                };
                let row = StoredEviction {
                    node,
                    image: known.image.clone(),
                    evictions: eviction.evictions,
                };
                tracing::info!(policy.id = %id, node = %row.node, image = %row.image, "somebody else removed an image of a policy");
                if let Some(until) = row.evictions.paused_until(now) {
                    let until = rfc3339(until, chrono::SecondsFormat::Secs);
                    self.engine
                        .policies
                        .announce(of_eviction(&row.node, &row.image, &until));
                }
                events.extend(news_of(&state.policy, &row, now));
                rows.push(row);
            }
        }
        self.engine.policies.metrics.policy_evicted(rows.len());
        self.engine.store.save_evictions(id, &rows, &events).await?;
        self.engine.told(events.first());
        Ok(())
    }
}

/// What people are told of the second removal.
fn news_of(policy: &Policy, row: &StoredEviction, now: Millis) -> Option<Event> {
    let until = row.evictions.paused_until(now)?;
    let until = rfc3339(until, chrono::SecondsFormat::Secs);
    let news = PolicyNews {
        id: policy.id.clone(),
        tenant: policy.tenant.clone(),
        name: policy.spec.name.clone(),
        image: row.image.to_string(),
        node: row.node.to_string(),
        message: format!(
            "{} was removed twice within 24 h from {}; it is ordered there again at {until} or when the policy is resumed",
            row.image, row.node
        ),
        channels: policy
            .spec
            .task
            .notices
            .channels
            .iter()
            .map(|channel| channel.id)
            .collect(),
    };
    let id = digest(&[
        "policy.image_paused",
        policy.id.as_str(),
        row.node.as_str(),
        row.image.as_str(),
        &row.evictions.last_at.to_string(),
    ]);
    Some(Event::policy(id, EventKind::PolicyImagePaused, now, news))
}

impl Engine {
    /// Whether a policy is for the node as it is now.
    pub(in crate::engine) fn chooses(&self, policy: &Policy, entry: &Entry) -> bool {
        let tenant = self.shared.tenants().get(&policy.tenant);
        let allowed = tenant.is_some_and(|tenant| tenant.may_use_node(candidate(entry)));
        !entry.deleted && allowed && policy.spec.task.selection.matches(candidate(entry))
    }

    /// Shows a policy one node as it is now; says what somebody else removed from it.
    pub(in crate::engine) fn see_node(&self, state: &mut PolicyState, name: &NodeName, now: Millis) -> Vec<Eviction> {
        let fleet = self.shared.fleet();
        let Some(entry) = fleet.get(name).filter(|entry| self.chooses(&state.policy, entry)) else {
            state.release(name, now);
            return vec![];
        };
        let agent = match (entry.has_agent, entry.not_ready()) {
            (_, None) => Agent::Ready,
            (true, Some(why)) => Agent::NotReady(why),
            (false, Some(why)) => Agent::Missing(why),
        };
        let images: Vec<Arc<InventoryImage>> = match &entry.inventory {
            Some(inventory) if !state.knows(name, &inventory.hash) => inventory.images.values().collect(),
            Some(_) | None => vec![],
        };
        let inventory = match &entry.inventory {
            None => Seen::Unknown,
            Some(inventory) if inventory.hash.is_empty() => Seen::OnTheirWay,
            Some(inventory) => Seen::Known {
                hash: &inventory.hash,
                images: &images,
            },
        };
        let sight = Sight {
            name,
            labels: &entry.node.labels,
            platform: &entry.node.platform,
            agent,
            capacity_bytes: entry.condition.image_fs_capacity_bytes,
            inventory,
        };
        state.see(&sight, now)
    }
}
