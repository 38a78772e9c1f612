//! Channels and deliveries as JSON.

use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;

/// Where mail goes, without the password.
#[derive(Debug, Serialize)]
pub struct Email {
    host: String,
    port: u32,
    security: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    from: String,
    to: Vec<String>,
}

/// A channel without its secrets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    id: i64,
    name: String,
    kind: String,
    enabled: bool,
    language: String,
    events: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    host: String,
    has_secret: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    readable: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    unreadable_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

impl From<&v1::Channel> for Channel {
    fn from(it: &v1::Channel) -> Self {
        let email = it.email.as_ref().map(|email| Email {
            host: email.host.clone(),
            port: email.port,
            security: email.security.clone(),
            username: email.username.clone(),
            from: email.from.clone(),
            to: email.to.clone(),
        });
        Self {
            id: it.channel_id,
            name: it.name.clone(),
            kind: it.kind.clone(),
            enabled: it.enabled,
            language: it.language.clone(),
            events: it.events.clone(),
            host: it.host.clone(),
            has_secret: it.has_secret,
            email,
            readable: it.readable,
            unreadable_reason: it.unreadable_reason.clone(),
            created_at: moment(it.created_at_ms),
            updated_at: moment(it.updated_at_ms),
        }
    }
}

/// One event on its way to one receiver.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<i64>,
    event: String,
    about: String,
    status: String,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<u32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
}

impl From<&v1::Delivery> for Delivery {
    fn from(it: &v1::Delivery) -> Self {
        Self {
            id: it.delivery_id.clone(),
            channel_id: (it.channel_id != 0).then_some(it.channel_id),
            event: it.event.clone(),
            about: it.about.clone(),
            status: words::delivery_state(it.state),
            attempts: it.attempts,
            answer: (it.status != 0).then_some(it.status),
            message: it.message.clone(),
            created_at: moment(it.created_at_ms),
            last_attempt_at: moment(it.last_attempt_at_ms),
            next_attempt_at: moment(it.next_attempt_at_ms),
            finished_at: moment(it.finished_at_ms),
        }
    }
}
