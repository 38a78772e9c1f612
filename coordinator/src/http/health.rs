//! Probes and metrics. Probes are public: they say nothing about what runs, and why something does not only to whoever logged in.

use super::{HttpState, auth::AnyCaller, dto::health::HealthJson, error::ApiError};
use crate::{domain::caller::Role, metrics::CONTENT_TYPE};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

/// Whether the process answers.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, description = "Yes", body = HealthJson)))]
pub(super) async fn health() -> Json<HealthJson> {
    Json(HealthJson::healthy())
}

/// The same as `/health`.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "Yes", body = HealthJson)))]
pub(super) async fn healthz() -> Json<HealthJson> {
    Json(HealthJson::healthy())
}

/// Whether the coordinator can serve, and, with a log-in, why not.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "Yes", body = HealthJson),
    (status = 503, description = "It cannot serve; with a log-in, `reasons` says why", body = HealthJson),
))]
pub(super) async fn readyz(State(state): State<HttpState>, AnyCaller(caller): AnyCaller) -> impl IntoResponse {
    let system = state.engine.system().await;
    let mut reasons = system.reasons();
    if state.shutdown.is_cancelled() {
        reasons.push("the coordinator is stopping".to_owned());
    }
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let told = caller.is_some() || !state.identity.is_on();
    // What is wrong with a part that works may name things of tenants.
    let sees_all = caller.is_none_or(|caller| caller.role == Role::SystemAdmin);
    let system = if sees_all { system } else { system.without_remarks() };
    (status, Json(HealthJson::ready_unless(reasons, &system, told)))
}

/// Figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, description = "Figures", body = String, content_type = "text/plain"),
))]
pub(super) async fn metrics(State(state): State<HttpState>) -> Result<impl IntoResponse, ApiError> {
    let is_ready = state.engine.system().await.reasons().is_empty();
    state.metrics.set_ready(is_ready && !state.shutdown.is_cancelled());
    let text = state.metrics.render().map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}
