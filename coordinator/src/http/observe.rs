//! Watches every request: its span, one line in the log when it was answered, its metrics, and its place in a trace.

use super::{HttpState, request_id::RequestId};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use ips_traces::{Kind, Span, TraceContext, Traces, within};
use std::time::{Instant, SystemTime};
use tracing::Instrument;

/// Counts, times and logs a request.
pub(super) async fn observe(State(state): State<HttpState>, id: RequestId, request: Request, next: Next) -> Response {
    let method = method_word(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let endpoint = route.as_ref().map_or("", MatchedPath::as_str);
    let span = tracing::info_span!(
        "http",
        request.id = id.as_str(),
        http.method = method,
        trace.id = tracing::field::Empty
    );
    let path = request.uri().path().to_owned();
    let (traces, began) = (state.engine.traces(), SystemTime::now());
    let place = place(&traces, endpoint, request.headers());
    let started = Instant::now();
    let in_flight = state.metrics.api_request_started();
    let work = next.run(request).instrument(span.clone());
    let response = match &place {
        Some((_, context)) => {
            span.record("trace.id", format!("{:032x}", context.trace));
            within(*context, work).await
        }
        None => work.await,
    };
    drop(in_flight);
    if let Some(place) = place {
        traces.send(api_span(place, (method, endpoint), began, &response, id.as_str()));
    }
    let elapsed = started.elapsed();
    state
        .metrics
        .api_request(method, endpoint, response.status().as_u16(), elapsed.as_secs_f64());
    span.in_scope(|| log(method, &path, response.status(), elapsed.as_secs_f64() * 1000.0));
    response
}

/// The caller's place in a trace, and that of this request; only of routes of the API: probes would drown everything else.
fn place(traces: &Traces, endpoint: &str, headers: &HeaderMap) -> Option<(TraceContext, TraceContext)> {
    if !endpoint.starts_with("/api/") {
        return None;
    }
    let sent = headers.get("traceparent").and_then(|value| value.to_str().ok());
    let caller = traces.trace_of(sent.and_then(TraceContext::parse))?;
    Some((caller, caller.random_child()))
}

/// Method, pattern and status: the path may name what nobody else may know, and its query what nobody may.
fn api_span(
    (caller, context): (TraceContext, TraceContext),
    (method, endpoint): (&'static str, &str),
    began: SystemTime,
    response: &Response,
    request_id: &str,
) -> Span {
    let status = response.status();
    Span {
        context,
        parent: caller.span,
        parent_is_remote: caller.span != 0,
        name: format!("{method} {endpoint}").into(),
        kind: Kind::Server,
        began,
        ended: SystemTime::now(),
        attributes: vec![
            ("http.request.method", method.into()),
            ("http.route", endpoint.into()),
            ("http.response.status_code", u32::from(status.as_u16()).into()),
            ("ips.request.id", request_id.into()),
        ],
        error: status.is_server_error().then(|| status.to_string()),
    }
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
