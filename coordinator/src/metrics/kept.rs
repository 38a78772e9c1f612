//! Figures of standing policies: how far they are true, what they ordered and follow, what was removed from their nodes, and which nodes wait for them.

use super::{
    Metrics, Timer,
    make::Make,
    table::{Names, OTHER, Table},
};
use crate::domain::{startup_taint::Release, workload::WorkloadKind};
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Policies that have series of their own.
const MOST_POLICIES: usize = 200;
const LOOK_BUCKETS: &[f64] = &[
    0.000_01, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1., 2.5,
];

/// The figures.
#[derive(Debug)]
pub(super) struct Kept {
    coverage: Table,
    names: Mutex<Names>,
    orders: IntCounter,
    evictions: IntCounter,
    looks: Histogram,
    workloads: IntGaugeVec,
    tainted: IntGauge,
    untainted: IntCounterVec,
}

impl Kept {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            coverage: Table::new(
                make,
                "ips_policy_coverage_ratio",
                "Share of the images of a policy that are warm on its nodes, 0 to 1; policies beyond the bound are other, with the least.",
                "policy",
            )?,
            names: Mutex::new(Names::new(MOST_POLICIES)),
            orders: make.counter("ips_policy_orders_total", "Pulls that policies ordered.")?,
            evictions: make.counter(
                "ips_policy_evictions_total",
                "Images of policies that somebody else removed from a node, as kubelet's garbage collection does.",
            )?,
            looks: make.histogram(
                "ips_policy_plan_seconds",
                "Time of one look of the planner at one policy.",
                LOOK_BUCKETS,
            )?,
            workloads: make.gauges(
                "ips_watched_workloads",
                "Workloads of the cluster that are known; none before a policy follows any.",
                &["kind"],
            )?,
            tainted: make.gauge("ips_startup_taint_nodes", "Nodes that have the start-up taint.")?,
            untainted: make.counters(
                "ips_startup_taint_removals_total",
                "Nodes that the start-up taint was taken off, by why: warm, unwanted (no policy wants anything there) or time_is_up.",
                &["reason"],
            )?,
        })
    }

    /// Takes the place of everything that was said of coverage.
    pub(super) fn show(&self, policies: &[(String, f64)]) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: BTreeMap<&str, f64> = BTreeMap::new();
        for (name, ratio) in policies {
            let label = names.label(name);
            let known = rows.entry(label).or_insert(*ratio);
            if label == OTHER {
                *known = known.min(*ratio);
            }
        }
        let rows = rows.into_iter().map(|(label, ratio)| (label.to_owned(), ratio));
        self.coverage.set(rows.collect());
    }
}

impl Metrics {
    /// How far each policy is true, by the name that is shown.
    pub fn set_policies(&self, policies: &[(String, f64)]) {
        self.kept.show(policies);
    }

    /// A policy ordered so many pulls.
    pub fn policy_ordered(&self, pulls: usize) {
        self.kept.orders.inc_by(pulls as u64);
    }

    /// Somebody else removed so many images of policies.
    pub fn policy_evicted(&self, images: usize) {
        self.kept.evictions.inc_by(images as u64);
    }

    /// So many workloads of a kind are known.
    pub fn set_workloads(&self, kind: WorkloadKind, count: usize) {
        let gauge = self.kept.workloads.with_label_values(&[kind.as_str()]);
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// So many nodes have the start-up taint.
    pub fn set_tainted(&self, nodes: usize) {
        self.kept.tainted.set(i64::try_from(nodes).unwrap_or(i64::MAX));
    }

    /// The start-up taint was taken off a node.
    pub fn untainted(&self, why: Release) {
        self.kept.untainted.with_label_values(&[why.as_str()]).inc();
    }

    /// The planner looks at a policy; hold the value until it has.
    pub fn policy_looks(&self) -> Timer {
        Timer::new(&self.kept.looks)
    }
}
