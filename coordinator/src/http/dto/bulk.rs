//! One action on many tasks, as JSON.

use super::words::TaskStatus;
use crate::{
    domain::{
        Invalid,
        bulk::{BulkAction, BulkRequest},
        task_state::TaskState,
    },
    engine::bulk::{BulkItem, BulkOutcome},
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to do to which tasks: either `ids` or `filter`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BulkTasks)]
pub(crate) struct BulkJson {
    #[serde(default)]
    #[schema(required, value_type = BulkActionWord)]
    action: String,
    /// To these, no duplicates.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<String>,
    /// Or to those that it finds, the newest 1000 of them.
    filter: Option<BulkFilterJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// Which tasks, where they are not named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = BulkFilter)]
pub(crate) struct BulkFilterJson {
    /// In one of these; none means those that the action is meant for.
    #[serde(default)]
    #[schema(value_type = Vec<TaskStatus>)]
    status: Vec<String>,
}

/// What is done to each task. `retry` tries its failed pulls again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkAction)]
#[expect(dead_code, reason = "describes the words of a field that is read as text")]
pub(crate) enum BulkActionWord {
    Cancel,
    Retry,
    Delete,
    Pause,
    Resume,
}

impl RequestBody for BulkJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl TryFrom<BulkJson> for BulkRequest {
    type Error = Invalid;

    fn try_from(json: BulkJson) -> Result<Self, Invalid> {
        let word = &json.action;
        let action = BulkAction::ALL.into_iter().find(|known| known.as_str() == word);
        let action = action.ok_or_else(|| {
            let known = BulkAction::ALL.map(BulkAction::as_str).join(", ");
            Invalid::new("action", format!("{word:?} is unknown, known are {known}"))
        })?;
        Ok(Self {
            action,
            ids: json.ids,
            states: json.filter.map(states).transpose()?,
        })
    }
}

fn states(filter: BulkFilterJson) -> Result<Vec<TaskState>, Invalid> {
    let parse = |(index, word): (usize, &String)| {
        TaskState::parse(word).ok_or_else(|| {
            let known = TaskState::ALL.map(TaskState::as_str).join(", ");
            let field = format!("filter.status[{index}]");
            Invalid::new(field, format!("{word:?} is unknown, known are {known}"))
        })
    };
    filter.status.iter().enumerate().map(parse).collect()
}

/// What became of each task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BulkOutcome)]
pub(crate) struct BulkOutcomeJson {
    /// In the order of `ids`, or newest first.
    results: Vec<BulkResultJson>,
    succeeded: usize,
    failed: usize,
    /// Tasks that the filter found and that were left for the next call.
    remaining: u32,
}

/// What became of one task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BulkResult)]
pub(crate) struct BulkResultJson {
    task_id: String,
    ok: bool,
    /// Class of the error, as in other answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<&'static str>,
    /// Why not, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
}

impl From<&BulkOutcome> for BulkOutcomeJson {
    fn from(outcome: &BulkOutcome) -> Self {
        let results: Vec<BulkResultJson> = outcome.items.iter().map(Into::into).collect();
        let succeeded = results.iter().filter(|result| result.ok).count();
        Self {
            failed: results.len() - succeeded,
            succeeded,
            results,
            remaining: outcome.remaining,
        }
    }
}

impl From<&BulkItem> for BulkResultJson {
    fn from(item: &BulkItem) -> Self {
        let error = item.result.as_ref().err();
        Self {
            task_id: item.task.to_string(),
            ok: error.is_none(),
            code: error.map(|error| error.code()),
            error: error.map(ToString::to_string),
        }
    }
}
