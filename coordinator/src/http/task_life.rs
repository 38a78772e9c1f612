//! What is done to a task that was accepted: pause, resume, retry.

use super::{
    HttpState,
    dto::task::TaskJson,
    error::{ApiError, ErrorJson},
    extract::{NoBody, PathText},
    tasks::{full, task_id},
};
use crate::domain::caller::Caller;
use axum::{Json, extract::State};

/// Holds the pulls of a task back; what runs goes on.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/pause", tag = "tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "The task", body = TaskJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "It is paused or has ended", body = ErrorJson),
))]
pub(super) async fn pause_task(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<TaskJson>, ApiError> {
    let id = task_id(&id)?;
    let engine = state.engine.of(&caller);
    engine.pause_task(&id).await?;
    full(&engine, &id).await.map(Json)
}

/// Lets a paused task go on.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/resume", tag = "tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "The task", body = TaskJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "It is not paused", body = ErrorJson),
))]
pub(super) async fn resume_task(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<TaskJson>, ApiError> {
    let id = task_id(&id)?;
    let engine = state.engine.of(&caller);
    engine.resume_task(&id).await?;
    full(&engine, &id).await.map(Json)
}

/// Tries the failed pulls of a task again, with all retries unspent. A task that has ended is open again.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/retry", tag = "tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "The task", body = TaskJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "It was cancelled, or nothing of it has failed", body = ErrorJson),
))]
pub(super) async fn retry_task(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<TaskJson>, ApiError> {
    let id = task_id(&id)?;
    let engine = state.engine.of(&caller);
    engine.retry_task(&id).await?;
    full(&engine, &id).await.map(Json)
}
