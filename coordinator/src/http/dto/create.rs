//! The body of `POST /tasks`.

use super::{password::PasswordJson, words::RetryWord};
use crate::{
    domain::{
        Invalid, credential::TaskLoginsRequest, retry::RetryStrategy, rules::RulesRequest, selection::SelectionRequest,
        task::TaskRequest,
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
    /// Labels that a node must have, all of them. Default: every known node.
    node_selector: Option<BTreeMap<String, String>>,
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
    /// The task's id, if the client chooses it. Default: generated.
    #[schema(pattern = "^[a-z0-9-]{0,63}$")]
    id: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for CreateTaskJson {
    const REFUSED: &'static [&'static str] = &["webhookUrl"];
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl TryFrom<CreateTaskJson> for TaskRequest {
    type Error = Invalid;

    fn try_from(json: CreateTaskJson) -> Result<Self, Invalid> {
        let unless_zero = |number: Option<i64>| number.filter(|number| *number != 0);
        let unless_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            images: json.images,
            selection: SelectionRequest {
                node_selector: json.node_selector.unwrap_or_default(),
                ..SelectionRequest::default()
            },
            batch_size: json.batch_size,
            priority: unless_zero(json.priority),
            max_retries: json.max_retries,
            retry_strategy: unless_empty(json.retry_strategy).map(strategy).transpose()?,
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
            rules: RulesRequest::default(),
            request_id: None,
        })
    }
}

fn strategy(word: String) -> Result<RetryStrategy, Invalid> {
    let known = [RetryStrategy::Linear, RetryStrategy::Exponential];
    known.into_iter().find(|known| known.as_str() == word).ok_or_else(|| {
        Invalid::new(
            "retryStrategy",
            format!("{word:?} is unknown, known are linear, exponential"),
        )
    })
}
