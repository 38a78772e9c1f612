//! The cluster in numbers.

use super::{HttpState, dto::node::StatsJson};
use crate::domain::caller::Caller;
use axum::{Json, extract::State};

/// How many nodes there are.
#[utoipa::path(get, path = "/api/v1/stats", tag = "nodes", responses((status = 200, description = "Numbers of nodes", body = StatsJson)))]
pub(super) async fn get_stats(State(state): State<HttpState>, caller: Caller) -> Json<StatsJson> {
    Json(state.engine.of(&caller).node_counts().into())
}
