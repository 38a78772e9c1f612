//! The bodies of `POST` and `PUT /scheduled-tasks`.

use super::{
    create::CreateTaskJson,
    limits_patch::said,
    words::{MissedRunsWord, OverlapWord},
};
use crate::{
    domain::{
        Invalid,
        schedule::{MissedRuns, OverlapPolicy, ScheduleRequest},
        task::TaskRequest,
    },
    http::extract::{RequestBody, UnknownFields},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A schedule to make. As for clients of the original IPS, empty text for overlapPolicy means the default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateScheduledTask)]
pub(crate) struct CreateScheduledTaskJson {
    /// Name for people.
    #[schema(required, min_length = 1, max_length = 255)]
    name: Option<String>,
    /// Words for people.
    #[schema(max_length = 4000)]
    description: Option<String>,
    /// Five fields (minute, hour, day of month, month, day of week) or `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`,
    /// `@midnight`, `@hourly`, `@every 1h30m`. `CRON_TZ=zone` before it names the zone.
    #[schema(required, max_length = 255, example = "0 2 * * mon-fri")]
    cron_expr: Option<String>,
    /// IANA name of the zone. Default: UTC.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Whether runs are started. Default: true.
    enabled: Option<bool>,
    /// The task of every run: what `POST /tasks` takes, without `id`.
    #[schema(required)]
    task_config: Option<CreateTaskJson>,
    /// What happens when a run is due while the one before has not ended. Default: skip.
    #[schema(value_type = Option<OverlapWord>)]
    overlap_policy: Option<String>,
    /// Longest run in seconds; then its task is cancelled. Default: 0, none.
    #[schema(minimum = 0, maximum = 2_592_000)]
    timeout_seconds: Option<i64>,
    /// What happens with runs that were due while no coordinator could start them. Default: skip.
    #[schema(value_type = Option<MissedRunsWord>)]
    missed_runs: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// A change of a schedule; what is absent stays as it is. `null` is as absent for clients of the original IPS, where nothing else is said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateScheduledTask)]
pub(crate) struct UpdateScheduledTaskJson {
    /// Name for people.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// Words for people.
    #[schema(max_length = 4000)]
    description: Option<String>,
    /// As for a new schedule.
    #[schema(max_length = 255)]
    cron_expr: Option<String>,
    /// IANA name of the zone; empty or `null` means UTC.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    /// Whether runs are started.
    enabled: Option<bool>,
    /// Replaces the task as a whole.
    task_config: Option<CreateTaskJson>,
    /// What happens when runs overlap.
    #[schema(value_type = Option<OverlapWord>)]
    overlap_policy: Option<String>,
    /// Longest run in seconds; 0 means none.
    #[schema(minimum = 0, maximum = 2_592_000)]
    timeout_seconds: Option<i64>,
    /// What happens with missed runs; `null` means the default.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<MissedRunsWord>)]
    missed_runs: Option<Option<String>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// Unknown fields of the body and, named with their path, of its task.
fn unknown_of(own: &mut UnknownFields, task: Option<&mut CreateTaskJson>) -> UnknownFields {
    let mut all = std::mem::take(own);
    let below = task.map(RequestBody::take_unknown).unwrap_or_default();
    all.extend(
        below
            .into_iter()
            .map(|(name, value)| (format!("taskConfig.{name}"), value)),
    );
    all
}

impl RequestBody for CreateScheduledTaskJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        unknown_of(&mut self.unknown, self.task_config.as_mut())
    }
}

impl RequestBody for UpdateScheduledTaskJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        unknown_of(&mut self.unknown, self.task_config.as_mut())
    }
}

impl TryFrom<CreateScheduledTaskJson> for ScheduleRequest {
    type Error = Invalid;

    fn try_from(json: CreateScheduledTaskJson) -> Result<Self, Invalid> {
        Ok(Self {
            name: json.name,
            description: json.description,
            cron_expr: json.cron_expr,
            time_zone: json.time_zone,
            enabled: json.enabled,
            task: json.task_config.map(task).transpose()?,
            overlap_policy: overlap(json.overlap_policy)?,
            timeout_seconds: json.timeout_seconds,
            missed_runs: missed(json.missed_runs)?,
        })
    }
}

impl TryFrom<UpdateScheduledTaskJson> for ScheduleRequest {
    type Error = Invalid;

    fn try_from(json: UpdateScheduledTaskJson) -> Result<Self, Invalid> {
        Ok(Self {
            name: json.name,
            description: json.description,
            cron_expr: json.cron_expr,
            time_zone: json.time_zone.map(Option::unwrap_or_default),
            enabled: json.enabled,
            task: json.task_config.map(task).transpose()?,
            overlap_policy: overlap(json.overlap_policy)?,
            timeout_seconds: json.timeout_seconds,
            missed_runs: match json.missed_runs {
                None => None,
                Some(None) => Some(MissedRuns::default()),
                Some(text) => missed(text)?,
            },
        })
    }
}

fn task(json: CreateTaskJson) -> Result<TaskRequest, Invalid> {
    if json.is_dry_run() {
        let rule = "asks what one task would do, leave it out";
        return Err(Invalid::new("taskConfig.dryRun", rule));
    }
    TaskRequest::try_from(json).map_err(|invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule))
}

fn overlap(text: Option<String>) -> Result<Option<OverlapPolicy>, Invalid> {
    let known = OverlapPolicy::ALL.map(OverlapPolicy::as_str);
    word("overlapPolicy", text, OverlapPolicy::parse, &known)
}

fn missed(text: Option<String>) -> Result<Option<MissedRuns>, Invalid> {
    let known = MissedRuns::ALL.map(MissedRuns::as_str);
    word("missedRuns", text, MissedRuns::parse, &known)
}

/// One of the known words; empty text is the same as none.
fn word<T>(
    field: &str,
    text: Option<String>,
    parse: fn(&str) -> Option<T>,
    known: &[&str],
) -> Result<Option<T>, Invalid> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let refusal = || Invalid::new(field, format!("{text:?} is unknown, known are {}", known.join(", ")));
    parse(&text).map(Some).ok_or_else(refusal)
}
