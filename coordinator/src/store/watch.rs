//! How long the database takes, for whoever wants to know. The store itself counts nothing.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// What is asked of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreOperation {
    /// A query outside of a transaction that writes.
    Read,
    /// Waiting for the connection and the lock of a transaction that writes.
    Begin,
    /// A statement within it.
    Write,
    /// Making it durable.
    Commit,
}

type Told = dyn Fn(StoreOperation, Duration) + Send + Sync;

/// Whom to tell; nobody by default.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<Told>>);

impl Watch {
    /// Tells this function, which must be quick.
    pub fn new(told: impl Fn(StoreOperation, Duration) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    pub(super) fn note(&self, operation: StoreOperation, began: Instant) {
        if let Some(told) = &self.0 {
            told(operation, began.elapsed());
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
