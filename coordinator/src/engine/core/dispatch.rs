//! Hands out what the planner lets start.

use super::Core;
use crate::{
    domain::{
        Millis,
        ids::{NodeName, PullId},
        image::{ImageDigests, ResolvedImage},
        outcome::FailureReason,
        pull::PullEvent,
        task_state::TaskState,
    },
    engine::{
        planner::{FAVOUR_EVERY, PlanTask, Room, plan},
        work::OpenTask,
    },
    fleet::{
        Fleet,
        messages::{Order, StartPull},
    },
};
use std::cmp::Reverse;

impl Core {
    /// Moves pulls that may start from queued to dispatched and orders them from their agents. Looks again only when something
    /// happened, or when something has come due by time.
    pub(super) fn dispatch(&mut self, now: Millis) {
        while self.alarms.peek().is_some_and(|Reverse(at)| *at <= now) {
            self.alarms.pop();
            self.plan_due = true;
        }
        if !std::mem::take(&mut self.plan_due) {
            return;
        }
        self.ask_for_secrets(now);
        let planned = {
            let _measured = self.metrics.planner_looks();
            self.planned(now)
        };
        for id in planned {
            self.note_wait(now, &id);
            let started = self.apply(now, &id, PullEvent::Dispatch, |pull| {
                pull.attempt += 1;
                pull.started_at = now;
                pull.not_before = 0;
                pull.message.clear();
            });
            if started.is_ok() {
                self.order_start(now, &id);
            }
        }
        // What was just started cannot let more start; what else happens sets it again.
        self.plan_due = false;
        self.set_alarms(now);
    }

    /// When the planner must look again by time alone: hosts that recover, windows that open, a new day of quotas. Retries set their own.
    fn set_alarms(&mut self, now: Millis) {
        let windows = self.work.tasks.values().filter(|open| !open.queue.is_empty());
        let opening = windows.filter_map(|open| open.task.spec.rules.next_opening(now)).min();
        let due = [opening, self.hosts.next_at(now), self.next_day(now)];
        let due = due.into_iter().flatten().min();
        let earlier = |due: &Millis| self.alarms.peek().is_none_or(|Reverse(at)| due < at);
        if let Some(due) = due.filter(earlier) {
            self.alarms.push(Reverse(due));
        }
    }

    fn planned(&mut self, now: Millis) -> Vec<PullId> {
        let cluster = self.limits.cluster_pulls.saturating_sub(self.work.running());
        if cluster == 0 {
            return vec![];
        }
        self.slots.refresh(&self.shared.fleet(), &self.limits);
        let open = self.work.tasks.values().filter(|open| may_start(now, open));
        let open: Vec<&OpenTask> = open.filter(|open| self.has_secrets(open)).collect();
        let hosts = open.iter().flat_map(|open| &open.hosts);
        let room = Room {
            cluster,
            nodes: self.slots.free(),
            zones: self.slots.zone_room(&self.limits),
            hosts: self.hosts.room(now, &self.limits, hosts),
            tenants: self.tenant_room(now),
            favour: self.starts_since_favour + 1 >= FAVOUR_EVERY,
        };
        let tasks = open.into_iter().map(view).collect();
        let plan = plan(now, room, tasks);
        self.starts_since_favour = if plan.favoured {
            0
        } else {
            self.starts_since_favour.saturating_add(plan.starts.len() as u32)
        };
        plan.starts.into_iter().cloned().collect()
    }

    /// Whether nothing is to be read yet before its pulls can log in.
    fn has_secrets(&self, open: &OpenTask) -> bool {
        let secrets = open.task.spec.pull_secrets.as_ref();
        secrets.is_none_or(|secrets| !self.reading_secrets.contains(secrets))
    }

    fn order_start(&mut self, now: Millis, id: &PullId) {
        let Some(pull) = self.work.pulls.get(id) else { return };
        let Some(open) = self.work.tasks.get(&pull.task) else {
            return;
        };
        let spec = &open.task.spec;
        let login = match self.shared.login(&open.task.tenant, spec, &pull.image) {
            Ok(login) => login,
            Err(why) => return self.cannot_log_in(now, id, why),
        };
        let resolved = resolved_for(open, pull.image_index, &self.shared.fleet(), &pull.node).cloned();
        let start = StartPull {
            pull: id.clone(),
            attempt: pull.attempt,
            reference: pull.image.clone(),
            size_bytes: resolved.as_ref().map_or(0, |image| image.size_bytes),
            digests: resolved.map(|image| image.digests).unwrap_or_default(),
            deadline_ms: u64::from(spec.pull_timeout_seconds) * 1000,
            no_progress_timeout_ms: u64::from(spec.no_progress_timeout_seconds) * 1000,
            policy: spec.rules.pull_policy,
            login,
            traceparent: self.traceparent(pull),
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
        // Its slot is free again within this very plan: the planner must look once more.
        self.alarms.push(Reverse(now));
    }
}

pub(super) fn may_start(now: Millis, open: &OpenTask) -> bool {
    let state = matches!(open.task.state, TaskState::Pending | TaskState::Running);
    state && !open.queue.is_empty() && open.task.spec.rules.window_is_open(now)
}

fn view(open: &OpenTask) -> PlanTask<'_> {
    PlanTask {
        tenant: &open.task.tenant,
        priority: open.task.spec.priority,
        created_at: open.task.created_at,
        waiting_since: open.waiting_since,
        nodes_at_a_time: open.nodes_at_a_time(),
        busy: &open.busy,
        stage: open.stages.current(),
        queue: &open.queue,
        hosts: &open.hosts,
        resolving: &open.resolving,
    }
}

/// What the image resolved to on the node's platform; empty where that is unknown.
pub(super) fn digests_for(open: &OpenTask, image_index: u32, fleet: &Fleet, node: &NodeName) -> ImageDigests {
    let resolved = resolved_for(open, image_index, fleet, node);
    resolved.map(|resolved| resolved.digests.clone()).unwrap_or_default()
}

fn resolved_for<'a>(open: &'a OpenTask, image_index: u32, fleet: &Fleet, node: &NodeName) -> Option<&'a ResolvedImage> {
    let platform = &fleet.get(node)?.node.platform;
    let image = open.task.images.get(image_index as usize)?;
    image.resolved.iter().find(|resolved| resolved.platform == *platform)
}
