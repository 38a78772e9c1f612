//! Standing policies as the REST API shows them.

use super::schedule::TaskConfig;
use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;
use std::collections::BTreeMap;

/// A policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    id: String,
    name: String,
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    library_tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    workloads: Option<Workloads>,
    task_config: TaskConfig,
    tag_following: TagFollowing,
    paused: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    paused_reason: String,
    images: Vec<PolicyImage>,
    nodes: u32,
    coverage: Counts,
    conditions: Vec<Condition>,
    #[serde(skip_serializing_if = "String::is_empty")]
    declared_by: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_pull_secrets: Vec<String>,
    created_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TagFollowing {
    mode: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cron_expr: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    time_zone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Workloads {
    namespaces: Vec<String>,
    kinds: Vec<String>,
    selector: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyImage {
    image: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_selectors: Vec<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    digest: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    moved_to: String,
    size_bytes: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Counts {
    total: u32,
    warm: u32,
    cold: u32,
    paused: u32,
    unknown: u32,
    ratio: f64,
}

#[derive(Debug, Serialize)]
struct Condition {
    r#type: String,
    status: &'static str,
    reason: String,
    message: String,
}

impl From<&v1::Policy> for Policy {
    fn from(policy: &v1::Policy) -> Self {
        Self {
            id: policy.policy_id.clone(),
            name: policy.name.clone(),
            description: policy.description.clone(),
            library_tag: policy.library_tag.clone(),
            workloads: policy.workloads.as_ref().map(Into::into),
            task_config: policy.task_config.clone().unwrap_or_default().into(),
            tag_following: policy.tag_following.clone().unwrap_or_default().into(),
            paused: policy.paused,
            paused_reason: policy.paused_reason.clone(),
            images: policy.images.iter().map(Into::into).collect(),
            nodes: policy.nodes,
            coverage: policy.coverage.unwrap_or_default().into(),
            conditions: policy.conditions.iter().map(Into::into).collect(),
            declared_by: policy.declared_by.clone(),
            image_pull_secrets: policy.image_pull_secrets.clone(),
            created_by: policy.created_by.clone(),
            created_at: moment(policy.created_at_ms),
            updated_at: moment(policy.updated_at_ms),
        }
    }
}

impl From<&v1::Workloads> for Workloads {
    fn from(workloads: &v1::Workloads) -> Self {
        Self {
            namespaces: workloads.namespaces.clone(),
            kinds: workloads.kinds.clone(),
            selector: workloads.selector.clone(),
        }
    }
}

impl From<v1::TagFollowing> for TagFollowing {
    fn from(following: v1::TagFollowing) -> Self {
        Self {
            mode: words::tag_following(following.mode),
            cron_expr: following.cron_expr,
            time_zone: following.time_zone,
            next_at: moment(following.next_at_ms),
        }
    }
}

impl From<&v1::PolicyImage> for PolicyImage {
    fn from(image: &v1::PolicyImage) -> Self {
        let selector = |selector: &v1::NodeSelector| selector.labels.clone().into_iter().collect();
        Self {
            image: image.image.clone(),
            node_selectors: image.node_selectors.iter().map(selector).collect(),
            digest: image.digest.clone(),
            moved_to: image.moved_to.clone(),
            size_bytes: image.size_bytes,
            error: image.error.clone(),
            checked_at: moment(image.checked_at_ms),
        }
    }
}

impl From<v1::CoverageCounts> for Counts {
    fn from(counts: v1::CoverageCounts) -> Self {
        Self {
            total: counts.warm + counts.cold + counts.paused + counts.unknown,
            warm: counts.warm,
            cold: counts.cold,
            paused: counts.paused,
            unknown: counts.unknown,
            ratio: counts.ratio,
        }
    }
}

impl From<&v1::PolicyCondition> for Condition {
    fn from(condition: &v1::PolicyCondition) -> Self {
        Self {
            r#type: condition.r#type.clone(),
            status: if condition.holds { "True" } else { "False" },
            reason: condition.reason.clone(),
            message: condition.message.clone(),
        }
    }
}

/// How far a policy is true.
#[derive(Debug, Serialize)]
pub struct Coverage {
    policy: Policy,
    images: Vec<ImageCoverage>,
    cells: Vec<Cell>,
    total: u32,
}

#[derive(Debug, Serialize)]
struct ImageCoverage {
    image: String,
    coverage: Counts,
    digests: Vec<DigestNodes>,
    drifted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<String>,
}

#[derive(Debug, Serialize)]
struct DigestNodes {
    digest: String,
    nodes: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cell {
    node: String,
    image: String,
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    digest: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    again_at: Option<String>,
}

impl From<&v1::GetPolicyCoverageResponse> for Coverage {
    fn from(found: &v1::GetPolicyCoverageResponse) -> Self {
        Self {
            policy: (&found.policy.clone().unwrap_or_default()).into(),
            images: found.images.iter().map(Into::into).collect(),
            cells: found.cells.iter().map(Into::into).collect(),
            total: found.total,
        }
    }
}

impl From<&v1::ImageCoverage> for ImageCoverage {
    fn from(image: &v1::ImageCoverage) -> Self {
        let digests = image.digests.iter().map(|count| DigestNodes {
            digest: count.digest.clone(),
            nodes: count.nodes,
        });
        Self {
            image: image.image.clone(),
            coverage: image.coverage.unwrap_or_default().into(),
            drift: image
                .drifted
                .then(|| format!("{} digests for one tag", image.digests.len())),
            digests: digests.collect(),
            drifted: image.drifted,
        }
    }
}

impl From<&v1::CoverageCell> for Cell {
    fn from(cell: &v1::CoverageCell) -> Self {
        Self {
            node: cell.node.clone(),
            image: cell.image.clone(),
            state: words::coverage_state(cell.state),
            reason: cell.reason.clone(),
            message: cell.message.clone(),
            digest: cell.digest.clone(),
            task_id: cell.task_id.clone(),
            again_at: moment(cell.again_at_ms),
        }
    }
}
