//! Settings of the log-in at a provider (OpenID Connect). None of them counts without an issuer.

use super::{ConfigError, HOUR, duration};
use crate::{
    domain::{caller::Role, sso::RoleMap, user::check_role},
    identity::SsoSettings,
    oidc::{ProviderSettings, checked_url},
};
use clap::Args;
use secrecy::SecretString;
use std::{path::PathBuf, time::Duration};

/// A secret in the environment; there is no flag for it, because arguments are seen by everybody on the machine.
const SECRET: &str = "IPS_OIDC_CLIENT_SECRET";
/// Where the provider sends browsers back to, below the public URL.
const CALLBACK: &str = "/auth/oidc/callback";

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct OidcArguments {
    /// Address of the log-in provider, exactly as its tokens name it; people can log in there then. https, or http on loopback.
    #[arg(long, env = "IPS_OIDC_ISSUER", value_name = "URL")]
    oidc_issuer: Option<String>,
    /// Name that the coordinator has at the provider.
    #[arg(long, env = "IPS_OIDC_CLIENT_ID", value_name = "ID", default_value = "ips")]
    oidc_client_id: String,
    /// File with the secret that the coordinator has at the provider; IPS_OIDC_CLIENT_SECRET may hold it instead. Without either it is a
    /// public client.
    #[arg(long, env = "IPS_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// What the provider is asked to tell; repeat it or separate them by commas.
    #[arg(
        long,
        env = "IPS_OIDC_SCOPES",
        value_name = "SCOPE",
        value_delimiter = ',',
        default_value = "openid,profile,email"
    )]
    oidc_scopes: Vec<String>,
    /// Claim with the groups of a person; a path where it lies inside another one, such as realm_access.roles.
    #[arg(long, env = "IPS_OIDC_GROUPS_CLAIM", value_name = "CLAIM", default_value = "groups")]
    oidc_groups_claim: String,
    /// Claim with the name of a person.
    #[arg(
        long,
        env = "IPS_OIDC_USERNAME_CLAIM",
        value_name = "CLAIM",
        default_value = "preferred_username"
    )]
    oidc_username_claim: String,
    /// Role that a group gives; the highest counts. Repeat it or separate them by semicolons.
    #[arg(long, env = "IPS_OIDC_ROLES", value_name = "GROUP=ROLE", value_delimiter = ';')]
    oidc_role: Vec<String>,
    /// Role of whoever is in none of those groups; without it nobody else gets in.
    #[arg(long, env = "IPS_OIDC_DEFAULT_ROLE", value_name = "ROLE")]
    oidc_default_role: Option<String>,
    /// Further certificates (PEM) that are trusted at the provider.
    #[arg(long, env = "IPS_OIDC_CA", value_name = "FILE")]
    oidc_ca: Option<PathBuf>,
    /// What the button on the log-in page says.
    #[arg(long, env = "IPS_OIDC_NAME", value_name = "TEXT", default_value = "Single sign-on")]
    oidc_name: String,
    /// How long a log-in at the provider lives, however often it is refreshed; its groups are looked at again after that (10m to 365d).
    #[arg(
        long,
        env = "IPS_OIDC_LOGIN_LIFETIME",
        value_name = "DURATION",
        default_value = "12h"
    )]
    oidc_login_lifetime: String,
    /// Where people reach the console, such as https://ips.example.com; the provider must know PUBLIC-URL/auth/oidc/callback as an
    /// address to send browsers back to. https, or http on loopback.
    #[arg(long, env = "IPS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl OidcArguments {
    /// The settings; `None` without an issuer.
    ///
    /// # Errors
    /// The first setting that is not allowed.
    pub(super) fn check(self) -> Result<Option<SsoSettings>, ConfigError> {
        let Some(issuer) = filled(self.oidc_issuer) else {
            return Ok(None);
        };
        let url = |setting, text: &str| checked_url(text).map_err(|rule| ConfigError::new(setting, text, rule));
        url("--oidc-issuer", &issuer)?;
        let missing = || {
            ConfigError::new(
                "--public-url",
                "",
                "is needed with --oidc-issuer: where people reach the console",
            )
        };
        let public_url = filled(self.public_url).ok_or_else(missing)?;
        url("--public-url", &public_url)?;
        let public_url = public_url.trim_end_matches('/').to_owned();
        let life = duration(
            "--oidc-login-lifetime",
            &self.oidc_login_lifetime,
            Duration::from_secs(600),
            365 * 24 * HOUR,
        )?;
        let roles = roles(&self.oidc_role, self.oidc_default_role)?;
        Ok(Some(SsoSettings {
            provider: ProviderSettings {
                issuer,
                client_id: self.oidc_client_id,
                client_secret: secret(self.oidc_client_secret_file)?,
                scopes: self.oidc_scopes.into_iter().filter(|scope| !scope.is_empty()).collect(),
                groups_claim: self.oidc_groups_claim,
                username_claim: self.oidc_username_claim,
                authorities: authorities(self.oidc_ca)?,
                redirect_url: format!("{public_url}{CALLBACK}"),
            },
            name: self.oidc_name,
            roles,
            login_life_ms: life.as_millis() as i64,
            public_url,
        }))
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn roles(rules: &[String], otherwise: Option<String>) -> Result<RoleMap, ConfigError> {
    let rules = rules.iter().filter(|rule| !rule.trim().is_empty());
    let groups = rules.map(|rule| {
        let rule_of = RoleMap::parse_rule(rule);
        rule_of.map_err(|invalid| ConfigError::new("--oidc-role", rule, invalid.rule))
    });
    let groups: Vec<(String, Role)> = groups.collect::<Result<_, _>>()?;
    let otherwise = filled(otherwise).map(|word| {
        let role = check_role(&word);
        role.map_err(|invalid| ConfigError::new("--oidc-default-role", &word, invalid.rule))
    });
    let otherwise = otherwise.transpose()?;
    if groups.is_empty() && otherwise.is_none() {
        let rule = "is needed with --oidc-issuer (or --oidc-default-role), else nobody gets in";
        return Err(ConfigError::new("--oidc-role", "", rule));
    }
    Ok(RoleMap { groups, otherwise })
}

fn secret(file: Option<PathBuf>) -> Result<Option<SecretString>, ConfigError> {
    let inline = filled(std::env::var(SECRET).ok());
    let Some(path) = file.filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(inline.map(|text| text.trim().into()));
    };
    let wrong = |rule: String| ConfigError::new("--oidc-client-secret-file", path.display(), rule);
    if inline.is_some() {
        return Err(wrong(format!("cannot stand beside {SECRET}")));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let text = filled(Some(text)).ok_or_else(|| wrong("is empty".into()))?;
    Ok(Some(text.trim().into()))
}

fn authorities(file: Option<PathBuf>) -> Result<Vec<u8>, ConfigError> {
    let Some(path) = file.filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(vec![]);
    };
    let wrong = |rule: String| ConfigError::new("--oidc-ca", path.display(), rule);
    let text = std::fs::read(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    crate::oidc::check_authorities(&text).map_err(wrong)?;
    Ok(text)
}
