//! The coordinator itself: how each part is, and what it logs.

use super::{Engine, EngineError, run::now};
use crate::{
    domain::{Millis, replica::SeenReplica, tenant::Realm, version::VERSION},
    metrics::Metrics,
    store::StoreError,
    telemetry,
};
use std::{sync::Arc, time::Duration};

/// The parts that every coordinator has, in the order in which they need each other; others are shown while something is said of them.
const PARTS: [&str; 7] = [
    "database",
    "migrations",
    "engine",
    "keys",
    "audit",
    "outbox",
    "schedules",
];
/// Longest wait for the database's word.
const PATIENCE: Duration = Duration::from_secs(5);

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartView {
    /// Name.
    pub name: &'static str,
    /// It works.
    pub ok: bool,
    /// Why it does not, or what is wrong although it does; empty otherwise.
    pub message: String,
}

/// How long things are kept, as the settings of this process say; 0 means for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Ended tasks, in milliseconds.
    pub tasks_ms: Millis,
    /// Ended tasks, how many.
    pub tasks: u32,
    /// Executions of schedules, in milliseconds.
    pub executions_ms: Millis,
    /// Executions of each schedule, how many.
    pub executions: u32,
    /// The log of deliveries, in milliseconds.
    pub deliveries_ms: Millis,
    /// The audit, in milliseconds.
    pub audit_ms: Millis,
    /// A run that is later than this has been missed, in milliseconds.
    pub missed_run_ms: Millis,
}

/// The coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemView {
    /// Version of the program.
    pub version: &'static str,
    /// This moment.
    pub time: Millis,
    /// When it started.
    pub started_at: Millis,
    /// Its parts.
    pub parts: Vec<PartView>,
    /// What it logs.
    pub log_filter: String,
    /// How long things are kept.
    pub kept: Kept,
    /// Grows with every start and with every change of the replica that leads.
    pub epoch: u64,
    /// Replicas that were heard of lately; none where one coordinator works alone, or while the database is away.
    pub replicas: Vec<SeenReplica>,
}

impl SystemView {
    /// Why it cannot serve, as `part: reason`; empty when it can.
    pub fn reasons(&self) -> Vec<String> {
        self.told(|part| !part.ok)
    }

    /// What is wrong although it serves.
    pub fn warnings(&self) -> Vec<String> {
        self.told(|part| part.ok && !part.message.is_empty())
    }

    /// The same without what is wrong with parts that work, which may name things of tenants, and without where replicas are.
    #[must_use]
    pub fn without_remarks(mut self) -> Self {
        self.replicas.clear();
        for part in self.parts.iter_mut().filter(|part| part.ok) {
            part.message.clear();
        }
        self
    }

    fn told(&self, which: impl Fn(&PartView) -> bool) -> Vec<String> {
        let parts = self.parts.iter().filter(|part| which(part));
        parts.map(|part| format!("{}: {}", part.name, part.message)).collect()
    }
}

impl Engine {
    /// Where figures are counted.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.desk.metrics)
    }

    /// The same engine, which says that things are kept so long.
    #[must_use]
    pub fn keeping(self, kept: Kept) -> Self {
        Self { kept, ..self }
    }

    /// How the coordinator is.
    pub async fn system(&self) -> SystemView {
        let time = now();
        let names = PARTS.into_iter().chain(self.readiness.others(&PARTS));
        let mut parts: Vec<PartView> = names.map(|name| self.part(name, time)).collect();
        // Somebody who knows that it is away need not be asked again.
        let replicas = if parts.iter().all(|part| part.ok) {
            self.ask_database(&mut parts).await
        } else {
            vec![]
        };
        let view = SystemView {
            version: VERSION,
            time,
            started_at: self.readiness.started_at(),
            parts,
            log_filter: telemetry::filter(),
            kept: self.kept,
            epoch: self.store.epoch(),
            replicas,
        };
        match self.realm {
            Realm::All => view,
            Realm::Of(_) => view.without_remarks(),
        }
    }

    /// Sets what is logged.
    ///
    /// # Errors
    /// Invalid for what is no filter.
    pub async fn set_log_filter(&self, filter: &str) -> Result<SystemView, EngineError> {
        telemetry::set_filter(filter)?;
        tracing::warn!(log.filter = filter, "what is logged was changed");
        Ok(self.system().await)
    }

    fn part(&self, name: &'static str, now: Millis) -> PartView {
        let reason = match name {
            "engine" => self.readiness.standstill(now),
            _ => None,
        };
        let reason = self.readiness.reason(name).or(reason);
        let remark = match name {
            "keys" => self.unreadable_credentials(),
            _ => self.readiness.remark_of(name),
        };
        PartView {
            name,
            ok: reason.is_none(),
            message: reason.or(remark).unwrap_or_default(),
        }
    }

    /// Notes what is wrong with the database; the replicas that it knows.
    async fn ask_database(&self, parts: &mut [PartView]) -> Vec<SeenReplica> {
        let asked = async {
            self.store.ping().await?;
            Ok((self.store.unfinished_migrations().await?, self.store.replicas().await?))
        };
        let (name, message) = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok((unfinished, replicas))) if unfinished.is_empty() => return replicas,
            Ok(Ok((unfinished, _))) => ("migrations", format!("not done: {unfinished:?}")),
            Ok(Err::<_, StoreError>(error)) => ("database", error.chain()),
            Err(_) => ("database", format!("no answer within {} s", PATIENCE.as_secs())),
        };
        for part in parts.iter_mut().filter(|part| part.name == name) {
            part.ok = false;
            part.message.clone_from(&message);
        }
        vec![]
    }

    /// Credentials whose key is gone serve nobody, and everything else goes on.
    fn unreadable_credentials(&self) -> Option<String> {
        let (unreadable, first) = self.logins.all_unreadable();
        let first = first?;
        Some(format!("{unreadable} credentials cannot be read, the first is {first}"))
    }
}
