//! Figures of what stands around the engine: gRPC, log-ins, the database, the outbox, the process itself.

use super::make::Make;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge};

const DATABASE_BUCKETS: &[f64] = &[
    0.000_1, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1., 5.,
];

/// How a log-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginResult {
    /// Somebody is in.
    Ok,
    /// Name and password do not fit.
    Refused,
    /// Too many tries.
    Limited,
    /// The request breaks a rule, or the coordinator could not tell.
    Error,
}

/// What is asked of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseOperation {
    /// A query outside of a transaction that writes.
    Read,
    /// Waiting for the connection and the lock of a transaction that writes.
    Begin,
    /// A statement within it.
    Write,
    /// Making it durable.
    Commit,
}

/// The figures.
#[derive(Debug)]
pub(super) struct Doors {
    rpcs: IntCounterVec,
    rpc_duration: HistogramVec,
    logins: [IntCounter; 4],
    database: [Histogram; 4],
    outbox_oldest: IntGauge,
    ready: IntGauge,
    leader: IntGauge,
    leader_epoch: IntGauge,
}

impl Doors {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, prometheus::Error> {
        let logins = make.counters(
            "ips_logins_total",
            "Log-ins: ok, refused (they do not fit), limited (too many tries) or error.",
            &["result"],
        )?;
        let database = make.histograms(
            "ips_database_seconds",
            "Time that the database took: read, begin (waiting for the connection and the lock to write), write (a statement) or commit.",
            &["operation"],
            DATABASE_BUCKETS,
        )?;
        let build = make.gauges("ips_build_info", "1, with the version of the program.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(Self {
            rpcs: make.counters(
                "ips_grpc_request_total",
                "gRPC calls whose answer began; method is empty for one that does not exist, code is that of an answer which is \
                 an error from its beginning, else 0.",
                &["method", "code"],
            )?,
            rpc_duration: make.histograms(
                "ips_grpc_request_duration_seconds",
                "Time until the answer of a gRPC call began.",
                &["method"],
                prometheus::DEFAULT_BUCKETS,
            )?,
            logins: ["ok", "refused", "limited", "error"].map(|result| logins.with_label_values(&[result])),
            database: ["read", "begin", "write", "commit"].map(|operation| database.with_label_values(&[operation])),
            outbox_oldest: make.gauge(
                "ips_outbox_oldest_timestamp_seconds",
                "When the oldest notification that waits was made, in seconds since the epoch; 0 when none waits.",
            )?,
            ready: make.gauge("ips_ready", "1 while the coordinator can serve, as /readyz says.")?,
            leader: make.gauge(
                "ips_leader",
                "1 while this replica leads, as a coordinator without others always does; the sum over all replicas is 1.",
            )?,
            leader_epoch: make.gauge(
                "ips_leader_epoch",
                "The epoch of the replica that leads, which grows with every change of it; 0 while nobody is known to.",
            )?,
        })
    }

    pub(super) fn rpc(&self, method: &str, code: u16, seconds: f64) {
        self.rpcs.with_label_values(&[method, code.to_string().as_str()]).inc();
        self.rpc_duration.with_label_values(&[method]).observe(seconds);
    }

    pub(super) fn login(&self, result: LoginResult) {
        let [ok, refused, limited, error] = &self.logins;
        match result {
            LoginResult::Ok => ok.inc(),
            LoginResult::Refused => refused.inc(),
            LoginResult::Limited => limited.inc(),
            LoginResult::Error => error.inc(),
        }
    }

    pub(super) fn database(&self, operation: DatabaseOperation, seconds: f64) {
        let [read, begin, write, commit] = &self.database;
        match operation {
            DatabaseOperation::Read => read.observe(seconds),
            DatabaseOperation::Begin => begin.observe(seconds),
            DatabaseOperation::Write => write.observe(seconds),
            DatabaseOperation::Commit => commit.observe(seconds),
        }
    }

    pub(super) fn outbox_oldest(&self, at_ms: Option<i64>) {
        self.outbox_oldest.set(at_ms.map_or(0, |at| at / 1000));
    }

    pub(super) fn leads(&self, leads: bool, epoch: u64) {
        self.leader.set(i64::from(leads));
        self.leader_epoch.set(i64::try_from(epoch).unwrap_or(i64::MAX));
    }

    pub(super) fn ready(&self, ready: bool) {
        self.ready.set(i64::from(ready));
    }
}
