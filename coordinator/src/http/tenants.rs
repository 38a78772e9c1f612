//! Tenants: list, create, get, change, remove; and one's own.

use super::{
    HttpState,
    dto::tenant::{CreateTenantJson, TenantJson, TenantsJson, UpdateTenantJson},
    error::{ApiError, ErrorJson},
    extract::{self, PathText},
};
use crate::domain::{
    caller::{Caller, TenantId},
    tenant::check_id,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

/// The id in a path. What cannot be an id is no tenant's.
fn tenant_id(text: &str) -> Result<TenantId, ApiError> {
    check_id("id", text).map_err(|_| ApiError::no_tenant(text))
}

/// The tenant of the caller, with its rules, quotas and what it uses.
#[utoipa::path(get, path = "/api/v1/tenant", tag = "tenants", responses(
    (status = 200, description = "The tenant", body = TenantJson),
))]
pub(super) async fn get_own_tenant(
    State(state): State<HttpState>,
    caller: Caller,
) -> Result<Json<TenantJson>, ApiError> {
    let view = state.engine.of(&caller).own_tenant().await?;
    Ok(Json((&view).into()))
}

/// Lists all tenants by id.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants", responses(
    (status = 200, description = "The tenants", body = TenantsJson),
))]
pub(super) async fn list_tenants(
    State(state): State<HttpState>,
    caller: Caller,
) -> Result<Json<TenantsJson>, ApiError> {
    let views = state.engine.of(&caller).tenants().await?;
    Ok(Json(views.as_slice().into()))
}

/// Makes a tenant.
#[utoipa::path(post, path = "/api/v1/tenants", tag = "tenants", request_body = CreateTenantJson, responses(
    (status = 201, description = "The tenant", body = TenantJson, headers(("Location", description = "The tenant's path"))),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 409, description = "The id is another tenant's, or was", body = ErrorJson),
))]
pub(super) async fn create_tenant(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<CreateTenantJson>,
) -> Result<impl IntoResponse, ApiError> {
    let (id, request) = value.into_parts();
    let view = state.engine.of(&caller).create_tenant(&id, request).await?;
    let location = [(header::LOCATION, format!("/api/v1/tenants/{}", view.tenant.id))];
    Ok((StatusCode::CREATED, location, Json(TenantJson::from(&view))))
}

/// One tenant, with its rules, quotas and what it uses.
#[utoipa::path(get, path = "/api/v1/tenants/{id}", tag = "tenants", params(("id" = String, Path)), responses(
    (status = 200, description = "The tenant", body = TenantJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_tenant(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<TenantJson>, ApiError> {
    let view = state.engine.of(&caller).tenant(&tenant_id(&id)?).await?;
    Ok(Json((&view).into()))
}

/// Changes what the body names. What was accepted before goes on; what starts, and what is accepted, follows the new rules.
#[utoipa::path(put, path = "/api/v1/tenants/{id}", tag = "tenants", params(("id" = String, Path)),
    request_body = UpdateTenantJson,
    responses(
        (status = 200, description = "The tenant", body = TenantJson),
        (status = 400, description = "A field breaks a rule", body = ErrorJson),
        (status = 404, description = "No such id", body = ErrorJson),
    )
)]
pub(super) async fn update_tenant(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::Json { value, .. }: extract::Json<UpdateTenantJson>,
) -> Result<Json<TenantJson>, ApiError> {
    let engine = state.engine.of(&caller);
    let view = engine.update_tenant(&tenant_id(&id)?, value.into()).await?;
    Ok(Json((&view).into()))
}

/// Removes a tenant that owns nothing any more. Its id is never given again.
#[utoipa::path(delete, path = "/api/v1/tenants/{id}", tag = "tenants", params(("id" = String, Path)), responses(
    (status = 204, description = "Removed"),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "It still owns something, or is the default tenant", body = ErrorJson),
))]
pub(super) async fn delete_tenant(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    state.engine.of(&caller).delete_tenant(&tenant_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
