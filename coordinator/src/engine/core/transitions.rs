//! Applies events to pulls and tasks: the only code that changes a state. Record, counts, slots, changes for the store and news for
//! watchers stay in step because they are written here together.

use super::{Core, Effect};
use crate::domain::{
    Millis,
    counts::FailureGroup,
    ids::{PullId, TaskId},
    pull::{InvalidTransition, Pull, PullEvent},
    task::Task,
    task_state::TaskEvent,
};
use crate::fleet::messages::Order;

impl Core {
    /// Applies an event to an open pull; `edit` fills in what else the event changes. An unknown pull is nothing to do.
    pub(super) fn apply(
        &mut self,
        now: Millis,
        id: &PullId,
        event: PullEvent,
        edit: impl FnOnce(&mut Pull),
    ) -> Result<(), InvalidTransition> {
        let Some(pull) = self.work.pulls.get_mut(id) else {
            return Ok(());
        };
        let from = (pull.state, pull.attempt);
        let to = pull.state.apply(event)?;
        pull.state = to;
        edit(pull);
        if !to.is_open() {
            pull.finished_at = now;
        }
        let pull = pull.clone();
        if let Some(entry) = self.shared.fleet_mut().get_mut(&pull.node) {
            match (from.0.is_running(), to.is_running()) {
                (false, true) => entry.running_pulls += 1,
                (true, false) => entry.running_pulls = entry.running_pulls.saturating_sub(1),
                (false, false) | (true, true) => {}
            }
        }
        self.changes.pull(from, &pull);
        self.after_transition(now, &pull, from.0, event);
        Ok(())
    }

    fn after_transition(&mut self, now: Millis, pull: &Pull, from: crate::domain::pull::PullState, event: PullEvent) {
        if let Some(open) = self.work.tasks.get_mut(&pull.task) {
            let state = open.task.state;
            if let Some(all_succeeded) = open.shift(pull, from, pull.state) {
                self.metrics.node_processed(all_succeeded);
            }
            match event {
                PullEvent::Retry => open.task.counts.retries += 1,
                PullEvent::Fail => add_failure(&mut open.task, pull),
                PullEvent::Dispatch => start(now, &mut open.task),
                PullEvent::Progress | PullEvent::Succeed | PullEvent::Lose | PullEvent::Skip | PullEvent::Cancel => {}
            }
            if !pull.state.is_open() {
                open.task.settled_bytes.add(&pull.bytes);
            }
            if open.task.state != state {
                self.metrics.task_state(open.task.state);
            }
            self.changes.task(state, &open.task);
            self.publisher.task(&open.task, !pull.state.is_open());
        }
        self.publisher.pull(pull);
        self.publisher.node(&pull.node);
        self.plan_due = true;
        if !pull.state.is_open() {
            self.metrics.pull_ended(pull, duration_s(pull, now));
        }
        if !pull.state.is_running() {
            self.shared.live_mut().forget_pull(&pull.id);
        }
        if !pull.state.is_open() {
            self.work.pulls.remove(&pull.id);
            self.end_if_done(&pull.task, now);
        }
    }

    /// Ends a task none of whose pulls is open, and lets go of it.
    pub(super) fn end_if_done(&mut self, id: &TaskId, now: Millis) {
        let Some(open) = self.work.tasks.get_mut(id).filter(|open| open.open.is_empty()) else {
            return;
        };
        let task = &mut open.task;
        let state = task.state;
        if state.is_open() {
            let good = task.counts.failed == 0 && task.counts.succeeded > 0;
            let event = if good { TaskEvent::Complete } else { TaskEvent::Fail };
            // Every open state allows both events.
            task.state = task.state.apply(event).unwrap_or(task.state);
            task.finished_at = now;
            if !good {
                task.error_message = error_message(task);
            }
            self.changes.task(state, task);
            self.metrics.task_state(task.state);
            self.metrics.task_ended(task.state, task_seconds(task));
        }
        self.publisher.task(task, true);
        self.shared.live_mut().forget_task(id);
        self.work.tasks.remove(id);
    }

    pub(super) fn order(&mut self, node: &crate::domain::ids::NodeName, order: Order) {
        self.effects.push(Effect::Order(node.clone(), order));
    }
}

fn start(now: Millis, task: &mut Task) {
    if let Ok(state) = task.state.apply(TaskEvent::Start) {
        task.state = state;
    }
    if task.started_at == 0 {
        task.started_at = now;
    }
}

/// Seconds from a task's first dispatch (its acceptance if it had none) to its end.
pub(super) fn task_seconds(task: &Task) -> f64 {
    let from = if task.started_at == 0 {
        task.created_at
    } else {
        task.started_at
    };
    (task.finished_at - from).max(0) as f64 / 1000.0
}

fn duration_s(pull: &Pull, now: Millis) -> f64 {
    if pull.started_at == 0 {
        0.0
    } else {
        (now - pull.started_at).max(0) as f64 / 1000.0
    }
}

fn add_failure(task: &mut Task, pull: &Pull) {
    let Some(reason) = pull.failure else { return };
    match task.failures.iter_mut().find(|group| group.reason == reason) {
        Some(group) => group.pulls += 1,
        None => task.failures.push(FailureGroup {
            reason,
            pulls: 1,
            example_message: pull.message.clone(),
            example_node: pull.node.to_string(),
        }),
    }
    task.failures.sort_by_key(|group| std::cmp::Reverse(group.pulls));
}

fn error_message(task: &Task) -> String {
    let counts = &task.counts;
    if counts.failed == 0 {
        return format!("no pull succeeded: {} skipped", counts.skipped);
    }
    let groups: Vec<String> = task
        .failures
        .iter()
        .map(|group| format!("{} {}", group.pulls, group.reason))
        .collect();
    format!(
        "{} of {} pulls failed: {}",
        counts.failed,
        counts.failed + counts.succeeded,
        groups.join(", ")
    )
}
