//! Deliveries of notifications as JSON.

use super::{progress::if_said, time};
use crate::{
    domain::{
        channel::ChannelId,
        delivery::{Delivery, DeliveryState},
    },
    engine::views::{Page, PageRequest},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DeliveryState)]
pub(crate) enum DeliveryWord {
    /// Its next attempt is still to come.
    Queued,
    /// The receiver took it.
    Delivered,
    /// It was given up: after a day, or because it could never arrive.
    Failed,
}

impl From<DeliveryState> for DeliveryWord {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Queued => Self::Queued,
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Failed => Self::Failed,
        }
    }
}

/// One event on its way to one receiver, and the log of that.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(crate) struct DeliveryJson {
    /// Names it, the same at each attempt.
    id: String,
    /// Channel; absent for the address that a task gives for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    channel_id: Option<i64>,
    /// What happened.
    #[schema(example = "task.failed")]
    event: &'static str,
    /// Id of the task or schedule, or name of the node that it happened to.
    about: String,
    status: DeliveryWord,
    /// Attempts so far.
    attempts: u32,
    /// HTTP status or SMTP code of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<u16>,
    /// What the receiver or the network said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    finished_at: Option<String>,
}

impl From<&Delivery> for DeliveryJson {
    fn from(it: &Delivery) -> Self {
        let is_queued = it.state == DeliveryState::Queued;
        Self {
            id: it.id.clone(),
            channel_id: it.channel.map(ChannelId::get),
            event: it.kind.as_str(),
            about: it.about.clone(),
            status: it.state.into(),
            attempts: it.attempts,
            answer: (it.status != 0).then_some(it.status),
            message: if_said(&it.message),
            created_at: time::rfc3339(it.created_at),
            last_attempt_at: time::if_set(it.last_attempt_at),
            next_attempt_at: is_queued.then(|| time::rfc3339(it.due_at)),
            finished_at: time::if_set(it.finished_at),
        }
    }
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryPage)]
pub(crate) struct DeliveryPageJson {
    deliveries: Vec<DeliveryJson>,
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl DeliveryPageJson {
    /// The part that was asked for.
    pub(crate) fn new(found: &Page<Delivery>, asked: PageRequest) -> Self {
        Self {
            deliveries: found.items.iter().map(Into::into).collect(),
            total: found.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}
