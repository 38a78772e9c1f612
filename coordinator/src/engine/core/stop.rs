//! Stopping a task before its pulls have ended: the task says so at once; what waits ends, what runs is stopped by its agent and
//! keeps its slot until it has.

use super::{Core, transitions::task_seconds};
use crate::{
    domain::{
        Millis,
        event::EventKind,
        ids::{PullId, TaskId},
        pull::PullEvent,
        task_state::TaskEvent,
    },
    fleet::messages::Order,
};

impl Core {
    /// Ends an open task with this event; `why` is its error message and what its agents are told. Says whether its state allowed it.
    pub(super) fn stop(&mut self, now: Millis, id: &TaskId, event: TaskEvent, why: &str) -> bool {
        let Some(open) = self.work.tasks.get_mut(id) else {
            return false;
        };
        let from = open.task.state;
        let Ok(to) = from.apply(event) else { return false };
        open.task.state = to;
        open.task.finished_at = now;
        if event == TaskEvent::Fail {
            why.clone_into(&mut open.task.error_message);
        }
        self.metrics.task_state(to);
        self.metrics.task_ended(to, task_seconds(&open.task));
        let pulls: Vec<_> = open.open.values().cloned().collect();
        if event == TaskEvent::Cancel {
            self.unpin_for(id);
        }
        self.task_changed(id, from, true);
        if let Some(kind) = EventKind::of_end(to) {
            self.ended.insert(id.clone(), kind);
        }
        for pull in &pulls {
            self.stop_pull(now, pull, why);
        }
        true
    }

    fn stop_pull(&mut self, now: Millis, id: &PullId, why: &str) {
        let Some(pull) = self.work.pulls.get(id) else { return };
        if pull.state.is_running() {
            let order = Order::CancelPull {
                pull: id.clone(),
                attempt: pull.attempt,
                reason: why.to_owned(),
            };
            let node = pull.node.clone();
            self.order(&node, order);
        } else {
            // A queued pull always allows it.
            let _cancelled = self.apply(now, id, PullEvent::Cancel, |_| {});
        }
    }
}
