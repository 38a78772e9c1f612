//! The log of notifications: list, replay.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    channels::channel_id,
    dto::delivery::{DeliveryJson, DeliveryPageJson},
    error::{ApiError, ErrorJson},
    extract::{NoBody, Params, PathText},
    page::{self, PageRule},
};
use crate::{
    domain::{caller::Caller, channel::ChannelId, delivery::DeliveryState},
    engine::views::DeliveryFilter,
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

const PAGES: PageRule = PageRule { default: 10, max: 1000 };

/// Query of the lists.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListDeliveries {
    /// 1 to 1000, default 10; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Deliveries to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Comma list of queued, delivered, failed. Default: all.
    status: Option<String>,
    /// Only about the task or schedule of this id, or the node of this name.
    about: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

async fn listed(
    state: &HttpState,
    caller: &Caller,
    channel: Option<ChannelId>,
    query: ListDeliveries,
) -> Result<Json<DeliveryPageJson>, ApiError> {
    let page = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let states = page::words(
        "status",
        query.status.as_deref(),
        DeliveryState::parse,
        &DeliveryState::WORDS,
    )?;
    let engine = state.engine_for(caller, query.tenant.as_deref())?;
    let filter = DeliveryFilter {
        channel,
        about: query.about.filter(|about| !about.is_empty()),
        states,
    };
    let found = engine.deliveries(filter, page).await?;
    Ok(Json(DeliveryPageJson::new(&found, page)))
}

/// Lists deliveries of all channels and addresses of tasks, newest first.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "channels", params(ListDeliveries), responses(
    (status = 200, description = "A part of the list", body = DeliveryPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_deliveries(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListDeliveries>,
) -> Result<Json<DeliveryPageJson>, ApiError> {
    listed(&state, &caller, None, query).await
}

/// Lists deliveries to one channel, newest first.
#[utoipa::path(get, path = "/api/v1/channels/{id}/deliveries", tag = "channels",
    params(("id" = i64, Path), ListDeliveries),
    responses(
        (status = 200, description = "A part of the list", body = DeliveryPageJson),
        (status = 400, description = "A parameter is wrong", body = ErrorJson),
        (status = 404, description = "No such channel", body = ErrorJson),
    )
)]
pub(super) async fn list_channel_deliveries(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    Params(query): Params<ListDeliveries>,
) -> Result<Json<DeliveryPageJson>, ApiError> {
    listed(&state, &caller, Some(channel_id(&id)?), query).await
}

/// Has a delivery that ended tried again, under its old id and for another day.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/replay", tag = "channels", params(("id" = String, Path)), responses(
    (status = 200, description = "Queued", body = DeliveryJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "It is queued already", body = ErrorJson),
))]
pub(super) async fn replay_delivery(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<DeliveryJson>, ApiError> {
    let delivery = state.engine.of(&caller).replay_delivery(&id).await?;
    Ok(Json(DeliveryJson::from(&delivery)))
}
