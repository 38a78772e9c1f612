//! Says why a task that could start pulls starts none just now: the first reason that holds, in words for people.

use super::Core;
use crate::{
    domain::{Millis, ids::TaskId, rfc3339, task_state::TaskState},
    engine::work::OpenTask,
};

/// Nodes that are looked at before "no slot is free" is said of all.
const NODES_LOOKED_AT: usize = 200;

impl Core {
    /// Lays the reasons beside the live figures, and tells watchers of those that changed.
    pub(super) fn tell_why_tasks_wait(&mut self, now: Millis) {
        let reasons: Vec<(TaskId, String)> = self
            .work
            .tasks
            .iter()
            .map(|(id, open)| (id.clone(), self.why_waiting(now, open)))
            .collect();
        for (id, reason) in reasons {
            if self.shared.live_mut().set_waiting(&id, reason) {
                self.publisher.task_changed(&id, false);
            }
        }
    }

    fn why_waiting(&self, now: Millis, open: &OpenTask) -> String {
        let task = &open.task;
        if task.counts.queued == 0 || task.counts.running > 0 || !task.state.is_open() {
            return String::new();
        }
        if task.state == TaskState::Paused {
            return "the task is paused".into();
        }
        if !task.spec.rules.window_is_open(now) {
            let opens = task.spec.rules.next_opening(now).map(when).unwrap_or_default();
            return format!("no maintenance window is open; the next one opens {opens}");
        }
        if self.limits.cluster_pulls == 0 {
            return "all pulls are paused: the limit clusterPulls is 0".into();
        }
        self.why_quotas(now, open)
            .or_else(|| self.why_hosts(now, open))
            .or_else(|| self.why_nodes(now, open))
            .unwrap_or_else(|| format!("all {} slots of the cluster are taken", self.limits.cluster_pulls))
    }

    fn why_hosts(&self, now: Millis, open: &OpenTask) -> Option<String> {
        for host in &open.hosts {
            let limit = self.limits.registry(host);
            if limit.pulls == Some(0) || limit.starts_per_second == Some(0.0) {
                return Some(format!("pulls from {host} are paused: its limit is 0"));
            }
            if let Some(until) = self.hosts.backing_off_until(now, host) {
                return Some(format!(
                    "{host} turned pulls away and is left alone until {}",
                    when(until)
                ));
            }
        }
        (open.resolving.len() == open.hosts.len()).then(|| "the registry is being asked what the images are".into())
    }

    fn why_nodes(&self, now: Millis, open: &OpenTask) -> Option<String> {
        if self.limits.node_pulls == Some(0) {
            return Some("pulls on all nodes are paused: the limit nodePulls is 0".into());
        }
        if self.limits.zone_pulls == Some(0) {
            return Some("pulls in all zones are paused: the limit zonePulls is 0".into());
        }
        let turn = open.stages.current();
        let nodes = open
            .queue
            .iter()
            .filter(|(node, _)| turn.is_none_or(|turn| turn.contains(*node)));
        let fleet = self.shared.fleet();
        let mut next_attempt: Option<Millis> = None;
        let mut not_ready = None;
        let mut busy = false;
        for (node, waiting) in nodes.take(NODES_LOOKED_AT) {
            let due = waiting.iter().map(|pull| pull.not_before).min().unwrap_or_default();
            match fleet.get(node).map(|entry| (entry.not_ready(), entry.free_slots())) {
                Some((None, _)) if due > now => next_attempt = Some(next_attempt.map_or(due, |at| at.min(due))),
                Some((None, 0)) => busy = true,
                Some((None, _)) => return None,
                Some((Some(why), _)) => not_ready = not_ready.or(Some(format!("node {node}: {why}"))),
                None => not_ready = not_ready.or(Some(format!("node {node} is not known any more"))),
            }
        }
        if busy {
            return Some("the slots of its nodes are taken".into());
        }
        next_attempt
            .map(|at| format!("the next attempt is due {}", when(at)))
            .or(not_ready)
    }
}

fn when(at: Millis) -> String {
    rfc3339(at, chrono::SecondsFormat::Secs)
}
