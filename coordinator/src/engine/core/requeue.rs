//! Trying again what failed: by the order of a person, after the task has ended or while it still runs.

use super::Core;
use crate::{
    domain::{
        Millis,
        ids::{NodeName, TaskId},
        pull::{Pull, PullEvent, PullState},
        task::Task,
        task_state::TaskEvent,
    },
    engine::{
        EngineError,
        views::TaskView,
        work::{OpenTask, Tally},
    },
};
use std::{collections::HashMap, sync::Arc};

impl Core {
    /// Whether the task is open or still has open pulls.
    pub fn is_at(&self, id: &TaskId) -> bool {
        self.work.tasks.contains_key(id)
    }

    /// Queues failed pulls of a task again, with all retries unspent; the deadline counts anew. `stored` is what the store has: a
    /// task that has ended is taken up once more, with how many of its pulls each node has in each state.
    ///
    /// # Errors
    /// Precondition when the state does not allow it or there is no such pull; then nothing has changed.
    pub fn retry(
        &mut self,
        now: Millis,
        stored: Task,
        tallies: HashMap<NodeName, Tally>,
        pulls: Vec<Pull>,
    ) -> Result<TaskView, EngineError> {
        let id = stored.id.clone();
        let from = self.work.tasks.get(&id).map_or(stored.state, |open| open.task.state);
        let refuse = |why: String| Err(EngineError::Precondition(why));
        let Ok(to) = from.apply(TaskEvent::Retry) else {
            let state = from.as_str();
            return refuse(format!("the task is {state} and cannot be retried, clone it instead"));
        };
        if pulls.is_empty() {
            return refuse("no pull of the task has failed".into());
        }
        let open = self
            .work
            .tasks
            .entry(id.clone())
            .or_insert_with(|| OpenTask::new(stored, &[], tallies));
        open.task.state = to;
        open.task.finished_at = 0;
        open.task.error_message.clear();
        open.task.retried_at = now;
        open.set_deadline();
        if from != to {
            self.metrics.task_state(to);
        }
        self.task_changed(&id, from, true);
        pulls.into_iter().for_each(|pull| self.requeue(now, &id, pull));
        if let Some(open) = self.work.tasks.get_mut(&id) {
            open.set_stages();
        }
        self.ask_registry(&id);
        self.view(&id)
    }

    fn requeue(&mut self, now: Millis, task: &TaskId, pull: Pull) {
        let id = pull.id.clone();
        if let Some(open) = self.work.tasks.get_mut(task) {
            open.task.settled_bytes.subtract(&pull.bytes);
            if let Some(reason) = pull.failure.filter(|_| pull.state == PullState::Failed) {
                open.task.remove_failure(reason);
            }
        }
        self.work.pulls.insert(id.clone(), Arc::new(pull));
        // The caller hands over failed and cancelled pulls, which allow it.
        let _queued = self.apply(now, &id, PullEvent::Requeue, |pull| {
            pull.retries = 0;
            pull.not_before = 0;
            pull.finished_at = 0;
            pull.failure = None;
            pull.message.clear();
        });
    }
}
