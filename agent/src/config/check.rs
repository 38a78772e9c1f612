//! The rules for single settings. Each error names the setting, the value and what is allowed.

use super::{ConfigError, CredentialProviders, LogFormat};
use crate::link::address;
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};
use tracing_subscriber::EnvFilter;

/// One setting, by its option and environment name.
pub(super) struct Setting {
    name: String,
}

impl Setting {
    /// A setting whose environment name follows from its option.
    pub(super) fn new(option: &str) -> Self {
        Self::named(option, &format!("IPS_{}", option.replace('-', "_").to_uppercase()))
    }

    pub(super) fn named(option: &str, environment: &str) -> Self {
        Self {
            name: format!("--{option} ({environment})"),
        }
    }

    fn refuse(&self, value: &str, allowed: &str) -> ConfigError {
        ConfigError {
            setting: self.name.clone(),
            value: value.into(),
            allowed: allowed.into(),
        }
    }

    fn accept(&self, value: String, is_good: bool, allowed: &str) -> Result<String, ConfigError> {
        if is_good {
            Ok(value)
        } else {
            Err(self.refuse(&value, allowed))
        }
    }

    pub(super) fn coordinator(&self, value: String, allow_plain_text: bool) -> Result<String, ConfigError> {
        address::check(&value, allow_plain_text).map_err(|allowed| self.refuse(&value, allowed))?;
        Ok(value)
    }

    pub(super) fn node_name(&self, value: String) -> Result<String, ConfigError> {
        let is_label = |label: &str| {
            let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !label.is_empty() && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
        };
        let is_good = value.len() <= 253 && value.split('.').all(is_label);
        self.accept(
            value,
            is_good,
            "lower-case letters, digits, '-' and '.', at most 253 characters",
        )
    }

    pub(super) fn word(&self, value: String) -> Result<String, ConfigError> {
        let is_good = !value.is_empty() && value.len() <= 128 && value.chars().all(|c| c.is_ascii_graphic());
        self.accept(value, is_good, "1 to 128 printable characters without spaces")
    }

    pub(super) fn path(&self, value: &str) -> Result<PathBuf, ConfigError> {
        if value.starts_with('/') {
            Ok(value.into())
        } else {
            Err(self.refuse(value, "an absolute path"))
        }
    }

    pub(super) fn address(&self, value: String) -> Result<SocketAddr, ConfigError> {
        let parsed = value.parse();
        parsed.map_err(|_| self.refuse(&value, "an address with a port, such as 127.0.0.1:9090"))
    }

    pub(super) fn log_filter(&self, value: String) -> Result<String, ConfigError> {
        let is_good = !value.is_empty() && EnvFilter::try_new(&value).is_ok();
        self.accept(
            value,
            is_good,
            "error, warn, info, debug, trace, or a filter such as info,ips_agent=debug",
        )
    }

    pub(super) fn log_format(&self, value: String) -> Result<LogFormat, ConfigError> {
        match value.as_str() {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(self.refuse(other, "text or json")),
        }
    }
}

pub(super) fn whole_number(setting: &Setting, value: &str, least: u32, most: u32) -> Result<u32, ConfigError> {
    let number = value
        .parse::<u32>()
        .ok()
        .filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| setting.refuse(value, &format!("a whole number from {least} to {most}")))
}

pub(super) fn seconds(setting: &Setting, value: &str, least: u32, most: u32) -> Result<Duration, ConfigError> {
    let bare = value.strip_suffix('s').unwrap_or(value);
    let number = bare
        .parse::<u32>()
        .ok()
        .filter(|number| (least..=most).contains(number));
    let allowed = || setting.refuse(value, &format!("whole seconds from {least} to {most}"));
    number
        .map(|number| Duration::from_secs(number.into()))
        .ok_or_else(allowed)
}

/// A size as Kubernetes writes it, with a binary unit or none.
pub(super) fn bytes(setting: &Setting, value: &str) -> Result<u64, ConfigError> {
    const UNITS: [(&str, u64); 4] = [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40)];
    let unit = UNITS
        .iter()
        .find_map(|(name, factor)| Some((value.strip_suffix(name)?, *factor)));
    let (number, factor) = unit.unwrap_or((value, 1));
    let size = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    size.filter(|size| *size <= 1 << 50)
        .ok_or_else(|| setting.refuse(value, "bytes, such as 20Gi, 500Mi or 0, at most 1024Ti"))
}

/// An address with a port; an empty value is none.
pub(super) fn address(setting: &Setting, value: Option<String>) -> Result<Option<SocketAddr>, ConfigError> {
    let given = value.filter(|value| !value.is_empty());
    let parse = |value: String| {
        let allowed = "an address with a port, such as 0.0.0.0:9091";
        value.parse().map_err(|_| setting.refuse(&value, allowed))
    };
    given.map(parse).transpose()
}

/// A file that may be left out; an empty value is none.
pub(super) fn file(option: &str, value: Option<String>) -> Result<Option<PathBuf>, ConfigError> {
    let value = value.filter(|value| !value.is_empty());
    value.map(|value| Setting::new(option).path(&value)).transpose()
}

/// Both or none; an empty value is none.
pub(super) fn credential_providers(
    config: Option<String>,
    programs: Option<String>,
) -> Result<Option<CredentialProviders>, ConfigError> {
    let given = |value: Option<String>| value.filter(|value| !value.is_empty());
    let setting = Setting::new("credential-provider-config");
    let folder = Setting::new("credential-provider-bin-dir");
    match (given(config), given(programs)) {
        (None, None) => Ok(None),
        (Some(config), Some(programs)) => Ok(Some(CredentialProviders {
            config: setting.path(&config)?,
            programs: folder.path(&programs)?,
        })),
        (Some(_), None) => Err(folder.refuse("", "an absolute path, because --credential-provider-config is set")),
        (None, Some(_)) => Err(setting.refuse("", "an absolute path, because --credential-provider-bin-dir is set")),
    }
}

pub(super) fn labels(setting: &Setting, given: Vec<String>) -> Result<BTreeMap<String, String>, ConfigError> {
    let given = given.into_iter().filter(|label| !label.is_empty());
    let pair = |label: String| match label.split_once('=') {
        Some((key, value)) if is_label_key(key) && is_label_value(value) => Ok((key.to_owned(), value.to_owned())),
        _ => Err(setting.refuse(&label, "key=value with a Kubernetes label key and value")),
    };
    given.map(pair).collect()
}

/// An optional DNS prefix before a slash, and a name.
fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key
        .split_once('/')
        .map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_dns = |prefix: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        !prefix.is_empty() && prefix.len() <= 253 && prefix.chars().all(inner)
    };
    prefix.is_none_or(is_dns) && !name.is_empty() && is_label_value(name)
}

/// At most 63 characters, alphanumeric at both ends.
fn is_label_value(value: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_end = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63 && value.chars().all(inner) && is_end(value.chars().next()) && is_end(value.chars().last())
}
