//! Patterns of repositories, such as `registry.example/team-a/*`: a registry host and a path whose parts may be `*`.

use crate::domain::{
    Invalid,
    credential::canonical_host,
    image::{check_registry, check_repository},
};
use std::fmt;

/// Most patterns of a tenant.
pub const MAX_PATTERNS: usize = 100;
/// Longest pattern.
const MAX_LENGTH: usize = 512;
/// Docker Hub, whose repositories of one part lie below `library`.
const HUB: &str = "docker.io";

/// Which repositories. `host` or `host/*`: all on the host; `host/path`: that one; `host/path/*`: all below the path; `*` in the middle
/// stands for one part of the path, `*.` before a host for any host below it. Without a host it is Docker Hub's, as in an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryPattern {
    text: String,
    host: Host,
    parts: Vec<Part>,
    /// Not the path itself but what lies below it.
    below: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Host {
    This(String),
    Below(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    This(String),
    Any,
}

impl RepositoryPattern {
    /// Reads the pattern at `field`.
    ///
    /// # Errors
    /// Names the field and the rule.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        Self::read(text).map_err(|rule| Invalid::new(field, rule))
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(format!("must have 1 to {MAX_LENGTH} characters, found {}", text.len()));
        }
        let (base, is_below) = match text.strip_suffix("/*") {
            Some(base) => (base, true),
            None => (text, false),
        };
        if text.starts_with('*') && !text.starts_with("*.") {
            return Err("must begin with a registry host, or with a repository of Docker Hub".to_owned());
        }
        let (host, path) = split_host(base);
        let mut parts: Vec<&str> = path.split('/').filter(|_| !path.is_empty()).collect();
        let host = Host::read(host)?;
        if host == Host::This(HUB.to_owned()) && parts.len() == 1 && !is_below {
            parts.insert(0, "library");
        }
        let named: Vec<&str> = parts.iter().copied().filter(|part| *part != "*").collect();
        if !named.is_empty() {
            check_repository(&named.join("/"))?;
        }
        let part = |part: &&str| match *part {
            "*" => Part::Any,
            name => Part::This(name.to_owned()),
        };
        Ok(Self {
            text: text.to_owned(),
            host,
            below: is_below || parts.is_empty(),
            parts: parts.iter().map(part).collect(),
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a repository is among those that it stands for.
    pub fn matches(&self, registry: &str, repository: &str) -> bool {
        if !self.may_be_on(registry) {
            return false;
        }
        let mut found = repository.split('/');
        let fits = self.parts.iter().all(|part| {
            let found = found.next();
            match part {
                Part::This(name) => found == Some(name.as_str()),
                Part::Any => found.is_some(),
            }
        });
        fits && found.next().is_some() == self.below
    }

    /// Whether one of those that it stands for can be on the host.
    pub fn may_be_on(&self, registry: &str) -> bool {
        let registry = canonical_host(registry.to_ascii_lowercase());
        match &self.host {
            Host::This(host) => *host == registry,
            Host::Below(domain) => registry
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        }
    }
}

impl fmt::Display for RepositoryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Host {
    fn read(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_lowercase();
        let (name, is_below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text.as_str(), false),
        };
        check_registry(name)?;
        Ok(if is_below {
            Self::Below(name.to_owned())
        } else {
            Self::This(canonical_host(text))
        })
    }
}

/// Splits as images are split: the first part is a host if it has a dot or a colon, or is `localhost`.
fn split_host(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    if first.contains(['.', ':']) || first == "localhost" {
        (first, rest)
    } else {
        (HUB, text)
    }
}
