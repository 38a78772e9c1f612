//! The door to schedules for REST, gRPC and the console: each call checks, writes one step, and wakes the trigger.

use super::{
    Engine, EngineError,
    board::Noun,
    run::now,
    views::{Page, PageRequest, ScheduleFilter, ScheduleView},
};
use crate::{
    domain::{
        Invalid,
        execution::{Admission, Cause, Execution, ExecutionEvent, ExecutionState, SWITCHED_OFF, admit},
        ids::{ScheduleId, TaskId},
        schedule::{Schedule, ScheduleRequest, ScheduleSpec},
    },
    metrics::Metrics,
    store::{ScheduleQuery, ScheduleStep, StoreError},
};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, Notify};

/// Runs that every answer shows in advance.
const UPCOMING: usize = 5;

/// What calls and the trigger share.
#[derive(Debug)]
pub(super) struct ScheduleDesk {
    /// Whoever looks at schedules to change them holds it, so that two never decide on the same sight.
    turn: Mutex<()>,
    /// Something changed: the trigger looks again.
    pub(super) nudge: Notify,
    pub(super) metrics: Arc<Metrics>,
}

impl ScheduleDesk {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            turn: Mutex::default(),
            nudge: Notify::new(),
            metrics,
        }
    }

    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}

/// A run that somebody asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Triggered {
    /// Its task.
    pub task: TaskId,
    /// Its record.
    pub execution: Execution,
}

impl Engine {
    /// Makes a schedule: when this returns, it is durable.
    ///
    /// # Errors
    /// Invalid for a field that breaks a rule, Unavailable when the store cannot write.
    pub async fn create_schedule(&self, request: ScheduleRequest) -> Result<ScheduleView, EngineError> {
        let mut spec = request.check()?;
        self.check_schedule_images(&spec)?;
        let _turn = self.desk.turn().await;
        // None of its credentials can be removed between the look and the save.
        let _credentials_stay = self.logins.changing().await;
        self.name_schedule_credentials(&mut spec)?;
        self.name_schedule_channels(&mut spec).await?;
        let now = now();
        let id = ScheduleId::generate(now, rand::random());
        let mut schedule = Schedule::new(id, spec, now);
        schedule.tenant.clone_from(&self.owner);
        self.store.insert_schedule(&schedule).await?;
        self.schedules_changed().await;
        Ok(view(schedule))
    }

    /// What its tasks could never pull is refused when it is saved, not when it is due.
    fn check_schedule_images(&self, spec: &ScheduleSpec) -> Result<(), EngineError> {
        let checked = self.owning_tenant()?.check_images(&spec.task.images);
        Ok(checked.map_err(|invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule))?)
    }

    fn name_schedule_credentials(&self, spec: &mut ScheduleSpec) -> Result<(), EngineError> {
        let named = self.name_credentials(&mut spec.task);
        Ok(named.map_err(|invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule))?)
    }

    async fn name_schedule_channels(&self, spec: &mut ScheduleSpec) -> Result<(), EngineError> {
        match self.name_channels(&mut spec.task).await {
            Err(EngineError::Invalid(invalid)) => {
                Err(Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule).into())
            }
            other => other,
        }
    }

    /// Changes what the request names. Runs that wait are left out when it is switched off.
    ///
    /// # Errors
    /// `NotFound`; Invalid for a field that breaks a rule, and then nothing has changed.
    pub async fn update_schedule(
        &self,
        id: &ScheduleId,
        request: ScheduleRequest,
    ) -> Result<ScheduleView, EngineError> {
        let _turn = self.desk.turn().await;
        let mut schedule = self.known_schedule(id).await?;
        let mut spec = request.check_over(&schedule.spec)?;
        let owner = self.of_tenant(&schedule.tenant);
        if spec.task.images != schedule.spec.task.images {
            owner.check_schedule_images(&spec)?;
        }
        let _credentials_stay = self.logins.changing().await;
        if spec.task.credentials != schedule.spec.task.credentials {
            owner.name_schedule_credentials(&mut spec)?;
        }
        if spec.task.notices != schedule.spec.task.notices {
            owner.name_schedule_channels(&mut spec).await?;
        }
        if spec == schedule.spec {
            return Ok(view(schedule));
        }
        let now = now();
        let is_off = !spec.enabled;
        schedule.change(spec, now);
        let mut left_out = vec![];
        if is_off {
            for mut execution in self.store.open_executions(Some(id)).await?.sound {
                if execution.end(ExecutionEvent::Skip, SWITCHED_OFF, now).is_ok() {
                    left_out.push((ExecutionState::Queued, execution));
                }
            }
        }
        let step = ScheduleStep {
            schedule: Some(&schedule),
            changed: &left_out,
            ..ScheduleStep::default()
        };
        self.store.schedule_step(step).await?;
        left_out
            .iter()
            .for_each(|(_, execution)| self.desk.metrics.execution_recorded(execution));
        self.schedules_changed().await;
        Ok(view(schedule))
    }

    /// Switches a schedule on or off; nothing happens when it is so already.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn enable_schedule(&self, id: &ScheduleId, enabled: bool) -> Result<ScheduleView, EngineError> {
        let request = ScheduleRequest {
            enabled: Some(enabled),
            ..ScheduleRequest::default()
        };
        self.update_schedule(id, request).await
    }

    /// Removes a schedule with its history; tasks that it started go on. Says whether there was one.
    ///
    /// # Errors
    /// Unavailable when the store cannot write.
    pub async fn delete_schedule(&self, id: &ScheduleId) -> Result<bool, EngineError> {
        let _turn = self.desk.turn().await;
        if !self.has_schedule(id).await? {
            return Ok(false);
        }
        let existed = self.store.delete_schedule(id).await?;
        self.schedules_changed().await;
        Ok(existed)
    }

    /// One schedule.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn schedule(&self, id: &ScheduleId) -> Result<ScheduleView, EngineError> {
        self.known_schedule(id).await.map(view)
    }

    /// Schedules in the order that the filter names.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn schedules(
        &self,
        filter: ScheduleFilter,
        page: PageRequest,
    ) -> Result<Page<ScheduleView>, EngineError> {
        let query = ScheduleQuery {
            realm: &self.realm,
            enabled: filter.enabled,
            order: filter.order,
        };
        let (schedules, total) = self.store.schedules(query, page.limit, page.offset).await?;
        Ok(Page {
            items: schedules.into_iter().map(view).collect(),
            total,
        })
    }

    /// Starts a run now, if the schedule is on and its overlap policy allows it. A run that is left out or waits is in the history.
    ///
    /// # Errors
    /// `NotFound`; Precondition with the reason when it is off, when the run is left out or waits, or when its task cannot be made.
    pub async fn trigger_schedule(&self, id: &ScheduleId) -> Result<Triggered, EngineError> {
        let _turn = self.desk.turn().await;
        let schedule = self.known_schedule(id).await?;
        if !schedule.spec.enabled {
            let refusal = "the scheduled task is disabled, enable it first";
            return Err(EngineError::Precondition(refusal.into()));
        }
        let now = now();
        let open = self.settle_executions(now, Some(id)).await?.open;
        let states: Vec<_> = open.iter().map(|execution| execution.state).collect();
        let cause = Cause::Manual(uuid::Uuid::new_v4().simple().to_string());
        let mut execution = match admit(schedule.spec.overlap, &states) {
            Admission::Start => Execution::start(id.clone(), cause, TaskId::of_schedule(now, rand::random()), now),
            Admission::Queue => Execution::queued(id.clone(), cause, now),
            Admission::Skip(reason) => Execution::skipped(id.clone(), cause, reason, now),
        };
        let step = ScheduleStep {
            schedule: Some(&schedule),
            new: Some(&execution),
            ..ScheduleStep::default()
        };
        execution.id = self.store.schedule_step(step).await?.unwrap_or_default();
        self.desk.metrics.execution_recorded(&execution);
        if execution.state == ExecutionState::Running {
            execution = self.launch_execution(execution, now).await?;
        }
        self.board.changed(Noun::Schedules);
        self.desk.nudge.notify_one();
        match (execution.state, execution.task.clone()) {
            (ExecutionState::Running, Some(task)) => Ok(Triggered { task, execution }),
            _ => Err(EngineError::Precondition(execution.message)),
        }
    }

    /// Executions of a schedule, newest start first; none for an unknown one.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn executions(
        &self,
        id: &ScheduleId,
        states: &[ExecutionState],
        page: PageRequest,
    ) -> Result<Page<Execution>, EngineError> {
        if !self.has_schedule(id).await? {
            return Ok(Page {
                items: vec![],
                total: 0,
            });
        }
        let (items, total) = self.store.executions(id, states, page.limit, page.offset).await?;
        Ok(Page { items, total })
    }

    /// One execution of a schedule.
    ///
    /// # Errors
    /// `NotFound`, also when it belongs to another schedule.
    pub async fn execution(&self, id: &ScheduleId, number: i64) -> Result<Execution, EngineError> {
        let found = if self.has_schedule(id).await? {
            self.store.execution(id, number).await?
        } else {
            None
        };
        found.ok_or_else(|| EngineError::NotFound {
            kind: "execution",
            id: number.to_string(),
        })
    }

    async fn known_schedule(&self, id: &ScheduleId) -> Result<Schedule, EngineError> {
        self.seen(self.store.schedule(id).await?, "scheduled task", id.as_str())
    }

    /// Whether there is such a schedule in the realm, also one that cannot be read.
    async fn has_schedule(&self, id: &ScheduleId) -> Result<bool, StoreError> {
        self.store.has_schedule(&self.realm, id).await
    }

    /// Counts again and wakes the trigger. A count that fails is made up for by the next one.
    pub(super) async fn schedules_changed(&self) {
        if let Err(error) = self.count_schedules().await {
            tracing::warn!(error = error.chain(), "schedules not counted");
        }
        self.board.changed(Noun::Schedules);
        self.desk.nudge.notify_one();
    }

    pub(super) async fn count_schedules(&self) -> Result<(), StoreError> {
        let (enabled, disabled) = self.store.schedule_counts().await?;
        self.desk.metrics.set_schedules(enabled, disabled);
        Ok(())
    }
}

fn view(schedule: Schedule) -> ScheduleView {
    ScheduleView {
        upcoming: schedule.upcoming(now(), UPCOMING),
        schedule,
    }
}
