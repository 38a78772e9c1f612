//! Logins for registries: what each is for, and which one an image gets. Passwords are [`SecretString`]s, which cannot be printed;
//! at rest they are sealed by the vault, and only the ciphertext is in a record.

mod of_task;
mod scope;

pub use of_task::{BOTH_KINDS, NO_LOGIN, NO_REGISTRY, TaskCredential, TaskLoginsRequest};
pub use scope::RegistryScope;
pub(super) use scope::canonical_host;

use super::{Invalid, Millis, caller::TenantId, ids::TaskId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest name in characters.
pub const MAX_NAME: usize = 128;
/// Longest user name in characters.
pub const MAX_USERNAME: usize = 256;
/// Longest password in bytes; cloud registries take whole key files as passwords.
pub const MAX_PASSWORD: usize = 16 * 1024;
/// Credentials that one task may name.
pub const MAX_TASK_CREDENTIALS: usize = 20;

/// Number of a credential, from 1; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CredentialId(i64);

impl CredentialId {
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

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a client sends, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct CredentialRequest {
    /// Name.
    pub name: String,
    /// Registry.
    pub registry: String,
    /// User name.
    pub username: String,
    /// Password; `None` or empty keeps the old one where there is one.
    pub password: Option<SecretString>,
}

/// A request that was checked.
#[derive(Debug, Clone)]
pub struct CredentialSpec {
    /// 1 to [`MAX_NAME`] characters, unique.
    pub name: String,
    /// What it is for.
    pub login: NewLogin,
}

/// A login that was checked.
#[derive(Debug, Clone)]
pub struct NewLogin {
    /// What it is for.
    pub scope: RegistryScope,
    /// User name, without a colon.
    pub username: String,
    /// Not empty; `None` only in a change that keeps the old one.
    pub password: Option<SecretString>,
}

impl CredentialRequest {
    /// Checks every field of a new credential.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check_new(self) -> Result<CredentialSpec, Invalid> {
        let spec = self.check_change()?;
        if spec.login.password.is_none() {
            return Err(Invalid::new("password", "must not be empty"));
        }
        Ok(spec)
    }

    /// Checks every field of a change, which may leave the password out.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn check_change(self) -> Result<CredentialSpec, Invalid> {
        let name = check_text("name", &self.name, MAX_NAME)?;
        Ok(CredentialSpec {
            name,
            login: NewLogin::check(&self.registry, &self.username, self.password)?,
        })
    }
}

impl NewLogin {
    /// Checks the three fields of a login.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn check(registry: &str, username: &str, password: Option<SecretString>) -> Result<Self, Invalid> {
        let scope = RegistryScope::parse_field("registry", registry)?;
        let username = check_text("username", username, MAX_USERNAME)?;
        if username.contains(':') {
            return Err(Invalid::new(
                "username",
                "must not contain a colon, which HTTP reserves (RFC 7617)",
            ));
        }
        Ok(Self {
            scope,
            username,
            password: check_password(password)?,
        })
    }
}

fn check_text(field: &str, text: &str, longest: usize) -> Result<String, Invalid> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > longest {
        return Err(Invalid::new(
            field,
            format!("must have 1 to {longest} characters, found {length}"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(field, "must not contain control characters"));
    }
    Ok(text.to_owned())
}

fn check_password(password: Option<SecretString>) -> Result<Option<SecretString>, Invalid> {
    let Some(password) = password.filter(|password| !password.expose_secret().is_empty()) else {
        return Ok(None);
    };
    let length = password.expose_secret().len();
    if length > MAX_PASSWORD {
        let rule = format!("must have at most {MAX_PASSWORD} bytes, found {length}");
        return Err(Invalid::new("password", rule));
    }
    Ok(Some(password))
}

/// A secret as it lies in the store.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Names the key that opens it.
    pub key_id: String,
    /// Nonce and ciphertext in base64.
    pub ciphertext: String,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id)
    }
}

/// A credential as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Number.
    pub id: CredentialId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Name; empty where a task owns it.
    pub name: String,
    /// The task that brought it along and with which it is removed; such a credential is in no list.
    pub owner: Option<TaskId>,
    /// What it is for.
    pub scope: RegistryScope,
    /// User name.
    pub username: String,
    /// Password.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

impl Credential {
    /// How people are told which one is meant.
    pub fn shown(&self) -> String {
        match &self.owner {
            Some(_) => format!("the task's own login for {}", self.scope),
            None => format!("credential {} {:?}", self.id, self.name),
        }
    }
}

/// The one for a repository among some: the longest prefix wins, then the older one.
pub fn best<'a>(
    candidates: impl Iterator<Item = &'a Credential>,
    registry: &str,
    repository: &str,
) -> Option<&'a Credential> {
    candidates
        .filter(|candidate| candidate.scope.covers(registry, repository))
        .min_by_key(|candidate| (std::cmp::Reverse(candidate.scope.depth()), candidate.id))
}

/// Two that are for the same, if there are any: a task must not name both.
pub fn rivals<'a>(candidates: &[&'a Credential]) -> Option<(&'a Credential, &'a Credential)> {
    candidates.iter().enumerate().find_map(|(index, one)| {
        let other = candidates[index + 1..].iter().find(|other| other.scope == one.scope)?;
        Some((*one, *other))
    })
}

/// A login that can be used: the password is in the clear, so it lives for one request or one pull.
#[derive(Clone)]
pub struct Login {
    /// The registry that it is for, as URL `https://host[:port]`; the form that runtimes compare.
    pub server: String,
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

impl Login {
    /// A login for exactly this registry host.
    pub fn new(registry: &str, username: String, password: SecretString) -> Self {
        Self {
            server: format!("https://{}", api_host(registry)),
            username,
            password,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.server)
    }
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        (&self.server, &self.username) == (&other.server, &other.username)
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for Login {}

/// Where a registry's API is: Docker Hub's lives at another name than its images carry.
pub fn api_host(registry: &str) -> &str {
    if registry == "docker.io" {
        "registry-1.docker.io"
    } else {
        registry
    }
}

/// Where logins come from.
pub trait Logins: Send + Sync {
    /// The login for a repository of a registry; `None` means anonymous.
    ///
    /// # Errors
    /// Why the one that is meant for it cannot be used, in words for people.
    fn login(&self, registry: &str, repository: &str) -> Result<Option<Login>, String>;
}

/// No logins.
#[derive(Debug, Clone, Copy)]
pub struct Anonymous;

impl Logins for Anonymous {
    fn login(&self, _registry: &str, _repository: &str) -> Result<Option<Login>, String> {
        Ok(None)
    }
}

/// What happened when a login was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginCheck {
    /// In a word.
    pub result: LoginResult,
    /// In a sentence.
    pub message: String,
}

/// How a login ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginResult {
    /// The registry took it.
    Ok,
    /// The registry answers without a login, so nothing was proved.
    NotNeeded,
    /// The registry or its token service refused it.
    Unauthorized,
    /// No answer, or one that is no registry's.
    Unreachable,
    /// No trust: the certificate or the TLS handshake is not as it should be.
    Tls,
    /// Too many requests.
    RateLimited,
    /// A rule of this program or its settings keeps it from being tried.
    Refused,
}

impl LoginResult {
    /// Every result.
    pub const ALL: [Self; 7] = [
        Self::Ok,
        Self::NotNeeded,
        Self::Unauthorized,
        Self::Unreachable,
        Self::Tls,
        Self::RateLimited,
        Self::Refused,
    ];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotNeeded => "not_needed",
            Self::Unauthorized => "unauthorized",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::RateLimited => "rate_limited",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests;
