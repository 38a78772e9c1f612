//! Keeps policies true: follows what the board says of nodes and pulls, lets the pure planner decide, and orders tasks. All that must survive
//! a crash is in the store (policies, removals, tasks with their pulls); the rest is seen again, so that it can be killed at any point.
//!
//! An order is one task with just the pulls that are lacking. What is on its way, by whomever, is never ordered again; what comes up within
//! a moment goes into one task.

mod flights;
mod follow;
mod look;
mod order;
mod sources;
#[cfg(test)]
pub(super) mod tests;

use super::{
    Engine, EngineError,
    board::{Delta, Follower, Noun, Step},
    run::now,
};
use crate::domain::{
    Millis,
    ids::{NodeName, PolicyId, TaskId},
};
use follow::{Found, Learnt};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

/// Changes are collected for so long before they become an order.
const COLLECT_MS: Millis = 300;
/// Longest sleep: how soon a wall clock that jumps is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Wait before what could not be done is tried again.
const RETRY_MS: Millis = 1000;
/// A look that news caused is followed by so many times its length without one: a large fleet in motion costs no more than a part of a
/// processor.
const REST: u32 = 4;
/// Time between two looks at what need not be kept.
const PRUNE_MS: Millis = 3_600_000;
/// Ended tasks that each policy keeps.
const KEPT_TASKS: u32 = 50;
/// Time between two looks at how far policies are true, for the figures.
const FIGURES_MS: Millis = 5_000;
/// Watchers are told no more often that something is warm or cold now.
const TELL_MS: Millis = 500;

/// What one look did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Tasks that were made.
    pub tasks: usize,
    /// Pulls in them.
    pub pulls: usize,
    /// Images that somebody else removed.
    pub evictions: usize,
    /// When there is something to do next, as far as is known.
    pub wake_at: Option<Millis>,
}

/// See the module.
#[derive(Debug)]
pub struct Keeper {
    engine: Engine,
    /// Nodes about which something was said.
    dirty: BTreeSet<NodeName>,
    /// Open tasks of policies.
    tasks: HashMap<TaskId, PolicyId>,
    /// Policies whose task has ended: they may keep one too many.
    ended: HashSet<PolicyId>,
    /// Since when a policy has something to order.
    collecting: HashMap<PolicyId, Millis>,
    /// Policies whose tags are being looked at.
    asking: HashSet<PolicyId>,
    /// What tasks of policies found their images to be.
    learnt: Vec<Learnt>,
    found: mpsc::Receiver<Found>,
    finder: mpsc::Sender<Found>,
    loaded: bool,
    /// Workloads are not looked at before: a cluster in motion is followed, but not at each of its steps.
    workloads_rest_until: Millis,
    longest_rest: Millis,
    pruned_at: Millis,
    figured_at: Millis,
    /// The engine knows what every policy wants pinned.
    has_said_pins: bool,
    /// Watchers have not been told of what was seen since.
    has_news: bool,
    told_at: Millis,
}

impl Keeper {
    /// A keeper for the policies of this engine. One at a time may run.
    pub fn new(engine: Engine) -> Self {
        let (finder, found) = mpsc::channel(64);
        Self {
            engine,
            dirty: BTreeSet::new(),
            tasks: HashMap::new(),
            ended: HashSet::new(),
            collecting: HashMap::new(),
            asking: HashSet::new(),
            learnt: vec![],
            found,
            finder,
            loaded: false,
            workloads_rest_until: 0,
            longest_rest: 0,
            pruned_at: 0,
            figured_at: 0,
            has_said_pins: false,
            has_news: false,
            told_at: 0,
        }
    }

    /// Works until cancelled. What fails is tried again; `/readyz` says why it fails.
    pub async fn run(mut self, cancel: CancellationToken) {
        let mut follower = self.follow();
        loop {
            let began = Instant::now();
            let summary = match self.activate(now()).await {
                Ok(summary) => {
                    self.engine.readiness.clear("policies");
                    summary
                }
                Err(error) => {
                    // What was not taken up is looked for again.
                    self.look_at_all();
                    tracing::warn!(%error, "policies are held up");
                    self.engine.readiness.set("policies", error.to_string());
                    Summary {
                        wake_at: Some(now() + RETRY_MS),
                        ..Summary::default()
                    }
                }
            };
            let rest_until = Instant::now() + (began.elapsed() * REST).min(LONGEST_SLEEP);
            if self.wait(&summary, &mut follower, rest_until, &cancel).await.is_none() {
                return;
            }
        }
    }

    /// Follows the board from now on; what was before it is read anew.
    pub fn follow(&mut self) -> Follower {
        self.engine.policies.book_mut().lacks_flights = true;
        let (_, follower) = self.engine.board().follow_now();
        follower
    }

    /// Looks once: takes up what was said, writes down removals, asks after tags, and orders what is lacking.
    ///
    /// # Errors
    /// When the store cannot be read or written, or the engine does not answer; looking again goes on from there.
    pub async fn activate(&mut self, now: Millis) -> Result<Summary, EngineError> {
        let engine = self.engine.clone();
        let _turn = engine.policies.turn().await;
        if !self.loaded {
            self.load(now).await?;
        }
        let rested_at = self.take_source_changes(now).await?;
        if engine.policies.book().lacks_flights {
            self.read_flights(now).await?;
        }
        let evictions = self.look(now).await?;
        self.say_pins().await?;
        self.follow_tags(now).await?;
        let mut summary = self.order(now).await?;
        summary.evictions = evictions;
        summary.wake_at = summary.wake_at.into_iter().chain(rested_at).min();
        self.look_after(now).await?;
        Ok(summary)
    }

    /// Takes what the board says.
    pub fn take(&mut self, delta: &Delta, now: Millis) {
        self.dirty.extend(delta.nodes.iter().map(|view| view.node.name.clone()));
        delta.tasks.iter().for_each(|view| self.take_task(view, now));
        delta.pulls.iter().for_each(|view| self.take_pull(&view.pull, now));
    }

    /// Keeps neither tasks nor removals for ever, and shows figures.
    async fn look_after(&mut self, now: Millis) -> Result<(), EngineError> {
        if self.has_news && !(self.told_at..self.told_at + TELL_MS).contains(&now) {
            self.told_at = now;
            self.has_news = false;
            self.engine.board().changed(Noun::Policies);
        }
        if !(self.figured_at..self.figured_at + FIGURES_MS).contains(&now) {
            self.figured_at = now;
            self.show_figures(now);
        }
        for id in std::mem::take(&mut self.ended) {
            for task in self.engine.store.ended_tasks_of_beyond(&id, KEPT_TASKS, 100).await? {
                let engine = self.engine.clone();
                // A task of a million pulls goes in parts; nobody waits for that.
                tokio::spawn(async move { engine.remove_ended(&task).await });
            }
        }
        if !(self.pruned_at..self.pruned_at + PRUNE_MS).contains(&now) {
            self.pruned_at = now;
            self.forget_old_removals(now);
            let before = now - 2 * crate::domain::policy::DAY_MS;
            self.engine.store.prune_evictions(before).await?;
        }
        Ok(())
    }

    fn forget_old_removals(&self, now: Millis) {
        let mut book = self.engine.policies.book_mut();
        book.policies.values_mut().for_each(|state| state.forget_old(now));
    }

    fn show_figures(&self, now: Millis) {
        let book = self.engine.policies.book();
        let ratio = |state: &crate::domain::policy::PolicyState| {
            let policy = &state.policy;
            (policy.shown_name(), state.counts(now).ratio())
        };
        let rows: Vec<(String, f64)> = book.policies.values().map(ratio).collect();
        self.engine.policies.metrics.set_policies(&rows);
    }

    /// Sleeps until there is something to do; `None` when cancelled.
    async fn wait(
        &mut self,
        summary: &Summary,
        follower: &mut Follower,
        rest_until: Instant,
        cancel: &CancellationToken,
    ) -> Option<()> {
        let desk = Arc::clone(&self.engine.policies);
        let began = now();
        loop {
            let left = summary.wake_at.map_or(LONGEST_SLEEP, |at| {
                Duration::from_millis(u64::try_from(at - now()).unwrap_or(0))
            });
            let has_news = !self.dirty.is_empty() || !self.ended.is_empty();
            tokio::select! {
                () = cancel.cancelled() => return None,
                () = tokio::time::sleep_until(rest_until), if has_news => return Some(()),
                () = desk.nudge.notified() => return Some(()),
                Some(found) = self.found.recv() => {
                    self.learned(found, now()).await;
                    return Some(());
                }
                step = follower.next() => match step {
                    Step::Delta(delta) => {
                        self.take(&delta, now());
                    }
                    Step::Lagged => {
                        *follower = self.follow();
                        self.look_at_all();
                        return Some(());
                    }
                    Step::Closed => return None,
                },
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {
                    let now = now();
                    if now < began || summary.wake_at.is_some_and(|at| at <= now) || now - began >= 1000 {
                        return Some(());
                    }
                }
            }
        }
    }

    /// Something may have been missed: every policy looks at all of its nodes.
    fn look_at_all(&self) {
        let mut book = self.engine.policies.book_mut();
        let all: Vec<PolicyId> = book.policies.keys().cloned().collect();
        book.fresh.extend(all);
    }
}
