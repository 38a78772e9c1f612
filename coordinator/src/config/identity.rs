//! Settings of identity: who is asked, and with which keys and times.

use super::{ConfigError, HOUR, duration};
use crate::identity::{IdentitySettings, TokenKeySettings};
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use std::{path::PathBuf, time::Duration};

/// Secrets in the environment; there are no flags for them, because arguments are seen by everybody on the machine.
const FIRST_PASSWORD: &str = "IPS_ADMIN_PASSWORD";
const KEY: &str = "JWT_SECRET";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    /// Everybody logs in.
    On,
    /// Nobody is asked; on loopback addresses only.
    Off,
}

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct IdentityArguments {
    /// Whether callers are asked who they are. Off is for a machine that is yours alone: everybody who reaches its loopback address
    /// may do everything.
    #[arg(
        long,
        env = "IPS_IDENTITY",
        value_name = "on|off",
        default_value = "on",
        hide_possible_values = true
    )]
    identity: Switch,
    /// File with the first password of the user admin, which must be changed at the first log-in. Without it, and without
    /// IPS_ADMIN_PASSWORD, one is made and printed once.
    #[arg(long, env = "IPS_ADMIN_PASSWORD_FILE", value_name = "FILE")]
    admin_password_file: Option<PathBuf>,
    /// File with the keys that sign access tokens, one a line, the newest first; it is read again when it changes. Without it, and without
    /// JWT_SECRET, one is made and kept in the database.
    #[arg(long, env = "IPS_JWT_KEY_FILE", value_name = "FILE")]
    jwt_key_file: Option<PathBuf>,
    /// How long an access token lives (1m to 24h).
    #[arg(long, env = "IPS_TOKEN_LIFETIME", value_name = "DURATION", default_value = "1h")]
    token_lifetime: String,
    /// How long a log-in lives, however often it is refreshed (10m to 365d).
    #[arg(long, env = "IPS_LOGIN_LIFETIME", value_name = "DURATION", default_value = "7d")]
    login_lifetime: String,
    /// Serve /metrics on the API's port without a log-in, too.
    #[arg(long, env = "IPS_METRICS_PUBLIC")]
    metrics_public: bool,
}

impl IdentityArguments {
    /// The settings.
    ///
    /// # Errors
    /// A file that cannot be read, two first passwords, or a time out of range.
    pub(super) fn check(self) -> Result<IdentitySettings, ConfigError> {
        let minute = Duration::from_secs(60);
        let millis =
            |setting, value: &str, low, high| duration(setting, value, low, high).map(|it| it.as_millis() as i64);
        Ok(IdentitySettings {
            enabled: self.identity == Switch::On,
            first_password: first_password(self.admin_password_file)?,
            keys: TokenKeySettings {
                file: self.jwt_key_file.filter(|path| !path.as_os_str().is_empty()),
                inline: inline(KEY),
            },
            token_life_ms: millis("--token-lifetime", &self.token_lifetime, minute, 24 * HOUR)?,
            login_life_ms: millis("--login-lifetime", &self.login_lifetime, 10 * minute, 365 * 24 * HOUR)?,
            metrics_public: self.metrics_public,
            ..IdentitySettings::default()
        })
    }
}

fn inline(name: &str) -> Option<SecretString> {
    let text = std::env::var(name).ok().filter(|text| !text.trim().is_empty());
    text.map(Into::into)
}

fn first_password(file: Option<PathBuf>) -> Result<Option<SecretString>, ConfigError> {
    let inline = inline(FIRST_PASSWORD);
    let Some(path) = file.filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(inline);
    };
    let wrong = |rule: String| ConfigError::new("--admin-password-file", path.display(), rule);
    if inline.is_some() {
        return Err(wrong("cannot stand beside IPS_ADMIN_PASSWORD".into()));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(wrong("is empty".into()));
    }
    Ok(Some(password.into()))
}
