//! Log-in, refresh, log-out, and who one is.

use super::{
    HttpState,
    auth::Source,
    dto::user::{LoggedInJson, LoginJson, MessageJson, RefreshJson, UserJson},
    error::{ApiError, ErrorJson},
    extract::{self, NoBody},
};
use crate::{domain::caller::Caller, identity::LoggedIn};
use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};

/// Logs in with name and password.
#[utoipa::path(post, path = "/api/v1/login", tag = "users", request_body = LoginJson, security(()), responses(
    (status = 200, description = "Logged in", body = LoggedInJson),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 401, description = "Name and password do not fit", body = ErrorJson),
    (status = 429, description = "Too many tries; Retry-After says how long to wait", body = ErrorJson),
))]
pub(super) async fn login(
    State(state): State<HttpState>,
    Source(source): Source,
    extract::Json { value, warnings }: extract::Json<LoginJson>,
) -> Result<Response, ApiError> {
    let (username, password) = value.into_parts();
    let done = state.identity.login(source, &username, &password).await?;
    Ok((warnings, logged_in(done)).into_response())
}

/// Spends a refresh token for new tokens. A token that is used twice ends its log-in.
#[utoipa::path(post, path = "/api/v1/refresh", tag = "users", request_body = RefreshJson, security(()), responses(
    (status = 200, description = "New tokens", body = LoggedInJson),
    (status = 401, description = "The token is none, was used before, or its log-in is over", body = ErrorJson),
))]
pub(super) async fn refresh(
    State(state): State<HttpState>,
    extract::Json { value, .. }: extract::Json<RefreshJson>,
) -> Result<Response, ApiError> {
    let done = state.identity.refresh(&value.into_token()).await?;
    Ok(logged_in(done).into_response())
}

/// The answer; who it is goes along for whoever records it.
pub(super) fn logged_in(done: LoggedIn) -> impl IntoResponse {
    let json = LoggedInJson::from(&done);
    (Extension(done.caller), Json(json))
}

/// Ends the caller's log-in with all its tokens.
#[utoipa::path(post, path = "/api/v1/logout", tag = "users", responses(
    (status = 200, description = "Logged out", body = MessageJson),
    (status = 409, description = "The caller is an API token", body = ErrorJson),
))]
pub(super) async fn logout(
    State(state): State<HttpState>,
    caller: Caller,
    _body: NoBody,
) -> Result<Json<MessageJson>, ApiError> {
    state.identity.logout(&caller).await?;
    Ok(Json(MessageJson::new("Logged out")))
}

/// The user that the caller is or acts for.
#[utoipa::path(get, path = "/api/v1/me", tag = "users", responses(
    (status = 200, description = "The user", body = UserJson),
    (status = 404, description = "Identity is off: the caller is nobody", body = ErrorJson),
))]
pub(super) async fn who_am_i(State(state): State<HttpState>, caller: Caller) -> Result<Json<UserJson>, ApiError> {
    let user = state.identity.who_am_i(&caller).await?;
    Ok(Json(UserJson::from(&user)))
}
