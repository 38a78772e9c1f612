//! Every figure that the coordinator publishes for Prometheus, in one struct. Callers say what happened; names, labels and buckets
//! are decided here. No label is unbounded: task ids, images and nodes never become one.

mod doors;
mod flow;
mod guards;
mod kept;
mod make;
mod sampled;
mod table;

pub use doors::{DatabaseOperation, LoginResult};
pub use guards::{InFlight, Timer};
pub use make::Figure;
pub use sampled::{RegistrySample, Sample};

use crate::domain::{
    Millis,
    channel::ChannelKind,
    delivery::DeliveryState,
    execution::{Execution, ExecutionState},
    outcome::{FailureReason, Outcome, SuccessReason},
    pull::{Pull, PullState},
    task_state::TaskState,
};
use doors::Doors;
use flow::Flow;
use kept::Kept;
use make::Make;
use prometheus::{
    Encoder, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};
use sampled::Sampled;

const TASK_BUCKETS: &[f64] = &[10., 30., 60., 120., 300., 600., 1200., 1800., 3600.];
const BATCH_BUCKETS: &[f64] = &[5., 10., 30., 60., 120., 300., 600.];
const PULL_BUCKETS: &[f64] = &[0.5, 1., 2., 5., 10., 30., 60., 120., 300., 600., 1200., 1800., 3600.];
const COMMIT_BUCKETS: &[f64] = &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1., 2., 5.];

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The figures. Made once at start, shared by `Arc`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    tasks: IntCounterVec,
    task_duration: HistogramVec,
    batch_duration: Histogram,
    image_status: Option<IntGaugeVec>,
    active_tasks: IntGauge,
    nodes_processed: IntCounterVec,
    dispatches: IntCounterVec,
    images_pulled: IntCounter,
    pulls: IntCounterVec,
    pull_duration: HistogramVec,
    queue_depth: IntGauge,
    running_pulls: IntGauge,
    sessions: IntGauge,
    bytes_fetched: IntCounter,
    store_commit: Histogram,
    schedules: IntCounterVec,
    active_schedules: IntGauge,
    damaged_schedules: IntGauge,
    executions: IntCounterVec,
    execution_duration: HistogramVec,
    api_requests: IntCounterVec,
    api_duration: HistogramVec,
    api_in_flight: IntGauge,
    events_streams: IntGauge,
    outbox_depth: IntGauge,
    deliveries: IntCounterVec,
    audit_records: IntCounterVec,
    flow: Flow,
    sampled: Sampled,
    kept: Kept,
    doors: Doors,
    figures: Vec<Figure>,
}

impl Metrics {
    /// Registers every figure with a registry of its own.
    ///
    /// # Errors
    /// A name or label that Prometheus does not allow, or a name used twice: a bug that the tests catch.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let make = Make::new(&registry);
        make.process()?;
        let metrics = Self {
            flow: Flow::new(&make)?,
            sampled: Sampled::new(&make)?,
            kept: Kept::new(&make)?,
            doors: Doors::new(&make)?,
            figures: vec![],
            tasks: make.counters("ips_tasks_total", "Tasks that entered a status.", &["status"])?,
            task_duration: make.histograms(
                "ips_task_duration_seconds",
                "Time from a task's first dispatch (its acceptance if it had none) to its end.",
                &["status"],
                TASK_BUCKETS,
            )?,
            batch_duration: make.histogram(
                "ips_batch_execution_duration_seconds",
                "Time in which as many nodes of a task ended as its batch size.",
                BATCH_BUCKETS,
            )?,
            image_status: None,
            active_tasks: make.gauge("ips_active_tasks", "Tasks that have not ended.")?,
            nodes_processed: make.counters(
                "ips_nodes_processed_total",
                "Nodes whose pulls of a task have all ended: success if every one succeeded, else failed.",
                &["status"],
            )?,
            dispatches: make.counters(
                "ips_job_creation_total",
                "Deprecated name: pulls handed to agents (success) or refused by their session (failed).",
                &["status"],
            )?,
            images_pulled: make.counter(
                "ips_images_pulled_total",
                "Pulls that succeeded, those of images that were already present included.",
            )?,
            pulls: make.counters(
                "ips_pulls_total",
                "Pulls that ended, by state and by the reason of their success or failure.",
                &["state", "reason"],
            )?,
            pull_duration: make.histograms(
                "ips_pull_duration_seconds",
                "Time from the dispatch of a pull's last attempt to its end, by state.",
                &["result"],
                PULL_BUCKETS,
            )?,
            queue_depth: make.gauge(
                "ips_queue_depth",
                "Pulls that wait for a slot, their node or their next attempt.",
            )?,
            running_pulls: make.gauge("ips_running_pulls", "Pulls that an agent holds.")?,
            sessions: make.gauge("ips_sessions", "Agents that are connected.")?,
            bytes_fetched: make.counter("ips_bytes_fetched_total", "Bytes that agents fetched, compressed.")?,
            store_commit: make.histogram(
                "ips_store_commit_seconds",
                "Time that one write transaction of the store took.",
                COMMIT_BUCKETS,
            )?,
            schedules: make.counters(
                "ips_scheduled_tasks_total",
                "Scheduled tasks that exist, by whether they are enabled. Goes down, too: read it as a gauge; name and type are kept for old dashboards.",
                &["enabled"],
            )?,
            active_schedules: make.gauge("ips_active_scheduled_tasks", "Scheduled tasks that are enabled.")?,
            damaged_schedules: make.gauge(
                "ips_damaged_scheduled_tasks",
                "Scheduled tasks that are due and cannot be read; the others go on.",
            )?,
            executions: make.counters(
                "ips_scheduled_task_executions_total",
                "Executions of scheduled tasks that were queued or ended: success, failed, skipped, queued, timeout.",
                &["status"],
            )?,
            execution_duration: make.histograms(
                "ips_scheduled_task_execution_duration_seconds",
                "Time from the start of an execution to its end: success, failed, timeout.",
                &["status"],
                TASK_BUCKETS,
            )?,
            api_requests: make.counters(
                "ips_api_request_total",
                "HTTP requests that were answered; endpoint is the route's pattern, empty if no route matched.",
                &["method", "endpoint", "status_code"],
            )?,
            api_duration: make.histograms(
                "ips_api_request_duration_seconds",
                "Time until an HTTP answer began; endpoint is the route's pattern, empty if no route matched.",
                &["method", "endpoint", "status_code"],
                prometheus::DEFAULT_BUCKETS,
            )?,
            api_in_flight: make.gauge(
                "ips_api_requests_in_flight",
                "HTTP requests that wait for their answer to begin.",
            )?,
            events_streams: make.gauge("ips_events_streams", "Open streams of server-sent events.")?,
            outbox_depth: make.gauge("ips_outbox_depth", "Notifications that wait for their next attempt.")?,
            deliveries: make.counters(
                "ips_deliveries_total",
                "Attempts to deliver a notification, by kind of channel: delivered, retry (it is tried again) or failed (it was given up).",
                &["kind", "result"],
            )?,
            audit_records: make.counters(
                "ips_audit_records_total",
                "Records of the audit: stored, or lost because the database did not take them in time.",
                &["result"],
            )?,
            registry: registry.clone(),
        };
        metrics.begin_at_zero();
        Ok(Self {
            figures: make.figures(),
            ..metrics
        })
    }

    /// Whatever can be counted is there from the start: a rule over a figure that is not there yet would say nothing.
    fn begin_at_zero(&self) {
        for state in TaskState::ALL {
            self.tasks.with_label_values(&[state.as_str()]);
        }
        for word in ["success", "failed"] {
            self.nodes_processed.with_label_values(&[word]);
            self.dispatches.with_label_values(&[word]);
        }
        for state in ExecutionState::ALL
            .into_iter()
            .filter(|state| *state != ExecutionState::Running)
        {
            self.executions.with_label_values(&[state.as_str()]);
        }
        for (kind, result) in ChannelKind::ALL
            .iter()
            .flat_map(|kind| ["delivered", "retry", "failed"].map(|result| (kind, result)))
        {
            self.deliveries.with_label_values(&[kind.as_str(), result]);
        }
        for reason in FailureReason::ALL {
            self.pulls
                .with_label_values(&[PullState::Failed.as_str(), reason.as_str()]);
        }
        for reason in [SuccessReason::Pulled, SuccessReason::AlreadyPresent] {
            self.pulls
                .with_label_values(&[PullState::Succeeded.as_str(), reason.as_str()]);
        }
        for state in PullState::ALL.into_iter().filter(|state| !state.is_open()) {
            self.pull_duration.with_label_values(&[state.as_str()]);
        }
        for result in ["stored", "lost"] {
            self.audit_records.with_label_values(&[result]);
        }
    }

    /// Every figure but those of the process, by name.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = self.figures.clone();
        figures.sort_by(|a, b| a.name.cmp(&b.name));
        figures
    }

    /// Also publishes `ips_image_prewarm_status`, which has three labels without bounds: only for who asks for it.
    ///
    /// # Errors
    /// As [`Metrics::new`].
    pub fn with_image_status(mut self) -> Result<Self, prometheus::Error> {
        let help =
            "Deprecated, unbounded: 1 for how the last pull of the image on the node ended, 0 for the other status.";
        let make = Make::new(&self.registry);
        let gauges = make.gauges("ips_image_prewarm_status", help, &["node", "image", "status"])?;
        self.figures.extend(make.figures());
        self.image_status = Some(gauges);
        Ok(self)
    }

    /// As many nodes of a task ended as its batch size, in so many seconds.
    pub fn batch_ended(&self, seconds: f64) {
        self.batch_duration.observe(seconds);
    }

    /// A task entered a status (accepting it counts as pending).
    pub fn task_state(&self, state: TaskState) {
        self.tasks.with_label_values(&[state.as_str()]).inc();
    }

    /// A task ended.
    pub fn task_ended(&self, state: TaskState, seconds: f64) {
        self.task_duration.with_label_values(&[state.as_str()]).observe(seconds);
    }

    /// How many tasks have not ended.
    pub fn set_active_tasks(&self, tasks: usize) {
        self.active_tasks.set(as_gauge(tasks));
    }

    /// The last pull that a task had on a node ended; `success` when all of them succeeded.
    pub fn node_processed(&self, success: bool) {
        self.nodes_processed.with_label_values(&[success_word(success)]).inc();
    }

    /// A pull was handed to its agent's session, which took it or not.
    pub fn dispatched(&self, taken: bool) {
        self.dispatches.with_label_values(&[success_word(taken)]).inc();
    }

    /// A pull ended; `seconds` since its last attempt was handed out, 0 if none was.
    pub fn pull_ended(&self, pull: &Pull, seconds: f64) {
        let success = pull.success.map(|reason| reason.as_str());
        let failure = pull.failure.map(|reason| reason.as_str());
        let reason = match pull.state {
            PullState::Succeeded => success,
            PullState::Failed => failure,
            PullState::Queued
            | PullState::Dispatched
            | PullState::Pulling
            | PullState::Skipped
            | PullState::Cancelled => None,
        };
        let state = pull.state.as_str();
        self.pulls.with_label_values(&[state, reason.unwrap_or("")]).inc();
        self.pull_duration.with_label_values(&[state]).observe(seconds);
        if pull.state == PullState::Succeeded {
            self.images_pulled.inc();
        }
        if let Some(gauge) = self.image_status.as_ref().filter(|_| reason.is_some()) {
            let succeeded = pull.state == PullState::Succeeded;
            for success in [true, false] {
                let labels = [pull.node.as_str(), pull.image.as_str(), success_word(success)];
                gauge.with_label_values(&labels).set(i64::from(success == succeeded));
            }
        }
    }

    /// How many pulls wait.
    pub fn set_queue_depth(&self, pulls: usize) {
        self.queue_depth.set(as_gauge(pulls));
    }

    /// How many pulls agents hold.
    pub fn set_running_pulls(&self, pulls: usize) {
        self.running_pulls.set(as_gauge(pulls));
    }

    /// How many agents are connected.
    pub fn set_sessions(&self, sessions: usize) {
        self.sessions.set(as_gauge(sessions));
    }

    /// The store wrote one transaction.
    pub fn store_committed(&self, seconds: f64) {
        self.store_commit.observe(seconds);
    }

    /// How many schedules are switched on and off.
    pub fn set_schedules(&self, enabled: u32, disabled: u32) {
        for (word, count) in [("true", enabled), ("false", disabled)] {
            let figure = self.schedules.with_label_values(&[word]);
            figure.reset();
            figure.inc_by(u64::from(count));
        }
        self.active_schedules.set(i64::from(enabled));
    }

    /// How many schedules are due and cannot be read.
    pub fn set_damaged_schedules(&self, damaged: usize) {
        self.damaged_schedules.set(as_gauge(damaged));
    }

    /// An execution was queued or has ended; nothing is counted while it runs.
    pub fn execution_recorded(&self, execution: &Execution) {
        let status = execution.state.as_str();
        let ran = match execution.state {
            ExecutionState::Running => return,
            ExecutionState::Queued | ExecutionState::Skipped => false,
            ExecutionState::Success | ExecutionState::Failed | ExecutionState::Timeout => true,
        };
        self.executions.with_label_values(&[status]).inc();
        if ran {
            let seconds = execution.duration_seconds();
            self.execution_duration.with_label_values(&[status]).observe(seconds);
        }
    }

    /// An HTTP request came in; hold the value until its answer begins.
    pub fn api_request_started(&self) -> InFlight {
        InFlight::new(&self.api_in_flight)
    }

    /// An HTTP request was answered. `endpoint` is a route's pattern, empty if none matched.
    pub fn api_request(&self, method: &'static str, endpoint: &str, status: u16, seconds: f64) {
        let labels = [method, endpoint, &status.to_string()];
        self.api_requests.with_label_values(&labels).inc();
        self.api_duration.with_label_values(&labels).observe(seconds);
    }

    /// A stream of events was opened; hold the value as long as it is open.
    pub fn events_stream_opened(&self) -> InFlight {
        InFlight::new(&self.events_streams)
    }

    /// How many notifications wait.
    pub fn set_outbox_depth(&self, deliveries: usize) {
        self.outbox_depth.set(as_gauge(deliveries));
    }

    /// A notification was tried and is like this now; `kind` is the word of a channel's kind.
    pub fn delivery_tried(&self, kind: &'static str, state: DeliveryState) {
        let result = match state {
            DeliveryState::Queued => "retry",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "failed",
        };
        self.deliveries.with_label_values(&[kind, result]).inc();
    }

    /// So many records of the audit were stored.
    pub fn audit_stored(&self, records: usize) {
        self.audit_records.with_label_values(&["stored"]).inc_by(records as u64);
    }

    /// A record of the audit found no room.
    pub fn audit_lost(&self) {
        self.audit_records.with_label_values(&["lost"]).inc();
    }

    /// An attempt ended; its bytes and phases count whatever becomes of its pull.
    pub fn attempt_ended(&self, outcome: &Outcome) {
        let bytes = outcome.bytes.bounded();
        self.bytes_fetched.inc_by(bytes.fetched);
        self.flow.attempt_ended(&outcome.phases, &bytes, outcome.result.is_ok());
    }

    /// A pull was handed out that could have started so long ago.
    pub fn dispatch_waited(&self, ms: Millis) {
        self.flow.dispatch_wait.observe(ms.max(0) as f64 / 1000.0);
    }

    /// The planner looks; hold the value until it has.
    pub fn planner_looks(&self) -> Timer {
        Timer::new(&self.flow.planner)
    }

    /// The engine's loop takes a step; hold the value until it is done.
    pub fn engine_steps(&self) -> Timer {
        Timer::new(&self.flow.step)
    }

    /// A run of a scheduled task was taken up so late.
    pub fn trigger_lagged(&self, ms: Millis) {
        self.flow.trigger_lag.observe(ms.max(0) as f64 / 1000.0);
    }

    /// What the engine sees just now.
    pub fn sample(&self, sample: Sample<'_>) {
        self.sampled.show(sample);
    }

    /// The answer of a gRPC call began. `method` is one of the protocol, empty for any other.
    pub fn rpc(&self, method: &str, code: u16, seconds: f64) {
        self.doors.rpc(method, code, seconds);
    }

    /// Somebody tried to log in.
    pub fn login(&self, result: LoginResult) {
        self.doors.login(result);
    }

    /// The database did something.
    pub fn database(&self, operation: DatabaseOperation, seconds: f64) {
        self.doors.database(operation, seconds);
    }

    /// When the oldest notification that waits was made; `None` when none waits.
    pub fn set_outbox_oldest(&self, at: Option<Millis>) {
        self.doors.outbox_oldest(at);
    }

    /// Whether the coordinator can serve.
    pub fn set_ready(&self, ready: bool) {
        self.doors.ready(ready);
    }

    /// Whether this replica leads, and the epoch of whoever does; 0 where nobody is known to.
    pub fn leads(&self, leads: bool, epoch: u64) {
        self.doors.leads(leads, epoch);
    }

    /// Everything in Prometheus' text format, see [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// A figure that cannot be written: a bug.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn success_word(success: bool) -> &'static str {
    if success { "success" } else { "failed" }
}

#[cfg(test)]
mod tests;
