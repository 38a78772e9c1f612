//! JSON bodies: their type, size and fields.

use super::{
    refusal::{in_json_words, refusal},
    warnings::Warnings,
};
use crate::{
    domain::Invalid,
    http::error::{ApiError, ErrorCode},
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use futures::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use std::collections::BTreeMap;

/// Largest body in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 1024 * 1024;

/// A body over the limit is read up to this size and thrown away, so that a client that only listens after it has sent
/// everything sees the refusal and not a broken connection.
const DISCARD_LIMIT: usize = 16 * BODY_LIMIT;

/// Fields of a body that its type does not know.
pub(in crate::http) type UnknownFields = BTreeMap<String, Value>;

/// A type that can be the body of a request. It collects what it does not know with `#[serde(flatten)]`.
pub(in crate::http) trait RequestBody: DeserializeOwned {
    /// Fields of the contract that cannot be served yet; refused unless empty.
    const REFUSED: &'static [&'static str] = &[];
    /// Whether an unknown field is a 400 (new routes) or a warning (routes that the original had).
    const STRICT: bool;

    /// Whether a field that is `null` says something else than one that is absent.
    const NULL_SPEAKS: bool = false;

    /// Takes the unknown fields out.
    fn take_unknown(&mut self) -> UnknownFields;

    /// Takes the names of the fields that are `null`, where they say something.
    fn take_nulls(&mut self, _names: Vec<String>) {}
}

/// A JSON body and the warnings that its answer carries.
#[derive(Debug)]
pub(in crate::http) struct Json<T> {
    pub(in crate::http) value: T,
    pub(in crate::http) warnings: Warnings,
}

impl<S: Sync, T: RequestBody> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        require_json(request.headers())?;
        let body = read(request.into_body()).await?;
        parse(&body)
    }
}

/// A JSON body that may be left out, which means an object without fields.
#[derive(Debug)]
pub(in crate::http) struct OptionalJson<T>(pub(in crate::http) T);

impl<S: Sync, T: RequestBody> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            require_json(request.headers())?;
        }
        let body = read(request.into_body()).await?;
        let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
        parse(text).map(|Json { value, .. }| Self(value))
    }
}

/// The body of a route that needs none: empty, or a JSON object without fields.
#[derive(Debug)]
pub(in crate::http) struct NoBody;

impl<S: Sync> FromRequest<S> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            require_json(request.headers())?;
        }
        let body = read(request.into_body()).await?;
        if !body.is_empty() {
            parse::<NoFields>(&body)?;
        }
        Ok(Self)
    }
}

#[derive(serde::Deserialize)]
struct NoFields {
    #[serde(flatten)]
    unknown: UnknownFields,
}

impl RequestBody for NoFields {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

pub(super) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = sent
        .unwrap_or("")
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let rule = format!("Content-Type is {essence:?}, it must be application/json");
    Err(ApiError::new(ErrorCode::UnsupportedMediaType, rule))
}

pub(super) async fn read(body: Body) -> Result<Bytes, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut kept = Vec::new();
    let mut seen = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ApiError::invalid("body", "ended before it was complete"))?;
        seen += chunk.len();
        if seen > DISCARD_LIMIT {
            break;
        }
        if seen > BODY_LIMIT {
            kept = Vec::new();
        } else {
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > BODY_LIMIT {
        let rule = format!("a body may have at most {BODY_LIMIT} bytes");
        return Err(ApiError::new(ErrorCode::TooLarge, rule));
    }
    Ok(kept.into())
}

/// A body that has come another way, and in which no unknown field is borne.
///
/// # Errors
/// The first field that has another form or is unknown.
pub(in crate::http) fn of_value<T: RequestBody>(value: Value) -> Result<T, Invalid> {
    let mut body: T = serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body" } else { path.as_str() };
        Invalid::new(field, in_json_words(&error.inner().to_string()))
    })?;
    match body.take_unknown().into_keys().next() {
        Some(name) => Err(Invalid::new(name, "is unknown")),
        None => Ok(body),
    }
}

fn parse<T: RequestBody>(body: &[u8]) -> Result<Json<T>, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut value: T = serde_path_to_error::deserialize(&mut json).map_err(|error| refusal(&error))?;
    json.end()
        .map_err(|error| ApiError::invalid("body", format!("is not valid JSON: {error}")))?;
    if T::NULL_SPEAKS {
        value.take_nulls(nulls(body));
    }
    let unknown = value.take_unknown();
    refuse_by_name(&unknown, T::REFUSED)?;
    let warnings = Warnings(
        unknown
            .into_keys()
            .filter(|name| !T::REFUSED.contains(&name.as_str()))
            .collect(),
    );
    match warnings.0.first() {
        Some(name) if T::STRICT => Err(ApiError::invalid(name, "is unknown")),
        Some(_) | None => Ok(Json { value, warnings }),
    }
}

/// Names of the fields that are `null`. Values are looked at and not kept: one of them may be a password.
fn nulls(body: &[u8]) -> Vec<String> {
    let fields: BTreeMap<String, Option<IgnoredAny>> = serde_json::from_slice(body).unwrap_or_default();
    let is_null = |(name, value): (String, Option<IgnoredAny>)| value.is_none().then_some(name);
    fields.into_iter().filter_map(is_null).collect()
}

fn refuse_by_name(unknown: &UnknownFields, refused: &[&str]) -> Result<(), ApiError> {
    let sent = |name: &&&str| unknown.get(**name).is_some_and(|value| !is_empty(value));
    match refused.iter().find(sent) {
        Some(name) => Err(ApiError::not_supported(name)),
        None => Ok(()),
    }
}

/// What clients of the original send for "nothing".
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}
