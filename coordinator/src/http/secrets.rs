//! Credentials of registries: list, create, get, change, remove, try. Passwords come in and never go out.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::secret::{SecretJson, SecretPageJson, SecretRequestJson, SecretTestJson},
    error::{ApiError, ErrorJson},
    extract::{self, NoBody, Params, PathText},
    page::PageRule,
};
use crate::{
    domain::{
        caller::Caller,
        credential::{CredentialId, CredentialRequest},
    },
    engine::views::PageRequest,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use utoipa::IntoParams;

const PAGES: PageRule = PageRule { default: 10, max: 1000 };

/// The number in a path. 0 and below are nobody's.
fn secret_id(text: &str) -> Result<CredentialId, ApiError> {
    CredentialId::new(number(text)?).ok_or_else(|| ApiError::no_secret(text))
}

fn number(text: &str) -> Result<i64, ApiError> {
    let refused = |_| ApiError::invalid("id", format!("{text:?} is not a number")).titled("Invalid secret ID");
    text.parse().map_err(refused)
}

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListSecrets {
    /// From 1, default 1.
    #[param(value_type = Option<i64>)]
    page: Option<String>,
    /// 1 to 1000, default 10; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    page_size: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

/// Lists credentials, newest first.
#[utoipa::path(get, path = "/api/v1/secrets", tag = "secrets", params(ListSecrets), responses(
    (status = 200, description = "A part of the list", body = SecretPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_secrets(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListSecrets>,
) -> Result<Json<SecretPageJson>, ApiError> {
    let (size, page) = PAGES.read_pages(query.page_size.as_deref(), query.page.as_deref())?;
    let offset = u64::from(page - 1) * u64::from(size);
    let asked = PageRequest {
        limit: size,
        offset: u32::try_from(offset).unwrap_or(u32::MAX),
    };
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let found = engine.credentials(asked).await?;
    Ok(Json(SecretPageJson::new(&found, page, size)))
}

/// Saves a credential.
#[utoipa::path(post, path = "/api/v1/secrets", tag = "secrets", request_body = SecretRequestJson, responses(
    (status = 201, description = "Saved", body = SecretJson, headers(("Location", description = "The credential's path"))),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 409, description = "The name is taken, or there is no key to encrypt with", body = ErrorJson),
))]
pub(super) async fn create_secret(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, warnings }: extract::Json<SecretRequestJson>,
) -> Result<impl IntoResponse, ApiError> {
    let spec = CredentialRequest::from(value).check_new()?;
    let view = state.engine.of(&caller).create_credential(spec).await?;
    let location = [(header::LOCATION, format!("/api/v1/secrets/{}", view.credential.id))];
    Ok((StatusCode::CREATED, warnings, location, Json(SecretJson::from(&view))))
}

/// One credential.
#[utoipa::path(get, path = "/api/v1/secrets/{id}", tag = "secrets", params(("id" = i64, Path)), responses(
    (status = 200, description = "The credential", body = SecretJson),
    (status = 400, description = "The id is no number", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_secret(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<SecretJson>, ApiError> {
    let view = state.engine.of(&caller).credential(secret_id(&id)?).await?;
    Ok(Json(SecretJson::from(&view)))
}

/// Changes a credential; without a password the old one is kept, unless the registry's host changes.
#[utoipa::path(put, path = "/api/v1/secrets/{id}", tag = "secrets", params(("id" = i64, Path)),
    request_body = SecretRequestJson,
    responses(
        (status = 200, description = "The credential", body = SecretJson),
        (status = 400, description = "A field breaks a rule", body = ErrorJson),
        (status = 404, description = "No such id", body = ErrorJson),
        (status = 409, description = "The name is taken, or the old password cannot be read", body = ErrorJson),
    )
)]
pub(super) async fn update_secret(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::Json { value, warnings }: extract::Json<SecretRequestJson>,
) -> Result<impl IntoResponse, ApiError> {
    let id = secret_id(&id)?;
    let spec = CredentialRequest::from(value).check_change()?;
    let view = state.engine.of(&caller).update_credential(id, spec).await?;
    Ok((warnings, Json(SecretJson::from(&view))))
}

/// Removes a credential. One that is not there is removed already.
#[utoipa::path(delete, path = "/api/v1/secrets/{id}", tag = "secrets", params(("id" = i64, Path)), responses(
    (status = 204, description = "Removed, or not there"),
    (status = 400, description = "The id is no number", body = ErrorJson),
    (status = 409, description = "A schedule or an open task uses it; the details name them", body = ErrorJson),
))]
pub(super) async fn delete_secret(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    if let Some(id) = CredentialId::new(number(&id)?) {
        state.engine.of(&caller).delete_credential(id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Logs in at the credential's registry and says what happened.
#[utoipa::path(post, path = "/api/v1/secrets/{id}/test", tag = "secrets", params(("id" = i64, Path)), responses(
    (status = 200, description = "What happened", body = SecretTestJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "The password cannot be read", body = ErrorJson),
))]
pub(super) async fn test_secret(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<SecretTestJson>, ApiError> {
    let check = state.engine.of(&caller).test_credential(secret_id(&id)?).await?;
    Ok(Json(check.into()))
}
