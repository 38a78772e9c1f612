//! The coordinator itself.

use super::{
    HttpState,
    dto::system::{LogLevelJson, SystemJson},
    error::{ApiError, ErrorJson},
    extract,
};
use crate::domain::caller::Caller;
use axum::{Json, extract::State};

/// Version, clock and state of each part.
#[utoipa::path(get, path = "/api/v1/system", tag = "system", responses(
    (status = 200, description = "The coordinator", body = SystemJson),
))]
pub(super) async fn get_system(State(state): State<HttpState>, caller: Caller) -> Json<SystemJson> {
    Json((&state.engine.of(&caller).system().await).into())
}

/// Sets what is logged from now on, until the coordinator ends; then its settings hold again.
#[utoipa::path(put, path = "/api/v1/log-level", tag = "system", request_body = LogLevelJson, responses(
    (status = 200, description = "The coordinator", body = SystemJson),
    (status = 400, description = "It is no filter", body = ErrorJson),
))]
pub(super) async fn set_log_level(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<LogLevelJson>,
) -> Result<Json<SystemJson>, ApiError> {
    let view = state.engine.of(&caller).set_log_filter(&value.filter()).await?;
    Ok(Json((&view).into()))
}
