//! `/healthz` (the process runs) and `/readyz` (it can work, or why not) over plain HTTP, for probes.

use crate::{link::LinkState, node::NodeState, worker::Worker};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;
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

/// Serves until `stop`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, readiness: Readiness, stop: CancellationToken) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready));
    axum::serve(listener, routes.with_state(readiness))
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
