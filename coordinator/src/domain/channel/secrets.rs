//! What nobody may see of a channel, in one text that the vault seals.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Secrets in the clear; they live as long as one delivery or one change.
#[derive(Debug, Clone, Default)]
pub struct ChannelSecrets {
    /// Address, which names the robot and lets anybody write as it.
    pub url: Option<SecretString>,
    /// Key of signatures.
    pub secret: Option<SecretString>,
    /// Password at the mail server.
    pub password: Option<SecretString>,
}

#[derive(Serialize, Deserialize)]
struct Plain {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl ChannelSecrets {
    /// All of them as one secret.
    pub fn to_text(&self) -> SecretString {
        let plain = |secret: &Option<SecretString>| secret.as_ref().map(|it| it.expose_secret().to_owned());
        let plain = Plain {
            url: plain(&self.url),
            secret: plain(&self.secret),
            password: plain(&self.password),
        };
        // Three texts always can be written.
        serde_json::to_string(&plain).unwrap_or_default().into()
    }

    /// Reads them; `None` when it is no such text.
    pub fn read(text: &SecretString) -> Option<Self> {
        let plain: Plain = serde_json::from_str(text.expose_secret()).ok()?;
        Some(Self {
            url: plain.url.map(Into::into),
            secret: plain.secret.map(Into::into),
            password: plain.password.map(Into::into),
        })
    }

    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &SecretString> {
        [&self.url, &self.secret, &self.password].into_iter().flatten()
    }
}
