//! Brings one event to one receiver: words, format, signature, connection. Knows no queue and no store; what came of it is an [`Attempt`]
//! that repeats no secret.
//!
//! How to add a kind: its word in `domain/channel.rs`, a file here that makes its body, and its rule for success in `answer.rs`.

mod answer;
mod bodies;
mod figures;
mod http;
mod mail;
mod message;
mod payload;
mod settings;
mod signature;
mod words;

pub use settings::NotifySettings;

use crate::domain::{
    Millis,
    channel::{ChannelKind, ChannelSecrets, ChannelSettings, Language},
    delivery::{Attempt, Verdict},
    event::Event,
    task::Task,
};
use secrecy::{ExposeSecret as _, SecretString};

/// Writes a task as the REST API does. Given from outside, because formats of the API are the edge's.
pub type TaskDocument = fn(&Task) -> serde_json::Value;

/// One receiver, its secrets in the clear.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Whose format is spoken.
    pub kind: ChannelKind,
    /// In which language.
    pub language: Language,
    /// Where mail goes.
    pub settings: ChannelSettings,
    /// Address and keys.
    pub secrets: ChannelSecrets,
}

impl Destination {
    /// The address that a task gives for itself; nothing is signed there.
    pub fn of_task(url: &str) -> Self {
        Self {
            kind: ChannelKind::Webhook,
            language: Language::default(),
            settings: ChannelSettings::default(),
            secrets: ChannelSecrets {
                url: Some(SecretString::from(url)),
                ..ChannelSecrets::default()
            },
        }
    }
}

/// One attempt to make.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// Names the delivery, the same at each attempt.
    pub id: &'a str,
    /// What is told.
    pub event: &'a Event,
    /// Time of this attempt.
    pub now: Millis,
}

/// Sends. Made once, shared by all deliveries.
#[derive(Debug, Clone)]
pub struct Notifier {
    settings: NotifySettings,
    client: Result<reqwest::Client, String>,
    document: TaskDocument,
}

impl Notifier {
    /// A notifier with these rules.
    pub fn new(settings: NotifySettings, document: TaskDocument) -> Self {
        Self {
            client: http::client(&settings),
            settings,
            document,
        }
    }

    /// Why an address can never be told anything, as far as it shows without looking its name up.
    ///
    /// # Errors
    /// The rule that it breaks, in words.
    pub fn check_address(&self, url: &str) -> Result<(), String> {
        http::checked_url(url, &self.settings.reach).map(drop)
    }

    /// Makes one attempt, which takes some seconds at most.
    pub async fn send(&self, to: &Destination, parcel: Parcel<'_>) -> Attempt {
        let attempt = match to.kind {
            ChannelKind::Email => mail::send(&self.settings, to, parcel).await,
            ChannelKind::Webhook
            | ChannelKind::Slack
            | ChannelKind::DingTalk
            | ChannelKind::Feishu
            | ChannelKind::WeCom
            | ChannelKind::Teams => self.post(to, parcel).await,
        };
        Attempt {
            message: scrubbed(&attempt.message, &to.secrets),
            ..attempt
        }
    }

    async fn post(&self, to: &Destination, parcel: Parcel<'_>) -> Attempt {
        let client = match &self.client {
            Ok(client) => client,
            Err(why) => return later(format!("no HTTP client can be made: {why}")),
        };
        let Some(url) = &to.secrets.url else {
            return never("the channel has no address".into());
        };
        let url = match http::checked_url(url.expose_secret(), &self.settings.reach) {
            Ok(url) => url,
            Err(why) => return never(why),
        };
        let request = bodies::request(to, parcel, self.document, url);
        http::post(client, request, to.kind).await
    }
}

/// It did not arrive, and may later.
fn later(message: String) -> Attempt {
    Attempt {
        verdict: Verdict::Later(None),
        status: 0,
        message,
    }
}

/// It never will arrive.
fn never(message: String) -> Attempt {
    Attempt {
        verdict: Verdict::Never,
        status: 0,
        message,
    }
}

/// Longest message of an attempt that is kept, in characters.
const MAX_MESSAGE: usize = 500;

/// What a receiver says may repeat what it was sent: secrets are taken out, as they are and as they stand in URLs.
fn scrubbed(message: &str, secrets: &ChannelSecrets) -> String {
    let mut text = message.to_owned();
    for secret in secrets.all() {
        for part in parts(secret.expose_secret()) {
            text = text.replace(&part, "[hidden]");
        }
    }
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(MAX_MESSAGE).collect()
}

/// The secret whole, and of an address also its path and its parameters by themselves.
fn parts(secret: &str) -> Vec<String> {
    let mut parts = vec![secret.to_owned()];
    if let Ok(url) = reqwest::Url::parse(secret) {
        parts.push(url.to_string());
        parts.push(url.path().to_owned());
        parts.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
        parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        parts.extend(url.query().map(str::to_owned));
    }
    // Short ones are words like "send" or "v2"; hiding them would hide what the receiver says.
    let mut parts: Vec<String> = parts.into_iter().filter(|part| part.len() >= 8).collect();
    if (4..8).contains(&secret.len()) {
        parts.push(secret.to_owned());
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts
}

#[cfg(test)]
mod tests;
