//! What a credential is for: a registry host, or a part of its repositories.

use crate::domain::{
    Invalid,
    image::{check_registry, check_repository},
};
use std::fmt;

/// Names under which people know Docker Hub; images carry `docker.io`.
const HUB: [&str; 5] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "hub.docker.com",
];
/// Longest text.
const MAX_LENGTH: usize = 512;

/// A registry host with its port, and a prefix of repositories, which may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegistryScope {
    host: String,
    prefix: String,
}

impl RegistryScope {
    /// Reads `host[:port][/path]`; a scheme, slashes at the end and the path of the API (`/v1/`, `/v2/`), which other programs write, are left out.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(format!(
                "must be a registry host with 1 to {MAX_LENGTH} characters, found {}",
                text.len()
            ));
        }
        let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let bare = bare.unwrap_or(text).trim_end_matches('/');
        if bare.contains(['@', '?', '#', ' ']) || bare.contains("://") {
            return Err("must be host[:port] with an optional path, without user, query or scheme".into());
        }
        let (host, prefix) = bare.split_once('/').unwrap_or((bare, ""));
        let host = host.to_ascii_lowercase();
        check_registry(&host)?;
        let prefix = if matches!(prefix, "v1" | "v2") { "" } else { prefix };
        if !prefix.is_empty() {
            check_repository(prefix)?;
        }
        Ok(Self {
            host: canonical_host(host),
            prefix: prefix.to_owned(),
        })
    }

    /// Reads the text at `field`.
    ///
    /// # Errors
    /// Names the field and the rule.
    pub fn parse_field(field: &str, text: &str) -> Result<Self, Invalid> {
        Self::parse(text).map_err(|rule| Invalid::new(field, rule))
    }

    /// Host with its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Prefix of repositories, without slashes at its ends; empty for all.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether it is for this repository: the same host, and the prefix ends where a component of the path ends.
    pub fn covers(&self, registry: &str, repository: &str) -> bool {
        let same_host = self.host == canonical_host(registry.to_ascii_lowercase());
        let rest = repository.strip_prefix(self.prefix.as_str());
        let whole = |rest: &str| self.prefix.is_empty() || rest.is_empty() || rest.starts_with('/');
        same_host && rest.is_some_and(whole)
    }

    /// Components of the prefix; more of them are more exact.
    pub fn depth(&self) -> usize {
        self.prefix.split('/').filter(|part| !part.is_empty()).count()
    }
}

/// The one name of a registry host that has several; `host` is in lower case.
pub(in crate::domain) fn canonical_host(host: String) -> String {
    if HUB.contains(&host.as_str()) {
        HUB[0].to_owned()
    } else {
        host
    }
}

impl fmt::Display for RegistryScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix.is_empty() {
            f.write_str(&self.host)
        } else {
            write!(f, "{}/{}", self.host, self.prefix)
        }
    }
}
