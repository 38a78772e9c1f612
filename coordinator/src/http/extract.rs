//! Takes requests apart: JSON bodies, ids in paths, query strings. Rules about values stand in the domain, not here.

mod body;
mod refusal;
mod warnings;

use super::error::ApiError;
use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
pub(super) use body::{BODY_LIMIT, Json, NoBody, OptionalJson, RequestBody, UnknownFields, of_value};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

/// The one parameter of a path, for example the id in `/tasks/{id}`.
#[derive(Debug)]
pub(super) struct PathText(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| ApiError::no_route())
    }
}

/// Both parameters of a path, for example the ids in `/scheduled-tasks/{id}/executions/{executionId}`.
#[derive(Debug)]
pub(super) struct PathPair(pub(super) String, pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathPair {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        path.map(|Path((first, second))| Self(first, second))
            .map_err(|_| ApiError::no_route())
    }
}

/// Query of a list that has nothing but tenants to choose from.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfTenant {
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

impl OfTenant {
    /// Its id; empty for none.
    pub(super) fn tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or_default()
    }
}

/// A query string.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(params)| Self(params))
            .map_err(|rejection| ApiError::invalid("query", rejection.body_text()))
    }
}

#[cfg(test)]
mod tests;
