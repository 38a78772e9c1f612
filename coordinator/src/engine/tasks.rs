//! What people do to tasks that were accepted, and to the limits: each asks the loop, which alone changes them.

use super::{
    Engine, EngineError, answered,
    board::Noun,
    core::{Command, TaskChange},
    views::{LimitsView, TaskView},
};
use crate::domain::{
    ids::TaskId,
    limits::{Limits, LimitsPatch},
    tenant::Realm,
};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long removing a cancelled task waits for its agents to let go, and how often it looks.
const LET_GO_LIMIT: Duration = Duration::from_secs(5);
const LET_GO_PAUSE: Duration = Duration::from_millis(100);

impl Engine {
    /// Cancels a task that has not ended.
    ///
    /// # Errors
    /// `NotFound`; Precondition when it has ended.
    pub async fn cancel_task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        self.change_task(id, TaskChange::Cancel).await
    }

    /// Holds the pulls of a task back; what runs goes on.
    ///
    /// # Errors
    /// `NotFound`; Precondition when it is paused or has ended, or where a Kubernetes object declares it.
    pub async fn pause_task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        self.refuse_declared_task(id, "suspend").await?;
        self.change_task(id, TaskChange::Pause).await
    }

    /// Lets a paused task go on.
    ///
    /// # Errors
    /// `NotFound`; Precondition when it is not paused, or where a Kubernetes object declares it.
    pub async fn resume_task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        self.refuse_declared_task(id, "resume").await?;
        self.change_task(id, TaskChange::Resume).await
    }

    /// Tries the failed pulls of a task again, with all retries unspent; those that ended because the task failed early (canary,
    /// abort rule, deadline) too. A task that has ended is open again.
    ///
    /// # Errors
    /// `NotFound`; Precondition when it was cancelled or nothing of it has failed.
    pub async fn retry_task(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        let task = self.known_task(id).await?;
        // What its tenant may no longer use is not pulled again.
        self.of_tenant(&task.tenant)
            .owning_tenant()?
            .check_images(&task.spec.images)?;
        let (reply, answer) = oneshot::channel();
        let task = id.clone();
        self.tell(Command::Retry { task, reply }).await?;
        answered(answer).await?
    }

    pub(super) async fn change_task(&self, id: &TaskId, change: TaskChange) -> Result<TaskView, EngineError> {
        self.check_realm(id).await?;
        let (reply, answer) = oneshot::channel();
        let task = id.clone();
        self.tell(Command::Change { task, change, reply }).await?;
        answered(answer).await?
    }

    /// A task of another tenant is not there. Whose realm is everything need not be asked: the loop knows what there is.
    async fn check_realm(&self, id: &TaskId) -> Result<(), EngineError> {
        if self.realm != Realm::All {
            self.known_task(id).await?;
        }
        Ok(())
    }

    /// Removes the record of a task that has ended. A task that was cancelled a moment ago is waited for, until its agents have let go.
    ///
    /// # Errors
    /// `NotFound`; Precondition while it is open, or while an agent that cannot be reached still holds a pull of it.
    pub async fn delete_task(&self, id: &TaskId) -> Result<(), EngineError> {
        self.check_realm(id).await?;
        let deadline = tokio::time::Instant::now() + LET_GO_LIMIT;
        loop {
            let (reply, answer) = oneshot::channel();
            let task = id.clone();
            self.tell(Command::Delete { task, reply }).await?;
            if answered(answer).await?? {
                return Ok(());
            }
            let task = self.task(id).await?.task;
            if task.state.is_open() {
                let word = task.state.as_str();
                return Err(EngineError::Precondition(format!(
                    "the task is {word}, cancel it first"
                )));
            }
            if tokio::time::Instant::now() > deadline {
                let open = task.counts.open();
                return Err(EngineError::Precondition(format!(
                    "{open} pulls of the task are still being cancelled"
                )));
            }
            tokio::time::sleep(LET_GO_PAUSE).await;
        }
    }

    /// Removes the record of a task that has ended, however long that takes; a million pulls take minutes. Says whether it could be
    /// removed.
    ///
    /// # Errors
    /// Unavailable when the store cannot write or the coordinator is stopping.
    pub(super) async fn remove_ended(&self, id: &TaskId) -> Result<bool, EngineError> {
        let (reply, answer) = oneshot::channel();
        let task = id.clone();
        self.tell(Command::Delete { task, reply }).await?;
        let stopping = |_gone| EngineError::Unavailable("the coordinator is stopping".into());
        answer.await.map_err(stopping)?
    }

    /// The limits in force, and how the registries bear what is asked of them; a tenant is shown the registries that it may use.
    pub fn limits(&self) -> LimitsView {
        let mut view = self.shared.limits();
        if let Some(tenant) = self.sight() {
            view.registries.retain(|state| tenant.may_use_host(&state.host));
            view.limits.registries.retain(|host, _| tenant.may_use_host(host));
        }
        view
    }

    /// Changes some limits; the others stay.
    ///
    /// # Errors
    /// Invalid for a field that breaks a rule; Unavailable as [`Engine::set_limits`].
    pub async fn update_limits(&self, patch: LimitsPatch) -> Result<LimitsView, EngineError> {
        let _alone = self.limits_change.lock().await;
        let limits = patch.apply(&self.shared.limits().limits)?;
        self.set_limits(limits).await
    }

    /// Sets all limits; when this returns they are durable and in force.
    ///
    /// # Errors
    /// Unavailable when the loop does not answer, for example while the store cannot write.
    pub async fn set_limits(&self, limits: Limits) -> Result<LimitsView, EngineError> {
        let (reply, answer) = oneshot::channel();
        let limits = Box::new(limits);
        self.tell(Command::SetLimits { limits, reply }).await?;
        let view = answered(answer).await?;
        self.board.changed(Noun::Limits);
        Ok(view)
    }
}
