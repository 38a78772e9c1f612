//! Every figure that the agent publishes for Prometheus. Labels are words of enums; no image, task or host ever becomes one. What can be looked
//! up when somebody scrapes is not counted before.

mod runtime;

pub use runtime::Measured;

use crate::{
    link::LinkState,
    node::{Inventory, NodeState},
    pull::{Ending, FailureReason, Phase},
    worker::{EndedAttempt, Worker},
};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
    process_collector::ProcessCollector,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const PULL_BUCKETS: &[f64] = &[0.1, 0.5, 1., 5., 10., 30., 60., 120., 300., 600., 1800., 3600.];
const CALL_BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1., 5., 30.];

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The phases that take time.
const PHASES: [Phase; 5] = [
    Phase::Waiting,
    Phase::Resolving,
    Phase::Fetching,
    Phase::Unpacking,
    Phase::Verifying,
];

/// The figures. Made once at start, shared by `Arc`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pulls: IntCounterVec,
    pull_seconds: [Histogram; 2],
    phase_seconds: HistogramVec,
    bytes: [IntCounter; 3],
    running: IntGauge,
    connected: IntGauge,
    sessions: IntCounter,
    session_losses: IntCounter,
    runtime_ready: IntGauge,
    runtime_calls: HistogramVec,
    runtime_errors: IntCounterVec,
    images: IntGauge,
    disk: [IntGauge; 5],
}

/// What is looked up when somebody scrapes.
#[derive(Clone)]
pub struct Sources {
    /// The runtime and the disk.
    pub node: watch::Receiver<NodeState>,
    /// The session.
    pub link: watch::Receiver<LinkState>,
    /// The images.
    pub images: watch::Receiver<Arc<Inventory>>,
    /// What runs.
    pub worker: Worker,
}

impl Metrics {
    /// Registers every figure.
    ///
    /// # Errors
    /// A name that is used twice: a bug that the tests catch.
    pub fn new() -> Result<Self, prometheus::Error> {
        let make = Make(Registry::new());
        make.0.register(Box::new(ProcessCollector::for_self()))?;
        let build = make.counters(
            "ips_agent_build_info",
            "1, with the version of the program.",
            &["version"],
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).inc();
        let pull_seconds = make.histograms(
            "ips_agent_pull_seconds",
            "Time from the order of an attempt to its end, by how it ended: succeeded or failed.",
            &["result"],
            PULL_BUCKETS,
        )?;
        let bytes = make.counters(
            "ips_agent_bytes_total",
            "Bytes of images of ended attempts, compressed: fetched, already_there (the blob was), not_needed (the layer was).",
            &["kind"],
        )?;
        let metrics = Self {
            pulls: make.counters(
                "ips_agent_pulls_total",
                "Attempts that ended, by result (succeeded or failed) and reason.",
                &["result", "reason"],
            )?,
            pull_seconds: ["failed", "succeeded"].map(|result| pull_seconds.with_label_values(&[result])),
            phase_seconds: make.histograms(
                "ips_agent_phase_seconds",
                "Time that attempts spent in a phase, by how they ended.",
                &["phase", "result"],
                PULL_BUCKETS,
            )?,
            bytes: ["fetched", "already_there", "not_needed"].map(|kind| bytes.with_label_values(&[kind])),
            running: make.gauge("ips_agent_running_pulls", "Attempts that have not ended.")?,
            connected: make.gauge(
                "ips_agent_connected",
                "1 while there is a session with the coordinator.",
            )?,
            sessions: make.counter("ips_agent_sessions_total", "Sessions that were opened.")?,
            session_losses: make.counter("ips_agent_session_losses_total", "Sessions that broke or were closed.")?,
            runtime_ready: make.gauge("ips_agent_runtime_ready", "1 while the container runtime answers.")?,
            runtime_calls: make.histograms(
                "ips_agent_runtime_seconds",
                "Time that the container runtime took to answer, by call; calls that were cancelled are left out.",
                &["operation"],
                CALL_BUCKETS,
            )?,
            runtime_errors: make.counters(
                "ips_agent_runtime_errors_total",
                "Calls that the container runtime did not answer (away) or refused (refused).",
                &["operation", "reason"],
            )?,
            images: make.gauge("ips_agent_images", "Images in the node's inventory.")?,
            disk: [
                make.gauge("ips_agent_image_fs_used_bytes", "Bytes that images use.")?,
                make.gauge(
                    "ips_agent_image_fs_size_bytes",
                    "Size of the image file system; 0 while unknown.",
                )?,
                make.gauge("ips_agent_image_fs_free_bytes", "Free bytes of the image file system.")?,
                make.gauge(
                    "ips_agent_image_fs_inodes",
                    "Inodes of the image file system; 0 while unknown.",
                )?,
                make.gauge(
                    "ips_agent_image_fs_inodes_free",
                    "Free inodes of the image file system.",
                )?,
            ],
            registry: make.0,
        };
        metrics.begin_at_zero();
        Ok(metrics)
    }

    /// Whatever can be counted is there from the start: a rule over a figure that is not there yet would say nothing.
    fn begin_at_zero(&self) {
        for reason in ["pulled", "already_present"] {
            self.pulls.with_label_values(&["succeeded", reason]);
        }
        for reason in FailureReason::ALL {
            self.pulls.with_label_values(&["failed", reason.word()]);
        }
        for (phase, result) in PHASES
            .iter()
            .flat_map(|phase| ["failed", "succeeded"].map(|result| (phase, result)))
        {
            self.phase_seconds.with_label_values(&[phase.word(), result]);
        }
    }

    /// An attempt ended.
    pub fn attempt_ended(&self, attempt: &EndedAttempt<'_>) {
        let (succeeded, reason) = match &attempt.outcome.ending {
            Ending::Success(success) if success.pulled => (true, "pulled"),
            Ending::Success(_) => (true, "already_present"),
            Ending::Failure(failure) => (false, failure.reason.word()),
        };
        let result = if succeeded { "succeeded" } else { "failed" };
        self.pulls.with_label_values(&[result, reason]).inc();
        let seconds = attempt.ended.duration_since(attempt.began).unwrap_or(Duration::ZERO);
        self.pull_seconds[usize::from(succeeded)].observe(seconds.as_secs_f64());
        for time in &attempt.outcome.phases {
            let figure = self.phase_seconds.with_label_values(&[time.phase.word(), result]);
            figure.observe(time.duration_ms as f64 / 1000.0);
        }
        let bytes = &attempt.outcome.bytes;
        for (figure, count) in self
            .bytes
            .iter()
            .zip([bytes.fetched, bytes.already_there, bytes.not_needed])
        {
            figure.inc_by(count);
        }
    }

    /// Counts sessions until `stop`.
    pub async fn follow(self: Arc<Self>, mut link: watch::Receiver<LinkState>, stop: CancellationToken) {
        let mut was_open = false;
        loop {
            let is_open = *link.borrow_and_update() == LinkState::Open;
            match (was_open, is_open) {
                (false, true) => self.sessions.inc(),
                (true, false) => self.session_losses.inc(),
                (false, false) | (true, true) => {}
            }
            was_open = is_open;
            tokio::select! {
                () = stop.cancelled() => return,
                changed = link.changed() => if changed.is_err() {
                    return stop.cancelled().await;
                },
            }
        }
    }

    /// Everything in Prometheus' text format, see [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// A figure that cannot be written: a bug.
    pub fn render(&self, sources: &Sources) -> Result<Vec<u8>, prometheus::Error> {
        self.running.set(as_gauge(sources.worker.in_flight().len() as u64));
        self.connected.set(i64::from(*sources.link.borrow() == LinkState::Open));
        self.images.set(as_gauge(sources.images.borrow().images.len() as u64));
        {
            let node = sources.node.borrow();
            let (condition, space) = (&node.condition, &node.condition.space);
            self.runtime_ready.set(i64::from(condition.away.is_none()));
            let now = [
                condition.used_bytes,
                space.capacity_bytes,
                space.available_bytes,
                space.inodes,
                space.inodes_free,
            ];
            self.disk
                .iter()
                .zip(now)
                .for_each(|(gauge, value)| gauge.set(as_gauge(value)));
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn as_gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Makes figures and registers them.
struct Make(Registry);

impl Make {
    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        let figure = IntCounter::new(name, help)?;
        self.0.register(Box::new(figure.clone()))?;
        Ok(figure)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        let figure = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(figure.clone()))?;
        Ok(figure)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let figure = IntGauge::new(name, help)?;
        self.0.register(Box::new(figure.clone()))?;
        Ok(figure)
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec, prometheus::Error> {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        let figure = HistogramVec::new(options, labels)?;
        self.0.register(Box::new(figure.clone()))?;
        Ok(figure)
    }
}

#[cfg(test)]
mod tests;
