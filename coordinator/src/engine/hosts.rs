//! Registry hosts as the engine presses them: how many pulls run from each, and what each bears just now.

use crate::domain::{
    Millis,
    limits::{Limits, RegistryLimit},
    throttle::Throttle,
};
use std::{collections::HashMap, sync::Arc};

/// Hosts that were pulled from since the start.
#[derive(Debug, Default)]
pub struct Hosts(HashMap<Arc<str>, Host>);

#[derive(Debug, Default)]
struct Host {
    running: u32,
    throttle: Throttle,
}

/// One host as readers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct HostState {
    /// Registry host.
    pub host: String,
    /// Pulls that run from it.
    pub running: u32,
    /// What the operator allows.
    pub limit: RegistryLimit,
    /// What it bears by its own answers; `None` while it has refused nothing.
    pub adaptive_limit: Option<u32>,
    /// Until when it is left alone.
    pub backing_off_until: Option<Millis>,
}

impl Hosts {
    /// Takes over new limits.
    pub fn set_limits(&mut self, now: Millis, limits: &Limits) {
        for (name, host) in &mut self.0 {
            host.throttle.set_rate(now, limits.registry(name).starts_per_second);
        }
    }

    /// A pull from the host holds a slot; `fresh` when it was just handed out, not adopted or taken up after a restart.
    pub fn started(&mut self, now: Millis, limits: &Limits, name: &Arc<str>, fresh: bool) {
        let host = self.host(now, limits, name);
        host.running += 1;
        if fresh {
            host.throttle.started();
        }
    }

    /// A pull from the host holds its slot no longer.
    pub fn ended(&mut self, name: &str) {
        if let Some(host) = self.0.get_mut(name) {
            host.running = host.running.saturating_sub(1);
        }
    }

    /// A pull that moved bytes succeeded.
    pub fn succeeded(&mut self, now: Millis, name: &str) {
        if let Some(host) = self.0.get_mut(name) {
            host.throttle.succeeded(now);
        }
    }

    /// The host turned an attempt away that was handed out at `started_at` and still counts as running. Says how many others run.
    pub fn refused(&mut self, now: Millis, name: &str, started_at: Millis, jitter: f64) -> u32 {
        let Some(host) = self.0.get_mut(name) else { return 0 };
        let others = host.running.saturating_sub(1);
        host.throttle.refused(now, started_at, others, jitter);
        others
    }

    /// Starts left on each host that is limited, among those named.
    pub fn room<'a>(
        &mut self,
        now: Millis,
        limits: &Limits,
        names: impl Iterator<Item = &'a Arc<str>>,
    ) -> HashMap<Arc<str>, u32> {
        let mut rooms = HashMap::new();
        for name in names {
            if rooms.contains_key(name) {
                continue;
            }
            let most = limits.registry(name).pulls.unwrap_or(u32::MAX);
            let host = self.host(now, limits, name);
            let room = most
                .saturating_sub(host.running)
                .min(host.throttle.room(now, host.running));
            if room < u32::MAX - host.running {
                rooms.insert(Arc::clone(name), room);
            }
        }
        rooms
    }

    /// Until when the host is left alone.
    pub fn backing_off_until(&self, now: Millis, name: &str) -> Option<Millis> {
        self.0.get(name).and_then(|host| host.throttle.blocked_until(now))
    }

    /// When a host may bear a start again by time alone.
    pub fn next_at(&self, now: Millis) -> Option<Millis> {
        self.0.values().filter_map(|host| host.throttle.next_at(now)).min()
    }

    /// Every host by name.
    pub fn states(&self, now: Millis, limits: &Limits) -> Vec<HostState> {
        let state = |(name, host): (&Arc<str>, &Host)| HostState {
            host: name.to_string(),
            running: host.running,
            limit: limits.registry(name).clone(),
            adaptive_limit: host.throttle.limit(),
            backing_off_until: host.throttle.blocked_until(now),
        };
        let mut states: Vec<HostState> = self.0.iter().map(state).collect();
        states.sort_by(|a, b| a.host.cmp(&b.host));
        states
    }

    /// The clock jumped: what waits goes on waiting as long as it would have.
    pub fn clock_jumped(&mut self, by: Millis) {
        self.0.values_mut().for_each(|host| host.throttle.clock_jumped(by));
    }

    fn host(&mut self, now: Millis, limits: &Limits, name: &Arc<str>) -> &mut Host {
        self.0.entry(Arc::clone(name)).or_insert_with(|| {
            let mut host = Host::default();
            host.throttle.set_rate(now, limits.registry(name).starts_per_second);
            host
        })
    }
}
