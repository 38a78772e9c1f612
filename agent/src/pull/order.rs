//! What the coordinator orders: one attempt to make one image warm. Holds the credential in a type that cannot print.

use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};
use zeroize::Zeroize as _;

/// One attempt of one pull.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttemptId {
    /// Id of the pull, chosen by the coordinator.
    pub pull: String,
    /// Number of the attempt, from 1.
    pub number: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.pull, self.number)
    }
}

/// The digests that an image has on one platform; `None` means unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// What the tag points at; the runtime shows it as repo digest.
    pub target: Option<String>,
    /// The platform's manifest.
    pub manifest: Option<String>,
    /// The image configuration; the runtime shows it as image id.
    pub config: Option<String>,
}

/// Whether a warm image may be left alone; `policy` has the table of all cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// A warm image is left alone when its digest is the expected one, or when none is known.
    IfNotPresent,
    /// A warm image is left alone only when its digest is the expected one.
    Always,
}

/// Login for one registry. Neither printed nor stored; its password is overwritten when dropped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credential {
    /// Registry as URL. A bare host would silently never be used by the runtime.
    pub server_address: String,
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(hidden)")
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// The order to make one image warm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which attempt.
    pub id: AttemptId,
    /// The reference exactly as pods write it.
    pub reference: String,
    /// What the coordinator resolved.
    pub expected: Digests,
    /// Login; `None` means anonymous.
    pub credential: Option<Credential>,
    /// Longest duration of the attempt.
    pub deadline: Option<Duration>,
    /// Longest time without progress; `None` means the agent's default.
    pub no_progress: Option<Duration>,
    /// Compressed size of the image on this platform in bytes; 0 when the coordinator does not know it.
    pub size: u64,
    /// Whether a warm image may be left alone.
    pub policy: Policy,
    /// Trace context of whoever ordered it; empty when nobody traces it.
    pub traceparent: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_never_prints() {
        let credential = Credential {
            server_address: "https://registry.example".into(),
            username: "someone".into(),
            password: "hunter2".into(),
        };
        let shown = format!("{credential:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("someone"), "{shown}");
    }
}
