//! Takes up what is due: one step writes the run and moves the schedule past it.

use super::news::of_run;
use crate::{
    domain::{
        Millis,
        execution::{Admission, Cause, Execution, ExecutionState, admit},
        ids::TaskId,
        schedule::{Due, Schedule},
    },
    engine::{Engine, EngineError},
    store::{DamagedSchedule, ScheduleStep, StoreError},
};

/// What was due.
#[derive(Debug, Default)]
pub(super) struct Fired {
    /// Tasks that were made.
    pub(super) launched: usize,
    /// Runs that were left out or missed.
    pub(super) skipped: usize,
    /// What is due and cannot be read.
    pub(super) damaged: Vec<DamagedSchedule>,
}

impl Engine {
    /// Takes up everything that is due.
    pub(super) async fn fire_due(&self, now: Millis, late_ms: Millis) -> Result<Fired, EngineError> {
        let mut fired = Fired::default();
        loop {
            let due = self.store.due_schedules(now, &fired.damaged).await?;
            let mut moved = !due.damaged.is_empty();
            fired.damaged.extend(due.damaged);
            for stored in due.sound {
                let mut schedule = stored.schedule;
                let back = schedule.rewound(now);
                if let Some(cursor) = back {
                    tracing::warn!(schedule.id = %schedule.id, "the clock was set back");
                    schedule.cursor = cursor;
                }
                match schedule.due(now, late_ms) {
                    Some(due) => self.take_up(schedule, due, now, &mut fired).await?,
                    None if back.is_some() || stored.next_due_at.is_some_and(|at| at <= now) => {
                        self.save_schedule(&schedule).await?;
                    }
                    None => continue,
                }
                moved = true;
            }
            if !moved {
                return Ok(fired);
            }
        }
    }

    async fn take_up(
        &self,
        mut schedule: Schedule,
        due: Due,
        now: Millis,
        fired: &mut Fired,
    ) -> Result<(), EngineError> {
        schedule.cursor = due.until();
        let mut execution = self.execution_for(&schedule, due, now).await?;
        let news = of_run(&schedule, &execution, now);
        let step = ScheduleStep {
            schedule: Some(&schedule),
            new: Some(&execution),
            changed: &[],
            events: news.as_slice(),
        };
        execution.id = match self.store.schedule_step(step).await {
            Ok(number) => number.unwrap_or_default(),
            // The clock was here before, and so was this run.
            Err(StoreError::Taken { .. }) => return self.save_schedule(&schedule).await,
            Err(error) => return Err(error.into()),
        };
        self.told(news.as_ref());
        self.desk.metrics.execution_recorded(&execution);
        match execution.state {
            ExecutionState::Running => {
                fired.launched += usize::from(self.launch_execution(execution, now).await?.launched);
            }
            ExecutionState::Skipped => fired.skipped += 1,
            ExecutionState::Queued | ExecutionState::Success | ExecutionState::Failed | ExecutionState::Timeout => {}
        }
        Ok(())
    }

    async fn execution_for(&self, schedule: &Schedule, due: Due, now: Millis) -> Result<Execution, EngineError> {
        let id = schedule.id.clone();
        let at = match due {
            Due::Run { at, .. } => {
                self.desk.metrics.trigger_lagged(now - at);
                at
            }
            Due::Missed { last, count } => {
                let runs = if count == 1 { "run" } else { "runs" };
                let message = format!("Missed {count} {runs} while no coordinator was there, skipped");
                return Ok(Execution::skipped(id, Cause::Missed(last), message, now));
            }
        };
        let open = self.store.open_executions(Some(&id)).await?.sound;
        let states: Vec<_> = open.iter().map(|execution| execution.state).collect();
        Ok(match admit(schedule.spec.overlap, &states) {
            Admission::Start => {
                let task = TaskId::of_schedule(now, rand::random());
                Execution::start(id, Cause::Due(at), task, now)
            }
            Admission::Queue => Execution::queued(id, Cause::Due(at), now),
            Admission::Skip(reason) => Execution::skipped(id, Cause::Due(at), reason, now),
        })
    }

    /// Saves a schedule alone.
    pub(super) async fn save_schedule(&self, schedule: &Schedule) -> Result<(), EngineError> {
        let step = ScheduleStep {
            schedule: Some(schedule),
            ..ScheduleStep::default()
        };
        self.store.schedule_step(step).await?;
        Ok(())
    }
}
