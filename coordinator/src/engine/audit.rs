//! Keeps the audit. Edges push a record and go on; the scribe writes what has gathered in one transaction. While it cannot, `/readyz` and
//! the metrics say so.

use super::{
    Engine, EngineError,
    readiness::Readiness,
    run::now,
    views::{Page, PageRequest},
};
use crate::{
    domain::{
        Millis,
        audit::{AuditFilter, AuditRecord},
    },
    metrics::Metrics,
    store::{Store, StoreError},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Records that may wait to be written.
const QUEUE: usize = 20_000;
/// Records of one transaction, and how long they gather.
const BATCH: usize = 1_000;
const GATHER: Duration = Duration::from_millis(100);
/// Waits between attempts to reach a database that does not answer.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long the last records may take after a signal.
const LAST_WRITE: Duration = Duration::from_secs(3);
/// Pause between two looks at what need not be kept, and records that go at a time.
const PRUNE: Duration = Duration::from_secs(3600);
const PRUNED: u32 = 2_000;
/// Records that an export reads at a time.
pub const CHUNK: u32 = 1_000;

/// How long the audit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditSettings {
    /// In milliseconds.
    pub keep_ms: Millis,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            keep_ms: 365 * 86_400_000,
        }
    }
}

/// The door to the audit. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuditLog {
    sender: mpsc::Sender<AuditRecord>,
    /// For the one scribe.
    receiver: Arc<Mutex<Option<mpsc::Receiver<AuditRecord>>>>,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
}

impl AuditLog {
    pub(super) fn new(metrics: Arc<Metrics>, readiness: Arc<Readiness>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self {
            sender,
            receiver: Arc::new(Mutex::new(Some(receiver))),
            metrics,
            readiness,
        }
    }

    /// Pushes a record, and never waits. What finds no room is counted as lost, logged, and said by `/readyz`.
    pub fn record(&self, record: AuditRecord) {
        if let Err(refused) = self.sender.try_send(record.bounded()) {
            let record = refused.into_inner();
            self.metrics.audit_lost();
            self.readiness.set(
                "audit",
                "records were lost because the database does not keep up".into(),
            );
            // The log is all that is left to say it.
            tracing::error!(
                audit.subject = record.subject,
                audit.operation = record.operation,
                audit.resource = record.resource,
                audit.result = record.result.as_str(),
                request.id = record.request_id,
                "an audit record could not be stored"
            );
        }
    }
}

/// Writes what was pushed. One may run.
#[derive(Debug)]
pub struct Scribe {
    store: Store,
    log: AuditLog,
    settings: AuditSettings,
}

impl Scribe {
    /// The scribe of this engine.
    pub fn new(engine: &Engine, settings: AuditSettings) -> Self {
        Self {
            store: engine.store.clone(),
            log: engine.audit.clone(),
            settings,
        }
    }

    /// Works until cancelled; then writes what is left.
    pub async fn run(self, cancel: CancellationToken) {
        let receiver = {
            let mut place = self.log.receiver.lock().unwrap_or_else(PoisonError::into_inner);
            place.take()
        };
        let Some(mut receiver) = receiver else { return };
        let mut prune = tokio::time::interval(PRUNE);
        prune.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                _ = prune.tick() => self.prune().await,
                count = receiver.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    // More of them are on their way: one transaction for all.
                    tokio::select! {
                        () = cancel.cancelled() => {}
                        () = tokio::time::sleep(GATHER) => {}
                    }
                    while batch.len() < BATCH && let Ok(record) = receiver.try_recv() {
                        batch.push(record);
                    }
                    if !self.write(&batch, &cancel).await {
                        break;
                    }
                    batch.clear();
                }
            }
        }
        while let Ok(record) = receiver.try_recv() {
            batch.push(record);
        }
        let last = tokio::time::timeout(LAST_WRITE, self.store.insert_audit(&batch));
        if !batch.is_empty() && !matches!(last.await, Ok(Ok(()))) {
            tracing::error!(
                records = batch.len(),
                "audit records could not be stored before the end"
            );
        }
    }

    /// Writes the records; a database that does not answer is waited for. False when cancelled meanwhile.
    async fn write(&self, records: &[AuditRecord], cancel: &CancellationToken) -> bool {
        let mut wait = FIRST_WAIT;
        loop {
            match self.store.insert_audit(records).await {
                Ok(()) => {
                    self.log.metrics.audit_stored(records.len());
                    self.log.readiness.clear("audit");
                    return true;
                }
                Err(error) => {
                    tracing::warn!(
                        error = error.chain(),
                        records = records.len(),
                        "audit records not stored yet"
                    );
                    self.log.readiness.set("audit", error.chain());
                    if matches!(error, StoreError::Deposed { .. }) {
                        return false;
                    }
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return false,
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            }
        }
    }

    async fn prune(&self) {
        let before = now() - self.settings.keep_ms;
        loop {
            match self.store.prune_audit(before, PRUNED).await {
                Ok(removed) if removed < PRUNED as usize => return,
                Ok(_more) => {}
                Err(error) => {
                    tracing::warn!(error = error.chain(), "old audit records could not be removed");
                    return;
                }
            }
        }
    }
}

impl Engine {
    /// Where edges record what was done.
    pub fn audit_log(&self) -> &AuditLog {
        &self.audit
    }

    /// Records, newest first.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn audit(&self, filter: &AuditFilter, page: PageRequest) -> Result<Page<AuditRecord>, EngineError> {
        let filter = self.own_records(filter);
        let (items, total) = self.store.audit(&filter, page.limit, page.offset).await?;
        Ok(Page { items, total })
    }

    /// The next records of an export, oldest first, behind the one of this id; empty text begins. None are left when fewer than
    /// [`CHUNK`] come.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn audit_after(&self, filter: &AuditFilter, id: &str) -> Result<Vec<AuditRecord>, EngineError> {
        Ok(self.store.audit_after(&self.own_records(filter), id, CHUNK).await?)
    }

    /// Those of the realm alone.
    fn own_records(&self, filter: &AuditFilter) -> AuditFilter {
        AuditFilter {
            tenant: self.realm.tenant().map(ToString::to_string),
            ..filter.clone()
        }
    }
}
