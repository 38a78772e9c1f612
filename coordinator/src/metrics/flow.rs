//! Figures of work: how long pulls wait and where their time goes, what the engine's loop costs. Every handle is resolved at the start.

use super::make::Make;
use crate::domain::{counts::ByteCounts, outcome::PhaseTimes, progress::PullPhase};
use prometheus::{Histogram, IntCounter};

const WAIT_BUCKETS: &[f64] = &[
    0.01, 0.05, 0.1, 0.5, 1., 5., 10., 30., 60., 300., 900., 3600., 14_400., 86_400.,
];
const PHASE_BUCKETS: &[f64] = &[
    0.05, 0.1, 0.5, 1., 2., 5., 10., 30., 60., 120., 300., 600., 1800., 3600.,
];
const LOOP_BUCKETS: &[f64] = &[
    0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1., 2.5,
];
const LAG_BUCKETS: &[f64] = &[0.1, 0.25, 0.5, 1., 2., 5., 10., 30., 60., 300., 3600.];

/// The figures.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) dispatch_wait: Histogram,
    pub(super) planner: Histogram,
    pub(super) step: Histogram,
    pub(super) trigger_lag: Histogram,
    pub(super) bytes_saved: IntCounter,
    /// By phase, then failed and succeeded.
    phases: Vec<[Histogram; 2]>,
}

impl Flow {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, prometheus::Error> {
        let phases = make.histograms(
            "ips_pull_phase_seconds",
            "Time that attempts spent in a phase, as their agents measured it, by how they ended: succeeded or failed.",
            &["phase", "result"],
            PHASE_BUCKETS,
        )?;
        let of_phase = |phase: PullPhase| {
            ["failed", "succeeded"].map(|result| phases.with_label_values(&[phase.as_str(), result]))
        };
        Ok(Self {
            dispatch_wait: make.histogram(
                "ips_dispatch_wait_seconds",
                "Time from when a pull could start (acceptance, a new order, the end of its back-off) to its hand-over: waiting for \
                 windows, nodes and slots included. Pulls that were queued again because their agent was lost are left out.",
                WAIT_BUCKETS,
            )?,
            planner: make.histogram(
                "ips_planner_seconds",
                "Time of one look of the planner at what may start.",
                LOOP_BUCKETS,
            )?,
            step: make.histogram(
                "ips_engine_step_seconds",
                "Time of one step of the engine's loop, planning included, writing not.",
                LOOP_BUCKETS,
            )?,
            trigger_lag: make.histogram(
                "ips_trigger_lag_seconds",
                "How late runs of scheduled tasks were taken up; missed ones are left out.",
                LAG_BUCKETS,
            )?,
            bytes_saved: make.counter(
                "ips_bytes_saved_total",
                "Bytes that did not have to be fetched because the node had the blob or the layer, compressed.",
            )?,
            phases: PullPhase::ALL.into_iter().map(of_phase).collect(),
        })
    }

    /// An attempt ended.
    pub(super) fn attempt_ended(&self, times: &PhaseTimes, bytes: &ByteCounts, succeeded: bool) {
        for (figures, ms) in self.phases.iter().zip(times.0) {
            if ms > 0 {
                figures[usize::from(succeeded)].observe(f64::from(ms) / 1000.0);
            }
        }
        self.bytes_saved
            .inc_by(bytes.already_there.saturating_add(bytes.not_needed));
    }
}
