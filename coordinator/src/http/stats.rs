//! The service in numbers.

use super::{
    HttpState,
    dto::stats::StatsJson,
    error::{ApiError, ErrorJson},
};
use crate::domain::caller::Caller;
use axum::{Json, extract::State};

/// Nodes, tasks by state, what the last day did, and what moves now; for a tenant, of what is its own.
#[utoipa::path(get, path = "/api/v1/stats", tag = "nodes", responses(
    (status = 200, description = "Numbers", body = StatsJson),
    (status = 503, description = "The store cannot be read", body = ErrorJson),
))]
pub(super) async fn get_stats(State(state): State<HttpState>, caller: Caller) -> Result<Json<StatsJson>, ApiError> {
    let stats = state.engine.of(&caller).stats().await?;
    Ok(Json(StatsJson::from(&stats)))
}
