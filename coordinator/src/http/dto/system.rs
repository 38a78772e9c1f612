//! The coordinator as JSON.

use super::time;
use crate::{
    domain::replica::SeenReplica,
    engine::system::{Kept, PartView, SystemView},
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The coordinator.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = System)]
pub(crate) struct SystemJson {
    version: &'static str,
    /// Its clock.
    #[schema(format = DateTime)]
    time: String,
    #[schema(format = DateTime)]
    started_at: String,
    /// It can serve.
    ready: bool,
    parts: Vec<PartJson>,
    /// What it logs.
    log_filter: String,
    /// Grows with every start and with every change of the replica that leads.
    epoch: u64,
    /// Replicas that were heard of within the last seconds; none where one coordinator works alone.
    replicas: Vec<ReplicaJson>,
    kept: KeptJson,
}

/// How long things are kept, as the coordinator's settings say; 0 means for ever.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Kept)]
pub(crate) struct KeptJson {
    /// Ended tasks (`--task-retention-age`).
    task_seconds: i64,
    /// Ended tasks (`--task-retention-count`).
    tasks: u32,
    /// Executions (`--executions-keep-for`).
    execution_seconds: i64,
    /// Executions of each schedule (`--executions-keep`).
    executions: u32,
    /// Deliveries of notifications (`--deliveries-keep-for`).
    delivery_seconds: i64,
    /// The audit (`--audit-keep-for`).
    audit_seconds: i64,
    /// A run that is later than this has been missed (`--missed-run-after`).
    missed_run_seconds: i64,
}

impl From<Kept> for KeptJson {
    fn from(kept: Kept) -> Self {
        Self {
            task_seconds: kept.tasks_ms / 1000,
            tasks: kept.tasks,
            execution_seconds: kept.executions_ms / 1000,
            executions: kept.executions,
            delivery_seconds: kept.deliveries_ms / 1000,
            audit_seconds: kept.audit_ms / 1000,
            missed_run_seconds: kept.missed_run_ms / 1000,
        }
    }
}

impl From<&SystemView> for SystemJson {
    fn from(view: &SystemView) -> Self {
        Self {
            version: view.version,
            time: time::rfc3339(view.time),
            started_at: time::rfc3339(view.started_at),
            ready: view.reasons().is_empty(),
            parts: view.parts.iter().map(Into::into).collect(),
            log_filter: view.log_filter.clone(),
            kept: view.kept.into(),
            epoch: view.epoch,
            replicas: view.replicas.iter().map(Into::into).collect(),
        }
    }
}

/// One of several coordinators on the same database. All of them serve everybody; one leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Replica)]
pub(crate) struct ReplicaJson {
    /// Its name, which a process that comes back does not keep.
    id: String,
    /// Where other replicas reach it.
    #[schema(example = "10.0.0.7:9444")]
    address: String,
    /// It is the one that leads.
    leads: bool,
    /// When it was last heard of, by the database's clock.
    #[schema(format = DateTime)]
    seen_at: String,
}

impl From<&SeenReplica> for ReplicaJson {
    fn from(seen: &SeenReplica) -> Self {
        Self {
            id: seen.replica.id.clone(),
            address: seen.replica.address.clone(),
            leads: seen.leads,
            seen_at: time::rfc3339(seen.seen_at),
        }
    }
}

/// One part of the coordinator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SystemPart)]
pub(crate) struct PartJson {
    #[schema(example = "database")]
    name: &'static str,
    /// It works.
    ok: bool,
    /// Why it does not work, or what is wrong although it does.
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

impl From<&PartView> for PartJson {
    fn from(part: &PartView) -> Self {
        Self {
            name: part.name,
            ok: part.ok,
            message: part.message.clone(),
        }
    }
}

/// What to log.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SetLogLevel)]
pub(crate) struct LogLevelJson {
    /// error, warn, info, debug or trace, or a list of target=level.
    #[schema(example = "info,ips_coordinator::engine=debug", value_type = String)]
    filter: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl LogLevelJson {
    /// The filter; empty where none was given, which the rule refuses.
    pub(crate) fn filter(self) -> String {
        self.filter.unwrap_or_default()
    }
}

impl RequestBody for LogLevelJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}
