//! Standing policies as messages of the protocol. Every field is named here once; nothing is computed.

use crate::{
    domain::{
        policy::{
            CellRow, CellState, Condition, Counts, Following, ImageCoverage, PolicyImage, Why, WorkloadSelection,
        },
        workload::NodeLabels,
    },
    engine::views::{PolicyCoverage, PolicyView},
    grpc::convert::task_config,
};
use ips_proto::v1;

/// A policy.
pub(super) fn policy(view: &PolicyView) -> v1::Policy {
    let policy = &view.policy;
    let spec = &policy.spec;
    v1::Policy {
        policy_id: policy.id.to_string(),
        tenant: policy.tenant.to_string(),
        name: spec.name.clone(),
        description: spec.description.clone(),
        library_tag: spec.library_tag.clone(),
        workloads: spec.workloads.as_ref().map(workloads),
        task_config: Some(task_config(&spec.task)),
        tag_following: Some(following(&spec.following, policy.next_follow())),
        paused: policy.paused.is_some(),
        paused_reason: policy.paused.clone().unwrap_or_default(),
        images: policy.images.iter().map(image).collect(),
        nodes: view.nodes,
        coverage: Some(counts(view.counts)),
        conditions: view.conditions.iter().map(condition).collect(),
        created_by: policy.created_by.clone(),
        created_at_ms: policy.created_at,
        updated_at_ms: policy.updated_at,
        declared_by: spec.task.declared.as_ref().map(ToString::to_string).unwrap_or_default(),
        image_pull_secrets: spec.task.pull_secret_names().to_vec(),
    }
}

/// How far a policy is true.
pub(super) fn coverage(coverage: &PolicyCoverage) -> v1::GetPolicyCoverageResponse {
    v1::GetPolicyCoverageResponse {
        policy: Some(policy(&coverage.view)),
        images: coverage.images.iter().map(image_coverage).collect(),
        cells: coverage.rows.iter().map(cell).collect(),
        total: coverage.total,
    }
}

fn following(following: &Following, next_at: Option<i64>) -> v1::TagFollowing {
    let mode = match following {
        Following::Never => v1::TagFollowingMode::Never,
        Following::Schedule(_) => v1::TagFollowingMode::Schedule,
        Following::Alert(_) => v1::TagFollowingMode::Alert,
    };
    let table = following.timetable();
    v1::TagFollowing {
        mode: mode.into(),
        cron_expr: table.map(|table| table.expression().to_owned()).unwrap_or_default(),
        time_zone: table.map(|table| table.zone().name().to_owned()).unwrap_or_default(),
        next_at_ms: next_at.unwrap_or(0),
    }
}

fn workloads(selection: &WorkloadSelection) -> v1::Workloads {
    v1::Workloads {
        namespaces: selection.namespaces.iter().cloned().collect(),
        kinds: selection.kinds.iter().map(|kind| kind.as_str().to_owned()).collect(),
        selector: selection.labels.label_selector(),
    }
}

fn image(known: &PolicyImage) -> v1::PolicyImage {
    let places = known.places.as_ref().filter(|places| !places.is_everywhere());
    let selectors = places.into_iter().flat_map(|places| places.iter());
    let selector = |labels: &NodeLabels| v1::NodeSelector {
        labels: labels.clone().into_iter().collect(),
    };
    v1::PolicyImage {
        image: known.image.to_string(),
        node_selectors: selectors.map(selector).collect(),
        digest: known.digest().to_owned(),
        moved_to: known.moved_to().unwrap_or_default().to_owned(),
        size_bytes: known.resolved.first().map_or(0, |resolved| resolved.size_bytes),
        error: known.error.clone(),
        checked_at_ms: known.checked_at,
    }
}

fn counts(counts: Counts) -> v1::CoverageCounts {
    v1::CoverageCounts {
        warm: counts.warm,
        cold: counts.cold,
        paused: counts.paused,
        unknown: counts.unknown,
        ratio: counts.ratio(),
    }
}

fn condition(condition: &Condition) -> v1::PolicyCondition {
    v1::PolicyCondition {
        r#type: condition.kind.as_str().to_owned(),
        holds: condition.holds,
        reason: condition.reason.to_owned(),
        message: condition.message.clone(),
    }
}

fn image_coverage(image: &ImageCoverage) -> v1::ImageCoverage {
    let digests = image.digests.iter().map(|count| v1::DigestNodes {
        digest: count.digest.clone(),
        nodes: count.nodes,
    });
    v1::ImageCoverage {
        image: image.image.to_string(),
        coverage: Some(counts(image.counts)),
        digests: digests.collect(),
        drifted: image.drifted,
    }
}

fn cell(row: &CellRow) -> v1::CoverageCell {
    let state = match row.state {
        CellState::Warm => v1::CoverageState::Warm,
        CellState::Cold => v1::CoverageState::Cold,
        CellState::Paused => v1::CoverageState::Paused,
        CellState::Unknown => v1::CoverageState::Unknown,
    };
    v1::CoverageCell {
        node: row.node.to_string(),
        image: row.image.to_string(),
        state: state.into(),
        reason: row.why.map(Why::as_str).unwrap_or_default().to_owned(),
        message: row.message.clone(),
        digest: row.digest.clone(),
        task_id: row.task.as_ref().map(ToString::to_string).unwrap_or_default(),
        again_at_ms: row.again_at,
    }
}
