//! One action on many tasks.

use super::{
    HttpState,
    dto::bulk::{BulkJson, BulkOutcomeJson},
    error::{ApiError, ErrorJson},
    extract,
};
use crate::domain::caller::Caller;
use axum::{Json, extract::State};

/// Does one thing to many tasks, named by id or found by status. What goes wrong with one of them is in its result. A call works for at
/// most 20 s; what is not done by then says so.
#[utoipa::path(post, path = "/api/v1/tasks/bulk", tag = "tasks", request_body = BulkJson, responses(
    (status = 200, description = "What became of each", body = BulkOutcomeJson),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
))]
pub(super) async fn bulk_tasks(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<BulkJson>,
) -> Result<Json<BulkOutcomeJson>, ApiError> {
    let outcome = state.engine.of(&caller).bulk(value.try_into()?).await?;
    Ok(Json((&outcome).into()))
}
