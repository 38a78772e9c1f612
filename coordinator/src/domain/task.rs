//! Tasks: what a client asks for, checked once, and the record that is kept.

mod copy;
mod overrides;

use super::{
    Invalid, Millis,
    caller::TenantId,
    channel::{NoticesRequest, TaskNotices},
    counts::{ByteCounts, FailureGroup, PullCounts},
    credential::{NewLogin, TaskCredential, TaskLoginsRequest},
    declared::ObjectName,
    ids::{PolicyId, TaskId},
    image::{ImageRef, ResolvedImage},
    in_range,
    outcome::FailureReason,
    pull::Pull,
    pull_secret::PullSecrets,
    retry::{RetryPolicy, RetryStrategy},
    rules::{RulesRequest, TaskRules},
    selection::{Selection, SelectionRequest},
    task_state::TaskState,
};
pub use overrides::{CLEARABLE, TaskOverrides};
use serde::{Deserialize, Serialize};

/// Largest number of images in one task.
pub const MAX_IMAGES: usize = 50;

/// What a client asks for, not checked yet. Numbers are wide so that an edge never has to cut them; `None` means the default.
#[derive(Debug, Clone, Default)]
pub struct TaskRequest {
    /// References.
    pub images: Vec<String>,
    /// Which nodes.
    pub selection: SelectionRequest,
    /// Nodes at a time.
    pub batch_size: Option<i64>,
    /// 1 (last) to 10 (first).
    pub priority: Option<i64>,
    /// Retries of each pull.
    pub max_retries: Option<i64>,
    /// Growth of the wait.
    pub retry_strategy: Option<RetryStrategy>,
    /// First wait in seconds.
    pub retry_delay_seconds: Option<i64>,
    /// Longest attempt in seconds.
    pub pull_timeout_seconds: Option<i64>,
    /// Longest standstill in seconds.
    pub no_progress_timeout_seconds: Option<i64>,
    /// Logins for registries.
    pub logins: TaskLoginsRequest,
    /// How it runs.
    pub rules: RulesRequest,
    /// Who is told of its end.
    pub notices: NoticesRequest,
    /// Id chosen by the client.
    pub id: Option<String>,
    /// Key that makes creating idempotent.
    pub request_id: Option<String>,
}

/// A request that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// References, 1 to 50, no duplicates.
    pub images: Vec<ImageRef>,
    /// Which nodes. Flat, because older programs saved the labels here.
    #[serde(flatten)]
    pub selection: Selection,
    /// Nodes with an open pull at a time; `None` for no limit of its own.
    pub batch_size: Option<u32>,
    /// 1 to 10.
    pub priority: u32,
    /// Retries.
    pub retry: RetryPolicy,
    /// Longest attempt in seconds.
    pub pull_timeout_seconds: u32,
    /// Longest standstill in seconds.
    pub no_progress_timeout_seconds: u32,
    /// Credentials that its pulls may use.
    #[serde(default)]
    pub credentials: Vec<TaskCredential>,
    /// How it runs.
    #[serde(default)]
    pub rules: TaskRules,
    /// Who is told of its end.
    #[serde(default)]
    pub notices: TaskNotices,
    /// Trace context of the call that made it, as the header `traceparent` has it; empty when nobody traces it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace: String,
    /// The Kubernetes object that declares it, or the policy that it belongs to; `None` for what came by the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<ObjectName>,
    /// Secrets of the namespace of that object, which its pulls may log in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_secrets: Option<PullSecrets>,
}

/// A checked request with the ids that came along.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// What to do.
    pub spec: TaskSpec,
    /// A login in the clear, which becomes a credential of the task.
    pub login: Option<NewLogin>,
    /// Id chosen by the client.
    pub id: Option<TaskId>,
    /// Key that makes creating idempotent.
    pub request_id: Option<String>,
}

impl TaskRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<NewTask, Invalid> {
        let images = check_images(&self.images)?;
        self.check_with(images)
    }

    /// Checks every field but the images, which are chosen later: the spec has none.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check_without_images(self) -> Result<NewTask, Invalid> {
        self.check_with(vec![])
    }

    fn check_with(self, images: Vec<ImageRef>) -> Result<NewTask, Invalid> {
        let (credentials, login) = self.logins.check()?;
        let batch_size = self.batch_size.map(|size| in_range("batchSize", size, 1..=100));
        let batch_size = batch_size.transpose()?;
        let spec = TaskSpec {
            images,
            selection: self.selection.check()?,
            batch_size,
            priority: in_range("priority", self.priority.unwrap_or(5), 1..=10)?,
            retry: RetryPolicy {
                max_retries: in_range("maxRetries", self.max_retries.unwrap_or(0), 0..=5)?,
                strategy: self.retry_strategy.unwrap_or_default(),
                delay_seconds: in_range("retryDelay", self.retry_delay_seconds.unwrap_or(30), 1..=300)?,
            },
            pull_timeout_seconds: in_range(
                "pullTimeoutSeconds",
                self.pull_timeout_seconds.unwrap_or(3600),
                1..=86_400,
            )?,
            no_progress_timeout_seconds: in_range(
                "noProgressTimeoutSeconds",
                self.no_progress_timeout_seconds.unwrap_or(300),
                1..=86_400,
            )?,
            credentials,
            rules: self.rules.check(batch_size)?,
            notices: self.notices.check()?,
            trace: String::new(),
            declared: None,
            pull_secrets: None,
        };
        Ok(NewTask {
            spec,
            login,
            id: self.id.as_deref().map(check_id).transpose()?,
            request_id: self.request_id.map(check_request_id).transpose()?,
        })
    }
}

impl TaskSpec {
    /// Names of the secrets that its pulls may log in with.
    pub fn pull_secret_names(&self) -> &[String] {
        self.pull_secrets.as_ref().map_or(&[], |secrets| &secrets.names)
    }

    /// Of so many targets, how many may have an open pull at a time; `None` for no limit of the task's own.
    pub fn nodes_at_a_time(&self, targets: u32) -> Option<u32> {
        self.batch_size
            .or_else(|| self.rules.parallelism.map(|share| share.of(targets)))
    }
}

fn check_images(images: &[String]) -> Result<Vec<ImageRef>, Invalid> {
    if images.is_empty() || images.len() > MAX_IMAGES {
        let rule = format!("must name 1 to {MAX_IMAGES} images, found {}", images.len());
        return Err(Invalid::new("images", rule));
    }
    let mut checked = Vec::with_capacity(images.len());
    for (index, text) in images.iter().enumerate() {
        let field = format!("images[{index}]");
        let image = ImageRef::parse_field(&field, text)?;
        if checked.contains(&image) {
            return Err(Invalid::new(field, format!("{text:?} stands twice")));
        }
        checked.push(image);
    }
    Ok(checked)
}

/// Words that stand where an id does in paths of the REST API.
const RESERVED_IDS: [&str; 2] = ["preview", "bulk"];

fn check_id(text: &str) -> Result<TaskId, Invalid> {
    if RESERVED_IDS.contains(&text) {
        let rule = format!("{text:?} is a word of the API, choose another one");
        return Err(Invalid::new("id", rule));
    }
    TaskId::parse(text)
}

fn check_request_id(text: String) -> Result<String, Invalid> {
    if (1..=128).contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(Invalid::new("requestId", "must be 1 to 128 characters"))
    }
}

/// What one image of a task resolved to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskImage {
    /// One entry for each platform among the targets; empty until resolved.
    pub resolved: Vec<ResolvedImage>,
    /// Why the coordinator could not resolve it; empty when it could or has not tried yet.
    pub error: String,
}

/// A task, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Id.
    pub id: TaskId,
    /// Whose it is.
    #[serde(default)]
    pub tenant: TenantId,
    /// The standing policy that ordered it; `None` where somebody else did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyId>,
    /// What was asked for.
    pub spec: TaskSpec,
    /// State.
    pub state: TaskState,
    /// Parallel to `spec.images`.
    pub images: Vec<TaskImage>,
    /// Pulls and nodes by state.
    pub counts: PullCounts,
    /// Bytes of the pulls that have ended.
    pub settled_bytes: ByteCounts,
    /// Failed pulls by reason, most frequent first.
    pub failures: Vec<FailureGroup>,
    /// When it was accepted.
    pub created_at: Millis,
    /// When its first pull was handed out; 0 for never.
    pub started_at: Millis,
    /// When it ended; 0 while open.
    pub finished_at: Millis,
    /// When its failed pulls were last ordered again; 0 for never.
    pub retried_at: Millis,
    /// Why it failed, or was stopped early; empty otherwise.
    pub error_message: String,
}

impl Task {
    /// Batch that runs, from 1, and how many there are; zeros without a batch size or before the first pull.
    pub fn batches(&self) -> (u32, u32) {
        let Some(size) = self.spec.nodes_at_a_time(self.counts.nodes) else {
            return (0, 0);
        };
        let total = self.counts.nodes.div_ceil(size);
        if self.started_at == 0 {
            return (0, total);
        }
        ((self.counts.nodes_ended / size + 1).min(total), total)
    }

    /// Counts one more failure of its reason.
    pub fn add_failure(&mut self, pull: &Pull) {
        let Some(reason) = pull.failure else { return };
        match self.failures.iter_mut().find(|group| group.reason == reason) {
            Some(group) => group.pulls += 1,
            None => self.failures.push(FailureGroup {
                reason,
                pulls: 1,
                example_message: pull.message.clone(),
                example_node: pull.node.to_string(),
            }),
        }
        self.failures.sort_by_key(|group| std::cmp::Reverse(group.pulls));
    }

    /// Takes one failure of the reason back: the pull is tried again, or succeeded after all.
    pub fn remove_failure(&mut self, reason: FailureReason) {
        if let Some(group) = self.failures.iter_mut().find(|group| group.reason == reason) {
            group.pulls = group.pulls.saturating_sub(1);
        }
        self.failures.retain(|group| group.pulls > 0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn request() -> TaskRequest {
        TaskRequest {
            images: vec!["nginx:1".into()],
            ..TaskRequest::default()
        }
    }

    fn field_of(request: TaskRequest) -> String {
        request.check().unwrap_err().field
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let spec = request().check().unwrap().spec;
        assert_eq!(
            (
                spec.priority,
                spec.batch_size,
                spec.retry.max_retries,
                spec.retry.delay_seconds
            ),
            (5, None, 0, 30)
        );
    }

    #[test]
    fn each_number_has_its_bounds() {
        type Set = fn(&mut TaskRequest, i64);
        let bounds: [(&str, i64, i64, Set); 6] = [
            ("batchSize", 1, 100, |r, n| r.batch_size = Some(n)),
            ("priority", 1, 10, |r, n| r.priority = Some(n)),
            ("maxRetries", 0, 5, |r, n| r.max_retries = Some(n)),
            ("retryDelay", 1, 300, |r, n| r.retry_delay_seconds = Some(n)),
            ("pullTimeoutSeconds", 1, 86_400, |r, n| r.pull_timeout_seconds = Some(n)),
            ("noProgressTimeoutSeconds", 1, 86_400, |r, n| {
                r.no_progress_timeout_seconds = Some(n)
            }),
        ];
        for (field, low, high, set) in bounds {
            for good in [low, high] {
                let mut request = request();
                set(&mut request, good);
                assert!(request.check().is_ok(), "{field} = {good}");
            }
            for bad in [low - 1, high + 1, i64::MIN, i64::MAX] {
                let mut request = request();
                set(&mut request, bad);
                assert_eq!(field_of(request), field, "{bad}");
            }
        }
    }

    #[test]
    fn images_are_counted_and_named_by_position() {
        let with = |images: Vec<String>| TaskRequest { images, ..request() };
        assert_eq!(field_of(with(vec![])), "images");
        assert_eq!(field_of(with((0..51).map(|n| format!("a:{n}")).collect())), "images");
        assert!(with((0..50).map(|n| format!("a:{n}")).collect()).check().is_ok());
        assert_eq!(field_of(with(vec!["a".into(), "B".into()])), "images[1]");
        assert_eq!(field_of(with(vec!["a".into(), "a".into()])), "images[1]");
    }
    #[test]
    fn a_spec_that_an_older_program_saved_is_read_and_every_new_field_is_read_back() {
        let old = r#"{"images":["a:1"],"node_selector":{"pool":"gpu"},"batch_size":3,"priority":5,
            "retry":{"max_retries":0,"strategy":"linear","delay_seconds":30},
            "pull_timeout_seconds":3600,"no_progress_timeout_seconds":300}"#;
        let spec: TaskSpec = serde_json::from_str(old).unwrap();
        assert_eq!(spec.selection.node_selector.labels()["pool"], "gpu");
        assert_eq!((spec.rules, spec.batch_size), (TaskRules::default(), Some(3)));

        let spec = TaskRequest {
            selection: SelectionRequest {
                node_selector: [("pool".to_owned(), "gpu".to_owned())].into(),
                label_selector: Some("zone in (a,b),!spot".into()),
                node_names: vec!["n1".into(), "n2".into()],
                exclude_nodes: vec!["n3".into()],
                max_nodes: Some("25%".into()),
                platform: Some("linux/amd64".into()),
                ..SelectionRequest::default()
            },
            rules: RulesRequest {
                parallelism: Some("10%".into()),
                canary: Some("2".into()),
                ..RulesRequest::default()
            },
            ..request()
        };
        let spec = spec.check().unwrap().spec;
        let saved = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<TaskSpec>(&saved).unwrap(), spec, "{saved}");
    }

    #[test]
    fn words_of_paths_are_no_ids() {
        let with = |id: &str| TaskRequest {
            id: Some(id.into()),
            ..request()
        };
        assert_eq!(field_of(with("preview")), "id");
        assert_eq!(field_of(with("bulk")), "id");
        assert!(with("preview-1").check().is_ok());
    }

    #[test]
    fn nodes_at_a_time_come_from_batch_size_or_parallelism() {
        let spec = |batch_size, parallelism: Option<&str>| {
            let rules = RulesRequest {
                parallelism: parallelism.map(Into::into),
                ..RulesRequest::default()
            };
            let request = TaskRequest {
                batch_size,
                rules,
                ..request()
            };
            request.check().map(|new| new.spec.nodes_at_a_time(30))
        };
        assert_eq!(spec(None, None), Ok(None));
        assert_eq!(spec(Some(7), None), Ok(Some(7)));
        assert_eq!(spec(None, Some("10%")), Ok(Some(3)));
        assert_eq!(spec(Some(7), Some("10%")).unwrap_err().field, "parallelism");
    }
}
