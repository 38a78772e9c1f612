//! What probes are told.

use super::time;
use serde::Serialize;
use utoipa::ToSchema;

/// How the coordinator is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthJson {
    /// `healthy`, `ready` or `not ready`.
    status: &'static str,
    /// Why it is not ready; only for whoever logged in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    /// What is wrong although it serves, such as a scheduled task that cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[schema(format = DateTime)]
    timestamp: String,
}

impl HealthJson {
    /// The process answers.
    pub(crate) fn healthy() -> Self {
        Self::new("healthy", vec![], vec![])
    }

    /// It serves, unless there are reasons against it, which not everybody is told, nor what is wrong although it serves.
    pub(crate) fn ready_unless(reasons: Vec<String>, warnings: Vec<String>, told: bool) -> Self {
        let status = if reasons.is_empty() { "ready" } else { "not ready" };
        if told {
            Self::new(status, reasons, warnings)
        } else {
            Self::new(status, vec![], vec![])
        }
    }

    fn new(status: &'static str, reasons: Vec<String>, warnings: Vec<String>) -> Self {
        Self {
            status,
            reasons,
            warnings,
            timestamp: time::now(),
        }
    }
}
