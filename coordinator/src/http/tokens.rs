//! Tokens of programs: make one, list, revoke. A token is shown once.

use super::{
    HttpState,
    dto::token::{ApiTokenJson, CreateTokenJson, NewTokenJson, TokensJson},
    error::{ApiError, ErrorJson},
    extract::{self, OfTenant, Params, PathText},
};
use crate::domain::{
    api_token::ApiTokenRequest,
    caller::{ApiTokenId, Caller},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

/// Lists the tenant's tokens, newest first, revoked and ended ones too.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "users", params(OfTenant), responses(
    (status = 200, description = "The tokens, without the secret", body = TokensJson),
))]
pub(super) async fn list_tokens(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<OfTenant>,
) -> Result<Json<TokensJson>, ApiError> {
    let found = state.identity.api_tokens(&caller, query.tenant()).await?;
    Ok(Json(TokensJson::from(found.as_slice())))
}

/// Makes a token that acts for the caller. Its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "users", request_body = CreateTokenJson, responses(
    (status = 201, description = "The token with its secret", body = NewTokenJson, headers(("Location", description = "The token's path"))),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 403, description = "The role is above the caller's, or the caller is a token itself", body = ErrorJson),
))]
pub(super) async fn create_token(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<CreateTokenJson>,
) -> Result<impl IntoResponse, ApiError> {
    let spec = ApiTokenRequest::from(value).check()?;
    let made = state.identity.create_api_token(&caller, spec).await?;
    let location = [(header::LOCATION, format!("/api/v1/tokens/{}", made.token.id))];
    let json = NewTokenJson::new(&made, ApiTokenJson::new(&made.token, &caller.name));
    Ok((StatusCode::CREATED, location, Json(json)))
}

/// Revokes a token; it stays in the list.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 204, description = "Revoked, or was before"),
    (status = 400, description = "The id is no number", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn revoke_token(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    let refused = |_| ApiError::invalid("id", format!("{id:?} is not a number"));
    let id = ApiTokenId::from_stored(id.parse().map_err(refused)?);
    state.identity.revoke_api_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
