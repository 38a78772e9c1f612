//! Watches every request: its span, one line in the log when it was answered, and its metrics.

use super::{HttpState, request_id::RequestId};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use std::time::Instant;
use tracing::Instrument;

/// Counts, times and logs a request.
pub(super) async fn observe(State(state): State<HttpState>, id: RequestId, request: Request, next: Next) -> Response {
    let method = method_word(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let endpoint = route.as_ref().map_or("", MatchedPath::as_str);
    let span = tracing::info_span!("http", request.id = id.as_str(), http.method = method);
    let path = request.uri().path().to_owned();
    let started = Instant::now();
    let in_flight = state.metrics.api_request_started();
    let response = next.run(request).instrument(span.clone()).await;
    drop(in_flight);
    let elapsed = started.elapsed();
    state
        .metrics
        .api_request(method, endpoint, response.status().as_u16(), elapsed.as_secs_f64());
    span.in_scope(|| log(method, &path, response.status(), elapsed.as_secs_f64() * 1000.0));
    response
}

/// Reads are many and dull; what changes something or fails is said aloud.
fn log(method: &str, path: &str, status: StatusCode, elapsed_ms: f64) {
    let status_code = status.as_u16();
    if status.is_server_error() {
        tracing::warn!(
            http.path = path,
            http.status = status_code,
            elapsed_ms,
            "answered a request"
        );
    } else if matches!(method, "GET" | "HEAD") {
        tracing::debug!(
            http.path = path,
            http.status = status_code,
            elapsed_ms,
            "answered a request"
        );
    } else {
        tracing::info!(
            http.path = path,
            http.status = status_code,
            elapsed_ms,
            "answered a request"
        );
    }
}

/// The method as a label: a client may invent others, a label must not grow.
fn method_word(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const WORDS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let position = KNOWN.iter().position(|known| known == method);
    position.and_then(|index| WORDS.get(index)).copied().unwrap_or("OTHER")
}
