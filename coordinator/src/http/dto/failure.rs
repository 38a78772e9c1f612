//! Failed pulls as JSON: grouped by reason, and one by one.

use super::{progress::if_said, time, words::FailureWord};
use crate::domain::{counts::FailureGroup, pull::Pull};
use serde::Serialize;
use utoipa::ToSchema;

/// Failed pulls of one reason.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailureGroup)]
pub(crate) struct FailureGroupJson {
    reason: FailureWord,
    /// How many.
    pulls: u32,
    /// One of their nodes.
    example_node: String,
    /// One of their messages.
    example_message: String,
}

impl From<&FailureGroup> for FailureGroupJson {
    fn from(group: &FailureGroup) -> Self {
        Self {
            reason: group.reason.into(),
            pulls: group.pulls,
            example_node: group.example_node.clone(),
            example_message: group.example_message.clone(),
        }
    }
}

/// One failed pull.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailedNode)]
pub(crate) struct FailedNodeJson {
    node_name: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<FailureWord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<String>,
    /// When the pull ended.
    #[schema(format = DateTime)]
    timestamp: String,
}

impl From<&Pull> for FailedNodeJson {
    fn from(pull: &Pull) -> Self {
        Self {
            node_name: pull.node.to_string(),
            image: pull.image.to_string(),
            reason: pull.failure.map(Into::into),
            message: if_said(&pull.message),
            timestamp: time::rfc3339(pull.finished_at),
        }
    }
}
