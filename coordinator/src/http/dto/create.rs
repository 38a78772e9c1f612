//! The body of `POST /tasks`.

use super::{
    password::PasswordJson,
    rules::WindowJson,
    selection::NodeExpressionJson,
    share::ShareJson,
    words::{BatchModeWord, PullPolicyWord, RetryWord},
};
use crate::{
    domain::{
        Invalid,
        channel::NoticesRequest,
        credential::TaskLoginsRequest,
        retry::RetryStrategy,
        rules::{BatchMode, PullPolicy, RulesRequest},
        selection::SelectionRequest,
        task::{CLEARABLE, TaskOverrides, TaskRequest},
    },
    http::extract::{RequestBody, UnknownFields},
};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What to pull where. As for clients of the original IPS, 0 for priority and retryDelay and empty text for retryStrategy and id
/// mean the default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateTask)]
pub(crate) struct CreateTaskJson {
    /// References of images as pods write them, 1 to 50, no duplicates.
    #[serde(default)]
    #[schema(required, min_items = 1, max_items = 50, example = json!(["docker.io/library/nginx:1.27"]))]
    images: Vec<String>,
    /// So many nodes may have an open pull of this task at a time. Default: no limit of its own.
    #[schema(minimum = 1, maximum = 100)]
    batch_size: Option<i64>,
    /// 10 goes first. Default: 5.
    #[schema(minimum = 0, maximum = 10)]
    priority: Option<i64>,
    /// Labels that a node must have, all of them. Default: every known node. All conditions on nodes hold at once.
    node_selector: Option<BTreeMap<String, String>>,
    /// Conditions on labels in Kubernetes' syntax.
    #[schema(max_length = 4096, example = "pool in (gpu,cpu),!spot")]
    label_selector: Option<String>,
    /// Conditions on labels one by one; at most 50 together with those of `labelSelector`.
    #[schema(max_items = 50)]
    node_expressions: Option<Vec<NodeExpressionJson>>,
    /// Only these nodes; each must be known.
    #[schema(max_items = 10_000)]
    node_names: Option<Vec<String>>,
    /// Not these nodes; a name that no node has excludes nothing.
    #[schema(max_items = 10_000)]
    exclude_nodes: Option<Vec<String>>,
    /// So many of the nodes that match; the first by the SHA-256 of their names, which are the same ones every time. Default: all.
    max_nodes: Option<ShareJson>,
    /// Only nodes of this platform. Default: all.
    #[schema(example = "linux/amd64")]
    platform: Option<String>,
    /// Nodes with an open pull of this task at a time, as number or percentage of the targets. Not beside `batchSize`.
    parallelism: Option<ShareJson>,
    /// How batches follow each other; `strict` needs `batchSize` or `parallelism`. Default: rolling.
    #[schema(value_type = Option<BatchModeWord>)]
    batch_mode: Option<String>,
    /// Nodes that go first; the rest follows only if all their pulls succeed. Default: none.
    canary: Option<ShareJson>,
    /// The task stops when more than so many percent of its ended pulls failed; counts from 10 ended pulls on. Default: never.
    #[schema(minimum = 0, maximum = 99)]
    abort_failure_percent: Option<i64>,
    /// So many percent of the due pulls must succeed. Default: 100.
    #[schema(minimum = 1, maximum = 100)]
    success_threshold: Option<i64>,
    /// The task stops so many seconds after it was accepted. Default: never.
    #[schema(minimum = 1, maximum = 2_592_000)]
    deadline_seconds: Option<i64>,
    /// When it may start pulls. Default: at any time.
    #[schema(max_items = 20)]
    windows: Option<Vec<WindowJson>>,
    /// Whether a warm image is left alone. Default: IfNotPresent.
    #[schema(value_type = Option<PullPolicyWord>)]
    pull_policy: Option<String>,
    /// Its images are pinned against the kubelet's garbage collection, until the task is cancelled or removed. Default: false.
    pin: Option<bool>,
    /// Further attempts of each pull. Default: 0.
    #[schema(minimum = 0, maximum = 5)]
    max_retries: Option<i64>,
    /// Growth of the wait between attempts. Default: linear.
    #[schema(value_type = Option<RetryWord>)]
    retry_strategy: Option<String>,
    /// First wait between attempts, in seconds. Default: 30.
    #[schema(minimum = 0, maximum = 300)]
    retry_delay: Option<i64>,
    /// Longest attempt, in seconds. Default: 3600.
    #[schema(minimum = 1, maximum = 86400)]
    pull_timeout_seconds: Option<i64>,
    /// Longest standstill of an attempt, in seconds. Default: 300.
    #[schema(minimum = 1, maximum = 86400)]
    no_progress_timeout_seconds: Option<i64>,
    /// A stored credential; it is used for images of its registry.
    #[schema(minimum = 0)]
    secret_id: Option<i64>,
    /// Several of them, at most 20 and no two for the same; the longest prefix wins.
    #[schema(max_items = 20)]
    secret_ids: Option<Vec<i64>>,
    /// With `username` and `password`: a login for this task alone, kept encrypted and removed with it.
    registry: Option<String>,
    /// See `registry`.
    username: Option<String>,
    /// See `registry`.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    password: Option<PasswordJson>,
    /// Names of channels that are told of its end, at most 10.
    #[schema(max_items = 10)]
    channels: Option<Vec<String>>,
    /// An address that is told of its end, for this task alone; nothing is signed there. `http` or `https`, and not of this machine, a
    /// private network or the cluster unless the settings allow it.
    #[schema(max_length = 2048)]
    webhook_url: Option<String>,
    /// The task's id, if the client chooses it. Default: generated.
    #[schema(pattern = "^[a-z0-9-]{0,63}$")]
    id: Option<String>,
    /// Say what the task would do, and save nothing.
    dry_run: Option<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl CreateTaskJson {
    /// Whether nothing is to be saved.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }
}

impl RequestBody for CreateTaskJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

/// The same body on routes that the original did not have: unknown fields are refused.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct NewRoute(pub(crate) CreateTaskJson);

impl RequestBody for NewRoute {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        self.0.take_unknown()
    }
}

/// What a copy of a task does otherwise. Here `null` says more than nothing: the field has its default again.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct CloneTaskJson {
    body: NewRoute,
    #[serde(skip)]
    nulls: Vec<String>,
}

impl CloneTaskJson {
    /// Whether it is only to be weighed.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.body.0.is_dry_run()
    }
}

impl RequestBody for CloneTaskJson {
    const STRICT: bool = true;
    const NULL_SPEAKS: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        self.body.take_unknown()
    }

    fn take_nulls(&mut self, names: Vec<String>) {
        self.nulls = names;
    }
}

impl TryFrom<CloneTaskJson> for TaskOverrides {
    type Error = Invalid;

    fn try_from(json: CloneTaskJson) -> Result<Self, Invalid> {
        let clearable = |name: &String| CLEARABLE.contains(&name.as_str());
        Ok(Self {
            changes: json.body.0.try_into()?,
            clear: json.nulls.into_iter().filter(clearable).collect(),
        })
    }
}

impl TryFrom<CreateTaskJson> for TaskRequest {
    type Error = Invalid;

    fn try_from(json: CreateTaskJson) -> Result<Self, Invalid> {
        let unless_zero = |number: Option<i64>| number.filter(|number| *number != 0);
        Ok(Self {
            images: json.images,
            selection: SelectionRequest {
                node_selector: json.node_selector.unwrap_or_default(),
                label_selector: unless_empty(json.label_selector),
                node_expressions: list(json.node_expressions),
                node_names: json.node_names.unwrap_or_default(),
                exclude_nodes: json.exclude_nodes.unwrap_or_default(),
                max_nodes: json.max_nodes.and_then(ShareJson::into_text),
                platform: unless_empty(json.platform),
            },
            batch_size: json.batch_size,
            priority: unless_zero(json.priority),
            max_retries: json.max_retries,
            retry_strategy: word(
                "retryStrategy",
                json.retry_strategy,
                &RetryStrategy::ALL,
                RetryStrategy::as_str,
            )?,
            retry_delay_seconds: unless_zero(json.retry_delay),
            pull_timeout_seconds: json.pull_timeout_seconds,
            no_progress_timeout_seconds: json.no_progress_timeout_seconds,
            logins: TaskLoginsRequest {
                secret_id: json.secret_id,
                secret_ids: json.secret_ids.unwrap_or_default(),
                registry: json.registry,
                username: json.username,
                password: json.password.map(|password| password.0),
            },
            id: unless_empty(json.id),
            rules: RulesRequest {
                parallelism: json.parallelism.and_then(ShareJson::into_text),
                batch_mode: word("batchMode", json.batch_mode, &BatchMode::ALL, BatchMode::as_str)?,
                canary: json.canary.and_then(ShareJson::into_text),
                abort_failure_percent: json.abort_failure_percent,
                success_threshold: json.success_threshold,
                deadline_seconds: json.deadline_seconds,
                windows: list(json.windows),
                pull_policy: word("pullPolicy", json.pull_policy, &PullPolicy::ALL, PullPolicy::as_str)?,
                pin: json.pin,
            },
            notices: NoticesRequest {
                channels: json.channels.unwrap_or_default(),
                webhook_url: json.webhook_url,
            },
            request_id: None,
        })
    }
}

fn unless_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn list<J, T: From<J>>(json: Option<Vec<J>>) -> Vec<T> {
    json.unwrap_or_default().into_iter().map(Into::into).collect()
}

/// One of the known words; empty text is the same as none.
fn word<T: Copy>(
    field: &str,
    text: Option<String>,
    known: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<Option<T>, Invalid> {
    let Some(text) = unless_empty(text) else {
        return Ok(None);
    };
    let found = known.iter().copied().find(|known| as_str(*known) == text);
    found.map(Some).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|known| as_str(*known)).collect();
        Invalid::new(field, format!("{text:?} is unknown, known are {}", words.join(", ")))
    })
}
