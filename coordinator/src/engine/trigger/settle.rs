//! Ends executions as their tasks end, and those that take too long.

use super::news::of_run;
use crate::{
    domain::{
        Millis,
        event::Event,
        execution::{Execution, ExecutionEvent, ExecutionState, InvalidExecutionEvent, TASK_REMOVED, TIMED_OUT},
        ids::{ScheduleId, TaskId},
    },
    engine::{Engine, EngineError},
    store::{ScheduleStep, StoreError},
};

/// What was found.
#[derive(Debug, Default)]
pub(in crate::engine) struct Settled {
    /// Executions that have not ended, oldest first.
    pub(in crate::engine) open: Vec<Execution>,
    /// How many ended now.
    pub(in crate::engine) ended: usize,
}

impl Engine {
    /// Looks at every open execution, or at those of one schedule.
    pub(in crate::engine) async fn settle_executions(
        &self,
        now: Millis,
        schedule: Option<&ScheduleId>,
    ) -> Result<Settled, EngineError> {
        let mut settled = Settled::default();
        for mut execution in self.store.open_executions(schedule).await? {
            let task = execution.task.clone().filter(|_| execution.launched);
            let end = match task {
                Some(task) => self.end_of(&execution, &task, now).await?,
                None => None,
            };
            match end {
                Some((event, message, at)) => {
                    self.end_execution(&mut execution, event, message, at).await?;
                    settled.ended += 1;
                }
                None => settled.open.push(execution),
            }
        }
        Ok(settled)
    }

    /// How a run has ended, and when; `None` while its task works.
    async fn end_of(
        &self,
        execution: &Execution,
        task: &TaskId,
        now: Millis,
    ) -> Result<Option<(ExecutionEvent, &'static str, Millis)>, EngineError> {
        let timeout = self.timeout_of(&execution.schedule).await?;
        let Some(found) = self.store.task(task).await? else {
            return Ok(Some((ExecutionEvent::Fail, TASK_REMOVED, now)));
        };
        if let Some((event, message)) = execution.end_by_task(found.state, found.finished_at, timeout) {
            return Ok(Some((event, message, found.finished_at)));
        }
        if execution.deadline(timeout).is_none_or(|deadline| now < deadline) {
            return Ok(None);
        }
        match self.cancel_task(task).await {
            Ok(_cancelled) => Ok(Some((ExecutionEvent::TimeOut, TIMED_OUT, now))),
            // It ended in this moment: the next look tells how.
            Err(EngineError::Precondition(_) | EngineError::NotFound { .. }) => Ok(None),
            Err(
                error @ (EngineError::Invalid(_)
                | EngineError::AlreadyExists { .. }
                | EngineError::OverQuota { .. }
                | EngineError::Unavailable(_)
                | EngineError::Internal(_)),
            ) => Err(error),
        }
    }

    /// Records the end of a run.
    pub(in crate::engine) async fn end_execution(
        &self,
        execution: &mut Execution,
        event: ExecutionEvent,
        message: impl Into<String>,
        at: Millis,
    ) -> Result<(), EngineError> {
        let from = execution.state;
        execution
            .end(event, message, at.max(execution.started_at))
            .map_err(impossible)?;
        let schedule = match self.store.schedule(&execution.schedule).await {
            // One that cannot be read holds up nobody; its run ends untold.
            Err(StoreError::Damaged { .. }) => None,
            found => found?,
        };
        let news = schedule.and_then(|schedule| of_run(&schedule, execution, at));
        let changed = [(from, execution.clone())];
        let step = ScheduleStep {
            changed: &changed,
            events: news.as_slice(),
            ..ScheduleStep::default()
        };
        self.store.schedule_step(step).await?;
        self.told(news.as_ref());
        self.desk.metrics.execution_recorded(execution);
        Ok(())
    }

    /// Something that was saved is to be told.
    pub(in crate::engine) fn told(&self, news: Option<&Event>) {
        if news.is_some() {
            self.post.nudge.notify_one();
        }
    }

    /// Saves what an execution has become.
    pub(in crate::engine) async fn save_execution(
        &self,
        from: ExecutionState,
        execution: &Execution,
    ) -> Result<(), EngineError> {
        let changed = [(from, execution.clone())];
        let step = ScheduleStep {
            changed: &changed,
            ..ScheduleStep::default()
        };
        self.store.schedule_step(step).await?;
        Ok(())
    }

    /// Longest run of a schedule in seconds; 0 for none, and for one that cannot be read.
    pub(in crate::engine) async fn timeout_of(&self, schedule: &ScheduleId) -> Result<u32, EngineError> {
        match self.store.schedule(schedule).await {
            Err(StoreError::Damaged { .. }) => Ok(0),
            found => Ok(found?.map_or(0, |schedule| schedule.spec.timeout_seconds)),
        }
    }
}

/// An event was chosen by the state: that it does not fit is a bug.
pub(super) fn impossible(error: InvalidExecutionEvent) -> EngineError {
    EngineError::Internal(Box::new(error))
}
