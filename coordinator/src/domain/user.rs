//! People and programs that may log in, as they are kept. Log-in itself is not here yet.

use super::Millis;
use secrecy::SecretString;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Look.
    Viewer,
    /// Look, and order work.
    Operator,
    /// Everything within a tenant.
    Admin,
    /// Everything.
    SystemAdmin,
}

impl Role {
    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::SystemAdmin => "system-admin",
        }
    }
}

/// A user who is not kept yet.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Unique.
    pub username: String,
    /// As bcrypt or its successor made it; cannot be printed.
    pub password_hash: SecretString,
    /// Role.
    pub role: Role,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}
