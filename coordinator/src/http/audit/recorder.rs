//! Records every change, log-in and refusal over REST, once it is answered. One layer for all routes: no handler can forget it, and none
//! gives it a body.

use crate::{
    domain::{
        audit::{AuditRecord, AuditResult, Door},
        caller::{Caller, TenantId},
        permission::Operation,
    },
    engine::now,
    http::{HttpState, request_id::RequestId},
};
use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, header},
    middleware::Next,
    response::Response,
};
use std::net::SocketAddr;

/// Where the API begins.
const API: &str = "/api/v1/";
/// Who did not say who it is, or not truly.
pub(super) const UNKNOWN: &str = "unknown";

/// The layer.
pub(in crate::http) async fn record(
    State(state): State<HttpState>,
    id: RequestId,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let pattern = request.extensions().get::<MatchedPath>().cloned();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().copied();
    let user_agent = text(request.headers(), header::USER_AGENT);
    let response = next.run(request).await;
    let pattern = pattern.as_ref().map_or("", MatchedPath::as_str);
    let operation = Operation::by_rest(method.as_str(), pattern);
    let status = response.status().as_u16();
    let result = AuditResult::of_http(status);
    if result != AuditResult::Denied && !operation.is_some_and(Operation::changes) {
        return response;
    }
    let caller = response.extensions().get::<Caller>();
    let made = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    let record = AuditRecord {
        id: uuid::Uuid::now_v7().to_string(),
        tenant: caller
            .map_or(TenantId::DEFAULT, |caller| caller.tenant.as_str())
            .to_owned(),
        at: now(),
        subject: caller.map_or(UNKNOWN, |caller| &caller.name).to_owned(),
        door: Door::Rest,
        operation: operation.map_or(UNKNOWN, |operation| operation.id).to_owned(),
        resource: resource(made.unwrap_or(&path), if made.is_some() { "" } else { pattern }),
        result,
        status,
        request_id: id.as_str().to_owned(),
        source: peer.map(|ConnectInfo(peer)| peer.ip().to_string()).unwrap_or_default(),
        user_agent,
    };
    state.engine.audit_log().record(record);
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

/// The path below the API, up to what the last parameter of its pattern names: what is done to it is the operation's to say.
fn resource(path: &str, pattern: &str) -> String {
    let below = path.strip_prefix(API).unwrap_or(path);
    let parts: Vec<&str> = pattern.strip_prefix(API).unwrap_or_default().split('/').collect();
    match parts.iter().rposition(|part| part.starts_with('{')) {
        Some(last) => below.split('/').take(last + 1).collect::<Vec<_>>().join("/"),
        None => below.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_ends_with_what_names_it() {
        let named = |path: &str, pattern: &str| resource(path, pattern);
        assert_eq!(named("/api/v1/tasks/a/cancel", "/api/v1/tasks/{id}/cancel"), "tasks/a");
        assert_eq!(named("/api/v1/tasks/bulk", "/api/v1/tasks/bulk"), "tasks/bulk");
        assert_eq!(named("/api/v1/tasks/a", ""), "tasks/a");
        assert_eq!(named("/metrics", "/metrics"), "/metrics");
    }
}
