//! A provider of log-ins (OpenID Connect): where to send a browser, and who it is that comes back. The one place that speaks with it. What
//! the provider is (discovery, keys) is asked when it is first needed and remembered for a while, so that one that is away stops nobody
//! but those who want to log in by it.

mod claims;
mod fetch;

use claims::Claims;
use fetch::{FetchError, Fetcher};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    DiscoveryError, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IdTokenVerifier, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
    SubjectIdentifier, TokenResponse as _, UserInfoError,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
        CoreTokenType,
    },
    url::Url,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// How long the provider's description and keys are believed.
const FRESH: Duration = Duration::from_secs(3600);
/// How soon they are asked for again, whatever the reason; also how long nobody asks one that did not answer.
const PAUSE: Duration = Duration::from_secs(5);

/// Longest address of a provider: with a subject it must fit into a column.
const LONGEST_URL: usize = 255;

/// How tokens may be signed: by a key of which we know the public half alone. Not by none, and not by our own secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Relying = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Which provider, and as whom we ask it.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its name: the URL that its tokens carry as `iss`.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// By what we prove that; none for a public client.
    pub client_secret: Option<SecretString>,
    /// What is asked for, besides `openid`.
    pub scopes: Vec<String>,
    /// The claim with the groups of a person.
    pub groups_claim: String,
    /// The claim with the name of a person.
    pub username_claim: String,
    /// Further certificates (PEM) that are trusted.
    pub authorities: Vec<u8>,
    /// Where it sends browsers back to.
    pub redirect_url: String,
}

/// What a browser is sent with, and what must be remembered until it comes back.
#[derive(Debug)]
pub struct Departure {
    /// Where to.
    pub url: String,
    /// Comes back with the browser.
    pub state: String,
    /// Comes back inside the token.
    pub nonce: String,
    /// Proves that whoever spends the code is who asked for it.
    pub verifier: SecretString,
}

/// Who came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Unique at the provider, for ever.
    pub subject: String,
    /// What the provider calls it; may change and belong to somebody else later.
    pub username: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
}

/// Why nobody came.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider does not answer, or not as one.
    #[error("the log-in provider cannot be asked: {0}")]
    Away(String),
    /// What came back is not good.
    #[error("the log-in provider's answer is refused: {0}")]
    Refused(String),
}

/// What is known of the provider.
#[derive(Debug, Clone)]
struct Known {
    relying: Arc<Relying>,
    asked: Instant,
}

/// When it was asked last, and what it said.
#[derive(Debug)]
struct Memory {
    known: Option<Known>,
    /// The last time that it did not answer, and why.
    failed: Option<(Instant, String)>,
}

/// See the module.
#[derive(Debug)]
pub struct Provider {
    settings: ProviderSettings,
    fetcher: Fetcher,
    memory: Mutex<Memory>,
}

impl Provider {
    /// A provider that is asked when it is needed.
    ///
    /// # Errors
    /// Certificates that are none.
    pub fn new(settings: ProviderSettings) -> Result<Self, String> {
        let fetcher = Fetcher::new(&settings.authorities)?;
        let memory = Memory {
            known: None,
            failed: None,
        };
        Ok(Self {
            settings,
            fetcher,
            memory: Mutex::new(memory),
        })
    }

    /// Its name.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where to send a browser.
    ///
    /// # Errors
    /// `Away`.
    pub async fn depart(&self) -> Result<Departure, OidcError> {
        let relying = self.relying(FRESH).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.settings.scopes.iter().filter(|scope| *scope != "openid");
        let request = relying
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes.cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = request.url();
        Ok(Departure {
            url: url.to_string(),
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone().into(),
        })
    }

    /// Spends the code that a browser came back with.
    ///
    /// # Errors
    /// `Away`; `Refused` for a code that is none, was spent or belongs to another log-in, and for a token that is not for us, not of the
    /// provider, over, unsigned or of another log-in.
    pub async fn arrive(&self, code: &str, nonce: &str, verifier: &SecretString) -> Result<Person, OidcError> {
        let relying = self.relying(FRESH).await?;
        let request = relying
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|missing| OidcError::Away(missing.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
        let tokens: Tokens = request.request_async(&self.fetcher).await.map_err(spent)?;
        let nonce = Nonce::new(nonce.to_owned());
        let person = match self.verified(&relying, &tokens, &nonce) {
            // Signed by a key that we have not seen yet: the provider has changed its keys.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let renewed = self.relying(PAUSE).await?;
                self.verified(&renewed, &tokens, &nonce)
            }
            verified => verified,
        };
        let person = person.map_err(|error| OidcError::Refused(error.to_string()))?;
        self.completed(&relying, tokens.access_token(), person).await
    }

    fn verified(&self, relying: &Relying, tokens: &Tokens, nonce: &Nonce) -> Result<Person, ClaimsVerificationError> {
        let none = || ClaimsVerificationError::Other("there is no id token in it".into());
        let token = tokens.id_token().ok_or_else(none)?;
        let verifier: IdTokenVerifier<'_, CoreJsonWebKey> = relying.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let claims = token.claims(&verifier, nonce)?;
        let of_claim = claims.additional_claims();
        let standard = serde_json::to_value(claims).unwrap_or_default();
        Ok(Person {
            subject: claims.subject().to_string(),
            username: of_claim.text(&standard, &self.settings.username_claim),
            groups: of_claim.list(&self.settings.groups_claim),
        })
    }

    /// Asks for what the token did not say: many providers tell only who it is in it, and the rest where they are asked for it.
    async fn completed(&self, relying: &Relying, token: &AccessToken, person: Person) -> Result<Person, OidcError> {
        if person.username.is_some() && !person.groups.is_empty() {
            return Ok(person);
        }
        let subject = SubjectIdentifier::new(person.subject.clone());
        let Ok(request) = relying.user_info(token.clone(), Some(subject)) else {
            return Ok(person);
        };
        let told = request.request_async::<Claims, _, CoreGenderClaim>(&self.fetcher).await;
        let told = told.map_err(|error| match error {
            UserInfoError::Request(error) => OidcError::Away(error.to_string()),
            UserInfoError::ClaimsVerification(error) => OidcError::Refused(error.to_string()),
            UserInfoError::Parse(_) | UserInfoError::Response(..) | UserInfoError::Other(_) => {
                OidcError::Away("it does not say who the person is".into())
            }
            // A kind that a later version of the library may add.
            _ => OidcError::Away("it was not understood".into()),
        })?;
        let standard = serde_json::to_value(&told).unwrap_or_default();
        let of_claim = told.additional_claims();
        let Person {
            subject,
            username,
            groups,
        } = person;
        Ok(Person {
            subject,
            username: username.or_else(|| of_claim.text(&standard, &self.settings.username_claim)),
            groups: if groups.is_empty() {
                of_claim.list(&self.settings.groups_claim)
            } else {
                groups
            },
        })
    }

    /// What the provider is, not older than `age`, except that nobody asks it more often than each [`PAUSE`].
    async fn relying(&self, age: Duration) -> Result<Arc<Relying>, OidcError> {
        // One asks, the others wait for its answer.
        let mut memory = self.memory.lock().await;
        if let Some(known) = &memory.known
            && known.asked.elapsed() < age
        {
            return Ok(Arc::clone(&known.relying));
        }
        if let Some((when, why)) = &memory.failed
            && when.elapsed() < PAUSE
        {
            return match &memory.known {
                Some(known) => Ok(Arc::clone(&known.relying)),
                None => Err(OidcError::Away(why.clone())),
            };
        }
        match self.discover().await {
            Ok(relying) => {
                let relying = Arc::new(relying);
                memory.failed = None;
                memory.known = Some(Known {
                    relying: Arc::clone(&relying),
                    asked: Instant::now(),
                });
                Ok(relying)
            }
            Err(why) => {
                tracing::warn!(
                    oidc.issuer = self.settings.issuer,
                    error = why,
                    "the log-in provider cannot be asked"
                );
                memory.failed = Some((Instant::now(), why.clone()));
                // What was known is better than nothing; a log-in by it fails by itself where it is not.
                match &memory.known {
                    Some(known) => Ok(Arc::clone(&known.relying)),
                    None => Err(OidcError::Away(why)),
                }
            }
        }
    }

    async fn discover(&self) -> Result<Relying, String> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|error| error.to_string())?;
        let redirect = RedirectUrl::new(self.settings.redirect_url.clone()).map_err(|error| error.to_string())?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.fetcher).await;
        let metadata = metadata.map_err(|error| match error {
            DiscoveryError::Request(error) => error.to_string(),
            DiscoveryError::Response(status, _, _) => format!("its description answers {status}"),
            DiscoveryError::Parse(error) => format!("its description cannot be read: {}", error.path()),
            DiscoveryError::UrlParse(error) => error.to_string(),
            DiscoveryError::Validation(text) | DiscoveryError::Other(text) => text,
            // A kind that a later version of the library may add.
            _ => "its description was not understood".into(),
        })?;
        let by_header = match metadata.token_endpoint_auth_methods_supported() {
            // What the standard says where a provider says nothing.
            None => true,
            Some(methods) => methods.contains(&CoreClientAuthMethod::ClientSecretBasic),
        };
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let relying = Relying::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), secret);
        let auth_type = if by_header {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        };
        Ok(relying.set_redirect_uri(redirect).set_auth_type(auth_type))
    }
}

/// An address that secrets may be sent to: over TLS, or to this machine itself.
///
/// # Errors
/// The rule that it breaks.
pub fn checked_url(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text).map_err(|_not_repeated| "is not a URL such as https://id.example.com")?;
    let on_loopback = url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    });
    if url.scheme() != "https" && !(url.scheme() == "http" && on_loopback) {
        return Err("must begin with https:// (http:// only on loopback)");
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("must be without user name, query and fragment");
    }
    if text.len() > LONGEST_URL {
        return Err("must have at most 255 characters");
    }
    Ok(())
}

/// Whether these are certificates.
///
/// # Errors
/// What is wrong with them.
pub fn check_authorities(pem: &[u8]) -> Result<(), String> {
    Fetcher::new(pem).map(drop)
}

/// Why a code was not taken. What the provider says of a code is for the log, not for whoever sent it.
fn spent(error: RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>) -> OidcError {
    match error {
        RequestTokenError::ServerResponse(response) => OidcError::Refused(format!("{}", response.error())),
        RequestTokenError::Request(error) => OidcError::Away(error.to_string()),
        // The text may hold tokens.
        RequestTokenError::Parse(error, _) => {
            OidcError::Refused(format!("its answer cannot be read: {}", error.path()))
        }
        RequestTokenError::Other(_) => OidcError::Refused("its answer cannot be read".into()),
    }
}
