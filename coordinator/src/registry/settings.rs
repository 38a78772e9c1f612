//! What the operator says about registries, checked before anything starts: a wrong setting is an error of the start, never of a pull.

use super::address;
use crate::domain::credential::RegistryScope;
use reqwest::{Certificate, Client, NoProxy, Proxy, Url};
use secrecy::{ExposeSecret as _, SecretString};
use std::{fmt, path::Path};

/// Mirrors of one registry.
const MAX_MIRRORS: usize = 10;

/// Token services that well-known registries have at another host, and which get their logins.
const TOKEN_HOSTS: [(&str, &str); 3] = [
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
    ("registry.digitalocean.com", "api.digitalocean.com"),
];

/// What the operator says about registries.
#[derive(Debug, Clone, Default)]
pub struct RegistrySettings {
    /// Hosts (`host` or `host:port`) that are spoken to without TLS.
    pub plain_http_hosts: Vec<String>,
    /// Whether registries on this machine's loopback may be asked; they are then spoken to without TLS.
    pub allow_loopback: bool,
    /// Further certificates that are trusted.
    pub authorities: Vec<Authority>,
    /// The way out.
    pub proxy: Option<ProxySettings>,
    /// Where images of a registry are looked for before it is asked.
    pub mirrors: Vec<Mirror>,
    /// Token services at another host than their registry that may get its login: registry, token service.
    pub token_hosts: Vec<(String, String)>,
}

/// Certificates that are trusted for one host or for all.
#[derive(Clone)]
pub struct Authority {
    /// `host` or `host:port`; `None` for all.
    pub host: Option<String>,
    pub(super) certificates: Vec<Certificate>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({:?}, {})", self.host, self.certificates.len())
    }
}

impl Authority {
    /// Reads `[HOST=]FILE` with certificates in PEM.
    ///
    /// # Errors
    /// The rule that the text or the file breaks.
    pub fn read(text: &str) -> Result<Self, String> {
        let (host, path) = match text.split_once('=') {
            Some((host, path)) => (Some(host_of(host)?), path),
            None => (None, text),
        };
        let pem = std::fs::read(Path::new(path)).map_err(|error| format!("cannot be read: {error}"))?;
        let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err("holds no certificate in PEM".into());
        }
        let _installed = rustls::crypto::ring::default_provider().install_default();
        // Whether they are certificates at all shows only when a client is made of them.
        let client = Client::builder().tls_certs_only(certificates.clone()).build();
        client.map_err(|_broken| "holds a certificate that cannot be read".to_owned())?;
        Ok(Self { host, certificates })
    }
}

/// A proxy for HTTP, and what is reached without it.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    url: SecretString,
    exceptions: String,
    /// Host of the proxy, which may have an address that no registry may have.
    pub(super) host: String,
}

impl ProxySettings {
    /// Reads a URL (`http://[user:password@]host:port`) and a comma list of hosts, domains and networks that are reached directly.
    ///
    /// # Errors
    /// The rule that the URL breaks; the URL is not repeated, because it may hold a password.
    pub fn read(url: &str, exceptions: &str) -> Result<Self, String> {
        let parsed = Url::parse(url).map_err(|_bad| "is not a URL like http://proxy.corp:3128".to_owned())?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err("must begin with http:// or https://".into());
        }
        let host = parsed.host_str().unwrap_or_default().to_owned();
        if host.is_empty() || !matches!(parsed.path(), "" | "/") {
            return Err("must name a host, and nothing after its port".into());
        }
        Ok(Self {
            url: url.into(),
            exceptions: exceptions.to_owned(),
            host,
        })
    }

    /// The proxy as the HTTP client knows it.
    pub(super) fn proxy(&self) -> reqwest::Result<Proxy> {
        Ok(Proxy::all(self.url.expose_secret())?.no_proxy(NoProxy::from_string(&self.exceptions)))
    }

    /// Whether a URL goes through it.
    pub(super) fn is_used_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let entries = self.exceptions.split(',').map(str::trim);
        let mut entries = entries.filter(|entry| !entry.is_empty());
        !entries.any(|entry| {
            let name = entry.trim_start_matches('*').trim_start_matches('.');
            let ends = host
                .strip_suffix(name)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            entry == "*" || ends
        })
    }
}

/// One mirror of one registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Registry as references name it.
    pub of: String,
    /// Where its images are too: a host, and a prefix that comes before the repository.
    pub at: RegistryScope,
}

impl Mirror {
    /// Reads `HOST=MIRROR[/PREFIX]`.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub fn read(text: &str) -> Result<Self, String> {
        let (of, at) = text
            .split_once('=')
            .ok_or("must be REGISTRY=MIRROR, for example docker.io=mirror.corp:5000")?;
        let mirror = Self {
            of: host_of(of)?,
            at: RegistryScope::parse(at)?,
        };
        if mirror.of == mirror.at.host() {
            return Err("names the registry as its own mirror".into());
        }
        Ok(mirror)
    }

    /// The repository under which the mirror has it.
    pub(super) fn repository(&self, repository: &str) -> String {
        match self.at.prefix() {
            "" => repository.to_owned(),
            prefix => format!("{prefix}/{repository}"),
        }
    }
}

/// Checks what the single settings cannot know of each other.
///
/// # Errors
/// The rule that they break together.
pub fn check_mirrors(mirrors: &[Mirror]) -> Result<(), String> {
    for (index, mirror) in mirrors.iter().enumerate() {
        if mirrors[..index].contains(mirror) {
            return Err(format!("{}={} stands twice", mirror.of, mirror.at));
        }
        if mirrors.iter().filter(|other| other.of == mirror.of).count() > MAX_MIRRORS {
            return Err(format!("{} has more than {MAX_MIRRORS} mirrors", mirror.of));
        }
    }
    Ok(())
}

/// Reads `REGISTRY=TOKENHOST`.
///
/// # Errors
/// The rule that the text breaks.
pub fn read_token_host(text: &str) -> Result<(String, String), String> {
    let (registry, token) = text
        .split_once('=')
        .ok_or("must be REGISTRY=HOST, for example registry.corp=auth.corp")?;
    Ok((host_of(registry)?, host_of(token)?))
}

/// A registry host with its port and nothing else.
fn host_of(text: &str) -> Result<String, String> {
    let scope = RegistryScope::parse(text)?;
    if scope.prefix().is_empty() {
        Ok(scope.host().to_owned())
    } else {
        Err(format!("{text:?} must be host[:port] without a path"))
    }
}

impl RegistrySettings {
    /// Whether the token service of a registry may get its login: it lives at the same host and port, or somebody said so.
    pub(super) fn token_service_is_trusted(&self, registry: &Url, service: &Url) -> bool {
        if registry.origin() == service.origin() {
            return true;
        }
        let (registry, service) = (authority(registry), authority(service));
        let known = TOKEN_HOSTS.contains(&(registry.as_str(), service.as_str()));
        let same = |one: &str, other: &str| crate::domain::credential::api_host(one).eq_ignore_ascii_case(other);
        known
            || self
                .token_hosts
                .iter()
                .any(|(of, at)| same(of, &registry) && at.eq_ignore_ascii_case(&service))
    }

    /// Whether a host is spoken to without TLS.
    pub(super) fn is_plain(&self, host: &str, port: Option<u16>) -> bool {
        address::is_plain(host, port, self)
    }
}

/// Host with the port, where it is not the scheme's own.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn mirrors_are_read_with_their_prefix() {
        let mirror = Mirror::read("docker.io=harbor.corp/hub").unwrap();
        assert_eq!(mirror.repository("library/nginx"), "hub/library/nginx");
        assert_eq!(Mirror::read("index.docker.io=m:5000").unwrap().of, "docker.io");
        for bad in [
            "docker.io",
            "docker.io=",
            "=m",
            "docker.io/x=m",
            "m=m",
            "docker.io=no host",
        ] {
            assert!(Mirror::read(bad).is_err(), "{bad}");
        }
        let many: Vec<_> = (0..=MAX_MIRRORS)
            .map(|n| Mirror::read(&format!("a.corp=m{n}.corp")).unwrap())
            .collect();
        assert!(check_mirrors(&many[1..]).is_ok());
        assert!(check_mirrors(&many).is_err());
        assert!(check_mirrors(&[mirror.clone(), mirror]).is_err());
    }

    #[test]
    fn a_login_goes_to_token_services_of_the_same_host_and_to_named_ones() {
        let settings = RegistrySettings {
            token_hosts: vec![read_token_host("registry.corp=auth.corp:5001").unwrap()],
            ..RegistrySettings::default()
        };
        let trusted = |registry: &str, service: &str| settings.token_service_is_trusted(&url(registry), &url(service));
        for (registry, service) in [
            ("https://harbor.corp/v2/", "https://harbor.corp/service/token"),
            ("https://registry-1.docker.io/v2/", "https://auth.docker.io/token"),
            ("https://registry.corp/v2/", "https://auth.corp:5001/token"),
        ] {
            assert!(trusted(registry, service), "{registry} {service}");
        }
        for (registry, service) in [
            ("https://harbor.corp/v2/", "https://harbor.corp:8443/token"),
            ("https://harbor.corp/v2/", "http://harbor.corp/token"),
            ("https://harbor.corp/v2/", "https://evil.corp/token"),
            ("https://registry.corp/v2/", "https://auth.corp/token"),
            ("https://other.corp/v2/", "https://auth.corp:5001/token"),
            ("https://evil.corp/v2/", "https://auth.docker.io/token"),
        ] {
            assert!(!trusted(registry, service), "{registry} {service}");
        }
    }

    #[test]
    fn proxies_are_urls_and_their_exceptions_hosts_and_domains() {
        let proxy = ProxySettings::read("http://u:canary@proxy.corp:3128", "lan, .corp,10.0.0.1").unwrap();
        assert!(!format!("{proxy:?}").contains("canary"));
        for (host, used) in [
            ("registry.example", true),
            ("corp.example", true),
            ("harbor.corp", false),
            ("corp", false),
            ("a.lan", false),
            ("plan", true),
            ("10.0.0.1", false),
        ] {
            assert_eq!(proxy.is_used_for(host), used, "{host}");
        }
        for bad in ["", "proxy.corp:3128", "socks5://p:1", "http://", "http://p/path"] {
            let line = ProxySettings::read(bad, "").unwrap_err();
            assert!(!line.contains("proxy.corp:3128/"), "{bad}");
        }
    }

    #[test]
    fn authorities_are_certificates_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let read = |text: &str| Authority::read(text).unwrap_err();
        assert!(read("/nowhere/ca.pem").contains("cannot be read"));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(read(&path.display().to_string()).contains("no certificate"));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(read(&format!("harbor.corp={}", path.display())).contains("certificate"));
        assert!(read(&format!("a/b={}", path.display())).contains("without a path"));
    }
}
