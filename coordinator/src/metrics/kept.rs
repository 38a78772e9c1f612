//! Figures of standing policies: how far they are true, what they ordered, and what was removed from their nodes.

use super::{
    make::Make,
    table::{Names, OTHER, Table},
};
use prometheus::{Histogram, IntCounter};
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
    pub(super) orders: IntCounter,
    pub(super) evictions: IntCounter,
    pub(super) looks: Histogram,
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
