//! The task that an object declares: made once, held back and let go on as the object says, cancelled with it.

use super::{Declarations, apply::verdict};
use crate::{
    domain::{
        caller::TenantId,
        declared::{Declared, Kind, Refusal, Verdict, changed_field},
        ids::TaskId,
        pin::PinOwner,
        pull_secret::PullSecrets,
        task::{Task, TaskSpec},
        task_state::TaskState,
    },
    engine::{Engine, EngineError, core::TaskChange, publish::view_of, views::TaskView},
};
use serde_json::Value;

impl Declarations {
    /// Makes the task of an object, or lets the one that it has be as it says.
    ///
    /// # Errors
    /// Unavailable or internal: what trying again may mend.
    pub(super) async fn take_over_task(
        &self,
        object: &Declared,
        tenant: &TenantId,
        (spec, secrets): (Value, Option<PullSecrets>),
    ) -> Result<Verdict, EngineError> {
        let mut wish = match (self.read.task)(spec) {
            Ok(wish) => wish,
            Err(invalid) => return verdict(Err(invalid.into())),
        };
        wish.new.spec.declared = Some(object.name.clone());
        wish.new.spec.pull_secrets = secrets;
        let id = object.task_id();
        let Some(task) = self.engine.store.task(&id).await? else {
            if object.had_task() {
                // It ran once, and is not run again because its record was removed.
                return Ok(Verdict::Accepted);
            }
            let owner = self.engine.of_tenant(tenant);
            let made = Box::pin(owner.create_object_task(id, wish.new, wish.suspend)).await;
            return verdict(made.map(drop));
        };
        if task.spec.declared.as_ref() != Some(&object.name) {
            let message = format!("there is another task {id}, which no object declares");
            return Ok(Verdict::Refused(Refusal::NameTaken, message));
        }
        if let Some(field) = self.engine.changed_field(&task, &mut wish.new.spec).await {
            let message = format!("spec.{field}: is what it is for the life of the object: make another one");
            return Ok(Verdict::Refused(Refusal::FieldImmutable, message));
        }
        verdict(self.engine.suspend(&task, wish.suspend).await)
    }
}

impl Engine {
    /// The task of an object.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub(super) async fn object_task(&self, object: &Declared) -> Result<Option<TaskView>, EngineError> {
        let task = self.store.task(&object.task_id()).await?;
        let own = task.filter(|task| task.spec.declared.as_ref() == Some(&object.name));
        Ok(own.map(|task| view_of(task, &self.shared)))
    }

    /// Names of channels become those of the tenant's channels, as when the task was made; a channel that is gone since is no change.
    async fn changed_field(&self, task: &Task, new: &mut TaskSpec) -> Option<&'static str> {
        let named = self.of_tenant(&task.tenant).name_channels(new).await;
        if named.is_err() {
            new.notices.channels.clone_from(&task.spec.notices.channels);
        }
        changed_field(&task.spec, new)
    }

    /// Holds the pulls of an open task back, or lets them go on.
    async fn suspend(&self, task: &Task, is_suspended: bool) -> Result<(), EngineError> {
        let change = match (task.state, is_suspended) {
            (TaskState::Paused, false) => TaskChange::Resume,
            (TaskState::Pending | TaskState::Running, true) => TaskChange::Pause,
            _ => return Ok(()),
        };
        match self.change_task(&task.id, change).await {
            // It has ended, or was removed, meanwhile.
            Ok(_) | Err(EngineError::Precondition(_) | EngineError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Cancels the task of the object of this UID. Its record stays, as those of others do, but nothing is pinned for it any more.
    pub(super) async fn end_task(&self, uid: &str) -> Result<(), EngineError> {
        let id = TaskId::of_object(uid);
        let Some(task) = self.store.task(&id).await? else {
            return Ok(());
        };
        if task.spec.declared.is_none() {
            // Somebody made it who chose such an id.
            return Ok(());
        }
        match self.cancel_task(&id).await {
            Ok(_) | Err(EngineError::NotFound { .. }) => Ok(()),
            Err(EngineError::Precondition(_has_ended)) => self.set_pins(PinOwner::Task(id), vec![]).await,
            Err(error) => Err(error),
        }
    }

    /// UIDs of the objects whose tasks are open.
    pub(super) async fn declared_tasks(&self) -> Result<Vec<String>, EngineError> {
        let open = self.store.open_tasks().await?;
        let declared = open
            .into_iter()
            .filter(|task| task.policy.is_none() && task.spec.declared.is_some());
        Ok(declared
            .filter_map(|task| task.id.object().map(ToOwned::to_owned))
            .collect())
    }

    /// Whoever declares a task elsewhere holds it back there. It can be cancelled, tried again and, when it has ended, removed anywhere: its
    /// object goes on saying how it ended.
    pub(in crate::engine) async fn refuse_declared_task(&self, id: &TaskId, verb: &str) -> Result<(), EngineError> {
        if id.object().is_none() || !self.policies.is_declared_elsewhere() {
            return Ok(());
        }
        let Some(task) = self.store.task(id).await? else {
            return Ok(());
        };
        self.refuse_object(Kind::Task, task.spec.declared.as_ref(), verb)
    }
}
