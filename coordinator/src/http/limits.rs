//! The operator's limits.

use super::{
    HttpState,
    dto::{
        limits::{LimitsStatusJson, SetLimitsJson},
        limits_patch::LimitsPatchJson,
    },
    error::{ApiError, ErrorJson},
    extract,
};
use crate::domain::{caller::Caller, limits::LimitsRequest};
use axum::{Json, extract::State};

/// The limits in force, and how the registries bear what is asked of them.
#[utoipa::path(get, path = "/api/v1/limits", tag = "limits", responses(
    (status = 200, description = "The limits", body = LimitsStatusJson),
))]
pub(super) async fn get_limits(State(state): State<HttpState>, caller: Caller) -> Json<LimitsStatusJson> {
    Json((&state.engine.of(&caller).limits()).into())
}

/// Sets all limits. They are durable and in force when this answers; pulls that run go on.
#[utoipa::path(put, path = "/api/v1/limits", tag = "limits", request_body = SetLimitsJson, responses(
    (status = 200, description = "The limits", body = LimitsStatusJson),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 503, description = "The store cannot write", body = ErrorJson),
))]
pub(super) async fn set_limits(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<SetLimitsJson>,
) -> Result<Json<LimitsStatusJson>, ApiError> {
    let limits = LimitsRequest::try_from(value)?.check()?;
    let view = state.engine.of(&caller).set_limits(limits).await?;
    Ok(Json((&view).into()))
}

/// Changes some limits; the others stay. `null` takes a limit away.
#[utoipa::path(patch, path = "/api/v1/limits", tag = "limits", request_body = LimitsPatchJson, responses(
    (status = 200, description = "The limits", body = LimitsStatusJson),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 503, description = "The store cannot write", body = ErrorJson),
))]
pub(super) async fn update_limits(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<LimitsPatchJson>,
) -> Result<Json<LimitsStatusJson>, ApiError> {
    let view = state.engine.of(&caller).update_limits(value.into()).await?;
    Ok(Json((&view).into()))
}
