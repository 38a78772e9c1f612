//! What the figures show of the queue, the slots and the nodes, looked at as a whole about once a second.

use super::Core;
use crate::{
    domain::{Millis, ids::PullId},
    engine::hosts::HostState,
    fleet::Fleet,
    metrics::{RegistrySample, Sample},
};

impl Core {
    pub(super) fn figures<'a>(&'a self, now: Millis, fleet: &'a Fleet, hosts: &'a [HostState]) -> Sample<'a> {
        let mut sample = Sample {
            cluster_limit: self.limits.cluster_pulls,
            zone_limit: self.limits.zone_pulls,
            registries: hosts.iter().map(|host| registry(now, host)).collect(),
            ..Sample::default()
        };
        for open in self.work.tasks.values() {
            if let Some(queued) = sample.queued.get_mut(open.task.spec.priority as usize) {
                *queued += u64::from(open.task.counts.queued);
            }
        }
        for entry in fleet.entries() {
            let is_connected = entry.session.is_some();
            let state = match (is_connected, entry.not_ready()) {
                (true, None) => 0,
                (true, Some(_)) => 1,
                (false, _) => 2,
            };
            sample.nodes[state] += 1;
            if let Some(zone) = entry.node.labels.get(self.limits.zone_label.as_str()) {
                *sample.zones.entry(zone.as_ref()).or_default() += entry.running_pulls;
            }
            if is_connected {
                *sample.versions.entry(&entry.node.agent_version).or_default() += 1;
            }
        }
        sample
    }

    /// Counts how long a pull waited that is about to be handed out. One whose agent was lost did not wait for us.
    pub(super) fn note_wait(&self, now: Millis, id: &PullId) {
        let Some(pull) = self.work.pulls.get(id) else { return };
        let Some(open) = self.work.tasks.get(&pull.task) else {
            return;
        };
        if pull.attempt == 0 || pull.not_before > 0 {
            let since = open.task.created_at.max(open.task.retried_at).max(pull.not_before);
            self.metrics.dispatch_waited(now - since);
            self.trace_wait(now, pull, since);
        }
    }
}

fn registry(now: Millis, host: &HostState) -> RegistrySample<'_> {
    RegistrySample {
        host: &host.host,
        running: host.running,
        limit: [host.limit.pulls, host.adaptive_limit].into_iter().flatten().min(),
        backing_off: host.backing_off_until.is_some_and(|until| until > now),
    }
}
