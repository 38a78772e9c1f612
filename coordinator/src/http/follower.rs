//! Probes and metrics of a replica that does not lead. Everything else is carried to the leader, whose edges answer it.

use super::{dto, error::ApiError, guard, no_route, panicked, request_id};
use crate::{
    domain::replica::Leader,
    metrics::{CONTENT_TYPE, Metrics},
};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    middleware::from_fn,
    response::IntoResponse,
    routing::get,
};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

/// What a follower knows.
#[derive(Debug, Clone, Default)]
pub struct Following {
    /// Who leads; nobody while a leader is being elected.
    pub leader: Option<Arc<Leader>>,
}

/// What handlers work with.
#[derive(Debug, Clone)]
struct Follower {
    metrics: Arc<Metrics>,
    following: watch::Receiver<Following>,
}

/// How the replica is.
#[derive(Debug, Serialize)]
struct FollowerJson {
    /// `ready` or `not ready`.
    status: &'static str,
    role: &'static str,
    /// Where replicas reach the one that leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    leader: Option<String>,
    /// Since which epoch it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
    timestamp: String,
}

/// The port for probes and scrapers of a replica that follows.
pub fn follower_probes(metrics: Arc<Metrics>, following: watch::Receiver<Following>) -> Router {
    Router::new()
        .route("/health", get(super::health::health))
        .route("/healthz", get(super::health::healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(figures))
        .layer(from_fn(guard::time_limit))
        .fallback(no_route)
        .method_not_allowed_fallback(no_route)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(super::error::render))
        .layer(from_fn(guard::security_headers))
        .layer(from_fn(request_id::assign))
        .with_state(Follower { metrics, following })
}

/// It serves as long as there is a leader to carry requests to.
async fn readyz(State(state): State<Follower>) -> impl IntoResponse {
    let leader = state.following.borrow().leader.clone();
    let (status, word) = match &leader {
        Some(_) => (StatusCode::OK, "ready"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    let body = FollowerJson {
        status: word,
        role: "follower",
        leader: leader.as_ref().map(|leader| leader.replica.address.clone()),
        epoch: leader.as_ref().map(|leader| leader.epoch),
        timestamp: dto::time::now(),
    };
    (status, Json(body))
}

async fn figures(State(state): State<Follower>) -> Result<impl IntoResponse, ApiError> {
    let leader = state.following.borrow().leader.clone();
    state.metrics.set_ready(leader.is_some());
    state.metrics.leads(false, leader.map_or(0, |leader| leader.epoch));
    let text = state.metrics.render().map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}
