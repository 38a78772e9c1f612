//! Channels: where notifications go, and of what they tell. Addresses of chat robots are secrets themselves, so only their host is ever shown;
//! at rest they are sealed by the vault with the rest that nobody may see.

mod mail;
mod of_task;
mod secrets;

pub use mail::{MailRequest, MailSecurity, MailSettings};
pub use of_task::{NoticesRequest, TaskChannel, TaskNotices};
pub use secrets::ChannelSecrets;

use super::{Invalid, Millis, caller::TenantId, credential::Sealed, event::EventKind};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// Longest name in characters.
pub const MAX_NAME: usize = 128;
/// Longest address in bytes.
pub const MAX_URL: usize = 2048;
/// Longest signing secret in bytes.
pub const MAX_SECRET: usize = 1024;
/// Channels that one task may name.
pub const MAX_TASK_CHANNELS: usize = 10;

/// Number of a channel, from 1; never used twice. 0 stands for one that is known by its name only yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(i64);

impl ChannelId {
    /// The number, if it can be one.
    pub fn new(number: i64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// Takes a number that the store made.
    pub fn from_stored(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose format is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// JSON to any program.
    Webhook,
    /// Slack, incoming webhook.
    Slack,
    /// DingTalk, custom robot.
    DingTalk,
    /// Feishu or Lark, custom bot.
    Feishu,
    /// WeCom, group robot.
    WeCom,
    /// Microsoft Teams, workflow that waits for a webhook.
    Teams,
    /// Mail over SMTP.
    Email,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Webhook,
        Self::Slack,
        Self::DingTalk,
        Self::Feishu,
        Self::WeCom,
        Self::Teams,
        Self::Email,
    ];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::DingTalk => "dingtalk",
            Self::Feishu => "feishu",
            Self::WeCom => "wecom",
            Self::Teams => "teams",
            Self::Email => "email",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether its messages can be signed.
    fn signs(self) -> bool {
        match self {
            Self::Webhook | Self::DingTalk | Self::Feishu => true,
            Self::Slack | Self::WeCom | Self::Teams | Self::Email => false,
        }
    }

    /// The parameter of the address that names the robot, where there is one.
    fn needed_parameter(self) -> Option<&'static str> {
        match self {
            Self::DingTalk => Some("access_token"),
            Self::WeCom => Some("key"),
            Self::Webhook | Self::Slack | Self::Feishu | Self::Teams | Self::Email => None,
        }
    }
}

/// In which language people are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == word)
    }
}

/// What a client sends, not checked yet. In a change `None` keeps what was there.
#[derive(Debug, Clone, Default)]
pub struct ChannelRequest {
    /// Name.
    pub name: Option<String>,
    /// Kind; cannot be changed.
    pub kind: Option<String>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
    /// Language.
    pub language: Option<String>,
    /// Events that it is told of without being named.
    pub events: Option<Vec<String>>,
    /// Address, for all kinds but mail.
    pub url: Option<SecretString>,
    /// Key of signatures; empty text removes it.
    pub secret: Option<SecretString>,
    /// For mail.
    pub mail: Option<MailRequest>,
}

/// What is shown of where a channel leads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSettings {
    /// Scheme, host and port of its address; empty for mail.
    #[serde(default)]
    pub host: String,
    /// Its messages are signed.
    #[serde(default)]
    pub signed: bool,
    /// For mail.
    #[serde(default)]
    pub mail: Option<MailSettings>,
}

/// A request that was checked, complete.
#[derive(Debug, Clone)]
pub struct ChannelSpec {
    /// 1 to [`MAX_NAME`] characters, unique.
    pub name: String,
    /// Kind.
    pub kind: ChannelKind,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Language.
    pub language: Language,
    /// Events that it is told of without being named.
    pub events: BTreeSet<EventKind>,
    /// What is shown.
    pub settings: ChannelSettings,
    /// What is not.
    pub secrets: ChannelSecrets,
}

/// A channel as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Number.
    pub id: ChannelId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: ChannelKind,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Language.
    pub language: Language,
    /// Events that it is told of without being named.
    pub events: BTreeSet<EventKind>,
    /// What is shown of where it leads.
    pub settings: ChannelSettings,
    /// Its secrets.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

impl Channel {
    /// Whether it is told of this without being named.
    pub fn asks_for(&self, kind: EventKind) -> bool {
        self.events.iter().any(|wanted| wanted.covers(kind))
    }
}

impl ChannelRequest {
    /// Checks every field of a new channel.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check_new(self) -> Result<ChannelSpec, Invalid> {
        let word = self.kind.clone().unwrap_or_default();
        let kind = ChannelKind::parse(&word).ok_or_else(|| {
            let known = ChannelKind::ALL.map(ChannelKind::as_str).join(", ");
            Invalid::new("kind", format!("{word:?} is unknown, known are {known}"))
        })?;
        let nothing = ChannelSpec {
            name: String::new(),
            kind,
            enabled: true,
            language: Language::default(),
            events: BTreeSet::new(),
            settings: ChannelSettings::default(),
            secrets: ChannelSecrets::default(),
        };
        self.check_over(nothing)
    }

    /// Checks a change of a channel that is like this now.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn check_over(self, old: ChannelSpec) -> Result<ChannelSpec, Invalid> {
        if self.kind.as_deref().is_some_and(|word| word != old.kind.as_str()) {
            return Err(Invalid::new("kind", "cannot be changed, make another channel"));
        }
        let mut spec = old;
        spec.name = check_name(self.name.unwrap_or(spec.name))?;
        spec.enabled = self.enabled.unwrap_or(spec.enabled);
        if let Some(word) = self.language {
            let known = || format!("{word:?} is unknown, known are en, zh");
            spec.language = Language::parse(&word).ok_or_else(|| Invalid::new("language", known()))?;
        }
        if let Some(words) = self.events {
            spec.events = check_events(&words)?;
        }
        if spec.kind == ChannelKind::Email {
            let foreign = [("url", &self.url), ("secret", &self.secret)];
            if let Some((field, _)) = foreign.into_iter().find(|(_, value)| is_given(value)) {
                return Err(Invalid::new(field, "is not used by email channels"));
            }
            mail::check_over(self.mail, &mut spec)?;
            return Ok(spec);
        }
        if self.mail.is_some() {
            let rule = format!("is not used by {} channels", spec.kind.as_str());
            return Err(Invalid::new("email", rule));
        }
        check_address(self.url, &mut spec)?;
        check_secret(self.secret, &mut spec)?;
        Ok(spec)
    }
}

fn is_given(value: &Option<SecretString>) -> bool {
    value.as_ref().is_some_and(|text| !text.expose_secret().is_empty())
}

fn check_name(name: String) -> Result<String, Invalid> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > MAX_NAME {
        let rule = format!("must have 1 to {MAX_NAME} characters, found {length}");
        return Err(Invalid::new("name", rule));
    }
    if name.chars().any(char::is_control) {
        return Err(Invalid::new("name", "must not contain control characters"));
    }
    Ok(name)
}

fn check_events(words: &[String]) -> Result<BTreeSet<EventKind>, Invalid> {
    let mut events = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        let kind = EventKind::parse(word).filter(|kind| EventKind::ALL.contains(kind));
        let refusal = || {
            let known = EventKind::ALL.map(EventKind::as_str).join(", ");
            let rule = format!("{word:?} is unknown, known are {known}");
            Invalid::new(format!("events[{index}]"), rule)
        };
        events.insert(kind.ok_or_else(refusal)?);
    }
    Ok(events)
}

fn check_address(url: Option<SecretString>, spec: &mut ChannelSpec) -> Result<(), Invalid> {
    if let Some(url) = url.filter(|url| !url.expose_secret().is_empty()) {
        let text = url.expose_secret();
        spec.settings.host = origin("url", text)?;
        if let Some(name) = spec.kind.needed_parameter() {
            let query = text.split_once('?').map_or("", |(_, query)| query);
            let given = |part: &str| {
                part.split_once('=')
                    .is_some_and(|(key, value)| key == name && !value.is_empty())
            };
            if !query.split('&').any(given) {
                let rule = format!("must carry {name}=…, as the page of the robot shows it");
                return Err(Invalid::new("url", rule));
            }
        }
        spec.secrets.url = Some(url);
    }
    if spec.secrets.url.is_none() {
        return Err(Invalid::new("url", "must not be empty"));
    }
    Ok(())
}

fn check_secret(secret: Option<SecretString>, spec: &mut ChannelSpec) -> Result<(), Invalid> {
    let Some(secret) = secret else { return Ok(()) };
    let length = secret.expose_secret().len();
    if length > 0 && !spec.kind.signs() {
        let rule = format!("is not used by {} channels", spec.kind.as_str());
        return Err(Invalid::new("secret", rule));
    }
    if length > MAX_SECRET {
        let rule = format!("must have at most {MAX_SECRET} bytes, found {length}");
        return Err(Invalid::new("secret", rule));
    }
    spec.settings.signed = length > 0;
    spec.secrets.secret = (length > 0).then_some(secret);
    Ok(())
}

/// Checks an address that notifications are posted to and gives what may be shown of it: scheme, host and port. No error repeats it.
///
/// # Errors
/// Names the field.
pub fn origin(field: &str, text: &str) -> Result<String, Invalid> {
    let refusal = |rule: String| Err(Invalid::new(field, rule));
    if text.len() > MAX_URL {
        return refusal(format!("must have at most {MAX_URL} bytes, found {}", text.len()));
    }
    let Ok(uri) = text.parse::<http::Uri>() else {
        return refusal("is not a URL".into());
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return refusal("must be a whole URL, with http:// or https://".into());
    };
    if !matches!(scheme, "http" | "https") {
        return refusal("must begin with http:// or https://".into());
    }
    if authority.as_str().contains('@') {
        return refusal("must not carry a user name or password".into());
    }
    if authority.host().is_empty() {
        return refusal("names no host".into());
    }
    Ok(format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests;
