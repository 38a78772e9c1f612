//! The bodies of `POST` and `PUT /policies`, and of a pause.

use super::create::CreateTaskJson;
use crate::{
    domain::{
        Invalid,
        policy::{FollowingRequest, PolicyRequest, WorkloadRequest},
        task::TaskRequest,
    },
    http::extract::{RequestBody, UnknownFields},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A policy to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreatePolicy)]
pub(crate) struct CreatePolicyJson {
    /// Unique in the tenant.
    #[schema(required, nullable = false, min_length = 1, max_length = 255)]
    name: Option<String>,
    /// Words for people.
    #[schema(nullable = false, max_length = 4000)]
    description: Option<String>,
    /// Tag of the library: its images are wanted beside those of the task, as they come and go.
    #[schema(nullable = false)]
    library_tag: Option<String>,
    /// Workloads of the cluster: the images that they run are wanted on the nodes where their pods may be, as they come and go.
    #[schema(nullable = false)]
    workloads: Option<WorkloadsRequestJson>,
    /// What every task of the policy is made of: images (none only with libraryTag or workloads), nodes, limits, credentials and channels. What
    /// `POST /tasks` takes, without `id`, `maxNodes` and a login of its own.
    #[schema(required, nullable = false)]
    task_config: Option<CreateTaskJson>,
    /// What happens when a tag points at something else. Default: never.
    #[schema(nullable = false)]
    tag_following: Option<TagFollowingRequestJson>,
    /// Whether it orders nothing yet. Default: false.
    #[schema(nullable = false)]
    paused: Option<bool>,
    /// Whether only to say what it would find: registries are asked, and nothing is saved or ordered. Default: false.
    #[schema(nullable = false)]
    dry_run: Option<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// A change of a policy; what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdatePolicy)]
pub(crate) struct UpdatePolicyJson {
    /// Unique in the tenant.
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    name: Option<String>,
    /// Words for people.
    #[schema(nullable = false, max_length = 4000)]
    description: Option<String>,
    /// Tag of the library; empty takes it away.
    #[schema(nullable = false)]
    library_tag: Option<String>,
    /// Replaces the workloads as a whole; an empty object takes them away.
    #[schema(nullable = false)]
    workloads: Option<WorkloadsRequestJson>,
    /// Replaces the task as a whole.
    #[schema(nullable = false)]
    task_config: Option<CreateTaskJson>,
    /// What happens when a tag points at something else.
    #[schema(nullable = false)]
    tag_following: Option<TagFollowingRequestJson>,
    /// Whether it orders nothing.
    #[schema(nullable = false)]
    paused: Option<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// How tags are followed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TagFollowingRequest)]
pub(crate) struct TagFollowingRequestJson {
    /// `never`: a node that has the tag is warm; `schedule`: nodes get what the tag points at at each time of the timetable; `alert`: people
    /// are told when it has moved.
    #[schema(nullable = false)]
    mode: Option<String>,
    /// When tags are looked at, as for a scheduled task; required for `schedule`, `@hourly` where `alert` names none.
    #[schema(nullable = false, max_length = 255)]
    cron_expr: Option<String>,
    /// IANA name of its zone. Default: UTC.
    #[schema(nullable = false)]
    time_zone: Option<String>,
}

/// Which workloads a policy follows; a workload must meet every condition that is named. Nothing named means none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = WorkloadsRequest)]
pub(crate) struct WorkloadsRequestJson {
    /// Only in these namespaces. A tenant other than the default one may follow the namespace of its own name alone.
    #[schema(nullable = false, max_items = 50)]
    namespaces: Option<Vec<String>>,
    /// Only these kinds: `Deployment`, `DaemonSet`, `StatefulSet`, `CronJob`.
    #[schema(nullable = false)]
    kinds: Option<Vec<String>>,
    /// Only those with these labels of their own, in Kubernetes' syntax, such as `tier=web,!canary`.
    #[schema(nullable = false)]
    selector: Option<String>,
}

/// Why a policy is paused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PausePolicy)]
pub(crate) struct PausePolicyJson {
    /// For people.
    #[schema(nullable = false, max_length = 1000)]
    reason: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// Unknown fields of the body and, named with their path, of its task.
fn unknown_of(own: &mut UnknownFields, task: Option<&mut CreateTaskJson>) -> UnknownFields {
    let mut all = std::mem::take(own);
    let below = task.map(RequestBody::take_unknown).unwrap_or_default();
    let below = below.into_iter();
    all.extend(below.map(|(name, value)| (format!("taskConfig.{name}"), value)));
    all
}

impl RequestBody for CreatePolicyJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        unknown_of(&mut self.unknown, self.task_config.as_mut())
    }
}

impl RequestBody for UpdatePolicyJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        unknown_of(&mut self.unknown, self.task_config.as_mut())
    }
}

impl RequestBody for PausePolicyJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl PausePolicyJson {
    /// Why; empty where nobody says.
    pub(crate) fn reason(self) -> String {
        self.reason.unwrap_or_default()
    }
}

impl CreatePolicyJson {
    /// Whether only to say what it would find.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }
}

impl TryFrom<CreatePolicyJson> for PolicyRequest {
    type Error = Invalid;

    fn try_from(json: CreatePolicyJson) -> Result<Self, Invalid> {
        Ok(Self {
            name: json.name,
            description: json.description,
            library_tag: json.library_tag,
            workloads: json.workloads.map(Into::into),
            task: json.task_config.map(task).transpose()?,
            following: json.tag_following.map(Into::into),
            paused: json.paused,
        })
    }
}

impl TryFrom<UpdatePolicyJson> for PolicyRequest {
    type Error = Invalid;

    fn try_from(json: UpdatePolicyJson) -> Result<Self, Invalid> {
        Ok(Self {
            name: json.name,
            description: json.description,
            library_tag: json.library_tag,
            workloads: json.workloads.map(Into::into),
            task: json.task_config.map(task).transpose()?,
            following: json.tag_following.map(Into::into),
            paused: json.paused,
        })
    }
}

impl From<WorkloadsRequestJson> for WorkloadRequest {
    fn from(json: WorkloadsRequestJson) -> Self {
        Self {
            namespaces: json.namespaces.unwrap_or_default(),
            kinds: json.kinds.unwrap_or_default(),
            selector: json.selector.unwrap_or_default(),
        }
    }
}

impl From<TagFollowingRequestJson> for FollowingRequest {
    fn from(json: TagFollowingRequestJson) -> Self {
        Self {
            mode: json.mode,
            cron_expr: json.cron_expr,
            time_zone: json.time_zone,
        }
    }
}

fn task(json: CreateTaskJson) -> Result<TaskRequest, Invalid> {
    if json.is_dry_run() {
        let rule = "asks what one task would do, say dryRun of the policy";
        return Err(Invalid::new("taskConfig.dryRun", rule));
    }
    TaskRequest::try_from(json).map_err(|invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule))
}
