//! Starts what is due and records how it ends. Everything that it knows is in the store: it can be killed at any point, and looks again.
//!
//! A run is written first, with its due time as its slot and the id of its task, then its task is made under the run's own request
//! id: what dies in between is made once all the same. The time is a parameter, so that clocks which jump can be tested.

mod fire;
mod launch;
pub(super) mod news;
mod settle;

use super::{
    Engine, EngineError,
    board::{Delta, Noun, Step},
    run::now,
};
use crate::{
    domain::{
        Millis,
        execution::{Execution, ExecutionState},
        ids::TaskId,
    },
    store::{DamagedExecution, DamagedSchedule},
};
use std::{collections::HashSet, time::Duration};
use tokio_util::sync::CancellationToken;

/// How soon a wall clock that jumps is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Wait before what could not be done is tried again.
const RETRY_MS: Millis = 1000;
/// Time between two looks whether a schedule that could not be read was mended.
const DAMAGED_MS: Millis = 60_000;
/// Time between two looks at what the history need not keep.
const PRUNE_MS: Millis = 3_600_000;

/// How schedules are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// A run that is later than this has been missed, in milliseconds.
    pub late_ms: Millis,
    /// Ended executions are removed so long after their start, in milliseconds.
    pub keep_ms: Millis,
    /// Ended executions that each schedule keeps.
    pub keep_count: u32,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self {
            late_ms: 60_000,
            keep_ms: 90 * 86_400_000,
            keep_count: 1000,
        }
    }
}

/// What one look did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Executions that ended.
    pub settled: usize,
    /// Tasks that were made.
    pub launched: usize,
    /// Runs that were left out or missed.
    pub skipped: usize,
    /// When there is something to do next, as far as is known.
    pub wake_at: Option<Millis>,
    /// Tasks whose end is waited for.
    pub watched: HashSet<TaskId>,
}

/// See the module.
#[derive(Debug)]
pub struct Trigger {
    engine: Engine,
    settings: ScheduleSettings,
    pruned_at: Option<Millis>,
    /// Schedules that are due and cannot be read.
    damaged: Vec<DamagedSchedule>,
    /// Open runs that cannot be read.
    damaged_runs: Vec<DamagedExecution>,
}

impl Trigger {
    /// A trigger for the schedules of this engine. One at a time may run.
    pub fn new(engine: Engine, settings: ScheduleSettings) -> Self {
        Self {
            engine,
            settings,
            pruned_at: None,
            damaged: vec![],
            damaged_runs: vec![],
        }
    }

    /// Works until cancelled. What fails is tried again; `/readyz` says why it fails.
    pub async fn run(mut self, cancel: CancellationToken) {
        let mut is_fresh = true;
        loop {
            let seen = self.engine.board().version();
            let summary = match self.look(is_fresh).await {
                Ok(summary) => {
                    is_fresh = false;
                    self.engine.readiness.clear("schedules");
                    if summary.settled + summary.launched + summary.skipped > 0 {
                        self.engine.board().changed(Noun::Schedules);
                    }
                    summary
                }
                Err(error) => {
                    tracing::warn!(%error, "schedules are held up");
                    self.engine.readiness.set("schedules", error.to_string());
                    Summary {
                        wake_at: Some(now() + RETRY_MS),
                        ..Summary::default()
                    }
                }
            };
            if self.wait(&summary, seen, &cancel).await.is_none() {
                return;
            }
        }
    }

    async fn look(&mut self, is_fresh: bool) -> Result<Summary, EngineError> {
        if is_fresh {
            self.refresh().await?;
        }
        self.activate(now()).await
    }

    /// Rules of time zones may have changed with the program: the store's idea of what is next follows.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn refresh(&self) -> Result<(), EngineError> {
        let _turn = self.engine.desk.turn().await;
        let found = self.engine.store.enabled_schedules().await?;
        for damaged in found.damaged {
            tracing::error!(schedule.id = %damaged.id, what = damaged.what, "a schedule cannot be read");
        }
        for stored in found.sound {
            if stored.next_due_at != stored.schedule.next_due() {
                self.engine.save_schedule(&stored.schedule).await?;
            }
        }
        Ok(self.engine.count_schedules().await?)
    }

    /// Looks once: ends what has ended, makes tasks that wait, starts what is due, prunes.
    ///
    /// # Errors
    /// When the store cannot be read or written, or the engine does not answer; looking again goes on from there.
    pub async fn activate(&mut self, now: Millis) -> Result<Summary, EngineError> {
        let desk = std::sync::Arc::clone(&self.engine.desk);
        let _turn = desk.turn().await;
        let settled = self.engine.settle_executions(now, None).await?;
        let mut summary = Summary {
            settled: settled.ended,
            ..Summary::default()
        };
        self.tell_damaged_runs(settled.damaged);
        summary.launched += self.engine.launch_waiting(now, settled.open).await?;
        let fired = self.engine.fire_due(now, self.settings.late_ms).await?;
        summary.launched += fired.launched;
        summary.skipped = fired.skipped;
        self.tell_damage(fired.damaged);
        if self.pruned_at.is_none_or(|at| !(at..at + PRUNE_MS).contains(&now)) {
            let before = now - self.settings.keep_ms;
            self.engine
                .store
                .prune_executions(before, self.settings.keep_count)
                .await?;
            self.pruned_at = Some(now);
        }
        self.look_ahead(now, summary).await
    }

    /// Says which schedules cannot be read: each once in the log, all of them in the probe and the figures.
    fn tell_damage(&mut self, damaged: Vec<DamagedSchedule>) {
        for new in damaged.iter().filter(|found| !self.damaged.contains(found)) {
            let DamagedSchedule { id, what } = new;
            tracing::error!(schedule.id = %id, what, "a schedule is due and cannot be read; the others go on");
        }
        self.engine.desk.metrics.set_damaged_schedules(damaged.len());
        match damaged.first() {
            Some(DamagedSchedule { id, what }) => {
                let count = damaged.len();
                let text = format!("{count} cannot be read and will not run, the first is {id}: its {what} is damaged");
                self.engine.readiness.remark("schedules", text);
            }
            None => self.engine.readiness.withdraw("schedules"),
        }
        self.damaged = damaged;
    }

    /// Says which open runs cannot be read, as it is said of schedules.
    fn tell_damaged_runs(&mut self, damaged: Vec<DamagedExecution>) {
        for new in damaged.iter().filter(|found| !self.damaged_runs.contains(found)) {
            let DamagedExecution { id, schedule, what } = new;
            tracing::error!(schedule.id = %schedule, execution.id = id, what, "a run cannot be read and will not end; the others go on");
        }
        match damaged.first() {
            Some(DamagedExecution { id, schedule, what }) => {
                let count = damaged.len();
                let text = format!(
                    "{count} cannot be read and will not end, the first is number {id} of {schedule}: its {what} is damaged"
                );
                self.engine.readiness.remark("executions", text);
            }
            None => self.engine.readiness.withdraw("executions"),
        }
        self.damaged_runs = damaged;
    }

    async fn look_ahead(&self, now: Millis, mut summary: Summary) -> Result<Summary, EngineError> {
        let mut wake_at = self.engine.store.next_due_at(&self.damaged).await?;
        let mut sooner = |at: Millis| wake_at = Some(wake_at.map_or(at, |known| known.min(at)));
        if !self.damaged.is_empty() {
            sooner(now + DAMAGED_MS);
        }
        for execution in self.engine.store.open_executions(None).await?.sound {
            match &execution {
                Execution {
                    state: ExecutionState::Running,
                    launched: true,
                    task: Some(task),
                    ..
                } => {
                    summary.watched.insert(task.clone());
                    let timeout = self.engine.timeout_of(&execution.schedule).await?;
                    execution.deadline(timeout).into_iter().for_each(&mut sooner);
                }
                Execution {
                    state: ExecutionState::Running,
                    ..
                } => sooner(now + RETRY_MS),
                _waits => {}
            }
        }
        summary.wake_at = wake_at;
        Ok(summary)
    }

    /// Sleeps until there is something to do; `None` when cancelled. `seen` is the version of the board before the last look.
    async fn wait(&self, summary: &Summary, seen: u64, cancel: &CancellationToken) -> Option<()> {
        let Some(mut follower) = self.engine.board().follow(seen) else {
            return Some(());
        };
        let mut last = now();
        loop {
            let left = summary.wake_at.map_or(LONGEST_SLEEP, |at| {
                Duration::from_millis(u64::try_from(at - now()).unwrap_or(0))
            });
            tokio::select! {
                () = cancel.cancelled() => return None,
                () = self.engine.desk.nudge.notified() => return Some(()),
                step = follower.next() => match step {
                    Step::Delta(delta) if !ends_one_of(&delta, &summary.watched) => {}
                    Step::Delta(_) | Step::Lagged => return Some(()),
                    Step::Closed => return None,
                },
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {
                    let now = now();
                    if now < last || summary.wake_at.is_some_and(|at| at <= now) {
                        return Some(());
                    }
                    last = now;
                }
            }
        }
    }
}

fn ends_one_of(delta: &Delta, watched: &HashSet<TaskId>) -> bool {
    let ended = delta.tasks.iter().filter(|view| !view.task.state.is_open());
    let mut gone = ended
        .map(|view| &view.task.id)
        .chain(delta.removed_tasks.iter().map(|(_, id)| id));
    gone.any(|id| watched.contains(id))
}

#[cfg(test)]
mod tests;
