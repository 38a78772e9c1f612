//! `/healthz` (the process runs), `/readyz` (it can work, or why not) and `/metrics` over plain HTTP, for probes; `/metrics` alone on a port of
//! its own where somebody asks for it.

use crate::{
    link::LinkState,
    metrics::{CONTENT_TYPE, Metrics, Sources},
    node::NodeState,
    worker::Worker,
};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use std::sync::Arc;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

/// What readiness is made of.
#[derive(Clone)]
pub struct Readiness {
    /// The runtime.
    pub node: watch::Receiver<NodeState>,
    /// The session.
    pub link: watch::Receiver<LinkState>,
    /// Whether work is taken.
    pub worker: Worker,
}

/// The answer of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// True when the agent can take work.
    pub ready: bool,
    /// Why not; empty when ready.
    pub reasons: Vec<String>,
    /// Attempts that have not ended.
    pub pulls: usize,
}

impl Readiness {
    /// Whether the agent can take work now.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut reasons = Vec::new();
        if let Some(why) = &self.node.borrow().condition.away {
            reasons.push(format!("runtime: {why}"));
        }
        if let LinkState::Closed(why) = &*self.link.borrow() {
            reasons.push(format!("coordinator: {why}"));
        }
        if self.worker.is_draining() {
            reasons.push("draining".into());
        }
        Report {
            ready: reasons.is_empty(),
            reasons,
            pulls: self.worker.in_flight().len(),
        }
    }
}

/// The figures, and where they are looked up.
pub type Figures = (Arc<Metrics>, Sources);

/// Health and figures.
pub fn routes(readiness: Readiness, figures: Figures) -> Router {
    let health = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready));
    health.with_state(readiness).merge(figures_alone(figures))
}

/// Figures and nothing else.
pub fn figures_alone(figures: Figures) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(figures)
}

/// Serves until `stop`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, routes)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, Json<Report>) {
    let report = readiness.report();
    let status = if report.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(report))
}

async fn metrics(State((metrics, sources)): State<Figures>) -> Response {
    match metrics.render(&sources) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
