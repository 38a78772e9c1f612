//! Hands out what the planner lets start.

use super::Core;
use crate::domain::{ids::PullId, pull::PullState};
use crate::{
    domain::{Millis, image::ImageDigests, outcome::FailureReason, pull::PullEvent, task_state::TaskState},
    engine::{
        planner::{PlanTask, QueuedPull, Room, plan},
        work::{OpenTask, OpenWork},
    },
    fleet::{
        Fleet,
        messages::{Order, StartPull},
    },
};

impl Core {
    /// Moves pulls that may start from queued to dispatched and orders them from their agents. Looks again only when something
    /// happened, or when a retry may have come due.
    pub(super) fn dispatch(&mut self, now: Millis) {
        if !self.plan_due && !self.retry_due(now) {
            return;
        }
        self.plan_due = false;
        for id in self.planned(now) {
            let started = self.apply(now, &id, PullEvent::Dispatch, |pull| {
                pull.attempt += 1;
                pull.started_at = now;
                pull.message.clear();
            });
            if started.is_ok() {
                self.order_start(now, &id);
            }
        }
        self.plan_due = false;
    }

    fn retry_due(&self, now: Millis) -> bool {
        self.work
            .pulls
            .values()
            .any(|pull| pull.state == PullState::Queued && pull.not_before != 0 && pull.not_before <= now)
    }

    fn planned(&self, now: Millis) -> Vec<PullId> {
        let fleet = self.shared.fleet();
        let room = Room {
            cluster: self.settings.limits.cluster_pulls.saturating_sub(self.work.running()),
            nodes: free_slots(&fleet),
        };
        let tasks = self
            .work
            .tasks
            .values()
            .filter(|open| may_start(open))
            .map(|open| view(open, &self.work))
            .collect();
        plan(now, room, tasks).into_iter().cloned().collect()
    }

    fn order_start(&mut self, now: Millis, id: &PullId) {
        let Some(pull) = self.work.pulls.get(id) else { return };
        let Some(open) = self.work.tasks.get(&pull.task) else {
            return;
        };
        let login = match self.shared.login(&open.task.spec.credentials, &pull.image) {
            Ok(login) => login,
            Err(why) => return self.cannot_log_in(now, id, why),
        };
        let start = StartPull {
            pull: id.clone(),
            attempt: pull.attempt,
            reference: pull.image.clone(),
            digests: digests_for(open, pull.image_index, &self.shared.fleet(), &pull.node),
            deadline_ms: u64::from(open.task.spec.pull_timeout_seconds) * 1000,
            no_progress_timeout_ms: u64::from(open.task.spec.no_progress_timeout_seconds) * 1000,
            login,
            policy: open.task.spec.rules.pull_policy,
        };
        let node = pull.node.clone();
        self.order(&node, Order::StartPull(start));
    }
}

impl Core {
    /// Ends a pull whose login cannot be used: without it the registry would refuse, or serve something else.
    fn cannot_log_in(&mut self, now: Millis, id: &PullId, why: String) {
        // It was dispatched a moment ago, which allows it.
        let _failed = self.apply(now, id, PullEvent::Fail, |pull| {
            pull.failure = Some(FailureReason::Unauthorized);
            pull.message = why;
        });
    }
}

fn free_slots(fleet: &Fleet) -> std::collections::HashMap<&crate::domain::ids::NodeName, u32> {
    fleet
        .entries()
        .map(|entry| (&entry.node.name, entry.free_slots()))
        .filter(|(_, free)| *free > 0)
        .collect()
}

fn may_start(open: &OpenTask) -> bool {
    matches!(open.task.state, TaskState::Pending | TaskState::Running)
}

fn view<'a>(open: &'a OpenTask, work: &'a OpenWork) -> PlanTask<'a> {
    let pulls = open
        .open
        .iter()
        .filter_map(|((_, image), id)| work.pulls.get(id).map(|pull| (*image, pull)));
    let queued = pulls
        .filter(|(image, pull)| pull.state == PullState::Queued && !open.resolving.contains(image))
        .map(|(_, pull)| QueuedPull {
            id: &pull.id,
            node: &pull.node,
            not_before: pull.not_before,
        })
        .collect();
    PlanTask {
        priority: open.task.spec.priority,
        created_at: open.task.created_at,
        batch_size: open.task.spec.batch_size,
        busy_nodes: open
            .tallies
            .iter()
            .filter(|(_, tally)| tally.is_busy())
            .map(|(node, _)| node)
            .collect(),
        queued,
    }
}

/// What the image resolved to on the node's platform; empty where that is unknown.
pub(super) fn digests_for(
    open: &OpenTask,
    image_index: u32,
    fleet: &Fleet,
    node: &crate::domain::ids::NodeName,
) -> ImageDigests {
    let Some(platform) = fleet.get(node).map(|entry| &entry.node.platform) else {
        return ImageDigests::default();
    };
    let image = open.task.images.get(image_index as usize);
    let resolved = image.and_then(|image| image.resolved.iter().find(|resolved| resolved.platform == *platform));
    resolved.map(|resolved| resolved.digests.clone()).unwrap_or_default()
}
