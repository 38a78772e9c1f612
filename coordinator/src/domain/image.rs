//! Image references, digests and platforms. A reference is kept exactly as pods write it: the parsed parts serve to ask the
//! registry, never to put the reference together again.

use super::Invalid;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A reference as pods write it, known to be well-formed (grammar of github.com/distribution/reference).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ImageRef(Arc<str>);

impl From<String> for ImageRef {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> Self {
        image.0.as_ref().to_owned()
    }
}

/// The parts of a reference after Docker Hub's defaults were filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageParts {
    /// Registry host with its port, for example `docker.io` or `localhost:5000`.
    pub registry: String,
    /// Repository, for example `library/nginx`.
    pub repository: String,
    /// Tag; `latest` where neither tag nor digest was written.
    pub tag: Option<String>,
    /// Digest, if one was written.
    pub digest: Option<String>,
}

impl ImageRef {
    /// Parses a reference.
    ///
    /// # Errors
    /// The rule that the text breaks, as words for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        split(text)?;
        Ok(Self(text.into()))
    }

    /// Parses the reference at `field`.
    ///
    /// # Errors
    /// Names the field and the rule.
    pub fn parse_field(field: &str, text: &str) -> Result<Self, Invalid> {
        Self::parse(text).map_err(|rule| Invalid::new(field, rule))
    }

    /// The reference exactly as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts, with Docker Hub's defaults. A port without a tag means `:latest`.
    pub fn parts(&self) -> ImageParts {
        // A value of this type was parsed before; an empty part set can only come from a damaged store and resolves to nothing.
        split(&self.0).unwrap_or_else(|_| ImageParts {
            registry: String::new(),
            repository: String::new(),
            tag: None,
            digest: None,
        })
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn split(text: &str) -> Result<ImageParts, String> {
    if text.is_empty() {
        return Err("must not be empty".into());
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(format!(
            "{text:?} contains {bad:?}; only visible ASCII characters are allowed"
        ));
    }
    let (name_and_tag, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(checked_digest(digest)?)),
        None => (text, None),
    };
    // A colon after the last slash separates the tag; one before it belongs to the port.
    let tag_at = name_and_tag
        .rfind(':')
        .filter(|colon| !name_and_tag[*colon..].contains('/'));
    let (name, tag) = match tag_at {
        Some(colon) => (&name_and_tag[..colon], Some(checked_tag(&name_and_tag[colon + 1..])?)),
        None => (name_and_tag, None),
    };
    let (registry, repository) = split_name(name);
    check_registry(&registry)?;
    check_repository(&repository)?;
    let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned()));
    Ok(ImageParts {
        registry,
        repository,
        tag,
        digest,
    })
}

/// Splits host and repository as Docker does: the first component is a host if it has a dot or a colon, or is `localhost`.
fn split_name(name: &str) -> (String, String) {
    match name.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
            let host = if host == "index.docker.io" { "docker.io" } else { host };
            (host.to_owned(), hub_repository(host, rest))
        }
        Some(_) | None => ("docker.io".to_owned(), hub_repository("docker.io", name)),
    }
}

fn hub_repository(host: &str, path: &str) -> String {
    if host == "docker.io" && !path.contains('/') {
        format!("library/{path}")
    } else {
        path.to_owned()
    }
}

pub(super) fn check_registry(registry: &str) -> Result<(), String> {
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) if !registry.ends_with(']') => (host, Some(port)),
        Some(_) | None => (registry, None),
    };
    if let Some(port) = port
        && port.parse::<u16>().map_or(true, |port| port == 0)
    {
        return Err(format!("registry port {port:?} must be a number from 1 to 65535"));
    }
    let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let valid = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => super::ids::is_dns_subdomain(&host.to_ascii_lowercase()),
    };
    if valid {
        Ok(())
    } else {
        Err(format!("registry host {host:?} is not a host name or address"))
    }
}

pub(super) fn check_repository(repository: &str) -> Result<(), String> {
    if repository.len() > 255 {
        return Err("repository must be at most 255 characters".into());
    }
    if repository.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(format!("repository {repository:?} must be lower case"));
    }
    match repository.split('/').find(|component| !is_path_component(component)) {
        None => Ok(()),
        Some(bad) => Err(format!(
            "repository component {bad:?} must be a-z and 0-9, separated by '.', '_', '__' or dashes"
        )),
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bounded = component.starts_with(alphanumeric) && component.ends_with(alphanumeric);
    let mut separators = component.split(alphanumeric).filter(|run| !run.is_empty());
    bounded && separators.all(|run| matches!(run, "." | "_" | "__") || run.chars().all(|c| c == '-'))
}

fn checked_tag(tag: &str) -> Result<String, String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let valid = tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-');
    if valid {
        Ok(tag.to_owned())
    } else {
        Err(format!(
            "tag {tag:?} must be 1 to 128 characters of A-Z, a-z, 0-9, '_', '.' and '-', not beginning with '.' or '-'"
        ))
    }
}

fn checked_digest(digest: &str) -> Result<String, String> {
    let length = match digest.split_once(':') {
        Some(("sha256", _)) => 64,
        Some(("sha384", _)) => 96,
        Some(("sha512", _)) => 128,
        Some(_) | None => 0,
    };
    let hex = digest.split_once(':').map_or("", |(_, hex)| hex);
    if length > 0 && hex.len() == length && hex.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)) {
        Ok(digest.to_owned())
    } else {
        Err(format!(
            "digest {digest:?} must be sha256:, sha384: or sha512: and as many lower-case hex digits as the algorithm has"
        ))
    }
}

/// Whether the text is a digest as OCI images use them; what an agent or a registry says is checked with it.
pub fn is_digest(text: &str) -> bool {
    checked_digest(text).is_ok()
}

/// An os and architecture as in the OCI image specification.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// GOOS, for example `linux`.
    pub os: String,
    /// GOARCH, for example `amd64`.
    pub architecture: String,
    /// CPU variant, for example `v8`; empty for none.
    #[serde(default)]
    pub variant: String,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

/// The three digests that one image has on one platform; empty text means unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDigests {
    /// What the tag points at (index, or manifest where there is none).
    pub target: String,
    /// The platform's manifest.
    pub manifest: String,
    /// The image configuration: the runtime's image id.
    pub config: String,
}

impl ImageDigests {
    /// Boxed, unless all of them are unknown.
    pub fn if_known(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// What one image is on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedImage {
    /// Platform.
    pub platform: Platform,
    /// Digests.
    pub digests: ImageDigests,
    /// Compressed size of configuration and layers in bytes.
    pub size_bytes: u64,
}

#[cfg(test)]
mod tests;
