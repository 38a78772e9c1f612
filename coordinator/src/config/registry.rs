//! Settings of how registries are asked.

use super::ConfigError;
use crate::registry::{Authority, Mirror, ProxySettings, RegistrySettings, check_mirrors, read_token_host};
use clap::Args;

/// Flags and environment names.
#[derive(Debug, Args)]
pub(super) struct RegistryArguments {
    /// Registries that are asked without TLS, as HOST[:PORT]; repeat it or separate them by commas.
    #[arg(long, env = "IPS_REGISTRY_PLAIN_HTTP", value_name = "HOST", value_delimiter = ',')]
    registry_plain_http: Vec<String>,
    /// Ask registries on this machine's loopback, without TLS.
    #[arg(long, env = "IPS_REGISTRY_ALLOW_LOOPBACK")]
    registry_allow_loopback: bool,
    /// Further certificates (PEM) that are trusted for one registry or for all; repeat it or separate them by commas.
    #[arg(long, env = "IPS_REGISTRY_CA", value_name = "[HOST=]FILE", value_delimiter = ',')]
    registry_ca: Vec<String>,
    /// Where images of a registry are looked for first, in this order; repeat it or separate them by commas.
    #[arg(
        long,
        env = "IPS_REGISTRY_MIRROR",
        value_name = "HOST=MIRROR[/PREFIX]",
        value_delimiter = ','
    )]
    registry_mirror: Vec<String>,
    /// HTTP proxy on the way to registries, as URL; a password is better given in the environment.
    #[arg(long, env = "IPS_REGISTRY_PROXY", value_name = "URL", hide_env_values = true)]
    registry_proxy: Option<String>,
    /// Hosts, domains (.corp) and networks that are reached without the proxy, separated by commas.
    #[arg(long, env = "IPS_REGISTRY_NO_PROXY", value_name = "LIST", default_value = "")]
    registry_no_proxy: String,
    /// Token services at another host than their registry that may get its login; repeat it or separate them by commas.
    #[arg(
        long,
        env = "IPS_REGISTRY_TOKEN_HOST",
        value_name = "REGISTRY=HOST",
        value_delimiter = ','
    )]
    registry_token_host: Vec<String>,
}

impl RegistryArguments {
    /// Checks every setting and reads the files that they name.
    ///
    /// # Errors
    /// The first setting that is not allowed.
    pub(super) fn check(self) -> Result<RegistrySettings, ConfigError> {
        let mirrors = each("--registry-mirror", &self.registry_mirror, Mirror::read)?;
        check_mirrors(&mirrors)
            .map_err(|rule| ConfigError::new("--registry-mirror", self.registry_mirror.join(","), rule))?;
        let proxy = self.registry_proxy.filter(|url| !url.is_empty());
        // The URL may hold a password, so it is not repeated.
        let proxy = proxy.map(|url| {
            ProxySettings::read(&url, &self.registry_no_proxy)
                .map_err(|rule| ConfigError::new("--registry-proxy", "the URL", rule))
        });
        Ok(RegistrySettings {
            plain_http_hosts: self.registry_plain_http,
            allow_loopback: self.registry_allow_loopback,
            authorities: each("--registry-ca", &self.registry_ca, Authority::read)?,
            proxy: proxy.transpose()?,
            mirrors,
            token_hosts: each("--registry-token-host", &self.registry_token_host, read_token_host)?,
        })
    }
}

fn each<T>(
    setting: &'static str,
    texts: &[String],
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, ConfigError> {
    let texts = texts.iter().filter(|text| !text.is_empty());
    texts
        .map(|text| read(text).map_err(|rule| ConfigError::new(setting, text, rule)))
        .collect()
}
