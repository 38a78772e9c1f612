//! Applies events to pulls and tasks: the only code that changes a state. Record, counts, slots, changes for the store and news for
//! watchers stay in step because they are written here together.

use super::{Core, Effect};
use crate::{
    domain::{
        Millis,
        event::EventKind,
        ids::{NodeName, PullId, TaskId},
        pull::{InvalidTransition, Pull, PullEvent, PullState},
        task::Task,
        task_state::{TaskEvent, TaskState},
    },
    fleet::messages::Order,
};
use std::{cmp::Reverse, sync::Arc};

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
        let changed = Arc::make_mut(pull);
        changed.state = to;
        edit(changed);
        if !to.is_open() {
            changed.finished_at = now;
        }
        let pull = Arc::clone(pull);
        self.changes.pull(from, Arc::clone(&pull));
        self.move_slot(now, &pull, from.0, event);
        self.after_transition(now, &pull, from.0, event);
        Ok(())
    }

    /// Keeps the slots of node, zone and registry in step.
    fn move_slot(&mut self, now: Millis, pull: &Pull, from: PullState, event: PullEvent) {
        match (from.is_running(), pull.state.is_running()) {
            (false, true) => {
                let host = self.host_of(pull);
                self.occupy(now, host.as_ref(), pull, event == PullEvent::Dispatch);
            }
            (true, false) => {
                if let Some(entry) = self.shared.fleet_mut().get_mut(&pull.node) {
                    entry.running_pulls = entry.running_pulls.saturating_sub(1);
                }
                if let Some(host) = self.host_of(pull) {
                    self.hosts.ended(&host);
                }
            }
            (false, false) | (true, true) => {}
        }
    }

    /// A pull holds a slot from now on; `fresh` when it was just handed out.
    pub(super) fn occupy(&mut self, now: Millis, host: Option<&Arc<str>>, pull: &Pull, fresh: bool) {
        if let Some(entry) = self.shared.fleet_mut().get_mut(&pull.node) {
            entry.running_pulls += 1;
        }
        if let Some(host) = host {
            self.hosts.started(now, &self.limits, host, fresh);
        }
        self.slots.touch(&pull.node);
    }

    /// Registry host of a pull's image.
    pub(super) fn host_of(&self, pull: &Pull) -> Option<Arc<str>> {
        let open = self.work.tasks.get(&pull.task)?;
        open.hosts.get(pull.image_index as usize).cloned()
    }

    fn after_transition(&mut self, now: Millis, pull: &Arc<Pull>, from: PullState, event: PullEvent) {
        if let Some(open) = self.work.tasks.get_mut(&pull.task) {
            let state = open.task.state;
            if let Some(all_succeeded) = open.shift(pull, from) {
                self.metrics.node_processed(all_succeeded);
                if let Some(ms) = open.end_batch(now) {
                    self.metrics.batch_ended(ms.max(0) as f64 / 1000.0);
                }
            }
            match event {
                PullEvent::Retry => open.task.counts.retries += 1,
                PullEvent::Fail => open.task.add_failure(pull),
                PullEvent::Dispatch => {
                    start(now, &mut open.task);
                    open.starts(now);
                }
                PullEvent::Progress
                | PullEvent::Succeed
                | PullEvent::Lose
                | PullEvent::Skip
                | PullEvent::Cancel
                | PullEvent::Requeue => {}
            }
            if !pull.state.is_open() {
                open.task.settled_bytes.add(&pull.bytes);
                open.turned_away.remove(&pull.id);
            }
            if open.task.state != state {
                self.metrics.task_state(open.task.state);
            }
            self.task_changed(&pull.task, state, !pull.state.is_open());
        }
        if pull.state == PullState::Queued && pull.not_before > now {
            self.alarms.push(Reverse(pull.not_before));
        }
        self.publisher.pull(pull);
        self.node_changed(&pull.node);
        self.plan_due = true;
        if !pull.state.is_running() {
            self.shared.live_mut().forget_pull(&pull.id);
            if from.is_running() {
                self.trace_attempt(now, pull);
            }
        }
        if !pull.state.is_open() {
            self.metrics.pull_ended(pull, duration_s(pull, now));
            self.work.pulls.remove(&pull.id);
            self.judge(now, pull);
            self.end_if_done(&pull.task, now);
        }
    }

    /// Ends a task none of whose pulls is open, and lets go of it.
    pub(super) fn end_if_done(&mut self, id: &TaskId, now: Millis) {
        let Some(mut open) = self.work.tasks.remove(id) else {
            return;
        };
        if !open.open.is_empty() {
            self.work.tasks.insert(id.clone(), open);
            return;
        }
        let from = self.changed_tasks.remove(id);
        let task = &mut open.task;
        let state = task.state;
        if state.is_open() {
            let counts = &task.counts;
            let due = counts.succeeded + counts.failed + counts.cancelled;
            let good = task.spec.rules.is_success(counts.succeeded, due);
            let event = if good { TaskEvent::Complete } else { TaskEvent::Fail };
            // Every open state allows both events.
            task.state = task.state.apply(event).unwrap_or(task.state);
            task.finished_at = now;
            if !good {
                task.error_message = error_message(task);
            }
            self.metrics.task_state(task.state);
            self.metrics.task_ended(task.state, task_seconds(task));
            if let Some(kind) = EventKind::of_end(task.state) {
                self.ended.insert(id.clone(), kind);
            }
        }
        self.trace_task(task);
        if from.is_some() || task.state != state {
            self.changes.task(from.unwrap_or(state), task);
        }
        self.shared.live_mut().forget_task(id);
        self.publisher.task_ended(open.task);
    }

    /// The record of an open task changed; `from` is the state that it had before, `urgent` when people wait for the news.
    pub(super) fn task_changed(&mut self, id: &TaskId, from: TaskState, urgent: bool) {
        self.changed_tasks.entry(id.clone()).or_insert(from);
        self.publisher.task_changed(id, urgent);
    }

    /// Something about the node changed that readers or the planner look at.
    pub(super) fn node_changed(&mut self, node: &NodeName) {
        self.slots.touch(node);
        self.publisher.node(node);
    }

    pub(super) fn order(&mut self, node: &NodeName, order: Order) {
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

/// Why a task failed, in a sentence.
pub(super) fn error_message(task: &Task) -> String {
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
