//! Log-in at a provider, for browsers: away, back, and the call that fetches the tokens. People see these answers themselves, so a refusal is a
//! page and not JSON.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    auth::Source,
    cookie::Cookie,
    dto::sso::{ExchangeJson, LoginMethodsJson},
    dto::user::LoggedInJson,
    error::{ApiError, ErrorJson},
    extract::{self, Params},
    login::logged_in,
    sso_page,
};
use crate::{
    domain::sso::Return,
    identity::{Arrived, CODE_LIFE_MS, CameBack, SentAway, TRIP_LIFE_MS},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use utoipa::IntoParams;

/// By what one can log in; a log-in page asks before it shows itself.
#[utoipa::path(get, path = "/api/v1/auth/methods", tag = "users", security(()), responses(
    (status = 200, description = "The ways", body = LoginMethodsJson),
))]
pub(super) async fn login_methods(State(state): State<HttpState>) -> Json<LoginMethodsJson> {
    Json(state.identity.login_methods().into())
}

/// Where the browser goes in the end: to the console, or to a program on its own machine.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DepartQuery {
    /// Page of the console to go on at, a path of this server.
    next: Option<String>,
    /// Port on 127.0.0.1 where a program waits, 1024 to 65535; with `challenge`.
    #[param(value_type = Option<i64>)]
    port: Option<String>,
    /// SHA-256 as hex of what only that program knows.
    challenge: Option<String>,
}

impl DepartQuery {
    fn back_to(&self) -> Result<Return, ApiError> {
        if self.port.is_none() && self.challenge.is_none() {
            return Ok(Return::console(self.next.as_deref()));
        }
        let port = self.port.as_deref().unwrap_or_default().parse().unwrap_or(0);
        Ok(Return::program(port, self.challenge.as_deref().unwrap_or_default())?)
    }
}

/// Sends a browser to the log-in provider.
#[utoipa::path(get, path = "/auth/oidc/login", tag = "users", security(()), params(DepartQuery), responses(
    (status = 303, description = "To the provider; a cookie remembers the log-in for 10 minutes"),
    (status = 400, description = "A parameter is wrong", content_type = "text/html", body = String),
    (status = 404, description = "No provider is set", content_type = "text/html", body = String),
    (status = 503, description = "The provider does not answer", content_type = "text/html", body = String),
))]
pub(super) async fn oidc_login(State(state): State<HttpState>, Params(query): Params<DepartQuery>) -> Response {
    let sent = match query.back_to() {
        Ok(back_to) => state.identity.sso_depart(back_to).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    match sent {
        Ok(SentAway { url, cookie }) => {
            let trip = Cookie::of_trip(state.identity.sso_over_tls());
            let cookie = trip.set(cookie.expose_secret(), TRIP_LIFE_MS / 1000);
            redirect(&url, cookie.into_iter())
        }
        Err(error) => sso_page::refusal(&error),
    }
}

/// What the provider sends a browser back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ArriveQuery {
    /// Of the provider, for once.
    #[serde(default)]
    code: String,
    /// As the browser was sent with.
    #[serde(default)]
    state: String,
    /// Which provider says so.
    iss: Option<String>,
    /// Why the provider refuses.
    error: Option<String>,
}

/// Takes in a browser that the provider sends back, and sends it on: to the console's log-in page with a cookie, or to the program on its own
/// machine with a code. Neither address has a token in it.
#[utoipa::path(get, path = "/auth/oidc/callback", tag = "users", security(()), params(ArriveQuery), responses(
    (status = 303, description = "To where the log-in began"),
    (status = 400, description = "This browser began no such log-in, or too long ago", content_type = "text/html", body = String),
    (status = 401, description = "The provider refuses, or its token is not good", content_type = "text/html", body = String),
    (status = 403, description = "None of the person's groups has a role here, or its user is disabled", content_type = "text/html", body = String),
    (status = 409, description = "The person's name is taken by another user", content_type = "text/html", body = String),
    (status = 429, description = "Too many tries from this address", content_type = "text/html", body = String),
    (status = 503, description = "The provider does not answer", content_type = "text/html", body = String),
))]
pub(super) async fn oidc_callback(
    State(state): State<HttpState>,
    Source(source): Source,
    headers: HeaderMap,
    Params(query): Params<ArriveQuery>,
) -> Response {
    let secure = state.identity.sso_over_tls();
    let trip = Cookie::of_trip(secure);
    let came = CameBack {
        cookie: trip.read(&headers),
        state: query.state,
        code: query.code.into(),
        issuer: query.iss,
        refusal: query.error,
    };
    let spent = trip.set("", 0);
    match state.identity.sso_arrive(source, came).await {
        Ok(Arrived { back_to, code, login }) => {
            let (to, cookie) = match back_to {
                Return::Console { path } => {
                    let cookie = Cookie::of_code(secure).set(code.expose_secret(), CODE_LIFE_MS / 1000);
                    (format!("/login?sso=done&next={}", encoded(&path)), cookie)
                }
                Return::Program { port, .. } => {
                    (format!("http://127.0.0.1:{port}/?code={}", code.expose_secret()), None)
                }
            };
            (Extension(login), redirect(&to, spent.into_iter().chain(cookie))).into_response()
        }
        Err(error) => {
            let mut response = sso_page::refusal(&ApiError::from(error));
            response
                .headers_mut()
                .extend(spent.map(|spent| (header::SET_COOKIE, spent)));
            response
        }
    }
}

/// Changes the code of a log-in at the provider for tokens, once. The console has it in a cookie and sends `{}`; a program sends it with what it
/// hashed into its request.
#[utoipa::path(post, path = "/api/v1/auth/oidc/token", tag = "users", request_body = ExchangeJson, security(()), responses(
    (status = 200, description = "Logged in", body = LoggedInJson),
    (status = 400, description = "There is no code, neither in the body nor in the cookie", body = ErrorJson),
    (status = 401, description = "The code is none, is over, was spent, or is another program's", body = ErrorJson),
))]
pub(super) async fn oidc_token(
    State(state): State<HttpState>,
    headers: HeaderMap,
    extract::Json { value, .. }: extract::Json<ExchangeJson>,
) -> Result<Response, ApiError> {
    let of_code = Cookie::of_code(state.identity.sso_over_tls());
    let (code, verifier) = value.into_parts();
    let code = match code {
        Some(code) => code,
        None => of_code.read(&headers).unwrap_or_default().into(),
    };
    let done = state.identity.sso_exchange(&code, verifier.as_deref()).await?;
    let mut response = logged_in(done).into_response();
    let spent = of_code.set("", 0);
    response
        .headers_mut()
        .extend(spent.map(|spent| (header::SET_COOKIE, spent)));
    Ok(response)
}

/// To another address, with cookies. A browser asks for it with GET, and nobody keeps it.
fn redirect(to: &str, cookies: impl Iterator<Item = HeaderValue>) -> Response {
    let Ok(mut to) = HeaderValue::try_from(to) else {
        return ApiError::internal("an address that is no header").into_response();
    };
    // It may have a code in it.
    to.set_sensitive(true);
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, to);
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A path as a value of a query.
fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "%{byte:02X}");
        }
        text
    })
}
