//! HTTP to one registry: logins and tokens, redirects, pauses, limits. Knows nothing of images; what it hands out has the digest it
//! names. A login is shown to its registry and to token services that may have it, and to nobody else on the way.

use super::{
    RegistrySettings, address,
    challenge::{self, Challenge},
    clients::Clients,
    error::ResolveError,
    failure,
    pauses::{Pauses, retry_after},
    settings::authority,
};
use crate::domain::{
    credential::{Login, api_host},
    image::is_digest,
};
use reqwest::{Response, StatusCode, Url, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

/// The distribution specification's limit for manifests; configurations are held to it too.
const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;
const MAX_TOKEN_BYTES: usize = 256 * 1024;
const MAX_REDIRECTS: usize = 5;
/// The longest pause that is waited for; a longer one is an answer.
const PATIENCE: Duration = Duration::from_secs(3);
const ACCEPT_MANIFEST: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
const ACCEPT_ANY: &str = "*/*";

/// Connections to registries. Clones share connections and pauses.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    clients: Arc<Clients>,
    pub(super) settings: Arc<RegistrySettings>,
    pauses: Pauses,
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
        Self {
            clients: Arc::new(Clients::new(&settings)),
            settings: Arc::new(settings),
            pauses: Pauses::default(),
        }
    }

    /// Begins a conversation about one repository; without one, about the registry itself.
    pub(super) fn session(
        &self,
        registry: &str,
        repository: &str,
        login: Option<Login>,
    ) -> Result<Session<'_>, ResolveError> {
        let host = api_host(registry);
        let parse = |scheme: &str| {
            Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|error| ResolveError::Network {
                registry: registry.to_owned(),
                why: error.to_string(),
            })
        };
        let https = parse("https")?;
        let name = https.host_str().unwrap_or_default();
        let base = if self.settings.is_plain(name, port_of(host).or(https.port())) {
            parse("http")?
        } else {
            https
        };
        Ok(Session {
            transport: self,
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            base,
            login,
            shown: Shown::Nothing,
            withheld: None,
        })
    }
}

/// What a registry is shown with each request.
enum Shown {
    Nothing,
    Login,
    Token(SecretString),
}

/// What one request shows.
#[derive(Clone, Copy)]
enum Show<'a> {
    Nothing,
    Login(&'a Login),
    Token(&'a SecretString),
}

/// One conversation with one registry about one repository.
pub(super) struct Session<'a> {
    transport: &'a Transport,
    registry: String,
    repository: String,
    base: Url,
    login: Option<Login>,
    shown: Shown,
    /// The token service that did not get the login.
    withheld: Option<String>,
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

    /// Logs in and does nothing else; false when the registry answers without a login.
    pub(super) async fn log_in(&mut self) -> Result<bool, ResolveError> {
        let response = self.ask(self.base.clone(), ACCEPT_ANY).await?;
        if self.withheld.is_some() {
            return Err(self.unauthorized(StatusCode::UNAUTHORIZED));
        }
        match response.status() {
            StatusCode::OK => Ok(!matches!(self.shown, Shown::Nothing)),
            StatusCode::NOT_FOUND => Err(self.network("answers HTTP 404 at /v2/, as no registry does".into())),
            status => Err(self.refusal(status, &response, "/v2/")),
        }
    }

    async fn get(&mut self, kind: &str, name: &str, accept: &'static str) -> Result<Response, ResolveError> {
        let path = format!("{}/{kind}/{name}", self.repository);
        let url = self.base.join(&path).map_err(|error| self.network(error.to_string()))?;
        let response = self.ask(url, accept).await?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(self.refusal(status, &response, name)),
        }
    }

    /// Asks the registry; once more with what it wants to be shown, where that can be had.
    async fn ask(&mut self, url: Url, accept: &'static str) -> Result<Response, ResolveError> {
        let response = self.follow(url.clone(), accept, self.show(), &self.base).await?;
        let first = response.status() == StatusCode::UNAUTHORIZED && matches!(self.shown, Shown::Nothing);
        if first && self.answer_challenge(&response).await? {
            return self.follow(url, accept, self.show(), &self.base).await;
        }
        Ok(response)
    }

    fn show(&self) -> Show<'_> {
        match (&self.shown, &self.login) {
            (Shown::Token(token), _) => Show::Token(token),
            (Shown::Login, Some(login)) => Show::Login(login),
            (Shown::Login, None) | (Shown::Nothing, _) => Show::Nothing,
        }
    }

    /// Gets what the registry wants to be shown; false when there is nothing that could be.
    async fn answer_challenge(&mut self, response: &Response) -> Result<bool, ResolveError> {
        let headers = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
        let challenges: Vec<String> = headers.filter_map(|it| Some(it.to_str().ok()?.to_owned())).collect();
        if let Some(challenge) = challenges.iter().find_map(|text| challenge::parse(text)) {
            let token = self.ask_for_token(&challenge).await;
            if token.is_err() && self.withheld.is_some() {
                return Err(self.unauthorized(StatusCode::UNAUTHORIZED));
            }
            self.shown = Shown::Token(token?);
            return Ok(true);
        }
        let wants_login = challenges.iter().any(|text| challenge::is_basic(text));
        if wants_login && self.login.is_some() {
            self.shown = Shown::Login;
            return Ok(true);
        }
        Ok(false)
    }

    /// Sends a request and follows redirects, each checked like the first. What is shown goes to `home` alone.
    async fn follow(
        &self,
        mut url: Url,
        accept: &'static str,
        show: Show<'_>,
        home: &Url,
    ) -> Result<Response, ResolveError> {
        for _hop in 0..=MAX_REDIRECTS {
            let show = if url.origin() == home.origin() {
                show
            } else {
                Show::Nothing
            };
            let response = self.send(&url, accept, show).await?;
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

    /// Sends one request to an address that may be asked, when its host wants to be asked.
    async fn send(&self, url: &Url, accept: &'static str, show: Show<'_>) -> Result<Response, ResolveError> {
        let Transport {
            clients,
            settings,
            pauses,
        } = self.transport;
        address::check_url(url, settings)?;
        let through_proxy = |host| settings.proxy.as_ref().is_some_and(|proxy| proxy.is_used_for(host));
        if through_proxy(url.host_str().unwrap_or_default()) {
            address::check_name(url, settings).await?;
        }
        let client = clients.of(url).map_err(|why| self.network(why))?;
        let host = authority(url);
        let mut again = true;
        loop {
            self.wait_for(pauses.left(&host, Instant::now())).await?;
            let request = client.get(url.clone()).header(header::ACCEPT, accept);
            let request = match show {
                Show::Nothing => request,
                Show::Login(login) => request.basic_auth(&login.username, Some(login.password.expose_secret())),
                Show::Token(token) => request.bearer_auth(token.expose_secret()),
            };
            let response = request.send().await;
            let response = response.map_err(|error| failure::of(&self.registry, url, &error))?;
            let asked = header_text(&response, "retry-after").and_then(|text| retry_after(&text, chrono::Utc::now()));
            let busy = response.status() == StatusCode::TOO_MANY_REQUESTS
                || (response.status() == StatusCode::SERVICE_UNAVAILABLE && asked.is_some());
            if !busy {
                return Ok(response);
            }
            pauses.begin(&host, asked, Instant::now());
            if !again || asked.is_some_and(|asked| asked > PATIENCE) {
                return Ok(response);
            }
            again = false;
        }
    }

    /// Waits for the end of a short pause; a long one is an error, so that nobody is asked in it.
    async fn wait_for(&self, pause: Option<Duration>) -> Result<(), ResolveError> {
        match pause {
            Some(left) if left > PATIENCE => Err(ResolveError::RateLimited {
                registry: self.registry.clone(),
                retry_after_seconds: Some(left.as_secs() + 1),
            }),
            Some(left) => {
                tokio::time::sleep(left).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn ask_for_token(&mut self, challenge: &Challenge) -> Result<SecretString, ResolveError> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        let mut url =
            Url::parse(&challenge.realm).map_err(|error| self.network(format!("bad token service: {error}")))?;
        let trusted = self.transport.settings.token_service_is_trusted(&self.base, &url);
        if self.login.is_some() && !trusted {
            self.withheld = Some(authority(&url));
        }
        let login = self.login.as_ref().filter(|_| trusted);
        let usual = (!self.repository.is_empty()).then(|| format!("repository:{}:pull", self.repository));
        if let Some(scope) = challenge.scope.clone().or(usual) {
            url.query_pairs_mut().append_pair("scope", &scope);
        }
        if let Some(service) = &challenge.service {
            url.query_pairs_mut().append_pair("service", service);
        }
        if let Some(login) = login {
            url.query_pairs_mut().append_pair("account", &login.username);
        }
        let show = login.map_or(Show::Nothing, Show::Login);
        let response = self.follow(url.clone(), ACCEPT_ANY, show, &url).await?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(self.refusal(status, &response, "token")),
        }
        let body = self
            .body(response, MAX_TOKEN_BYTES, "the answer of the token service")
            .await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_secret_inside| ResolveError::Malformed {
            what: "token",
            why: "it is not the JSON of a token service".into(),
        })?;
        let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| self.network("the token service answered without a token".into()))?;
        Ok(token.into())
    }

    async fn body(&self, mut response: Response, limit: usize, what: &str) -> Result<Vec<u8>, ResolveError> {
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.network(failure::cause_of(&error)))?
        {
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
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.unauthorized(status),
            StatusCode::TOO_MANY_REQUESTS => ResolveError::RateLimited {
                registry,
                retry_after_seconds: header_text(response, "retry-after")
                    .and_then(|text| retry_after(&text, chrono::Utc::now()))
                    .map(|pause| pause.as_secs()),
            },
            other => self.network(format!("answered HTTP {}", other.as_u16())),
        }
    }

    fn unauthorized(&self, status: StatusCode) -> ResolveError {
        if let Some(service) = &self.withheld {
            let registry = authority(&self.base);
            return ResolveError::Refused {
                host: service.clone(),
                why: format!(
                    "the token service of {registry} is at another host, which gets the login only where \
                     --registry-token-host {registry}={service} allows it"
                ),
            };
        }
        ResolveError::Unauthorized {
            registry: self.registry.clone(),
            login: self.login.is_some(),
            status: status.as_u16(),
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
