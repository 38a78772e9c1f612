//! What probes are told.

use super::{system::PartJson, time};
use crate::engine::system::SystemView;
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
    /// Every part and how it is; only for whoever logged in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartJson>,
    #[schema(format = DateTime)]
    timestamp: String,
}

impl HealthJson {
    /// The process answers.
    pub(crate) fn healthy() -> Self {
        Self::new("healthy")
    }

    /// It serves, unless there are reasons against it, which not everybody is told, nor what is wrong although it serves.
    pub(crate) fn ready_unless(reasons: Vec<String>, system: &SystemView, told: bool) -> Self {
        let answer = Self::new(if reasons.is_empty() { "ready" } else { "not ready" });
        if !told {
            return answer;
        }
        Self {
            reasons,
            warnings: system.warnings(),
            parts: system.parts.iter().map(Into::into).collect(),
            ..answer
        }
    }

    fn new(status: &'static str) -> Self {
        Self {
            status,
            reasons: vec![],
            warnings: vec![],
            parts: vec![],
            timestamp: time::now(),
        }
    }
}
