//! Brings events to their receivers. Everything that it knows is in the store: it can be killed at any point, and goes on where the store
//! stands, so that what was not written down as delivered is delivered again under the same id.
//!
//! Receivers take turns: a few attempts at a time for each, so that a slow one holds up nobody but itself.

mod attempt;

use super::{Engine, EngineError, channels::target_of, run::now, tenants::may_use};
use crate::{
    domain::{
        Millis,
        channel::Channel,
        delivery::Delivery,
        event::{Event, Subject, digest},
    },
    store::{Addressed, StoreError},
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// Attempts that run at a time.
const AT_A_TIME: usize = 64;
/// Attempts to one receiver that run at a time.
const FOR_EACH: usize = 2;
/// Events that are addressed at a time.
const EVENTS: u32 = 100;
/// How soon a wall clock that jumps is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// Wait before what could not be done is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long attempts that run may take to end after a signal.
const DRAIN_LIMIT: Duration = Duration::from_secs(3);
/// Time between two looks at what the log need not keep, and events that go at a time.
const PRUNE_MS: Millis = 3_600_000;
const PRUNED: u32 = 500;

/// How the log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CourierSettings {
    /// Events and the log of their deliveries are kept so long, in milliseconds.
    pub keep_ms: Millis,
}

impl Default for CourierSettings {
    fn default() -> Self {
        Self {
            keep_ms: 30 * 86_400_000,
        }
    }
}

/// An attempt that has ended.
#[derive(Debug)]
struct Landed {
    target: String,
    delivery: String,
}

/// See the module. One at a time may run.
#[derive(Debug)]
pub struct Courier {
    engine: Engine,
    settings: CourierSettings,
    attempts: JoinSet<Landed>,
    /// Deliveries under way, by receiver.
    busy: HashMap<String, HashSet<String>>,
    pruned_at: Option<Millis>,
}

impl Courier {
    /// A courier that has not begun.
    pub fn new(engine: Engine, settings: CourierSettings) -> Self {
        Self {
            engine,
            settings,
            attempts: JoinSet::new(),
            busy: HashMap::new(),
            pruned_at: None,
        }
    }

    /// Works until cancelled; then attempts that run get some seconds to end.
    pub async fn run(mut self, cancel: CancellationToken) {
        loop {
            let sleep = match self.activate(now()).await {
                Ok(next) => {
                    self.engine.readiness.withdraw("outbox");
                    next.map_or(LONGEST_SLEEP, |at| {
                        Duration::from_millis(u64::try_from(at - now()).unwrap_or(0)).min(LONGEST_SLEEP)
                    })
                }
                Err(error) => {
                    tracing::warn!(%error, "notifications are held up");
                    self.engine.readiness.remark("outbox", error.to_string());
                    RETRY
                }
            };
            let nudge = std::sync::Arc::clone(&self.engine.post.nudge);
            tokio::select! {
                () = cancel.cancelled() => break,
                () = nudge.notified() => {}
                Some(ended) = self.attempts.join_next() => self.landed(ended),
                () = tokio::time::sleep(sleep) => {}
            }
        }
        let drained = async { while self.attempts.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN_LIMIT, drained).await.is_err() {
            tracing::info!("some notifications were cut off and will be delivered again after the next start");
        }
    }

    /// Looks once: addresses events, starts what is due, prunes. Says when something is due next.
    ///
    /// # Errors
    /// When the store cannot be read or written; looking again goes on from there.
    pub async fn activate(&mut self, now: Millis) -> Result<Option<Millis>, EngineError> {
        while let Some(ended) = self.attempts.try_join_next() {
            self.landed(ended);
        }
        let addressed = self.address_events(now).await?;
        self.start_due(now).await?;
        let store = &self.engine.store;
        let (waiting, oldest) = store.waiting_deliveries().await?;
        self.engine.desk.metrics.set_outbox_depth(waiting as usize);
        self.engine.desk.metrics.set_outbox_oldest(oldest);
        if self.pruned_at.is_none_or(|at| !(at..at + PRUNE_MS).contains(&now)) {
            let removed = store.prune_events(now - self.settings.keep_ms, PRUNED).await?;
            // More of them: go on with the next look.
            if removed < PRUNED as usize {
                self.pruned_at = Some(now);
            }
        }
        if addressed == EVENTS as usize {
            return Ok(Some(now));
        }
        Ok(store.next_delivery_at(now).await?)
    }

    /// Waits until no attempt runs.
    pub async fn settle(&mut self) {
        while let Some(ended) = self.attempts.join_next().await {
            self.landed(ended);
        }
    }

    async fn address_events(&self, now: Millis) -> Result<usize, EngineError> {
        let store = &self.engine.store;
        let events = store.pending_events(EVENTS).await?;
        if events.is_empty() {
            return Ok(0);
        }
        let channels = store.all_channels().await?;
        for event in &events {
            let told: Vec<&Channel> = channels.iter().filter(|it| self.engine.concerns(event, it)).collect();
            store.address_event(event, &receivers(event, &told, now)).await?;
        }
        Ok(events.len())
    }

    async fn start_due(&mut self, now: Millis) -> Result<(), StoreError> {
        let store = self.engine.store.clone();
        for target in store.due_targets(now, AT_A_TIME as u32 * 4).await? {
            let busy = self.busy.get(&target).map_or(0, HashSet::len);
            let room = FOR_EACH
                .saturating_sub(busy)
                .min(AT_A_TIME - self.attempts.len().min(AT_A_TIME));
            if room == 0 {
                continue;
            }
            // Those under way are still queued in the store.
            let due = store.due_for(&target, now, (FOR_EACH + busy) as u32).await?;
            let fresh = due.into_iter().filter(|it| !self.is_under_way(it)).take(room);
            for addressed in fresh.collect::<Vec<_>>() {
                self.start(addressed);
            }
        }
        Ok(())
    }

    fn is_under_way(&self, addressed: &Addressed) -> bool {
        let of_target = self.busy.get(&addressed.target);
        of_target.is_some_and(|busy| busy.contains(&addressed.delivery.id))
    }

    fn start(&mut self, addressed: Addressed) {
        let landed = Landed {
            target: addressed.target.clone(),
            delivery: addressed.delivery.id.clone(),
        };
        let busy = self.busy.entry(landed.target.clone()).or_default();
        busy.insert(landed.delivery.clone());
        let engine = self.engine.clone();
        self.attempts.spawn(async move {
            engine.attempt(addressed.delivery).await;
            landed
        });
    }

    fn landed(&mut self, ended: Result<Landed, JoinError>) {
        let Ok(Landed { target, delivery }) = ended else {
            tracing::error!("an attempt to notify somebody panicked");
            return;
        };
        if let Some(busy) = self.busy.get_mut(&target) {
            busy.remove(&delivery);
            if busy.is_empty() {
                self.busy.remove(&target);
            }
        }
    }
}

impl Engine {
    /// Whether the tenant of the channel may hear of the event: it is about its own, or about a node that its tasks may be for.
    fn concerns(&self, event: &Event, channel: &Channel) -> bool {
        if let Some(owner) = event.tenant() {
            return *owner == channel.tenant;
        }
        let Subject::Node(lost) = &event.subject else {
            return true;
        };
        let Some(tenant) = self.shared.tenants().get(&channel.tenant) else {
            return false;
        };
        let fleet = self.shared.fleet();
        // A node that is not even known any more has no labels to go by.
        fleet.get(&lost.name).is_none_or(|entry| may_use(&tenant, &entry.node))
    }
}

/// Who is told of an event: channels that ask for it, those that its task or schedule names, and the address of the task; each once.
fn receivers(event: &Event, channels: &[&Channel], now: Millis) -> Vec<Addressed> {
    let named = event.named_channels();
    let told = channels
        .iter()
        .filter(|channel| channel.enabled && (channel.asks_for(event.kind) || named.contains(&channel.id)));
    let mut all: Vec<Addressed> = told
        .map(|channel| {
            let target = target_of(channel.id);
            let mut delivery = Delivery::new(event.delivery_id(&target), Some(channel.id), event, now);
            delivery.tenant.clone_from(&channel.tenant);
            Addressed { delivery, target }
        })
        .collect();
    if let Some(url) = event.webhook_url() {
        // Tasks that give the same host share a receiver, so that one slow host is one slow receiver.
        let host = crate::domain::channel::origin("webhookUrl", url).unwrap_or_default();
        let target = format!("host/{}", digest(&[&host]));
        let delivery = Delivery::new(event.delivery_id("webhookUrl"), None, event, now);
        all.push(Addressed { delivery, target });
    }
    all
}

#[cfg(test)]
mod tests;
