//! The task of a schedule as JSON: what `POST /tasks` would be sent, with the defaults that hold.

use super::{rules::RulesJson, selection::SelectionJson, words::RetryWord};
use crate::domain::task::TaskSpec;
use serde::Serialize;
use utoipa::ToSchema;

/// The task of every run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskConfig)]
pub(crate) struct TaskConfigJson {
    /// References as pods write them.
    images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    batch_size: Option<u32>,
    priority: u32,
    #[serde(flatten)]
    selection: SelectionJson,
    #[serde(flatten)]
    rules: RulesJson,
    /// The first stored credential that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret_id: Option<i64>,
    /// All stored credentials that it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secret_ids: Vec<i64>,
    /// Names of the channels that are told of its end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels: Vec<String>,
    /// Address that is told of its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_url: Option<String>,
    max_retries: u32,
    retry_strategy: RetryWord,
    retry_delay: u32,
    pull_timeout_seconds: u32,
    no_progress_timeout_seconds: u32,
}

impl From<&TaskSpec> for TaskConfigJson {
    fn from(spec: &TaskSpec) -> Self {
        let secret_ids: Vec<i64> = spec.credentials.iter().map(|credential| credential.id.get()).collect();
        Self {
            images: spec.images.iter().map(ToString::to_string).collect(),
            batch_size: spec.batch_size,
            priority: spec.priority,
            selection: SelectionJson::whole(&spec.selection),
            rules: (&spec.rules).into(),
            secret_id: secret_ids.first().copied(),
            secret_ids,
            channels: spec
                .notices
                .channels
                .iter()
                .map(|channel| channel.name.clone())
                .collect(),
            webhook_url: spec.notices.webhook_url.clone(),
            max_retries: spec.retry.max_retries,
            retry_strategy: spec.retry.strategy.into(),
            retry_delay: spec.retry.delay_seconds,
            pull_timeout_seconds: spec.pull_timeout_seconds,
            no_progress_timeout_seconds: spec.no_progress_timeout_seconds,
        }
    }
}
