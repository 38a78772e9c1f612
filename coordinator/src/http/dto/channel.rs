//! Channels as JSON. Addresses and keys come in and never go out.

use super::{password::PasswordJson, tenant, time};
use crate::{
    domain::channel::{ChannelKind, ChannelRequest, Language, MailRequest, MailSecurity, MailSettings},
    engine::views::{ChannelView, Page, PageRequest},
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose format is spoken.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ChannelKind)]
pub(crate) enum ChannelKindWord {
    /// JSON to any program; signed where the channel has a secret.
    Webhook,
    /// Slack, incoming webhook.
    Slack,
    /// DingTalk, custom robot; signed where the channel has a secret.
    DingTalk,
    /// Feishu or Lark, custom bot; signed where the channel has a secret.
    Feishu,
    /// WeCom, group robot.
    WeCom,
    /// Microsoft Teams, workflow that waits for a webhook.
    Teams,
    /// Mail over SMTP.
    Email,
}

impl From<ChannelKind> for ChannelKindWord {
    fn from(kind: ChannelKind) -> Self {
        match kind {
            ChannelKind::Webhook => Self::Webhook,
            ChannelKind::Slack => Self::Slack,
            ChannelKind::DingTalk => Self::DingTalk,
            ChannelKind::Feishu => Self::Feishu,
            ChannelKind::WeCom => Self::WeCom,
            ChannelKind::Teams => Self::Teams,
            ChannelKind::Email => Self::Email,
        }
    }
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MailSecurity)]
pub(crate) enum MailSecurityWord {
    /// TLS from the first byte, usually port 465.
    Tls,
    /// TLS after STARTTLS, which must succeed; usually port 587.
    StartTls,
    /// None, usually port 25. No password is sent then.
    None,
}

impl From<MailSecurity> for MailSecurityWord {
    fn from(security: MailSecurity) -> Self {
        match security {
            MailSecurity::Tls => Self::Tls,
            MailSecurity::StartTls => Self::StartTls,
            MailSecurity::None => Self::None,
        }
    }
}

/// In which language people are told.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Language)]
pub(crate) enum LanguageWord {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

impl From<Language> for LanguageWord {
    fn from(language: Language) -> Self {
        match language {
            Language::English => Self::En,
            Language::Chinese => Self::Zh,
        }
    }
}

/// Where mail goes, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = EmailSettingsRequest)]
pub(crate) struct MailRequestJson {
    /// Mail server, without port.
    #[serde(default)]
    #[schema(required, example = "smtp.example.com")]
    host: String,
    /// Default: 465, 587 or 25, by `security`.
    #[schema(minimum = 0, maximum = 65_535)]
    port: Option<i64>,
    /// Default: starttls.
    #[schema(value_type = Option<MailSecurityWord>)]
    security: Option<String>,
    /// User name at the mail server, if it wants one.
    username: Option<String>,
    /// A change may leave it out and keep the old one, as long as host and user name stay.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    password: Option<PasswordJson>,
    /// Sender.
    #[serde(default)]
    #[schema(required, example = "ips@example.com")]
    from: String,
    /// Receivers.
    #[serde(default)]
    #[schema(required, min_items = 1, max_items = 20)]
    to: Vec<String>,
}

impl From<MailRequestJson> for MailRequest {
    fn from(json: MailRequestJson) -> Self {
        Self {
            host: json.host,
            port: json.port.unwrap_or(0),
            security: json.security.unwrap_or_default(),
            username: json.username.unwrap_or_default(),
            password: json.password.map(|password| password.0),
            from: json.from,
            to: json.to,
        }
    }
}

/// A channel to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateChannel)]
pub(crate) struct CreateChannelJson {
    /// Unique, 1 to 128 characters; tasks name it by this.
    #[schema(required, nullable = false, max_length = 128)]
    name: Option<String>,
    /// Whose format is spoken.
    #[schema(required, nullable = false, value_type = ChannelKindWord)]
    kind: Option<String>,
    /// Whether it is told anything. Default: true.
    enabled: Option<bool>,
    /// Default: en.
    #[schema(value_type = Option<LanguageWord>)]
    language: Option<String>,
    /// Events that it is told of without being named: task.completed, task.failed (task.aborted included), task.cancelled,
    /// task.aborted, schedule.skipped, schedule.failed, node.lost, policy.tag_moved, policy.image_paused. Default: none.
    events: Option<Vec<String>>,
    /// Address, for all kinds but email. It is kept encrypted and never shown, because it lets anybody write to the channel.
    #[schema(value_type = Option<String>, format = Password, write_only, max_length = 2048)]
    url: Option<PasswordJson>,
    /// Key of signatures, for webhook, dingtalk and feishu.
    #[schema(value_type = Option<String>, format = Password, write_only, max_length = 1024)]
    secret: Option<PasswordJson>,
    /// For email.
    email: Option<MailRequestJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// A change of a channel; what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateChannel)]
pub(crate) struct UpdateChannelJson {
    /// Unique, 1 to 128 characters.
    #[schema(max_length = 128)]
    name: Option<String>,
    /// Cannot be changed; may be repeated.
    #[schema(value_type = Option<ChannelKindWord>)]
    kind: Option<String>,
    /// Whether it is told anything.
    enabled: Option<bool>,
    /// In which language.
    #[schema(value_type = Option<LanguageWord>)]
    language: Option<String>,
    /// Replaces the list of events.
    events: Option<Vec<String>>,
    /// A new address.
    #[schema(value_type = Option<String>, format = Password, write_only, max_length = 2048)]
    url: Option<PasswordJson>,
    /// A new key of signatures; empty removes it.
    #[schema(value_type = Option<String>, format = Password, write_only, max_length = 1024)]
    secret: Option<PasswordJson>,
    /// Replaces the settings for mail.
    email: Option<MailRequestJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for CreateChannelJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl RequestBody for UpdateChannelJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl From<CreateChannelJson> for ChannelRequest {
    fn from(json: CreateChannelJson) -> Self {
        Self {
            name: json.name,
            kind: json.kind,
            enabled: json.enabled,
            language: json.language,
            events: json.events,
            url: json.url.map(|url| url.0),
            secret: json.secret.map(|secret| secret.0),
            mail: json.email.map(Into::into),
        }
    }
}

impl From<UpdateChannelJson> for ChannelRequest {
    fn from(json: UpdateChannelJson) -> Self {
        Self {
            name: json.name,
            kind: json.kind,
            enabled: json.enabled,
            language: json.language,
            events: json.events,
            url: json.url.map(|url| url.0),
            secret: json.secret.map(|secret| secret.0),
            mail: json.email.map(Into::into),
        }
    }
}

/// Where mail goes, without the password.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EmailSettings)]
pub(crate) struct MailJson {
    host: String,
    port: u16,
    security: MailSecurityWord,
    /// User name at the mail server, if it wants one.
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    from: String,
    to: Vec<String>,
}

impl From<&MailSettings> for MailJson {
    fn from(mail: &MailSettings) -> Self {
        Self {
            host: mail.host.clone(),
            port: mail.port,
            security: mail.security.into(),
            username: mail.username.clone(),
            from: mail.from.clone(),
            to: mail.to.clone(),
        }
    }
}

/// A channel without its secrets.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Channel)]
pub(crate) struct ChannelJson {
    id: i64,
    /// Whose it is; absent for the default tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tenant: Option<String>,
    name: String,
    kind: ChannelKindWord,
    /// Whether it is told anything.
    enabled: bool,
    language: LanguageWord,
    /// Events that it is told of without being named.
    events: Vec<&'static str>,
    /// Scheme, host and port of its address; the rest of the address is secret.
    #[serde(skip_serializing_if = "String::is_empty")]
    host: String,
    /// Its messages are signed.
    has_secret: bool,
    /// For mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<MailJson>,
    /// False when the key that encrypted its secrets is gone, or its record was changed by somebody else.
    readable: bool,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable_reason: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&ChannelView> for ChannelJson {
    fn from(view: &ChannelView) -> Self {
        let channel = &view.channel;
        Self {
            id: channel.id.get(),
            tenant: tenant::shown(&channel.tenant),
            name: channel.name.clone(),
            kind: channel.kind.into(),
            enabled: channel.enabled,
            language: channel.language.into(),
            events: channel.events.iter().map(|event| event.as_str()).collect(),
            host: channel.settings.host.clone(),
            has_secret: channel.settings.signed,
            email: channel.settings.mail.as_ref().map(Into::into),
            readable: view.unreadable.is_none(),
            unreadable_reason: view.unreadable.clone(),
            created_at: time::rfc3339(channel.created_at),
            updated_at: time::rfc3339(channel.updated_at),
        }
    }
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelPage)]
pub(crate) struct ChannelPageJson {
    channels: Vec<ChannelJson>,
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl ChannelPageJson {
    /// The part that was asked for.
    pub(crate) fn new(found: &Page<ChannelView>, asked: PageRequest) -> Self {
        Self {
            channels: found.items.iter().map(Into::into).collect(),
            total: found.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}
