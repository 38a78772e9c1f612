//! Removes ended tasks that are old enough, or too many. Each goes the way of any other removal: in parts, so that a task of a million
//! pulls never holds up the engine, and watchers are told.

use super::{Engine, EngineError, now};
use crate::domain::{Millis, ids::TaskId};
use std::{collections::HashSet, time::Duration};
use tokio_util::sync::CancellationToken;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(60);
/// Tasks that are looked up at a time.
const PAGE: u32 = 100;

/// How long ended tasks are kept; zero means for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Longest time after the end.
    pub age_ms: Millis,
    /// Largest number; the newest stay.
    pub count: u32,
}

/// The loop. It can end at any point and begin again.
#[derive(Debug)]
pub struct Retention {
    engine: Engine,
    settings: RetentionSettings,
}

impl Retention {
    /// A loop that has not begun.
    pub fn new(engine: Engine, settings: RetentionSettings) -> Self {
        Self { engine, settings }
    }

    /// Works until cancelled.
    pub async fn run(self, cancel: CancellationToken) {
        let mut ticks = tokio::time::interval(PAUSE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let done = tokio::select! {
                () = cancel.cancelled() => return,
                done = self.activate(now()) => done,
            };
            match done {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "ended tasks removed, as the retention settings say"),
                Err(error) => tracing::warn!(%error, "ended tasks could not be removed; tried again in a minute"),
            }
        }
    }

    /// Removes what is due and says how many tasks that were.
    ///
    /// # Errors
    /// Unavailable when the store does not answer; what was removed until then stays removed.
    pub async fn activate(&self, now: Millis) -> Result<u32, EngineError> {
        let mut removed = 0;
        // Tasks that cannot go yet, because an agent still holds a pull of them.
        let mut held: HashSet<TaskId> = HashSet::new();
        loop {
            let due: Vec<TaskId> = self
                .due(now)
                .await?
                .into_iter()
                .filter(|id| !held.contains(id))
                .collect();
            if due.is_empty() {
                return Ok(removed);
            }
            for id in due {
                if self.engine.remove_ended(&id).await? {
                    removed += 1;
                } else {
                    // Somebody else was quicker, or has it tried again.
                    held.insert(id);
                }
            }
        }
    }

    async fn due(&self, now: Millis) -> Result<Vec<TaskId>, EngineError> {
        let RetentionSettings { age_ms, count } = self.settings;
        let mut due = Vec::new();
        if age_ms > 0 {
            due = self.engine.store.tasks_ended_before(now - age_ms, PAGE).await?;
        }
        if due.is_empty() && count > 0 {
            due = self.engine.store.ended_tasks_beyond(count, PAGE).await?;
        }
        Ok(due)
    }
}
