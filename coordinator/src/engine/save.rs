//! Saving an accepted task so that no task is ever durable without the loop knowing of it: neither when the caller hangs up between the two,
//! nor when the answer to the COMMIT is lost with the connection.

use super::{Engine, core::Command};
use crate::{
    domain::{credential::Credential, pull::Pull, task::Task, tenant::Quotas},
    store::StoreError,
};
use std::time::Duration;

/// Pause between two looks whether the database is back.
const PAUSE: Duration = Duration::from_secs(1);

/// An accepted task with all that belongs to it.
pub(super) struct Accepted {
    /// Task.
    pub(super) task: Task,
    /// Its pulls.
    pub(super) pulls: Vec<Pull>,
    /// The key that makes creating idempotent.
    pub(super) request_id: Option<String>,
    /// The login that it brings along.
    pub(super) own: Option<Credential>,
    /// Quotas of its tenant.
    pub(super) quotas: Quotas,
}

impl Engine {
    /// Saves the task and hands it to the loop. Call it in a task of its own, which nobody cancels.
    ///
    /// # Errors
    /// Those of the store; nothing was saved then, or, when the database was not available, the loop takes it up as soon as it is found there.
    pub(super) async fn save(self, new: Accepted) -> Result<(), StoreError> {
        let request_id = new.request_id.as_deref();
        let own = new.own.as_ref();
        let saved = self
            .store
            .insert_task_with_login(&new.task, request_id, &new.pulls, own, &new.quotas);
        match saved.await {
            Ok(()) => {
                self.hand_over(new).await;
                Ok(())
            }
            Err(error) => {
                if matches!(error, StoreError::Unavailable(_)) {
                    tokio::spawn(self.look_for(new));
                }
                Err(error)
            }
        }
    }

    async fn hand_over(&self, new: Accepted) {
        new.own.into_iter().for_each(|own| self.logins.put(own));
        let accepted = Command::Accepted {
            task: Box::new(new.task),
            pulls: new.pulls,
        };
        // A loop that has ended takes it up at the next start.
        let _stopping = self.tell(accepted).await;
    }

    /// Waits until the database says whether it has the task after all.
    async fn look_for(self, new: Accepted) {
        loop {
            tokio::time::sleep(PAUSE).await;
            match self.store.settled_task(&new.task.id).await {
                Ok(Some(stored)) if stored.created_at == new.task.created_at => {
                    tracing::info!(task.id = %new.task.id, "a task was saved although the database did not say so");
                    return self.hand_over(new).await;
                }
                Err(StoreError::Unavailable(_)) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}
