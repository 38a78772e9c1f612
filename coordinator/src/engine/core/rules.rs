//! What ends a task early: its canary failed, too many of its pulls did, its deadline passed.

use super::{Core, transitions::error_message};
use crate::domain::{
    Millis,
    event::EventKind,
    pull::{Pull, PullState},
    task_state::TaskEvent,
};

impl Core {
    /// After a pull has ended: stops the task if its canary or its abort rule says so.
    pub(super) fn judge(&mut self, now: Millis, pull: &Pull) {
        let id = &pull.task;
        let Some(open) = self.work.tasks.get(id).filter(|open| open.task.state.is_open()) else {
            return;
        };
        let counts = &open.task.counts;
        let rules = &open.task.spec.rules;
        let failed_canary = open
            .canary_with(&pull.node)
            .filter(|canary| canary.any_failed() || (!canary.is_open() && canary.get(PullState::Succeeded) == 0));
        let mut told_as = EventKind::TaskFailed;
        let why = if let Some(canary) = failed_canary.filter(|_| counts.queued > 0 || counts.running > 0) {
            let failed = canary.get(PullState::Failed);
            format!(
                "the canary failed, the other nodes were left alone: {failed} failed, {} succeeded",
                canary.get(PullState::Succeeded)
            )
        } else if rules.aborts(counts.failed, counts.failed + counts.succeeded) && counts.open() > 0 {
            told_as = EventKind::TaskAborted;
            let percent = rules.abort_failure_percent.unwrap_or_default();
            format!(
                "stopped because more than {percent} % of its ended pulls failed: {}",
                error_message(&open.task)
            )
        } else {
            return;
        };
        if self.stop(now, id, TaskEvent::Fail, &why) {
            self.ended.insert(id.clone(), told_as);
        }
    }

    /// Stops every task whose deadline has passed. It is a success if enough pulls had succeeded by then, those that were cut off counted.
    pub(super) fn pass_deadlines(&mut self, now: Millis) {
        let passed = self
            .work
            .tasks
            .iter()
            .filter(|(_, open)| open.task.state.is_open() && open.deadline.is_some_and(|deadline| deadline <= now));
        for id in passed.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            let Some(open) = self.work.tasks.get(&id) else { continue };
            let (counts, rules) = (&open.task.counts, &open.task.spec.rules);
            let good = rules.is_success(counts.succeeded, counts.total() - counts.skipped);
            let seconds = rules.deadline_seconds.unwrap_or_default();
            let why = format!(
                "the deadline of {seconds} s passed with {} of {} pulls open",
                counts.open(),
                counts.total()
            );
            let event = if good { TaskEvent::Complete } else { TaskEvent::Fail };
            self.stop(now, &id, event, &why);
        }
    }
}
