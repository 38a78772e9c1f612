//! What people do to a task that was accepted: pause, resume, cancel.

use super::{Core, Effect, TaskChange, TaskReply};
use crate::{
    domain::{Millis, ids::TaskId, task_state::TaskEvent},
    engine::{EngineError, publish::view_of, views::TaskView},
};

impl TaskChange {
    /// The word after "the task is completed and cannot be".
    pub fn participle(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Cancel => "cancelled",
        }
    }

    fn event(self) -> TaskEvent {
        match self {
            Self::Pause => TaskEvent::Pause,
            Self::Resume => TaskEvent::Resume,
            Self::Cancel => TaskEvent::Cancel,
        }
    }
}

impl Core {
    pub(super) fn change(&mut self, now: Millis, id: TaskId, change: TaskChange, reply: TaskReply) {
        let Some(open) = self.work.tasks.get(&id) else {
            self.effects.push(Effect::LateChange(id, change, reply));
            return;
        };
        let answer = match open.task.state.apply(change.event()) {
            Ok(_allowed) => {
                match change {
                    TaskChange::Cancel => drop(self.stop(now, &id, TaskEvent::Cancel, "the task was cancelled")),
                    TaskChange::Pause => self.hold(&id, TaskEvent::Pause),
                    TaskChange::Resume => self.hold(&id, TaskEvent::Resume),
                }
                self.view(&id)
            }
            Err(invalid) => Err(EngineError::Precondition(format!(
                "{invalid} and cannot be {}",
                change.participle()
            ))),
        };
        self.effects.push(Effect::ReplyTask(reply, Box::new(answer)));
    }

    /// Pauses or resumes; a task that had started goes on as running.
    fn hold(&mut self, id: &TaskId, event: TaskEvent) {
        let Some(open) = self.work.tasks.get_mut(id) else {
            return;
        };
        let from = open.task.state;
        let started = open.task.started_at > 0;
        let to = from.apply(event).and_then(|state| match event {
            TaskEvent::Resume if started => state.apply(TaskEvent::Start),
            TaskEvent::Start
            | TaskEvent::Pause
            | TaskEvent::Resume
            | TaskEvent::Complete
            | TaskEvent::Fail
            | TaskEvent::Cancel
            | TaskEvent::Retry => Ok(state),
        });
        // Checked by the caller.
        let Ok(to) = to else { return };
        open.task.state = to;
        self.metrics.task_state(to);
        self.task_changed(id, from, true);
        self.plan_due = true;
    }

    /// The newest record of a task that changed in this step, also if it has just ended.
    pub(super) fn view(&self, id: &TaskId) -> Result<TaskView, EngineError> {
        let open = self.work.tasks.get(id).map(|open| open.task.clone());
        open.or_else(|| self.publisher.ended_task(id))
            .map(|task| view_of(task, &self.shared))
            .ok_or_else(|| EngineError::NotFound {
                kind: "task",
                id: id.to_string(),
            })
    }
}
