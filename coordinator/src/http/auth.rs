//! Who calls, before any handler: looks the operation up in the one table, asks identity, and puts the [`Caller`] and the operation
//! into the extensions of request and answer. A route that is not in the table does not answer.

use super::{HttpState, error::ApiError};
use crate::{
    domain::{
        caller::Caller,
        permission::{Access, Operation},
    },
    identity::IdentityError,
};
use axum::{
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// Routes of files that are the same in every installation: the console, and the description of the API with its browser.
const FILES: [&str; 6] = [
    "/assets/{*path}",
    "/web",
    "/web/",
    "/web/{*path}",
    "/api/v1/docs",
    "/api/v1/openapi.json",
];

fn is_file(pattern: &str) -> bool {
    FILES.contains(&pattern) || pattern.starts_with("/api/v1/docs/")
}

/// Lets a request pass if its caller may.
pub(super) async fn identify(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let Some(pattern) = request.extensions().get::<MatchedPath>().cloned() else {
        // No route: a page of the console, or nothing.
        return next.run(request).await;
    };
    if is_file(pattern.as_str()) {
        return next.run(request).await;
    }
    let Some(operation) = Operation::by_rest(request.method().as_str(), pattern.as_str()) else {
        return ApiError::no_route().into_response();
    };
    let admitted = state.identity.admit(operation, authorization(request.headers())).await;
    let (mut response, caller) = match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(operation);
            if let Some(caller) = caller.clone() {
                request.extensions_mut().insert(caller);
            }
            (next.run(request).await, caller)
        }
        Err(refused) => (ApiError::from(refused.error).into_response(), refused.caller),
    };
    response.extensions_mut().insert(operation);
    // A log-in has put in who logged in.
    if let Some(caller) = caller
        && operation.access != Access::Public
    {
        response.extensions_mut().insert(caller);
    }
    response
}

/// The header, if there is exactly one that can be read.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Some(one.to_str().unwrap_or("")),
        (Some(_), Some(_)) => Some(""),
        (None, _) => None,
    }
}

/// The caller of every handler that is not public.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Response> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::from(IdentityError::NoLogin).into_response())
    }
}

/// The caller of a handler that answers everybody, and some more than others.
#[derive(Debug)]
pub(super) struct AnyCaller(pub(super) Option<Caller>);

impl<S: Sync> FromRequestParts<S> for AnyCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Caller>().cloned()))
    }
}

/// The address that a request came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source(pub(super) IpAddr);

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(
            peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip()),
        ))
    }
}
