//! The loop: takes what happened, lets the core decide, makes the changes durable, and only then tells anyone.

use super::{
    board::Board,
    clock::Clock,
    core::{Command, Core, Effect, Shared},
    readiness::Readiness,
    resolver::Resolver,
    work::{OpenTask, Tally},
};
use crate::{
    domain::{
        Millis,
        ids::{NodeName, TaskId},
        pin::PinOwner,
    },
    fleet::messages::Order,
    metrics::Metrics,
    store::{Changes, Store, StoreError},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// Time between two looks at what is due by time.
const TICK: Duration = Duration::from_millis(100);
/// Commands that become one transaction.
const BATCH: usize = 1024;
/// Waits between attempts to reach a database that does not answer.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Milliseconds since the epoch, now.
pub fn now() -> Millis {
    chrono::Utc::now().timestamp_millis()
}

/// What the loop works with.
#[derive(Debug)]
pub struct Loop {
    /// Decides.
    pub core: Core,
    /// Remembers.
    pub store: Store,
    /// What edges read.
    pub shared: Arc<Shared>,
    /// What watchers follow.
    pub board: Arc<Board>,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Asks registries.
    pub resolver: Resolver,
    /// What happened.
    pub commands: mpsc::Receiver<Command>,
    /// Way into that queue, for work that goes on in a later step.
    pub again: mpsc::Sender<Command>,
    /// Time.
    pub clock: Clock,
    /// Ended tasks that are being removed in several steps.
    pub removing: HashSet<TaskId>,
    /// Why the coordinator cannot serve.
    pub readiness: Arc<Readiness>,
    /// Wakes the courier.
    pub news: Arc<Notify>,
}

impl Loop {
    /// Takes up what was open when the last process ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(&mut self) -> Result<(), StoreError> {
        for task in self.store.open_tasks().await? {
            let pulls = self.store.open_pulls(&task.id).await?;
            let tallies = self.tallies(&task.id).await?;
            self.core.take_up(now(), OpenTask::new(task, &pulls, tallies), pulls);
        }
        // Nobody is connected yet: this only remembers.
        for task in self.store.pinning_tasks().await? {
            let places = self.store.places_of_task(&task).await?;
            self.core.set_pins(PinOwner::Task(task), places);
        }
        let policies = self.store.all_policies().await?.sound;
        if policies.iter().any(|policy| policy.spec.task.rules.pin) {
            self.core.wait_for_policies();
        }
        Ok(())
    }

    pub(super) async fn tallies(&self, id: &TaskId) -> Result<HashMap<NodeName, Tally>, StoreError> {
        let mut tallies: HashMap<NodeName, Tally> = HashMap::new();
        for (node, state, count) in self.store.pull_tallies(id).await? {
            tallies.entry(node).or_default().add(state, count);
        }
        Ok(tallies)
    }

    /// Works until cancelled.
    ///
    /// # Errors
    /// When another coordinator wrote to the database, or its content is damaged: going on would do harm.
    pub async fn run(mut self, cancel: CancellationToken) -> Result<(), StoreError> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                _ = ticks.tick() => {}
                count = self.commands.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return Ok(());
                    }
                }
            }
            let (now, jump) = self.clock.read();
            self.readiness.stepped(now);
            if jump != 0 {
                self.core.clock_jumped(jump);
            }
            {
                let _measured = self.metrics.engine_steps();
                batch.drain(..).for_each(|command| self.core.handle(now, command));
                self.core.advance(now);
            }
            if !self.settle(&cancel).await? {
                return Ok(());
            }
        }
    }

    /// Commits, carries out effects, and does so again for what the store had to say. False when cancelled meanwhile.
    async fn settle(&mut self, cancel: &CancellationToken) -> Result<bool, StoreError> {
        loop {
            if !self.commit_changes(cancel).await? {
                return Ok(false);
            }
            // News first: whoever is answered after this finds the board at least as new as the answer.
            self.board.publish(self.core.take_delta(now()));
            let effects = self.core.take_effects();
            if effects.is_empty() {
                return Ok(true);
            }
            for effect in effects {
                if effect.asks_the_store() && self.core.has_changes() && !self.commit_changes(cancel).await? {
                    return Ok(false);
                }
                self.carry_out(effect).await?;
            }
        }
    }

    async fn commit_changes(&mut self, cancel: &CancellationToken) -> Result<bool, StoreError> {
        let changes = self.core.take_changes();
        self.commit(&changes, cancel).await
    }

    /// Writes the changes; a database that does not answer is waited for, because what is decided cannot be taken back.
    async fn commit(&self, changes: &Changes, cancel: &CancellationToken) -> Result<bool, StoreError> {
        if changes.is_empty() {
            return Ok(true);
        }
        let mut wait = FIRST_WAIT;
        loop {
            let started = Instant::now();
            match self.store.commit(changes).await {
                Ok(()) => {
                    self.metrics.store_committed(started.elapsed().as_secs_f64());
                    self.readiness.clear("database");
                    if changes.has_events() {
                        self.news.notify_one();
                    }
                    return Ok(true);
                }
                Err(error @ StoreError::Unavailable(_)) => {
                    tracing::warn!(
                        error = error.chain(),
                        wait_ms = wait.as_millis() as u64,
                        "changes not saved yet"
                    );
                    self.readiness.set("database", error.chain());
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = cancel.cancelled() => return Ok(false),
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            }
        }
    }

    async fn carry_out(&mut self, effect: Effect) -> Result<(), StoreError> {
        match effect {
            Effect::Order(node, order) => self.send(&node, order),
            Effect::ReplyTask(reply, answer) => drop(reply.send(*answer)),
            Effect::ReplySession(reply, answer) => drop(reply.send(answer)),
            Effect::ReplyLimits(reply) => drop(reply.send(self.shared.limits())),
            Effect::Resolve { .. } => self.resolver.ask(effect),
            Effect::ReadSecrets(secrets) => self.resolver.read_secrets(secrets),
            Effect::LateOutcome(node, id, outcome) => self.late_outcome(&node, &id, &outcome).await?,
            Effect::LateChange(id, change, reply) => drop(reply.send(self.late_change(&id, change).await)),
            Effect::Retry(id, reply) => {
                let answer = self.retry(&id).await;
                self.core.reply_when_durable(reply, answer);
            }
            Effect::Delete(id, reply) => self.delete(id, reply).await,
        }
        Ok(())
    }

    fn send(&self, node: &NodeName, order: Order) {
        let start = matches!(order, Order::StartPull(_));
        let taken = self.shared.send(node, order);
        if start {
            self.metrics.dispatched(taken);
        }
    }
}
