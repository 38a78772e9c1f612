//! Standing policies as JSON.

use super::{progress::if_said, task_config::TaskConfigJson, tenant, time};
use crate::{
    domain::policy::{
        CellRow, CellState, Condition, Counts, DigestCount, ImageCoverage, PolicyImage, Why, WorkloadSelection,
    },
    engine::views::{Page, PageRequest, PolicyCoverage, PolicyView},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Images that are kept warm on every node that matches.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Policy)]
pub(crate) struct PolicyJson {
    /// Empty in the answer to a dry run.
    id: String,
    /// Whose it is; absent for the default tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tenant: Option<String>,
    name: String,
    description: String,
    /// Tag of the library whose images are wanted beside those of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    library_tag: Option<String>,
    /// Workloads of the cluster whose images are wanted, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    workloads: Option<WorkloadsJson>,
    /// Images of its own, nodes, limits and credentials.
    task_config: TaskConfigJson,
    tag_following: TagFollowingJson,
    /// Whether it orders nothing.
    paused: bool,
    /// Why it orders nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paused_reason: Option<String>,
    /// All images that it wants, those of the library and of workloads included.
    images: Vec<PolicyImageJson>,
    /// Nodes that it chooses now.
    nodes: u32,
    /// Its images on its nodes, by state.
    coverage: CountsJson,
    /// What is to be said of it as a whole; empty until its nodes were looked at.
    conditions: Vec<ConditionJson>,
    /// The Kubernetes object that declares it, as namespace and name: it is changed there. Absent for one that was made by the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "team-a/base")]
    declared_by: Option<String>,
    /// Secrets of that namespace that its pulls log in with; absent for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_pull_secrets: Vec<String>,
    /// Who made it; empty when nobody had to say who they are.
    created_by: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// When somebody changed it last.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What happens when a tag points at something else than when it was last followed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TagFollowing)]
pub(crate) struct TagFollowingJson {
    /// `never`, `schedule` or `alert`.
    mode: &'static str,
    /// When tags are looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cron_expr: Option<String>,
    /// IANA name of its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    time_zone: Option<String>,
    /// When tags are looked at next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    next_at: Option<String>,
}

/// Which workloads a policy follows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Workloads)]
pub(crate) struct WorkloadsJson {
    /// Only in these namespaces; empty means all that the tenant may follow.
    namespaces: Vec<String>,
    /// Only these kinds; empty means all.
    kinds: Vec<&'static str>,
    /// Only those with these labels, in Kubernetes' syntax; empty means any.
    selector: String,
}

/// One image that a policy wants.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PolicyImage)]
pub(crate) struct PolicyImageJson {
    /// Reference as pods write it.
    image: String,
    /// `nodeSelector`s of the followed workloads that run it: it is wanted on nodes that fit any of them. Absent where it is wanted on every
    /// node of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node_selectors: Option<Vec<BTreeMap<String, String>>>,
    /// Digest that the tag stood for when it was last followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    digest: Option<String>,
    /// Digest that it was found to stand for since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    moved_to: Option<String>,
    /// Compressed size in bytes on the first platform; 0 while unknown.
    size_bytes: u64,
    /// Why the registry could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    /// When the registry was asked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    checked_at: Option<String>,
}

/// Images on nodes by state.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CoverageCounts)]
pub(crate) struct CountsJson {
    total: u32,
    warm: u32,
    cold: u32,
    paused: u32,
    unknown: u32,
    /// The share that is warm, 0 to 1; 1 where there is nothing to keep.
    ratio: f64,
}

/// Something to be said of a policy, in the manner of Kubernetes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PolicyCondition)]
pub(crate) struct ConditionJson {
    /// `Matched`, `Warm`, `TooLarge`, `Flapping`, `TagMoved` or `Held`; where workloads are followed also `Followed` and `AlwaysPulled`.
    r#type: &'static str,
    /// `True` or `False`.
    status: &'static str,
    /// Why, in a word.
    reason: &'static str,
    /// Why, in a sentence; empty where there is nothing to say.
    message: String,
}

impl From<&PolicyView> for PolicyJson {
    fn from(view: &PolicyView) -> Self {
        let policy = &view.policy;
        let spec = &policy.spec;
        let table = spec.following.timetable();
        Self {
            id: policy.id.to_string(),
            tenant: tenant::shown(&policy.tenant),
            name: spec.name.clone(),
            description: spec.description.clone(),
            library_tag: if_said(&spec.library_tag),
            workloads: spec.workloads.as_ref().map(Into::into),
            task_config: (&spec.task).into(),
            tag_following: TagFollowingJson {
                mode: spec.following.mode(),
                cron_expr: table.map(|table| table.expression().to_owned()),
                time_zone: table.map(|table| table.zone().name().to_owned()),
                next_at: policy.next_follow().map(time::rfc3339),
            },
            paused: policy.paused.is_some(),
            paused_reason: policy.paused.clone(),
            images: policy.images.iter().map(Into::into).collect(),
            nodes: view.nodes,
            coverage: view.counts.into(),
            conditions: view.conditions.iter().map(Into::into).collect(),
            declared_by: spec.task.declared.as_ref().map(ToString::to_string),
            image_pull_secrets: spec.task.pull_secret_names().to_vec(),
            created_by: policy.created_by.clone(),
            created_at: time::rfc3339(policy.created_at),
            updated_at: time::rfc3339(policy.updated_at),
        }
    }
}

impl From<&WorkloadSelection> for WorkloadsJson {
    fn from(selection: &WorkloadSelection) -> Self {
        Self {
            namespaces: selection.namespaces.iter().cloned().collect(),
            kinds: selection.kinds.iter().map(|kind| kind.as_str()).collect(),
            selector: selection.labels.label_selector(),
        }
    }
}

impl From<&PolicyImage> for PolicyImageJson {
    fn from(known: &PolicyImage) -> Self {
        let places = known.places.as_ref().filter(|places| !places.is_everywhere());
        Self {
            image: known.image.to_string(),
            node_selectors: places.map(|places| places.iter().cloned().collect()),
            digest: if_said(known.digest()),
            moved_to: known.moved_to().map(ToOwned::to_owned),
            size_bytes: known.resolved.first().map_or(0, |resolved| resolved.size_bytes),
            error: if_said(&known.error),
            checked_at: time::if_set(known.checked_at),
        }
    }
}

impl From<Counts> for CountsJson {
    fn from(counts: Counts) -> Self {
        Self {
            total: counts.total(),
            warm: counts.warm,
            cold: counts.cold,
            paused: counts.paused,
            unknown: counts.unknown,
            ratio: counts.ratio(),
        }
    }
}

impl From<&Condition> for ConditionJson {
    fn from(condition: &Condition) -> Self {
        Self {
            r#type: condition.kind.as_str(),
            status: if condition.holds { "True" } else { "False" },
            reason: condition.reason,
            message: condition.message.clone(),
        }
    }
}

/// A part of the list of policies, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyPage)]
pub(crate) struct PolicyPageJson {
    policies: Vec<PolicyJson>,
    /// How many there are in all.
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl PolicyPageJson {
    /// The part that was asked for.
    pub(crate) fn new(page: &Page<PolicyView>, asked: PageRequest) -> Self {
        Self {
            policies: page.items.iter().map(Into::into).collect(),
            total: page.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}

/// How far a policy is true.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PolicyCoverage)]
pub(crate) struct CoverageJson {
    policy: PolicyJson,
    /// Each image over all nodes.
    images: Vec<ImageCoverageJson>,
    /// Images on nodes, by node; what the query lets through.
    cells: Vec<CellJson>,
    /// How many cells match in all.
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

/// One image over all nodes of a policy.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ImageCoverage)]
pub(crate) struct ImageCoverageJson {
    image: String,
    /// Nodes by what they have.
    coverage: CountsJson,
    /// What nodes have under the reference, most frequent first.
    digests: Vec<DigestNodesJson>,
    /// Nodes of one platform have different digests.
    drifted: bool,
    /// The drift in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    drift: Option<String>,
}

/// Nodes that have one digest under a reference.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DigestNodes)]
pub(crate) struct DigestNodesJson {
    digest: String,
    nodes: u32,
}

/// One image on one node.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CoverageCell)]
pub(crate) struct CellJson {
    node: String,
    image: String,
    /// `warm`, `cold`, `paused` or `unknown`.
    state: &'static str,
    /// Why it is not warm, in a word: `agent_missing`, `not_ready`, `no_space`, `evicted_twice`, `pull_failed`, `pulling`, `waiting`,
    /// `other_digest`, `flapping`, `policy_paused`, `not_shown`, `due` or `inventory_unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'static str>,
    /// The same in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<String>,
    /// Digest of what the node has under the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    digest: Option<String>,
    /// The open task that brings it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    task_id: Option<String>,
    /// When it is ordered again at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    again_at: Option<String>,
}

impl CoverageJson {
    /// The part that was asked for.
    pub(crate) fn new(coverage: &PolicyCoverage, asked: PageRequest) -> Self {
        Self {
            policy: (&coverage.view).into(),
            images: coverage.images.iter().map(Into::into).collect(),
            cells: coverage.rows.iter().map(Into::into).collect(),
            total: coverage.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}

impl From<&ImageCoverage> for ImageCoverageJson {
    fn from(image: &ImageCoverage) -> Self {
        let count = image.digests.len();
        Self {
            image: image.image.to_string(),
            coverage: image.counts.into(),
            drifted: image.drifted,
            drift: image.drifted.then(|| format!("{count} digests for one tag")),
            digests: image.digests.iter().map(Into::into).collect(),
        }
    }
}

impl From<&DigestCount> for DigestNodesJson {
    fn from(count: &DigestCount) -> Self {
        Self {
            digest: count.digest.clone(),
            nodes: count.nodes,
        }
    }
}

impl From<&CellRow> for CellJson {
    fn from(row: &CellRow) -> Self {
        Self {
            node: row.node.to_string(),
            image: row.image.to_string(),
            state: CellState::as_str(row.state),
            reason: row.why.map(Why::as_str),
            message: if_said(&row.message),
            digest: if_said(&row.digest),
            task_id: row.task.as_ref().map(ToString::to_string),
            again_at: time::if_set(row.again_at),
        }
    }
}
