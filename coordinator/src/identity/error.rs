//! What a caller can be told about itself. Edges map this exhaustively; no arm may be a wildcard.

use crate::{domain::Invalid, store::StoreError};

/// Why a call was refused or failed. None says more than the caller may know.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No header says who calls.
    #[error("Authorization header required")]
    NoLogin,
    /// The header is of another kind.
    #[error("Authorization header must be Bearer token")]
    NotBearer,
    /// The token is none, has ended or was revoked, or its user may not log in any more.
    #[error("Invalid token: invalid token")]
    BadToken,
    /// Name and password do not fit, or the user may not log in.
    #[error("invalid username or password")]
    WrongPassword,
    /// The log-in provider refuses, or what it sent is not good. The reason is for the log.
    #[error("the log-in at the provider was refused")]
    SsoRefused(String),
    /// Its role or scope does not allow it.
    #[error("Permission denied: insufficient role")]
    Forbidden(String),
    /// It must choose a password first.
    #[error("the password must be changed first")]
    PasswordChangeRequired,
    /// Too many tries from this address, for this user or altogether.
    #[error("too many tries, try again in {retry_after_s} s")]
    TooManyTries {
        /// Seconds until the next try may succeed.
        retry_after_s: u64,
    },
    /// A field breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such thing.
    #[error("{kind} {id:?} does not exist")]
    NotFound {
        /// Kind: user or token.
        kind: &'static str,
        /// Id as asked for.
        id: String,
    },
    /// The name is taken.
    #[error("{kind} {id:?} exists already")]
    AlreadyExists {
        /// Kind.
        kind: &'static str,
        /// Name.
        id: String,
    },
    /// The state does not allow it.
    #[error("{0}")]
    Precondition(String),
    /// The store cannot be read or written now.
    #[error("{0}")]
    Unavailable(String),
    /// A bug; the source is logged where it is handled and never shown.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> Self {
        if error.is_away() {
            Self::Unavailable(error.chain())
        } else {
            Self::Internal(Box::new(error))
        }
    }
}
