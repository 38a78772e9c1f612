//! Log-in at a provider. A browser leaves with a signed cookie, comes back with a code, and what it gets for that is a code of ours, which it
//! changes for tokens in a call of its own: no token is ever in an address.
//!
//! What binds what: the cookie binds the way back to the browser that left (state), the token to this log-in (nonce), the provider's code to us
//! (PKCE). Our own code works once, for two minutes; in a browser it lies in a cookie that no script reads, and a program
//! must show with it what it hashed into its request.

mod state;

use super::{Desk, Identity, LoggedIn, error::IdentityError, login, now, secrets};
use crate::{
    domain::{
        Invalid,
        caller::{Proof, Role},
        sso::{ExternalId, Return, RoleMap, username, username_at},
        user::User,
    },
    oidc::{OidcError, Person, Provider, ProviderSettings},
    store::{ExternalUser, Refreshed, Welcome},
};
use secrecy::{ExposeSecret as _, SecretString};
use state::Trip;
use std::net::IpAddr;
use subtle::ConstantTimeEq as _;

/// What every code of ours begins with.
const PREFIX: &str = "ipsc_";
/// Length of a code.
const LENGTH: usize = PREFIX.len() + 43;
/// How long a code of ours can be spent, in milliseconds.
pub const CODE_LIFE_MS: i64 = 120_000;
/// How long a browser may be away, in milliseconds.
pub const TRIP_LIFE_MS: i64 = 600_000;
/// Longest text that a provider sends back in an address.
const LONGEST: usize = 4096;

/// Settings of the log-in elsewhere.
#[derive(Debug, Clone)]
pub struct SsoSettings {
    /// Which provider.
    pub provider: ProviderSettings,
    /// What it is called on the log-in page.
    pub name: String,
    /// What groups are worth.
    pub roles: RoleMap,
    /// Life of a log-in in milliseconds, however often it is refreshed.
    pub login_life_ms: i64,
    /// Where people reach this coordinator, without a slash at the end.
    pub public_url: String,
}

/// What stands ready while the log-in elsewhere is set.
#[derive(Debug)]
pub(super) struct Sso {
    provider: Provider,
    settings: SsoSettings,
}

impl Sso {
    pub(super) fn new(settings: SsoSettings) -> Result<Self, IdentityError> {
        let provider = Provider::new(settings.provider.clone());
        let provider = provider.map_err(|rule| IdentityError::Internal(format!("--oidc-ca: {rule}").into()))?;
        Ok(Self { provider, settings })
    }
}

/// By what one can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginMethods {
    /// By name and password.
    pub password: bool,
    /// At a provider.
    pub sso: Option<SsoMethod>,
}

/// How one logs in at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoMethod {
    /// What it is called.
    pub name: String,
    /// Where a browser begins.
    pub url: String,
}

/// A browser that is sent to the provider.
#[derive(Debug)]
pub struct SentAway {
    /// Where to.
    pub url: String,
    /// Signed; lies in a cookie until it comes back.
    pub cookie: SecretString,
}

/// What a browser comes back with.
#[derive(Debug, Default)]
pub struct CameBack {
    /// Of the cookie.
    pub cookie: Option<String>,
    /// Of the address.
    pub state: String,
    /// Of the address; empty where the provider refuses.
    pub code: SecretString,
    /// Of the address: which provider says so, where it says that.
    pub issuer: Option<String>,
    /// Of the address: why the provider refuses.
    pub refusal: Option<String>,
}

/// Somebody who came back and may come in.
#[derive(Debug)]
pub struct Arrived {
    /// Where it goes now.
    pub back_to: Return,
    /// What it changes for tokens there.
    pub code: SecretString,
    /// Who, for the records.
    pub login: crate::domain::caller::Caller,
}

impl Identity {
    /// By what one can log in here.
    pub fn login_methods(&self) -> LoginMethods {
        let sso = self.desk.as_ref().and_then(|desk| desk.sso.as_ref());
        LoginMethods {
            password: self.desk.is_some(),
            sso: sso.map(|sso| SsoMethod {
                name: sso.settings.name.clone(),
                url: format!("{}/auth/oidc/login", sso.settings.public_url),
            }),
        }
    }

    /// Whether cookies may only go over TLS.
    pub fn sso_over_tls(&self) -> bool {
        let sso = self.desk.as_ref().and_then(|desk| desk.sso.as_ref());
        sso.is_some_and(|sso| sso.settings.public_url.starts_with("https://"))
    }

    /// Sends a browser to the provider.
    ///
    /// # Errors
    /// `NotFound` where none is set; `Unavailable` while it does not answer.
    pub async fn sso_depart(&self, back_to: Return) -> Result<SentAway, IdentityError> {
        let (desk, sso) = self.sso()?;
        let departure = sso.provider.depart().await.map_err(failed)?;
        let trip = Trip {
            state: departure.state,
            nonce: departure.nonce,
            verifier: departure.verifier,
            back_to,
        };
        Ok(SentAway {
            cookie: trip.signed(&desk.keys, desk.tokens.issuer(), now())?,
            url: departure.url,
        })
    }

    /// Takes in a browser that comes back.
    ///
    /// # Errors
    /// `Invalid` where it did not leave from here, or too long ago; `SsoRefused` where the provider or its token is not good;
    /// `Forbidden` for somebody who has no role here or is disabled; `TooManyTries`.
    pub async fn sso_arrive(&self, source: IpAddr, came: CameBack) -> Result<Arrived, IdentityError> {
        let (desk, sso) = self.sso()?;
        let trip = came.cookie.as_deref().filter(|cookie| cookie.len() <= LONGEST);
        let trip = trip.and_then(|cookie| Trip::read(cookie, &desk.keys, desk.tokens.issuer()));
        let same = |trip: &Trip| bool::from(trip.state.as_bytes().ct_eq(came.state.as_bytes()));
        let trip = trip.filter(same).ok_or_else(not_from_here)?;
        if let Some(refusal) = came.refusal {
            return Err(IdentityError::SsoRefused(word(&refusal)));
        }
        if came.issuer.is_some_and(|issuer| issuer != sso.provider.issuer()) {
            return Err(IdentityError::SsoRefused("another provider answers".into()));
        }
        let code = came.code.expose_secret();
        if code.is_empty() || code.len() > LONGEST {
            return Err(Invalid::new("code", "is required").into());
        }
        let too_many = |retry_after_s| IdentityError::TooManyTries { retry_after_s };
        desk.tries.take(source, "at the provider", now()).map_err(too_many)?;
        let person = sso.provider.arrive(code, &trip.nonce, &trip.verifier).await;
        let person = person.map_err(failed)?;
        let user = desk.welcome(sso, person).await?;
        desk.tries.forgive(source, "at the provider");
        desk.issue_code(user, trip.back_to).await
    }

    /// Changes a code of ours for tokens. `verifier` is what a program hashed into its request; a browser has none.
    ///
    /// # Errors
    /// `Invalid` without a code; `BadToken` for one that is none, is over, was spent (then its log-in ends) or is another program's.
    pub async fn sso_exchange(&self, code: &SecretString, verifier: Option<&str>) -> Result<LoggedIn, IdentityError> {
        let text = code.expose_secret();
        if text.is_empty() {
            return Err(Invalid::new("code", "is required").into());
        }
        let desk = self.desk()?;
        let life_ms = desk.sso.as_ref().map(|sso| sso.settings.login_life_ms);
        let (Some(life_ms), true) = (life_ms, text.len() == LENGTH && text.starts_with(PREFIX)) else {
            return Err(IdentityError::BadToken);
        };
        let challenge = verifier.map(secrets::hash);
        let next = login::fresh_token();
        let (old_hash, new_hash) = (
            code_hash(text, challenge.as_deref()),
            secrets::hash(next.expose_secret()),
        );
        let now = now();
        match desk
            .store
            .take_up_session(&old_hash, &new_hash, now, now + life_ms)
            .await?
        {
            Refreshed::Done { session, user } => desk.logged_in(&session, *user, next).await,
            Refreshed::Refused => Err(IdentityError::BadToken),
            Refreshed::Replayed { user, session } => {
                tracing::warn!(
                    user.id = user.get(),
                    "A code of a log-in was spent twice; the log-in is revoked"
                );
                desk.principals.forget_proof(&Proof::Session(session.into()));
                Err(IdentityError::BadToken)
            }
        }
    }

    fn sso(&self) -> Result<(&Desk, &Sso), IdentityError> {
        let none = || IdentityError::NotFound {
            kind: "provider",
            id: "oidc".into(),
        };
        let desk = self.desk()?;
        Ok((desk, desk.sso.as_ref().ok_or_else(none)?))
    }
}

impl Desk {
    /// The user here of somebody there, with the role that its groups give now.
    async fn welcome(&self, sso: &Sso, person: Person) -> Result<User, IdentityError> {
        let refused = |invalid: Invalid| IdentityError::SsoRefused(invalid.to_string());
        let id = ExternalId::new(sso.provider.issuer(), &person.subject).map_err(refused)?;
        let Some(role) = sso.settings.roles.role_of(&person.groups) else {
            if let Some(user) = self.store.turn_away(&id, now()).await? {
                self.principals.forget(user);
            }
            tracing::info!(
                user.subject = person.subject,
                "somebody came from the provider who has no role here"
            );
            return Err(IdentityError::Forbidden("none of your groups has a role here".into()));
        };
        let who = ExternalUser {
            names: names(&person, sso.provider.issuer()),
            tenant: sso.settings.roles.tenant_of(&person.groups),
            id,
            role,
        };
        match self.store.welcome(&who, now()).await? {
            Welcome::In { user, is_changed } => {
                if is_changed {
                    self.principals.forget(user.id);
                    told(&user, role);
                }
                Ok(*user)
            }
            Welcome::Disabled => Err(IdentityError::Forbidden("your user is disabled".into())),
            Welcome::NameTaken => Err(IdentityError::Precondition(
                "your name is taken by another user here; ask an administrator".into(),
            )),
        }
    }

    /// A log-in that ends soon unless its code is spent.
    async fn issue_code(&self, user: User, back_to: Return) -> Result<Arrived, IdentityError> {
        let code = secrets::random(PREFIX);
        let challenge = match &back_to {
            Return::Console { .. } => None,
            Return::Program { challenge, .. } => Some(challenge.as_str()),
        };
        let hash = code_hash(code.expose_secret(), challenge);
        let (_session, holder) = self.begin_session(user, &hash, CODE_LIFE_MS).await?;
        Ok(Arrived {
            login: super::of_session(holder, &Proof::None),
            back_to,
            code,
        })
    }
}

/// What a code is kept as: a program's is nothing without what the program knows.
fn code_hash(code: &str, challenge: Option<&str>) -> String {
    match challenge {
        Some(challenge) => secrets::hash(&format!("{code} {challenge}")),
        None => secrets::hash(code),
    }
}

/// Names to take, the first that is free; the last one nobody else has.
fn names(person: &Person, issuer: &str) -> Vec<String> {
    let host = issuer.split("://").nth(1).unwrap_or(issuer);
    let host = host.split(['/', ':']).next().unwrap_or(host);
    let name = person.username.as_deref().and_then(username);
    let plain = name.clone();
    let at_host = name.as_deref().map(|name| username_at(name, host));
    let subject = username(&person.subject).map(|subject| username_at(&subject, host));
    [plain, at_host, subject].into_iter().flatten().collect()
}

fn told(user: &User, role: Role) {
    tracing::info!(user.id = user.id.get(), user.role = %role, "a user of the log-in provider has this role now");
}

fn not_from_here() -> IdentityError {
    let rule = "does not belong to a log-in that this browser began within the last 10 minutes; begin it again";
    Invalid::new("state", rule).into()
}

/// A provider's word for a refusal, such as `access_denied`, and nothing else that somebody may have put there.
fn word(text: &str) -> String {
    let harmless = |c: &char| c.is_ascii_lowercase() || *c == '_';
    text.chars().take(64).filter(harmless).collect()
}

fn failed(error: OidcError) -> IdentityError {
    match error {
        OidcError::Away(why) => IdentityError::Unavailable(format!("the log-in provider cannot be asked: {why}")),
        OidcError::Refused(why) => {
            tracing::warn!(error = why, "a log-in at the provider was refused");
            IdentityError::SsoRefused(why)
        }
    }
}
