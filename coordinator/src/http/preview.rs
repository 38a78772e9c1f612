//! What a task would do.

use super::{
    HttpState,
    dto::{
        create::{CreateTaskJson, NewRoute},
        preview::PreviewJson,
    },
    error::{ApiError, ErrorJson},
    extract,
};
use crate::domain::{caller::Caller, task::TaskRequest};
use axum::{Json, extract::State};

/// Says what a task would do and does nothing of it. Registries are asked for at most 20 s; what they do not say by then is unknown.
#[utoipa::path(post, path = "/api/v1/tasks/preview", tag = "tasks", request_body = CreateTaskJson, responses(
    (status = 200, description = "What it would do", body = PreviewJson),
    (status = 400, description = "A field breaks a rule, or nothing matches", body = ErrorJson),
))]
pub(super) async fn preview_task(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json {
        value: NewRoute(body), ..
    }: extract::Json<NewRoute>,
) -> Result<Json<PreviewJson>, ApiError> {
    let new = TaskRequest::try_from(body)?.check()?;
    let preview = state.engine.of(&caller).preview_task(&new).await?;
    Ok(Json((&preview).into()))
}
