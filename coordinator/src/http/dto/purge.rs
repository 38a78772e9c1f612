//! A purge as JSON.

use super::words::RemovalWord;
use crate::{
    domain::purge::PurgeRequest,
    engine::purge::PurgeOutcome,
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Which images go from which nodes: `images`, `taskId` or `policyId`. Images times nodes may be at most 10,000.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Purge)]
pub(crate) struct PurgeJson {
    /// References as pods write them, no duplicates.
    #[serde(default)]
    #[schema(max_items = 100)]
    images: Vec<String>,
    /// The images of this task, from the nodes that it was for.
    task_id: Option<String>,
    /// The images of this policy, from the nodes that it chooses; it must be paused.
    policy_id: Option<String>,
    /// Only these nodes; all where it is left out.
    #[serde(default)]
    node_names: Vec<String>,
    /// Conditions on labels in Kubernetes' syntax.
    #[schema(example = "pool in (gpu,cpu),!spot")]
    selector: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    dry_run: bool,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for PurgeJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl From<PurgeJson> for PurgeRequest {
    fn from(json: PurgeJson) -> Self {
        Self {
            images: json.images,
            task: json.task_id.filter(|id| !id.is_empty()),
            policy: json.policy_id.filter(|id| !id.is_empty()),
            node_names: json.node_names,
            selector: json.selector.unwrap_or_default(),
            dry_run: json.dry_run,
        }
    }
}

/// What became of a purge.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PurgeOutcome)]
pub(crate) struct PurgeOutcomeJson {
    /// Nothing was removed, only asked.
    dry_run: bool,
    results: Vec<PurgeResultJson>,
    /// How many there are of each result.
    counts: BTreeMap<String, u32>,
}

/// What became of one image on one node.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PurgeResult)]
pub(crate) struct PurgeResultJson {
    node_name: String,
    image: String,
    result: RemovalWord,
    /// For people; empty when there is nothing to say.
    message: String,
}

impl From<&PurgeOutcome> for PurgeOutcomeJson {
    fn from(outcome: &PurgeOutcome) -> Self {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for item in &outcome.items {
            *counts.entry(item.result.as_str().to_owned()).or_default() += 1;
        }
        let results = outcome.items.iter().map(|item| PurgeResultJson {
            node_name: item.node.to_string(),
            image: item.image.to_string(),
            result: item.result.into(),
            message: item.message.clone(),
        });
        Self {
            dry_run: outcome.dry_run,
            results: results.collect(),
            counts,
        }
    }
}
