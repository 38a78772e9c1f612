//! What a caller of the engine can be told. Edges map this exhaustively; no arm may be a wildcard.

use crate::domain::Invalid;

/// Why a call was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A field breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such thing.
    #[error("{kind} {id:?} not found")]
    NotFound {
        /// Kind, for example "task".
        kind: &'static str,
        /// Id as asked for.
        id: String,
    },
    /// The id is taken.
    #[error("{kind} {id:?} exists already")]
    AlreadyExists {
        /// Kind.
        kind: &'static str,
        /// Id.
        id: String,
    },
    /// The state does not allow it.
    #[error("{0}")]
    Precondition(String),
    /// A quota of the tenant is used up.
    #[error("{message}")]
    OverQuota {
        /// Which, and until when.
        message: String,
        /// Seconds until there is room again.
        retry_after_s: u32,
    },
    /// The store cannot be read or written now, or the coordinator is stopping.
    #[error("{0}")]
    Unavailable(String),
    /// A bug; the source is logged where it is handled and never shown.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl EngineError {
    /// Word for programs, the same at every edge.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_argument",
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::Precondition(_) => "failed_precondition",
            Self::OverQuota { .. } => "quota_exceeded",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}
