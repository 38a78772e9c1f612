//! Keeps other web sites out. A page of another origin may not change anything, log in included. While identity is off, requests must
//! also name a loopback host (a foreign name that was bent to 127.0.0.1, "DNS rebinding", does not). Also the time limit of requests
//! and the headers that tell browsers what not to do.

use super::{
    HttpState,
    error::{ApiError, ErrorCode},
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, time::Duration};

/// Longest time until an answer begins; streams of events are exempt.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Nothing may be loaded by, or wrapped around, an answer of the API.
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Headers of every answer, unless the route has set its own.
const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, API_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Refuses requests by a foreign host name and changes ordered by a foreign page.
pub(super) async fn same_site(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let checked = if state.identity.is_on() {
        from_own_site(&request)
    } else {
        check(&request)
    };
    match checked {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// With bearer tokens no page can act for anybody else; this keeps one from logging somebody in as somebody else.
fn from_own_site(request: &Request) -> Result<(), ApiError> {
    let site = text(request.headers(), SEC_FETCH_SITE);
    if request.method().is_safe() || site.is_none_or(|site| matches!(site, "same-origin" | "none")) {
        return Ok(());
    }
    let rule = "a page of another origin may not change anything here";
    Err(ApiError::new(ErrorCode::Forbidden, rule))
}

fn check(request: &Request) -> Result<(), ApiError> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let named = authority.or_else(|| text(request.headers(), header::HOST));
    let Some(host) = named.filter(|host| is_loopback(host)) else {
        let rule = "the Host header must be localhost or a loopback address while identity is off";
        return Err(ApiError::new(ErrorCode::Forbidden, rule));
    };
    if request.method().is_safe() || is_own_page(request.headers(), host) {
        return Ok(());
    }
    let rule = "a page of another origin may not change anything here";
    Err(ApiError::new(ErrorCode::Forbidden, rule))
}

/// Browsers say where a request comes from; programs say nothing.
fn is_own_page(headers: &HeaderMap, host: &str) -> bool {
    match (text(headers, SEC_FETCH_SITE), text(headers, header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (None, None) => !headers.contains_key(header::ORIGIN),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_loopback(host_and_port: &str) -> bool {
    let host = match host_and_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host_and_port.split_once(':').map_or(host_and_port, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Ends a request that takes too long with a 503.
pub(super) async fn time_limit(request: Request, next: Next) -> Response {
    limited(REQUEST_TIMEOUT, request, next).await
}

/// Ends a request after `limit`.
pub(super) async fn limited(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => {
            let details = format!("the request took longer than {} s", limit.as_secs_f64());
            ApiError::new(ErrorCode::Unavailable, details).into_response()
        }
    }
}

/// Adds the headers that an answer does not have yet.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_and_addresses_only() {
        for good in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1",
            "127.8.9.1:80",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1:8080",
            "[fe80::1]:1",
            "127.0.0.1.evil.example",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
