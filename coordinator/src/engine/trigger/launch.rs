//! Makes the tasks of runs that are written down, once each, and lets runs that wait take their turn.

use super::settle::impossible;
use crate::{
    domain::{
        Millis,
        execution::{Execution, ExecutionEvent, ExecutionState},
        ids::TaskId,
        schedule::{OverlapPolicy, Schedule},
        task::NewTask,
    },
    engine::{Engine, EngineError},
    store::{ScheduleStep, StoreError},
};

impl Engine {
    /// Makes the tasks that are not made yet (the process died in between, or the store did not answer), and starts runs whose
    /// turn has come. Says how many tasks were made.
    pub(in crate::engine) async fn launch_waiting(
        &self,
        now: Millis,
        open: Vec<Execution>,
    ) -> Result<usize, EngineError> {
        let mut running: Vec<_> = open
            .iter()
            .filter(|execution| execution.state == ExecutionState::Running)
            .map(|execution| execution.schedule.clone())
            .collect();
        let mut launched = 0;
        for mut execution in open {
            match execution.state {
                ExecutionState::Running if !execution.launched => {}
                ExecutionState::Queued if !running.contains(&execution.schedule) => {
                    let task = TaskId::of_schedule(now, rand::random());
                    execution.take_turn(task, now).map_err(impossible)?;
                    self.save_execution(ExecutionState::Queued, &execution).await?;
                    running.push(execution.schedule.clone());
                }
                ExecutionState::Queued
                | ExecutionState::Running
                | ExecutionState::Success
                | ExecutionState::Failed
                | ExecutionState::Skipped
                | ExecutionState::Timeout => continue,
            }
            launched += usize::from(self.launch_execution(execution, now).await?.launched);
        }
        Ok(launched)
    }

    /// Makes the task of a run. A task that cannot be made is the run's end.
    ///
    /// # Errors
    /// Unavailable, and then the run stays as it is and is tried again.
    pub(in crate::engine) async fn launch_execution(
        &self,
        mut execution: Execution,
        now: Millis,
    ) -> Result<Execution, EngineError> {
        // A schedule that is gone has taken its executions along.
        let found = match self.store.schedule(&execution.schedule).await {
            // Its run waits until somebody has mended it.
            Err(StoreError::Damaged { .. }) => None,
            found => found?,
        };
        let Some(mut schedule) = found else {
            return Ok(execution);
        };
        if schedule.spec.overlap == OverlapPolicy::Replace {
            self.cancel_others(&execution).await?;
        }
        let new = NewTask {
            spec: schedule.spec.task.clone(),
            login: None,
            id: execution.task.clone(),
            request_id: Some(execution.request_id()),
        };
        match self.of_tenant(&schedule.tenant).create_task(new).await {
            Ok(_accepted) => {
                execution.launched = true;
                execution.started_at = now;
                self.record_launch(&mut schedule, &execution).await?;
            }
            Err(error @ EngineError::Unavailable(_)) => return Err(error),
            Err(
                error @ (EngineError::Invalid(_)
                | EngineError::NotFound { .. }
                | EngineError::AlreadyExists { .. }
                | EngineError::Precondition(_)
                | EngineError::OverQuota { .. }
                | EngineError::Internal(_)),
            ) => {
                tracing::warn!(schedule.id = %schedule.id, error = chain(&error), "the task of a schedule cannot be made");
                execution.task = None;
                self.end_execution(&mut execution, ExecutionEvent::Fail, error.to_string(), now)
                    .await?;
            }
        }
        Ok(execution)
    }

    async fn record_launch(&self, schedule: &mut Schedule, execution: &Execution) -> Result<(), EngineError> {
        schedule.last_execution_at = execution.started_at;
        let changed = [(ExecutionState::Running, execution.clone())];
        let step = ScheduleStep {
            schedule: Some(schedule),
            changed: &changed,
            ..ScheduleStep::default()
        };
        self.store.schedule_step(step).await?;
        Ok(())
    }

    /// Cancels what else runs for the schedule; its executions end with their tasks.
    async fn cancel_others(&self, new: &Execution) -> Result<(), EngineError> {
        for other in self.store.open_executions(Some(&new.schedule)).await? {
            let task = other.task.filter(|_| other.launched && other.id != new.id);
            let Some(task) = task else { continue };
            match self.cancel_task(&task).await {
                Ok(_) | Err(EngineError::Precondition(_) | EngineError::NotFound { .. }) => {}
                Err(
                    error @ (EngineError::Invalid(_)
                    | EngineError::AlreadyExists { .. }
                    | EngineError::OverQuota { .. }
                    | EngineError::Unavailable(_)
                    | EngineError::Internal(_)),
                ) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The error and its causes; a client only sees the first.
fn chain(error: &EngineError) -> String {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
