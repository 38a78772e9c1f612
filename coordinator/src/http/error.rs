//! What a client is told when something is refused or fails: one JSON shape, one exhaustive map from the engine's errors. The
//! source of an internal error is logged here and never shown.

use super::request_id::RequestId;
use crate::{
    domain::{
        Invalid,
        credential::{BOTH_KINDS, NO_LOGIN, NO_REGISTRY},
    },
    engine::error::EngineError,
    identity::IdentityError,
};
use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Class of an error, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ErrorCode {
    /// A field breaks a rule.
    InvalidArgument,
    /// A field that this build cannot serve yet.
    NotSupported,
    /// It is not known who calls: no token, or one that does not hold.
    Unauthenticated,
    /// The role does not allow it, or the request comes from another web site or by a foreign host name.
    Forbidden,
    /// A first or reset password must be changed before anything else.
    PasswordChangeRequired,
    /// Too many tries; the header Retry-After says how long to wait.
    RateLimited,
    /// A quota of the tenant is used up; the header Retry-After says until when.
    QuotaExceeded,
    /// Unknown id, route or method.
    NotFound,
    /// The id is taken.
    AlreadyExists,
    /// The state does not allow it.
    FailedPrecondition,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// Try again later.
    Unavailable,
    /// A bug.
    Internal,
}

impl ErrorCode {
    fn status(self) -> StatusCode {
        match self {
            Self::InvalidArgument | Self::NotSupported => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::PasswordChangeRequired => StatusCode::FORBIDDEN,
            Self::RateLimited | Self::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::FailedPrecondition => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::InvalidArgument | Self::NotSupported => "Invalid request",
            Self::Unauthenticated => "Unauthenticated",
            Self::Forbidden => "Forbidden",
            Self::PasswordChangeRequired => "Password change required",
            Self::RateLimited => "Too many requests",
            Self::QuotaExceeded => "Quota exceeded",
            Self::NotFound => "Not Found",
            Self::AlreadyExists => "Already exists",
            Self::FailedPrecondition => "Conflict",
            Self::TooLarge => "Body too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::Unavailable => "Unavailable",
            Self::Internal => "Internal server error",
        }
    }
}

/// An answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub(super) struct ErrorJson {
    /// What happened, in a few words.
    error: String,
    /// The rule or the reason, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    details: String,
    /// Class, for programs.
    code: ErrorCode,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    /// The task or scheduled task that does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    task_id: Option<String>,
    /// The execution that does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    execution_id: Option<i64>,
    /// The same as the header `X-Request-Id`; the log has it too.
    request_id: String,
}

/// What does not exist, where clients read its id.
#[derive(Debug)]
enum Missing {
    Task(String),
    Execution(i64),
}

/// An error on its way to the client; [`render`] writes its body.
#[derive(Debug)]
pub(super) struct ApiError {
    code: ErrorCode,
    title: Option<Box<str>>,
    details: String,
    field: Option<Box<str>>,
    missing: Option<Missing>,
    /// Seconds until another try may succeed; 0 says nothing about it.
    retry_after_s: u32,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    pub(super) fn new(code: ErrorCode, details: impl Into<String>) -> Self {
        Self {
            code,
            title: None,
            details: details.into(),
            field: None,
            missing: None,
            retry_after_s: 0,
            source: None,
        }
    }

    /// A field breaks a rule; the details read "field: rule".
    pub(super) fn invalid(field: &str, rule: impl std::fmt::Display) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(ErrorCode::InvalidArgument, format!("{field}: {rule}"))
        }
    }

    /// A field that is refused by name.
    pub(super) fn not_supported(field: &str) -> Self {
        Self {
            code: ErrorCode::NotSupported,
            ..Self::invalid(field, "is not supported yet by this version; leave it out")
        }
    }

    /// No route has this path and method.
    pub(super) fn no_route() -> Self {
        Self::new(ErrorCode::NotFound, "")
    }

    /// No task has this id.
    pub(super) fn no_task(id: &str) -> Self {
        Self::no_such("task", id)
    }

    /// No credential has this id.
    pub(super) fn no_secret(id: &str) -> Self {
        Self::no_such("secret", id)
    }

    /// No channel has this id.
    pub(super) fn no_channel(id: &str) -> Self {
        Self::no_such("channel", id)
    }

    /// No user has this id.
    pub(super) fn no_user(id: &str) -> Self {
        Self::no_such("user", id)
    }

    /// No tenant has this id.
    pub(super) fn no_tenant(id: &str) -> Self {
        Self::no_such("tenant", id)
    }

    /// No node has this name.
    pub(super) fn no_node(name: &str) -> Self {
        Self::no_such("node", name)
    }

    fn no_such(kind: &str, id: &str) -> Self {
        Self {
            title: Some(format!("{} not found", capitalised(kind)).into()),
            missing: match kind {
                "task" | "scheduled task" => Some(Missing::Task(id.to_owned())),
                "execution" => id.parse().ok().map(Missing::Execution),
                _other => None,
            },
            ..Self::new(ErrorCode::NotFound, format!("{kind} {id:?} does not exist"))
        }
    }

    /// Says in other words what happened, where old clients know them.
    pub(super) fn titled(self, title: &str) -> Self {
        Self {
            title: Some(title.into()),
            ..self
        }
    }

    pub(super) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(ErrorCode::Internal, "")
        }
    }

    fn body(&self, request_id: &str) -> ErrorJson {
        ErrorJson {
            error: self.title.as_deref().unwrap_or(self.code.title()).to_owned(),
            details: self.details.clone(),
            code: self.code,
            field: self.field.as_deref().map(str::to_owned),
            task_id: match &self.missing {
                Some(Missing::Task(id)) => Some(id.clone()),
                Some(Missing::Execution(_)) | None => None,
            },
            execution_id: match &self.missing {
                Some(Missing::Execution(number)) => Some(*number),
                Some(Missing::Task(_)) | None => None,
            },
            request_id: request_id.to_owned(),
        }
    }

    fn log(&self) {
        if let Some(source) = &self.source {
            tracing::error!(error = %chain(source.as_ref()), "a request failed by a bug of ours");
        }
    }
}

/// The map of the engine's errors. Exhaustive: a new kind does not compile until it has its answer.
impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Invalid(invalid) => invalid.into(),
            EngineError::NotFound { kind, id } => Self::no_such(kind, &id),
            EngineError::AlreadyExists { kind, id } => Self {
                title: Some(format!("{} exists already", capitalised(kind)).into()),
                field: Some(unique_field(kind).into()),
                ..Self::new(ErrorCode::AlreadyExists, format!("{kind} {id:?} exists already"))
            },
            EngineError::Precondition(reason) => Self::new(ErrorCode::FailedPrecondition, reason),
            EngineError::OverQuota { message, retry_after_s } => Self {
                retry_after_s,
                ..Self::new(ErrorCode::QuotaExceeded, message)
            },
            EngineError::Unavailable(reason) => Self::new(ErrorCode::Unavailable, reason),
            EngineError::Internal(source) => Self::internal(source),
        }
    }
}

/// The map of identity's errors, in the words that clients of the original know.
impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        let said = error.to_string();
        match error {
            IdentityError::NoLogin
            | IdentityError::NotBearer
            | IdentityError::BadToken
            | IdentityError::WrongPassword => Self::new(ErrorCode::Unauthenticated, "").titled(&said),
            IdentityError::Forbidden(why) => Self::new(ErrorCode::Forbidden, why).titled(&said),
            IdentityError::PasswordChangeRequired => {
                let advice = "change it with PUT /api/v1/users/{your id}, password and currentPassword";
                Self::new(ErrorCode::PasswordChangeRequired, advice).titled("password_change_required")
            }
            IdentityError::TooManyTries { retry_after_s } => Self {
                retry_after_s: u32::try_from(retry_after_s).unwrap_or(u32::MAX),
                ..Self::new(ErrorCode::RateLimited, said)
            },
            IdentityError::Invalid(invalid) => invalid.into(),
            IdentityError::NotFound { kind, id } => Self::no_such(kind, &id),
            IdentityError::AlreadyExists { kind, id } => EngineError::AlreadyExists { kind, id }.into(),
            IdentityError::Precondition(reason) => Self::new(ErrorCode::FailedPrecondition, reason),
            IdentityError::Unavailable(reason) => Self::new(ErrorCode::Unavailable, reason),
            IdentityError::Internal(source) => Self::internal(source),
        }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let plain = Self::invalid(&invalid.field, &invalid.rule);
        // Clients of the original know these by their words.
        let title = match invalid.rule.as_str() {
            BOTH_KINDS => "Authentication method conflict",
            NO_LOGIN | NO_REGISTRY => "Private registry credentials incomplete",
            _other => return plain,
        };
        Self {
            details: invalid.rule,
            ..plain.titled(title)
        }
    }
}

/// The field that nothing else of its kind may have.
fn unique_field(kind: &str) -> &'static str {
    match kind {
        "secret" | "channel" => "name",
        "image" => "image",
        "user" => "username",
        _other => "id",
    }
}

/// Carries the error to [`render`], which knows the request's id.
#[derive(Clone)]
struct Unrendered(Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if self.retry_after_s > 0 {
            response.headers_mut().insert(RETRY_AFTER, self.retry_after_s.into());
        }
        if self.code == ErrorCode::Unauthenticated {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(Unrendered(Arc::new(self)));
        response
    }
}

/// Writes the body of every error, with the request's id in it.
pub(super) async fn render(id: RequestId, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(Unrendered(error)) = response.extensions_mut().remove() else {
        return response;
    };
    error.log();
    let json = serde_json::to_vec(&error.body(id.as_str())).unwrap_or_default();
    *response.body_mut() = Body::from(json);
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// The error and its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
