//! Schedules: create, list, get, change, delete, enable, disable, trigger.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::{
        schedule::{ScheduledTaskActionJson, ScheduledTaskJson, ScheduledTaskPageJson},
        schedule_request::{CreateScheduledTaskJson, UpdateScheduledTaskJson},
    },
    error::{ApiError, ErrorJson},
    extract::{self, NoBody, Params, PathText},
    page::{self, PageRule},
};
use crate::{
    domain::{
        caller::Caller,
        ids::ScheduleId,
        schedule::{ScheduleOrder, ScheduleRequest},
    },
    engine::{Engine, views::ScheduleFilter},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use utoipa::IntoParams;

pub(super) const PAGES: PageRule = PageRule { default: 10, max: 100 };

/// Makes a schedule. When this answers, the schedule is durable.
#[utoipa::path(post, path = "/api/v1/scheduled-tasks", tag = "scheduled-tasks", request_body = CreateScheduledTaskJson, responses(
    (status = 201, description = "Made", body = ScheduledTaskJson, headers(("Location", description = "The schedule's path"))),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 413, description = "Over 1 MiB", body = ErrorJson),
    (status = 415, description = "Not JSON", body = ErrorJson),
    (status = 503, description = "The store cannot write", body = ErrorJson),
))]
pub(super) async fn create_schedule(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, warnings }: extract::Json<CreateScheduledTaskJson>,
) -> Result<impl IntoResponse, ApiError> {
    let view = state
        .engine
        .of(&caller)
        .create_schedule(ScheduleRequest::try_from(value)?)
        .await?;
    let location = [(
        header::LOCATION,
        format!("/api/v1/scheduled-tasks/{}", view.schedule.id),
    )];
    let body = Json(ScheduledTaskJson::from(&view));
    Ok((StatusCode::CREATED, warnings, location, body))
}

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListSchedules {
    /// 1 to 100, default 10; larger becomes 100.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Schedules to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// `true` or `false`: only those that are switched on, or off.
    #[param(value_type = Option<bool>)]
    enabled: Option<String>,
    /// `-created` (default, newest first), or `next` (the next run first).
    sort: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

/// Lists schedules.
#[utoipa::path(get, path = "/api/v1/scheduled-tasks", tag = "scheduled-tasks", params(ListSchedules), responses(
    (status = 200, description = "A part of the list", body = ScheduledTaskPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_schedules(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListSchedules>,
) -> Result<Json<ScheduledTaskPageJson>, ApiError> {
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let filter = ScheduleFilter {
        enabled: page::flag("enabled", query.enabled.as_deref())?,
        order: ScheduleOrder::parse(query.sort.as_deref().unwrap_or_default())?,
    };
    let found = engine.schedules(filter, asked).await?;
    Ok(Json(ScheduledTaskPageJson::new(&found, asked)))
}

/// One schedule.
#[utoipa::path(get, path = "/api/v1/scheduled-tasks/{id}", tag = "scheduled-tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "The schedule", body = ScheduledTaskJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_schedule(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<ScheduledTaskJson>, ApiError> {
    let view = state.engine.of(&caller).schedule(&ScheduleId::from_stored(id)).await?;
    Ok(Json((&view).into()))
}

/// Changes what the body names and leaves the rest.
#[utoipa::path(put, path = "/api/v1/scheduled-tasks/{id}", tag = "scheduled-tasks", params(("id" = String, Path)),
    request_body = UpdateScheduledTaskJson, responses(
    (status = 200, description = "The schedule", body = ScheduledTaskJson),
    (status = 400, description = "A field breaks a rule; nothing has changed", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 413, description = "Over 1 MiB", body = ErrorJson),
    (status = 415, description = "Not JSON", body = ErrorJson),
    (status = 503, description = "The store cannot write", body = ErrorJson),
))]
pub(super) async fn update_schedule(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::Json { value, warnings }: extract::Json<UpdateScheduledTaskJson>,
) -> Result<impl IntoResponse, ApiError> {
    let request = ScheduleRequest::try_from(value)?;
    let view = state
        .engine
        .of(&caller)
        .update_schedule(&ScheduleId::from_stored(id), request)
        .await?;
    Ok((warnings, Json(ScheduledTaskJson::from(&view))))
}

/// Removes a schedule with its history; tasks that it started go on. An unknown id is no error.
#[utoipa::path(delete, path = "/api/v1/scheduled-tasks/{id}", tag = "scheduled-tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "It is gone", body = ScheduledTaskActionJson),
))]
pub(super) async fn delete_schedule(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<ScheduledTaskActionJson>, ApiError> {
    let _existed = state
        .engine
        .of(&caller)
        .delete_schedule(&ScheduleId::from_stored(id.clone()))
        .await?;
    Ok(done(id, "Scheduled task deleted successfully"))
}

/// Switches a schedule on; what was due while it was off is not made up for.
#[utoipa::path(put, path = "/api/v1/scheduled-tasks/{id}/enable", tag = "scheduled-tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "It is on", body = ScheduledTaskActionJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn enable_schedule(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<ScheduledTaskActionJson>, ApiError> {
    switch(
        &state.engine.of(&caller),
        id,
        true,
        "Scheduled task enabled successfully",
    )
    .await
}

/// Switches a schedule off; a run that waits is left out, one that runs goes on.
#[utoipa::path(put, path = "/api/v1/scheduled-tasks/{id}/disable", tag = "scheduled-tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "It is off", body = ScheduledTaskActionJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn disable_schedule(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<ScheduledTaskActionJson>, ApiError> {
    switch(
        &state.engine.of(&caller),
        id,
        false,
        "Scheduled task disabled successfully",
    )
    .await
}

async fn switch(
    engine: &Engine,
    id: String,
    enabled: bool,
    message: &'static str,
) -> Result<Json<ScheduledTaskActionJson>, ApiError> {
    let schedule = ScheduleId::from_stored(id.clone());
    engine.enable_schedule(&schedule, enabled).await?;
    Ok(done(id, message))
}

/// Starts a run now, by the schedule's overlap policy; `taskId` is the task that was started.
#[utoipa::path(post, path = "/api/v1/scheduled-tasks/{id}/trigger", tag = "scheduled-tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "A run was started", body = ScheduledTaskActionJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "It is disabled, the run is left out or waits, or its task cannot be made; `details` says which",
        body = ErrorJson),
))]
pub(super) async fn trigger_schedule(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<ScheduledTaskActionJson>, ApiError> {
    let triggered = state
        .engine
        .of(&caller)
        .trigger_schedule(&ScheduleId::from_stored(id))
        .await?;
    Ok(done(
        triggered.task.to_string(),
        "Scheduled task triggered successfully",
    ))
}

fn done(id: String, message: &'static str) -> Json<ScheduledTaskActionJson> {
    Json(ScheduledTaskActionJson::new(id, message))
}
