//! The history of a schedule.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::execution::{ExecutionJson, ExecutionPageJson},
    error::{ApiError, ErrorJson},
    extract::{Params, PathPair, PathText},
    page,
    schedules::PAGES,
};
use crate::domain::{caller::Caller, execution::ExecutionState, ids::ScheduleId};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListExecutions {
    /// 1 to 100, default 10; larger becomes 100.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Executions to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Comma list of statuses; all when absent.
    #[param(example = "failed,timeout")]
    status: Option<String>,
}

/// Lists the executions of a schedule, newest start first; none for an unknown one.
#[utoipa::path(get, path = "/api/v1/scheduled-tasks/{id}/executions", tag = "scheduled-tasks",
    params(("id" = String, Path), ListExecutions), responses(
    (status = 200, description = "A part of the list", body = ExecutionPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_executions(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    Params(query): Params<ListExecutions>,
) -> Result<Json<ExecutionPageJson>, ApiError> {
    let known = ExecutionState::ALL.map(ExecutionState::as_str);
    let states = page::words("status", query.status.as_deref(), ExecutionState::parse, &known)?;
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let found = state
        .engine
        .of(&caller)
        .executions(&ScheduleId::from_stored(id), &states, asked)
        .await?;
    Ok(Json(ExecutionPageJson::new(&found, asked)))
}

/// One execution of a schedule.
#[utoipa::path(get, path = "/api/v1/scheduled-tasks/{id}/executions/{executionId}", tag = "scheduled-tasks",
    params(("id" = String, Path), ("executionId" = i64, Path)), responses(
    (status = 200, description = "The execution", body = ExecutionJson),
    (status = 400, description = "The number is none", body = ErrorJson),
    (status = 404, description = "The schedule has no such execution", body = ErrorJson),
))]
pub(super) async fn get_execution(
    State(state): State<HttpState>,
    caller: Caller,
    PathPair(id, number): PathPair,
) -> Result<Json<ExecutionJson>, ApiError> {
    let number = number.parse().map_err(|_no_number| {
        ApiError::invalid("executionId", format!("{number:?} is not an integer")).titled("Invalid execution ID")
    })?;
    let execution = state
        .engine
        .of(&caller)
        .execution(&ScheduleId::from_stored(id), number)
        .await?;
    Ok(Json((&execution).into()))
}
