//! Replicas of the coordinator, and which of them leads.

use super::{Millis, credential::Sealed};

/// How long a replica leads after it renewed its lease last.
pub const LEASE_MS: Millis = 6_000;

/// One process of the coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its name; a process that comes back has a new one.
    pub id: String,
    /// Where other replicas reach it, as `HOST:PORT`.
    pub address: String,
}

/// The one that leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Who it is.
    pub replica: Replica,
    /// Since which epoch.
    pub epoch: u64,
    /// By what other replicas show it that they belong to it.
    pub secret: Sealed,
}

/// A replica as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenReplica {
    /// Who it is.
    pub replica: Replica,
    /// It leads.
    pub leads: bool,
    /// When it was last heard of, by the database's clock.
    pub seen_at: Millis,
}
