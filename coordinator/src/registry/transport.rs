//! HTTP to one registry: anonymous tokens, redirects, limits. Knows nothing of images; what it hands out has the digest it names.

use super::{
    RegistrySettings,
    address::{self, Forbidden, GuardedResolver},
    challenge,
    error::ResolveError,
};
use crate::domain::{image::is_digest, version::VERSION};
use reqwest::{Client, Response, StatusCode, Url, header, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use std::{error::Error, fmt::Write as _, sync::Arc, time::Duration};

/// The distribution specification's limit for manifests; configurations are held to it too.
const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;
const MAX_TOKEN_BYTES: usize = 256 * 1024;
const MAX_REDIRECTS: usize = 5;
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ACCEPT_MANIFEST: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
const ACCEPT_ANY: &str = "*/*";

/// Connections to registries.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    /// Why there is no client at all, as text; such a registry client answers with it.
    client: Result<Client, String>,
    settings: Arc<RegistrySettings>,
}

/// Bytes with the digest that was checked.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) digest: String,
    body: Vec<u8>,
}

impl Document {
    /// Reads the JSON.
    pub(super) fn parse<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, ResolveError> {
        serde_json::from_slice(&self.body).map_err(|error| ResolveError::Malformed {
            what,
            why: error.to_string(),
        })
    }
}

impl Transport {
    pub(super) fn new(settings: RegistrySettings) -> Self {
        // Whoever was first has installed one; both outcomes are fine.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let resolver = GuardedResolver {
            allow_loopback: settings.allow_loopback,
        };
        let builder = || {
            Client::builder()
                .user_agent(format!("ips-coordinator/{VERSION}"))
                .dns_resolver(resolver)
                // A proxy would resolve names itself, past the check of addresses.
                .no_proxy()
                .redirect(Policy::none())
                .connect_timeout(CONNECT_LIMIT)
        };
        // The first fails on a machine without root certificates; plain HTTP is still possible there.
        let client = builder().build().or_else(|error| {
            tracing::warn!(error = %error, "No root certificates: registries over TLS cannot be asked");
            builder().tls_certs_only([]).build()
        });
        Self {
            client: client.map_err(|error| cause_of(&error)),
            settings: Arc::new(settings),
        }
    }

    /// Begins a conversation about one repository.
    pub(super) fn session(&self, registry: &str, repository: &str) -> Result<Session<'_>, ResolveError> {
        let network = |why| ResolveError::Network {
            registry: registry.to_owned(),
            why,
        };
        let client = self.client.as_ref().map_err(|why| network(why.clone()))?;
        // Docker Hub's API lives at another name than its images carry.
        let host = if registry == "docker.io" {
            "registry-1.docker.io"
        } else {
            registry
        };
        let https = Url::parse(&format!("https://{host}/v2/")).map_err(|error| network(error.to_string()))?;
        let name = https.host_str().unwrap_or_default();
        let base = if address::is_plain(name, port_of(host).or(https.port()), &self.settings) {
            Url::parse(&format!("http://{host}/v2/")).map_err(|error| network(error.to_string()))?
        } else {
            https
        };
        Ok(Session {
            client,
            settings: &self.settings,
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            base,
            token: None,
        })
    }
}

/// One conversation with one registry about one repository.
pub(super) struct Session<'a> {
    client: &'a Client,
    settings: &'a RegistrySettings,
    registry: String,
    repository: String,
    base: Url,
    token: Option<String>,
}

impl Session<'_> {
    /// A manifest or index by tag or digest.
    pub(super) async fn manifest(&mut self, name: &str) -> Result<Document, ResolveError> {
        let response = self.get("manifests", name, ACCEPT_MANIFEST).await?;
        let stated = header_text(&response, "docker-content-digest");
        let body = self.body(response, MAX_DOCUMENT_BYTES, "the manifest").await?;
        let expected = if is_digest(name) { Some(name.to_owned()) } else { stated };
        checked(body, expected)
    }

    /// A small blob by digest.
    pub(super) async fn blob(&mut self, digest: &str) -> Result<Document, ResolveError> {
        let response = self.get("blobs", digest, ACCEPT_ANY).await?;
        let body = self.body(response, MAX_DOCUMENT_BYTES, "the configuration").await?;
        checked(body, Some(digest.to_owned()))
    }

    async fn get(&mut self, kind: &str, name: &str, accept: &'static str) -> Result<Response, ResolveError> {
        let path = format!("{}/{kind}/{name}", self.repository);
        let url = self.base.join(&path).map_err(|error| self.network(error.to_string()))?;
        let mut response = self.follow(url.clone(), accept).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && self.token.is_none()
            && let Some(challenge) = header_text(&response, "www-authenticate")
                .as_deref()
                .and_then(challenge::parse)
        {
            self.token = Some(self.ask_for_token(&challenge).await?);
            response = self.follow(url, accept).await?;
        }
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(self.refusal(status, &response, name)),
        }
    }

    /// Sends a request and follows redirects, each checked like the first. The token goes to the registry alone.
    async fn follow(&self, mut url: Url, accept: &'static str) -> Result<Response, ResolveError> {
        for _hop in 0..=MAX_REDIRECTS {
            address::check_url(&url, self.settings)?;
            let mut request = self.client.get(url.clone()).header(header::ACCEPT, accept);
            if let Some(token) = self.token.as_ref().filter(|_| url.origin() == self.base.origin()) {
                request = request.bearer_auth(token);
            }
            let response = request.send().await.map_err(|error| self.failure(&url, &error))?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let location = header_text(&response, "location").unwrap_or_default();
            url = url
                .join(&location)
                .map_err(|error| self.network(format!("bad redirect: {error}")))?;
        }
        Err(self.network(format!("more than {MAX_REDIRECTS} redirects")))
    }

    async fn ask_for_token(&self, challenge: &challenge::Challenge) -> Result<String, ResolveError> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        let mut url =
            Url::parse(&challenge.realm).map_err(|error| self.network(format!("bad token service: {error}")))?;
        let scope = challenge.scope.clone();
        let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.repository));
        url.query_pairs_mut().append_pair("scope", &scope);
        if let Some(service) = &challenge.service {
            url.query_pairs_mut().append_pair("service", service);
        }
        let response = self.follow(url, ACCEPT_ANY).await?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(self.refusal(status, &response, "token")),
        }
        let body = self
            .body(response, MAX_TOKEN_BYTES, "the answer of the token service")
            .await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|error| ResolveError::Malformed {
            what: "token",
            why: error.to_string(),
        })?;
        let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
        token.ok_or_else(|| self.network("the token service answered without a token".into()))
    }

    async fn body(&self, mut response: Response, limit: usize, what: &str) -> Result<Vec<u8>, ResolveError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.network(cause_of(&error)))? {
            if body.len() + chunk.len() > limit {
                return Err(ResolveError::TooLarge {
                    what: what.to_owned(),
                    limit: format!("{limit} bytes"),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn refusal(&self, status: StatusCode, response: &Response, name: &str) -> ResolveError {
        let registry = self.registry.clone();
        match status {
            StatusCode::NOT_FOUND => ResolveError::NotFound {
                registry,
                name: format!("{} {name}", self.repository),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ResolveError::Unauthorized {
                registry,
                status: status.as_u16(),
            },
            StatusCode::TOO_MANY_REQUESTS => ResolveError::RateLimited {
                registry,
                retry_after_seconds: header_text(response, "retry-after").and_then(|text| text.parse().ok()),
            },
            other => self.network(format!("answered HTTP {}", other.as_u16())),
        }
    }

    fn failure(&self, url: &Url, error: &reqwest::Error) -> ResolveError {
        match forbidden_in(error) {
            Some(forbidden) => ResolveError::Refused {
                host: url.host_str().unwrap_or_default().to_owned(),
                why: forbidden.to_string(),
            },
            None => self.network(cause_of(error)),
        }
    }

    fn network(&self, why: String) -> ResolveError {
        ResolveError::Network {
            registry: self.registry.clone(),
            why,
        }
    }
}

/// The port as it stands in the text; a URL forgets the one that is its scheme's default.
fn port_of(host: &str) -> Option<u16> {
    host.rsplit_once(':')?.1.parse().ok()
}

fn header_text(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

/// Checks the bytes against the digest that was asked for or stated; without one, takes theirs.
fn checked(body: Vec<u8>, expected: Option<String>) -> Result<Document, ResolveError> {
    let found = match expected.as_deref().map(|digest| digest.split_once(':')) {
        Some(Some(("sha512", _))) => hex("sha512", &Sha512::digest(&body)),
        Some(Some(("sha384", _))) => hex("sha384", &Sha384::digest(&body)),
        Some(_) | None => hex("sha256", &Sha256::digest(&body)),
    };
    match expected {
        Some(expected) if expected != found => Err(ResolveError::WrongDigest { expected, found }),
        Some(_) | None => Ok(Document { digest: found, body }),
    }
}

fn hex(algorithm: &str, bytes: &[u8]) -> String {
    bytes.iter().fold(format!("{algorithm}:"), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |inner: &&'a (dyn Error + 'static)| (**inner).source())
}

fn forbidden_in(error: &reqwest::Error) -> Option<&Forbidden> {
    chain(error).find_map(|inner| inner.downcast_ref::<Forbidden>())
}

/// The innermost cause: the outer ones only repeat the URL, which may carry a signature.
fn cause_of(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let kind = if error.is_connect() { "cannot connect: " } else { "" };
    match chain(error).last() {
        Some(cause) => format!("{kind}{cause}"),
        None => format!("{kind}request failed"),
    }
}
