//! What is asked of pulls and tasks that the engine has let go of: the store knows, and the loop, which alone writes them, asks it.

use super::{
    EngineError,
    board::Delta,
    core::{Command, Stored, TaskChange},
    publish::view_of,
    run::{Loop, now},
    views::TaskView,
};
use crate::{
    domain::{
        ids::{NodeName, PullId, TaskId},
        outcome::Outcome,
        pull::PullState,
        task_state::TaskState,
    },
    store::{PullQuery, Removed, StoreError},
};
use std::{collections::HashMap, time::Instant};
use tokio::sync::oneshot;

/// Whom to answer whether a task was removed.
type DeleteReply = oneshot::Sender<Result<bool, EngineError>>;

impl Loop {
    /// An outcome for a pull that is not open. While the database does not answer it is not acknowledged, so the agent says it again.
    pub(super) async fn late_outcome(
        &mut self,
        node: &NodeName,
        id: &PullId,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let stored = async {
            let Some(pull) = self.store.pull(id).await? else {
                return Ok(None);
            };
            let ended = matches!(
                pull.state,
                PullState::Failed | PullState::Cancelled | PullState::Skipped
            );
            let task = if outcome.result.is_ok() && ended {
                let task = self.store.task(&pull.task).await?;
                let tallies = self.tallies(&pull.task).await?;
                task.map(|task| (task, tallies))
            } else {
                None
            };
            Ok(Some(Stored { pull, task }))
        };
        match stored.await {
            Ok(stored) => self.core.late_outcome(now(), node, id, stored, outcome),
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A change of a task that has ended is refused; one that is saved but not taken up yet is as it is.
    pub(super) async fn late_change(&self, id: &TaskId, change: TaskChange) -> Result<TaskView, EngineError> {
        let task = self.store.task(id).await?.ok_or_else(|| no_task(id))?;
        if task.state.is_open() {
            return Ok(view_of(task, &self.shared));
        }
        let (state, word) = (task.state.as_str(), change.participle());
        Err(EngineError::Precondition(format!(
            "the task is {state} and cannot be {word}"
        )))
    }

    /// Queues the failed pulls of a task again.
    pub(super) async fn retry(&mut self, id: &TaskId) -> Result<TaskView, EngineError> {
        let task = self.store.task(id).await?.ok_or_else(|| no_task(id))?;
        if self.removing.contains(id) {
            return Err(EngineError::Precondition("the task is being removed".into()));
        }
        // What a failed task left undone is part of its failure.
        let states: &[PullState] = if task.state == TaskState::Failed {
            &[PullState::Failed, PullState::Cancelled]
        } else {
            &[PullState::Failed]
        };
        let query = PullQuery {
            task: id,
            node: None,
            image: None,
            states,
        };
        let pulls = self.store.pulls(query, u32::MAX, 0).await?;
        let tallies = if self.core.is_at(id) {
            HashMap::new()
        } else {
            self.tallies(id).await?
        };
        self.core.retry(now(), task, tallies, pulls)
    }

    /// Removes an ended task; a large one in several steps, so that nobody waits long for the loop.
    pub(super) async fn delete(&mut self, task: TaskId, reply: DeleteReply) {
        let begun = Instant::now();
        let (tenant, removed) = match self.store.tenant_of_task(&task).await {
            Ok(tenant) => (tenant, self.store.remove_ended_task(&task).await),
            Err(error) => (None, Err(error)),
        };
        if let Ok(Removed::Partly) = removed {
            self.removing.insert(task.clone());
            let (again, pause) = (self.again.clone(), begun.elapsed());
            tokio::spawn(async move {
                // As long as it took: half of the time belongs to everybody else.
                tokio::time::sleep(pause).await;
                let _stopping = again.send(Command::Delete { task, reply }).await;
            });
            return;
        }
        self.removing.remove(&task);
        if let Ok(Removed::Wholly) = removed {
            self.shared.forget_logins(&task);
            self.core.unpin_for(&task);
            // Here and not where the caller waits, who may have given up.
            self.board.publish(Delta {
                removed_tasks: vec![(tenant.unwrap_or_default(), task)],
                ..Delta::default()
            });
        }
        let answer = removed
            .map(|removed| removed == Removed::Wholly)
            .map_err(EngineError::from);
        drop(reply.send(answer));
    }
}

fn no_task(id: &TaskId) -> EngineError {
    EngineError::NotFound {
        kind: "task",
        id: id.to_string(),
    }
}
