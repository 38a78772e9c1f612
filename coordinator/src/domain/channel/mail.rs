//! Where mail goes, and how.

use super::{ChannelSpec, Invalid};
use crate::domain::in_range;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Most receivers of one channel.
const MAX_RECEIVERS: usize = 20;
/// Longest address of a person, in bytes (RFC 5321).
const MAX_ADDRESS: usize = 254;

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the first byte, usually port 465.
    Tls,
    /// TLS after `STARTTLS`, which must succeed; usually port 587.
    #[default]
    StartTls,
    /// None, usually port 25. No password is sent then.
    None,
}

impl MailSecurity {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Tls, Self::StartTls, Self::None];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// What a client sends, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct MailRequest {
    /// Mail server.
    pub host: String,
    /// Its port; 0 for the usual one.
    pub port: i64,
    /// `tls`, `starttls` or `none`; empty for `starttls`.
    pub security: String,
    /// User name at the mail server; empty for none.
    pub username: String,
    /// Password; `None` keeps the old one as long as host and user name stay.
    pub password: Option<SecretString>,
    /// Sender.
    pub from: String,
    /// Receivers.
    pub to: Vec<String>,
}

/// Checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    /// Mail server.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: MailSecurity,
    /// User name; empty for none.
    pub username: String,
    /// Sender.
    pub from: String,
    /// Receivers, at least one.
    pub to: Vec<String>,
}

/// Checks the mail part of a channel that is like `spec` now.
pub(super) fn check_over(request: Option<MailRequest>, spec: &mut ChannelSpec) -> Result<(), Invalid> {
    let Some(request) = request else {
        return match spec.settings.mail {
            Some(_) => Ok(()),
            None => Err(Invalid::new("email", "must not be empty")),
        };
    };
    let settings = request.settings()?;
    let password = request.password.filter(|password| !password.expose_secret().is_empty());
    let old = spec.settings.mail.take();
    spec.secrets.password = match password {
        Some(_) if settings.username.is_empty() => {
            return Err(Invalid::new("email.username", "must not be empty beside a password"));
        }
        None if settings.username.is_empty() => None,
        Some(password) => Some(password),
        None => kept(old, &settings, spec.secrets.password.take())?,
    };
    if spec.secrets.password.is_some() && settings.security == MailSecurity::None {
        let rule = "must be tls or starttls, because a password is never sent in the clear";
        return Err(Invalid::new("email.security", rule));
    }
    spec.settings.mail = Some(settings);
    Ok(())
}

/// A password that was given for one server is never sent to another.
fn kept(
    old: Option<MailSettings>,
    new: &MailSettings,
    password: Option<SecretString>,
) -> Result<Option<SecretString>, Invalid> {
    let same = old.is_some_and(|old| (&old.host, &old.username) == (&new.host, &new.username));
    match password {
        Some(password) if same => Ok(Some(password)),
        Some(_) => Err(Invalid::new(
            "email.password",
            "must be sent again when host or user name change",
        )),
        None => Err(Invalid::new("email.password", "must not be empty beside a user name")),
    }
}

impl MailRequest {
    fn settings(&self) -> Result<MailSettings, Invalid> {
        let security = match self.security.as_str() {
            "" => MailSecurity::default(),
            word => {
                let found = MailSecurity::ALL.into_iter().find(|known| known.as_str() == word);
                let rule = || format!("{word:?} is unknown, known are tls, starttls, none");
                found.ok_or_else(|| Invalid::new("email.security", rule()))?
            }
        };
        let port = match self.port {
            0 => security.usual_port(),
            port => u16::try_from(in_range("email.port", port, 1..=65_535)?).unwrap_or_default(),
        };
        if self.to.is_empty() || self.to.len() > MAX_RECEIVERS {
            let rule = format!("must name 1 to {MAX_RECEIVERS} receivers, found {}", self.to.len());
            return Err(Invalid::new("email.to", rule));
        }
        let mut to = Vec::with_capacity(self.to.len());
        for (index, address) in self.to.iter().enumerate() {
            to.push(check_address(&format!("email.to[{index}]"), address)?);
        }
        Ok(MailSettings {
            host: check_host(&self.host)?,
            port,
            security,
            username: check_username(&self.username)?,
            from: check_address("email.from", &self.from)?,
            to,
        })
    }
}

fn check_host(host: &str) -> Result<String, Invalid> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if host.is_empty() || host.len() > 253 || !host.chars().all(known) {
        let rule = "must be the name or address of a mail server, without port";
        return Err(Invalid::new("email.host", rule));
    }
    Ok(host.to_ascii_lowercase())
}

fn check_username(username: &str) -> Result<String, Invalid> {
    if username.len() > 256 || username.chars().any(char::is_control) {
        let rule = "must have at most 256 bytes and no control characters";
        return Err(Invalid::new("email.username", rule));
    }
    Ok(username.to_owned())
}

/// `local@domain` without quotes and comments, which no mail server of this century hands out.
fn check_address(field: &str, address: &str) -> Result<String, Invalid> {
    let local_fits = |local: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        !local.is_empty() && local.len() <= 64 && dots && local.chars().all(known)
    };
    let parts = address.rsplit_once('@');
    let fits = parts.is_some_and(|(local, domain)| {
        let domain = domain.to_ascii_lowercase();
        local_fits(local) && crate::domain::ids::is_dns_subdomain(&domain)
    });
    if fits && address.len() <= MAX_ADDRESS {
        Ok(address.to_owned())
    } else {
        Err(Invalid::new(field, "must be a mail address like ops@example.com"))
    }
}
