//! Settings of notifications and of the audit.

use super::{ConfigError, HOUR, duration};
use crate::{
    domain::reach::{Network, Reach},
    engine::{audit::AuditSettings, courier::CourierSettings},
    notify::NotifySettings,
};
use clap::Args;
use std::path::PathBuf;

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct NotifyArguments {
    /// Networks whose addresses notifications may be sent to although they are private, of a cluster or of this machine, as
    /// ADDRESS[/PREFIX]; repeat it or separate them by commas. Link-local and metadata addresses never may.
    #[arg(long, env = "IPS_NOTIFY_ALLOW", value_name = "NETWORK", value_delimiter = ',')]
    notify_allow: Vec<String>,
    /// Networks that notifications are never sent to, for clusters whose pods and services have public addresses; repeat it or
    /// separate them by commas.
    #[arg(long, env = "IPS_NOTIFY_DENY", value_name = "NETWORK", value_delimiter = ',')]
    notify_deny: Vec<String>,
    /// Further certificates (PEM) that are trusted where notifications are sent to.
    #[arg(long, env = "IPS_NOTIFY_CA", value_name = "FILE")]
    notify_ca: Option<PathBuf>,
    /// How long notifications and the log of their deliveries are kept (1h to 3650d).
    #[arg(
        long,
        env = "IPS_DELIVERIES_KEEP_FOR",
        value_name = "DURATION",
        default_value = "30d"
    )]
    deliveries_keep_for: String,
    /// How long records of the audit are kept (1d to 3650d).
    #[arg(long, env = "IPS_AUDIT_KEEP_FOR", value_name = "DURATION", default_value = "365d")]
    audit_keep_for: String,
}

impl NotifyArguments {
    /// Checks every setting and reads the file that they name.
    ///
    /// # Errors
    /// The first setting that is not allowed.
    pub(super) fn check(self) -> Result<(NotifySettings, CourierSettings, AuditSettings), ConfigError> {
        let authorities = match self.notify_ca {
            Some(path) => NotifySettings::read_authorities(&path)
                .map_err(|rule| ConfigError::new("--notify-ca", path.display(), rule))?,
            None => vec![],
        };
        let settings = NotifySettings {
            reach: Reach {
                loopback: false,
                private: false,
                allowed: networks("--notify-allow", &self.notify_allow)?,
                denied: networks("--notify-deny", &self.notify_deny)?,
            },
            authorities,
            ..NotifySettings::default()
        };
        let keep = duration(
            "--deliveries-keep-for",
            &self.deliveries_keep_for,
            HOUR,
            3650 * 24 * HOUR,
        )?;
        let keep_ms = keep.as_millis() as i64;
        let audit = duration("--audit-keep-for", &self.audit_keep_for, 24 * HOUR, 3650 * 24 * HOUR)?;
        let audit = AuditSettings {
            keep_ms: audit.as_millis() as i64,
        };
        Ok((settings, CourierSettings { keep_ms }, audit))
    }
}

pub(super) fn networks(setting: &'static str, texts: &[String]) -> Result<Vec<Network>, ConfigError> {
    let texts = texts.iter().filter(|text| !text.is_empty());
    texts
        .map(|text| Network::parse(text).map_err(|invalid| ConfigError::new(setting, text, invalid.rule)))
        .collect()
}
