//! `ChannelService`: converts and calls the engine. Addresses and keys come in and never go out.

use super::{identity, request, status};
use crate::{
    domain::{
        channel::{ChannelId, ChannelRequest, MailRequest, MailSettings},
        delivery::{self, DeliveryState},
    },
    engine::{
        Engine,
        door::Door,
        error::EngineError,
        views::{ChannelView, DeliveryFilter},
    },
};
use ips_proto::v1::{self, channel_service_server};
use tonic::{Request, Response, Status};

/// The public service of channels.
#[derive(Debug, Clone)]
pub struct ChannelService {
    engine: Door,
}

impl ChannelService {
    /// Serves what the engine does.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

/// A number that can be one; others are nobody's.
fn id(number: i64) -> Result<ChannelId, Status> {
    ChannelId::new(number).ok_or_else(|| {
        status::of(EngineError::NotFound {
            kind: "channel",
            id: number.to_string(),
        })
    })
}

#[tonic::async_trait]
impl channel_service_server::ChannelService for ChannelService {
    async fn list_channels(
        &self,
        request: Request<v1::ListChannelsRequest>,
    ) -> Result<Response<v1::ListChannelsResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = request::page(request.limit, request.offset, 10, 1000);
        let engine = engine
            .narrowed(&request.tenant)
            .map_err(|invalid| status::of_invalid(&invalid))?;
        let found = engine.channels(page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListChannelsResponse {
            channels: found.items.iter().map(channel).collect(),
            total: found.total,
        }))
    }

    async fn create_channel(
        &self,
        request: Request<v1::CreateChannelRequest>,
    ) -> Result<Response<v1::Channel>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let view = engine.create_channel(create(request.into_inner())).await;
        Ok(Response::new(channel(&view.map_err(status::of)?)))
    }

    async fn get_channel(&self, request: Request<v1::GetChannelRequest>) -> Result<Response<v1::Channel>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = id(request.into_inner().channel_id)?;
        let view = engine.channel(id).await.map_err(status::of)?;
        Ok(Response::new(channel(&view)))
    }

    async fn update_channel(
        &self,
        request: Request<v1::UpdateChannelRequest>,
    ) -> Result<Response<v1::Channel>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = id(request.channel_id)?;
        let view = engine.update_channel(id, change(request)).await;
        Ok(Response::new(channel(&view.map_err(status::of)?)))
    }

    async fn delete_channel(
        &self,
        request: Request<v1::DeleteChannelRequest>,
    ) -> Result<Response<v1::DeleteChannelResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        if let Some(id) = ChannelId::new(request.into_inner().channel_id) {
            engine.delete_channel(id).await.map_err(status::of)?;
        }
        Ok(Response::new(v1::DeleteChannelResponse {}))
    }

    async fn test_channel(&self, request: Request<v1::TestChannelRequest>) -> Result<Response<v1::Delivery>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = id(request.into_inner().channel_id)?;
        let tried = engine.test_channel(id).await.map_err(status::of)?;
        Ok(Response::new(delivery(&tried)))
    }

    async fn list_deliveries(
        &self,
        request: Request<v1::ListDeliveriesRequest>,
    ) -> Result<Response<v1::ListDeliveriesResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = request::page(request.limit, request.offset, 10, 1000);
        let channel = match request.channel_id {
            0 => None,
            number => Some(id(number)?),
        };
        let engine = engine
            .narrowed(&request.tenant)
            .map_err(|invalid| status::of_invalid(&invalid))?;
        let states = request.states.iter().map(|state| delivery_state(*state));
        let filter = DeliveryFilter {
            channel,
            about: Some(request.about).filter(|about| !about.is_empty()),
            states: states.collect::<Result<_, _>>()?,
        };
        let found = engine.deliveries(filter, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListDeliveriesResponse {
            deliveries: found.items.iter().map(delivery).collect(),
            total: found.total,
        }))
    }

    async fn replay_delivery(
        &self,
        request: Request<v1::ReplayDeliveryRequest>,
    ) -> Result<Response<v1::Delivery>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request.into_inner().delivery_id;
        let queued = engine.replay_delivery(&id).await.map_err(status::of)?;
        Ok(Response::new(delivery(&queued)))
    }
}

fn create(request: v1::CreateChannelRequest) -> ChannelRequest {
    let unless_empty = |text: String| (!text.is_empty()).then_some(text);
    ChannelRequest {
        name: Some(request.name),
        kind: Some(request.kind),
        enabled: request.enabled,
        language: unless_empty(request.language),
        events: Some(request.events),
        url: unless_empty(request.url).map(Into::into),
        secret: unless_empty(request.secret).map(Into::into),
        mail: request.email.map(mail),
    }
}

fn change(request: v1::UpdateChannelRequest) -> ChannelRequest {
    ChannelRequest {
        name: request.name,
        kind: None,
        enabled: request.enabled,
        language: request.language,
        events: request.events.map(|list| list.events),
        url: request.url.map(Into::into),
        secret: request.secret.map(Into::into),
        mail: request.email.map(mail),
    }
}

fn mail(message: v1::EmailSettings) -> MailRequest {
    MailRequest {
        host: message.host,
        port: message.port.into(),
        security: message.security,
        username: message.username,
        password: message.password.map(Into::into),
        from: message.from,
        to: message.to,
    }
}

fn channel(view: &ChannelView) -> v1::Channel {
    let it = &view.channel;
    v1::Channel {
        channel_id: it.id.get(),
        tenant: it.tenant.to_string(),
        name: it.name.clone(),
        kind: it.kind.as_str().to_owned(),
        enabled: it.enabled,
        language: it.language.as_str().to_owned(),
        events: it.events.iter().map(|event| event.as_str().to_owned()).collect(),
        host: it.settings.host.clone(),
        has_secret: it.settings.signed,
        email: it.settings.mail.as_ref().map(email),
        readable: view.unreadable.is_none(),
        unreadable_reason: view.unreadable.clone().unwrap_or_default(),
        created_at_ms: it.created_at,
        updated_at_ms: it.updated_at,
    }
}

fn email(settings: &MailSettings) -> v1::EmailSettings {
    v1::EmailSettings {
        host: settings.host.clone(),
        port: settings.port.into(),
        security: settings.security.as_str().to_owned(),
        username: settings.username.clone(),
        password: None,
        from: settings.from.clone(),
        to: settings.to.clone(),
    }
}

fn delivery(it: &delivery::Delivery) -> v1::Delivery {
    let state = match it.state {
        DeliveryState::Queued => v1::DeliveryState::Queued,
        DeliveryState::Delivered => v1::DeliveryState::Delivered,
        DeliveryState::Failed => v1::DeliveryState::Failed,
    };
    v1::Delivery {
        delivery_id: it.id.clone(),
        channel_id: it.channel.map_or(0, ChannelId::get),
        event: it.kind.as_str().to_owned(),
        about: it.about.clone(),
        state: state.into(),
        attempts: it.attempts,
        status: it.status.into(),
        message: it.message.clone(),
        created_at_ms: it.created_at,
        last_attempt_at_ms: it.last_attempt_at,
        next_attempt_at_ms: if it.state == DeliveryState::Queued {
            it.due_at
        } else {
            0
        },
        finished_at_ms: it.finished_at,
    }
}

fn delivery_state(value: i32) -> Result<DeliveryState, Status> {
    match v1::DeliveryState::try_from(value) {
        Ok(v1::DeliveryState::Queued) => Ok(DeliveryState::Queued),
        Ok(v1::DeliveryState::Delivered) => Ok(DeliveryState::Delivered),
        Ok(v1::DeliveryState::Failed) => Ok(DeliveryState::Failed),
        Ok(v1::DeliveryState::Unspecified) | Err(_) => {
            let unknown = request::unknown("status", value, &DeliveryState::WORDS);
            Err(status::of_invalid(&unknown))
        }
    }
}
