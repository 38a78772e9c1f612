//! Channels of notifications: list, create, get, change, remove, try.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::{
        channel::{ChannelJson, ChannelPageJson, CreateChannelJson, UpdateChannelJson},
        delivery::DeliveryJson,
    },
    error::{ApiError, ErrorJson},
    extract::{self, NoBody, Params, PathText},
    page::PageRule,
};
use crate::domain::{caller::Caller, channel::ChannelId};
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
pub(super) fn channel_id(text: &str) -> Result<ChannelId, ApiError> {
    ChannelId::new(number(text)?).ok_or_else(|| ApiError::no_channel(text))
}

fn number(text: &str) -> Result<i64, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid("id", format!("{text:?} is not a number")))
}

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListChannels {
    /// 1 to 1000, default 10; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Channels to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

/// Lists channels, newest first.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels", params(ListChannels), responses(
    (status = 200, description = "A part of the list", body = ChannelPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_channels(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListChannels>,
) -> Result<Json<ChannelPageJson>, ApiError> {
    let page = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let found = engine.channels(page).await?;
    Ok(Json(ChannelPageJson::new(&found, page)))
}

/// Saves a channel.
#[utoipa::path(post, path = "/api/v1/channels", tag = "channels", request_body = CreateChannelJson, responses(
    (status = 201, description = "Saved", body = ChannelJson, headers(("Location", description = "The channel's path"))),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 409, description = "The name is taken, or there is no key to encrypt with", body = ErrorJson),
))]
pub(super) async fn create_channel(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<CreateChannelJson>,
) -> Result<impl IntoResponse, ApiError> {
    let view = state.engine.of(&caller).create_channel(value.into()).await?;
    let location = [(header::LOCATION, format!("/api/v1/channels/{}", view.channel.id))];
    Ok((StatusCode::CREATED, location, Json(ChannelJson::from(&view))))
}

/// One channel.
#[utoipa::path(get, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = i64, Path)), responses(
    (status = 200, description = "The channel", body = ChannelJson),
    (status = 400, description = "The id is no number", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_channel(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<ChannelJson>, ApiError> {
    let view = state.engine.of(&caller).channel(channel_id(&id)?).await?;
    Ok(Json(ChannelJson::from(&view)))
}

/// Changes what the body names; the rest stays, secrets included.
#[utoipa::path(put, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = i64, Path)),
    request_body = UpdateChannelJson,
    responses(
        (status = 200, description = "The channel", body = ChannelJson),
        (status = 400, description = "A field breaks a rule", body = ErrorJson),
        (status = 404, description = "No such id", body = ErrorJson),
        (status = 409, description = "The name is taken, or the old secrets cannot be read", body = ErrorJson),
    )
)]
pub(super) async fn update_channel(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::Json { value, .. }: extract::Json<UpdateChannelJson>,
) -> Result<Json<ChannelJson>, ApiError> {
    let view = state
        .engine
        .of(&caller)
        .update_channel(channel_id(&id)?, value.into())
        .await?;
    Ok(Json(ChannelJson::from(&view)))
}

/// Removes a channel. One that is not there is removed already; what waits for it is given up.
#[utoipa::path(delete, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = i64, Path)), responses(
    (status = 204, description = "Removed, or not there"),
    (status = 400, description = "The id is no number", body = ErrorJson),
    (status = 409, description = "A schedule or an open task names it; the details say which", body = ErrorJson),
))]
pub(super) async fn delete_channel(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    if let Some(id) = ChannelId::new(number(&id)?) {
        state.engine.of(&caller).delete_channel(id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test message now, once, and says what came of it.
#[utoipa::path(post, path = "/api/v1/channels/{id}/test", tag = "channels", params(("id" = i64, Path)), responses(
    (status = 200, description = "What came of it", body = DeliveryJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "The secrets cannot be read", body = ErrorJson),
))]
pub(super) async fn test_channel(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<DeliveryJson>, ApiError> {
    let delivery = state.engine.of(&caller).test_channel(channel_id(&id)?).await?;
    Ok(Json(DeliveryJson::from(&delivery)))
}
