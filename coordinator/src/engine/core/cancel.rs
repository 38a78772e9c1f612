//! Cancelling: the task says so at once; what runs is stopped by its agent and keeps its slot until it has.

use super::{Core, Effect, TaskReply, transitions::task_seconds};
use crate::{
    domain::{Millis, ids::TaskId, pull::PullEvent, task_state::TaskEvent},
    engine::{EngineError, publish::view_of},
    fleet::messages::Order,
};

impl Core {
    pub(super) fn cancel(&mut self, now: Millis, id: TaskId, reply: TaskReply) {
        let Some(open) = self.work.tasks.get_mut(&id) else {
            self.effects.push(Effect::LateCancel(id, reply));
            return;
        };
        let from = open.task.state;
        match from.apply(TaskEvent::Cancel) {
            Ok(to) => {
                open.task.state = to;
                open.task.finished_at = now;
            }
            Err(invalid) => {
                let refusal = EngineError::Precondition(format!("{invalid} and cannot be cancelled"));
                self.effects.push(Effect::ReplyTask(reply, Box::new(Err(refusal))));
                return;
            }
        }
        self.changes.task(from, &open.task);
        self.metrics.task_state(open.task.state);
        self.metrics.task_ended(open.task.state, task_seconds(&open.task));
        self.publisher.task(&open.task, true);
        let pulls: Vec<_> = open.open.values().cloned().collect();
        for pull in &pulls {
            self.cancel_pull(now, pull);
        }
        // The last queued pull may have let go of the task.
        let task = self
            .work
            .tasks
            .get(&id)
            .map(|open| open.task.clone())
            .or_else(|| self.publisher.last_task(&id));
        let answer = task
            .map(|task| view_of(task, &self.shared))
            .ok_or(EngineError::NotFound {
                kind: "task",
                id: id.to_string(),
            });
        self.effects.push(Effect::ReplyTask(reply, Box::new(answer)));
    }

    fn cancel_pull(&mut self, now: Millis, id: &crate::domain::ids::PullId) {
        let Some(pull) = self.work.pulls.get(id) else { return };
        if pull.state.is_running() {
            let order = Order::CancelPull {
                pull: id.clone(),
                attempt: pull.attempt,
                reason: "the task was cancelled".into(),
            };
            let node = pull.node.clone();
            self.order(&node, order);
        } else {
            // A queued pull always allows it.
            let _cancelled = self.apply(now, id, PullEvent::Cancel, |_| {});
        }
    }
}
