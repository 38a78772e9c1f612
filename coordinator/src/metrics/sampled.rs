//! What is looked at about once a second instead of being counted where work is done: the queue, slots in use, nodes.

use super::{
    as_gauge,
    make::Make,
    table::{Names, Table},
};
use prometheus::IntGauge;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Registries, zones and versions that have series of their own.
const MOST_REGISTRIES: usize = 50;
const MOST_ZONES: usize = 50;
const MOST_VERSIONS: usize = 10;

/// One registry host, as the engine presses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySample<'a> {
    /// Host.
    pub host: &'a str,
    /// Pulls that run from it.
    pub running: u32,
    /// Pulls that may run from it, by the operator or by its own answers; `None` for no limit.
    pub limit: Option<u32>,
    /// It is left alone just now.
    pub backing_off: bool,
}

/// What the engine sees at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sample<'a> {
    /// Waiting pulls by priority; 0 is not used.
    pub queued: [u64; 11],
    /// Most pulls in the cluster.
    pub cluster_limit: u32,
    /// Every host.
    pub registries: Vec<RegistrySample<'a>>,
    /// Running pulls in each zone.
    pub zones: BTreeMap<&'a str, u32>,
    /// Most pulls in each zone; `None` for no limit.
    pub zone_limit: Option<u32>,
    /// Nodes that can pull, that are connected and cannot, that are not connected.
    pub nodes: [usize; 3],
    /// Connected agents by version.
    pub versions: BTreeMap<&'a str, u32>,
}

/// The figures.
#[derive(Debug)]
pub(super) struct Sampled {
    queued: Vec<IntGauge>,
    cluster_limit: IntGauge,
    registry_running: Table,
    registry_limit: Table,
    registry_backing_off: Table,
    zone_running: Table,
    zone_limit: Table,
    nodes: Vec<IntGauge>,
    agents: Table,
    names: Mutex<[Names; 3]>,
}

impl Sampled {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, prometheus::Error> {
        let queued = make.gauges(
            "ips_queued_pulls",
            "Pulls that wait for a slot, their node or their next attempt, by priority of their task.",
            &["priority"],
        )?;
        let nodes = make.gauges(
            "ips_nodes",
            "Known nodes: ready to pull, not_ready although connected, or offline.",
            &["state"],
        )?;
        let table = |name: &str, help: &str, label: &str| Table::new(make, name, help, label);
        Ok(Self {
            queued: (1..=10)
                .map(|priority: u32| queued.with_label_values(&[priority.to_string().as_str()]))
                .collect(),
            cluster_limit: make.gauge(
                "ips_cluster_pull_limit",
                "Pulls that may run in the cluster; 0 means paused.",
            )?,
            registry_running: table(
                "ips_registry_running_pulls",
                "Pulls that run from a registry host; hosts beyond the bound are other.",
                "registry",
            )?,
            registry_limit: table(
                "ips_registry_pull_limit",
                "Pulls that may run from a registry host, by the operator or by its own answers; absent without a limit.",
                "registry",
            )?,
            registry_backing_off: table(
                "ips_registry_backing_off",
                "1 while a registry host is left alone because it turned pulls away; for other the number of such hosts.",
                "registry",
            )?,
            zone_running: table(
                "ips_zone_running_pulls",
                "Pulls that run in a zone; zones beyond the bound are other.",
                "zone",
            )?,
            zone_limit: table(
                "ips_zone_pull_limit",
                "Pulls that may run in a zone; absent without a limit.",
                "zone",
            )?,
            nodes: ["ready", "not_ready", "offline"]
                .iter()
                .map(|state| nodes.with_label_values(&[*state]))
                .collect(),
            agents: table(
                "ips_agents",
                "Connected agents by version; versions beyond the bound are other.",
                "version",
            )?,
            names: Mutex::new([MOST_REGISTRIES, MOST_ZONES, MOST_VERSIONS].map(Names::new)),
        })
    }

    /// Shows what was seen.
    pub(super) fn show(&self, mut sample: Sample<'_>) {
        for (gauge, count) in self.queued.iter().zip(&sample.queued[1..]) {
            gauge.set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        for (gauge, count) in self.nodes.iter().zip(sample.nodes) {
            gauge.set(as_gauge(count));
        }
        self.cluster_limit.set(i64::from(sample.cluster_limit));
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let [registries, zones, versions] = &mut *names;
        // The busiest are the first to get a name.
        sample
            .registries
            .sort_by(|a, b| (b.running, a.host).cmp(&(a.running, b.host)));
        let label = |host: &RegistrySample<'_>| registries.label(host.host).to_owned();
        let labels: Vec<String> = sample.registries.iter().map(label).collect();
        let rows = || labels.iter().zip(&sample.registries);
        self.registry_running
            .set(summed(rows().map(|(label, host)| (label.as_str(), host.running))));
        let backing_off = rows().map(|(label, host)| (label.as_str(), u32::from(host.backing_off)));
        self.registry_backing_off.set(summed(backing_off));
        // A sum of limits would limit nothing.
        let limited = rows().filter(|(label, _)| label.as_str() != super::table::OTHER);
        let limited = limited.filter_map(|(label, host)| Some((label.as_str(), host.limit?)));
        self.registry_limit.set(summed(limited));
        let by_zone = sample.zones.iter().map(|(zone, running)| (zones.label(zone), *running));
        let by_zone = summed(by_zone);
        let limits = sample.zone_limit.map(|limit| {
            let named = by_zone.iter().filter(|(zone, _)| zone != super::table::OTHER);
            named.map(|(zone, _)| (zone.clone(), f64::from(limit))).collect()
        });
        self.zone_limit.set(limits.unwrap_or_default());
        self.zone_running.set(by_zone);
        let by_version = sample
            .versions
            .iter()
            .map(|(version, agents)| (versions.label(version), *agents));
        self.agents.set(summed(by_version));
    }
}

/// One row for each label.
fn summed<'a>(rows: impl Iterator<Item = (&'a str, u32)>) -> Vec<(String, f64)> {
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for (label, value) in rows {
        *sums.entry(label).or_default() += f64::from(value);
    }
    sums.into_iter().map(|(label, sum)| (label.to_owned(), sum)).collect()
}
