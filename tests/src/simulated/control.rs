//! How the process is told what to do and asked what it saw: HTTP on loopback, beside the invented registry.

use std::sync::Arc;

use axum::extract::State;
use axum::{Json, Router, routing};

use super::behaviour::Behaviour;
use super::counters::Figures;
use super::{Shared, registry};

/// Serves until the process is killed.
pub async fn serve(shared: Arc<Shared>) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", shared.options.port)).await?;
    let control = Router::new()
        .route("/figures", routing::get(figures).delete(reset))
        .route("/outcomes", routing::get(outcomes))
        .route("/behaviour", routing::post(behave))
        .with_state(shared);
    axum::serve(listener, control.merge(registry::routes())).await?;
    Ok(())
}

async fn figures(State(shared): State<Arc<Shared>>) -> Json<Figures> {
    let served = shared.seats.taken() as u64;
    Json(Figures {
        served,
        ..shared.counters.figures()
    })
}

async fn reset(State(shared): State<Arc<Shared>>) {
    shared.counters.reset();
}

async fn outcomes(State(shared): State<Arc<Shared>>) -> Json<Vec<(String, i64)>> {
    Json(shared.counters.outcomes())
}

async fn behave(State(shared): State<Arc<Shared>>, Json(behaviour): Json<Behaviour>) {
    if shared.behaviour.borrow().bears != behaviour.bears {
        shared.seats.set(behaviour.bears);
    }
    shared.behaviour.send_replace(Arc::new(behaviour));
}
