//! Who calls: log-in, tokens, passwords, users. Edges ask [`Identity`] before each call who it is and whether it may; the rules of
//! roles stand in `domain/permission.rs`, what is kept in `store/users.rs`, `sessions.rs` and `api_tokens.rs`.
//!
//! A log-in is a row that holds until it is revoked, so that a log-out, a disabled user or a new role counts at once here and within
//! [`principals::MEMORY`] on another replica. The access token only spares asking for the password.

pub mod agents;
mod api_tokens;
mod error;
mod first_start;
mod keys;
mod login;
mod passwords;
mod principals;
mod recovery;
mod reviews;
mod secrets;
mod sso;
mod tokens;
mod tries;
mod turns;
mod users;

pub use api_tokens::NewApiToken;
pub use error::IdentityError;
pub use first_start::FirstPassword;
pub use keys::{KeptKey, TokenKeyError, TokenKeySettings, reseal_kept_key};
pub use login::LoggedIn;
pub use passwords::PasswordWork;
pub use recovery::reset_password;
pub use reviews::KubernetesIdentity;
pub use sso::{Arrived, CODE_LIFE_MS, CameBack, LoginMethods, SentAway, SsoMethod, SsoSettings, TRIP_LIFE_MS};

use crate::{
    domain::{
        Millis,
        caller::{Caller, Proof, Role, Scope, Subject},
        permission::{Access, Operation, Permission},
        tenant::Realm,
    },
    metrics::{LoginResult, Metrics},
    store::{SessionUser, Store, TokenHolder},
    vault::Vault,
};
use agents::{AgentDesk, BootstrapSettings};
use keys::TokenKeys;
use passwords::Passwords;
use principals::Principals;
use reviews::Reviews;
use secrecy::SecretString;
use std::{sync::Arc, time::Duration};
use tokens::AccessTokens;
use tries::Tries;

/// How often an open stream asks whether its caller may still see it.
const ASK_AGAIN: Duration = Duration::from_secs(15);
/// A use is noted this often at most.
const NOTE_USE_MS: i64 = 60_000;

/// Settings of identity.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Whether anybody is asked who it is. Without it, everybody may do everything.
    pub enabled: bool,
    /// Password of the first `admin`; one is generated where there is none.
    pub first_password: Option<SecretString>,
    /// Keys that sign access tokens.
    pub keys: TokenKeySettings,
    /// Life of an access token in milliseconds.
    pub token_life_ms: i64,
    /// Life of a log-in in milliseconds, however often it is refreshed.
    pub login_life_ms: i64,
    /// Whether `/metrics` on the API's port needs no log-in.
    pub metrics_public: bool,
    /// Log-in at a provider, where one is set.
    pub sso: Option<SsoSettings>,
    /// What lets agents in besides Kubernetes.
    pub bootstrap: BootstrapSettings,
    /// The cluster that vouches for agents and callers, if one is asked.
    pub kubernetes: Option<KubernetesIdentity>,
}

impl IdentitySettings {
    /// Everybody may do everything; for a coordinator that only its own machine can reach.
    pub fn off() -> Self {
        Self {
            enabled: false,
            ..Self::default()
        }
    }
}

impl Default for IdentitySettings {
    /// What the program does without any flag.
    fn default() -> Self {
        Self {
            enabled: true,
            first_password: None,
            keys: TokenKeySettings::default(),
            token_life_ms: 3_600_000,
            login_life_ms: 7 * 86_400_000,
            metrics_public: false,
            sso: None,
            bootstrap: BootstrapSettings::default(),
            kubernetes: None,
        }
    }
}

/// The door to identity. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Identity {
    desk: Option<Arc<Desk>>,
    metrics: Option<Arc<Metrics>>,
}

/// What identity works with while it is on.
#[derive(Debug)]
struct Desk {
    store: Store,
    passwords: Passwords,
    tries: Tries,
    keys: Arc<TokenKeys>,
    tokens: AccessTokens,
    principals: Principals,
    sso: Option<sso::Sso>,
    agents: AgentDesk,
    reviews: Option<Reviews>,
    settings: IdentitySettings,
}

/// This moment.
fn now() -> Millis {
    chrono::Utc::now().timestamp_millis()
}

impl Identity {
    /// Nobody is asked.
    pub fn off() -> Self {
        Self {
            desk: None,
            metrics: None,
        }
    }

    /// Reads or makes the keys, and the first admin where nobody can administer the system. The password that it was given is to be
    /// shown once, unless somebody chose it.
    ///
    /// # Errors
    /// Keys that are none, or a store that does not answer.
    pub async fn open(
        store: Store,
        vault: &Vault,
        settings: IdentitySettings,
    ) -> Result<(Self, Option<FirstPassword>), IdentityError> {
        if !settings.enabled {
            return Ok((Self::off(), None));
        }
        let keys = Arc::new(TokenKeys::open(&store, vault, settings.keys.clone()).await?);
        let issuer = format!("ips:{}", store.uuid());
        let desk = Desk {
            passwords: Passwords::new()?,
            tries: Tries::default(),
            tokens: AccessTokens::new(Arc::clone(&keys), issuer, settings.token_life_ms),
            keys,
            principals: Principals::default(),
            sso: settings.sso.clone().map(sso::Sso::new).transpose()?,
            agents: AgentDesk::new(store.clone(), settings.bootstrap.clone()),
            reviews: settings.kubernetes.clone().map(Reviews::new),
            store,
            settings,
        };
        let first = first_start::ensure_admin(&desk).await?;
        let desk = Some(Arc::new(desk));
        Ok((Self { desk, metrics: None }, first))
    }

    /// The same door, which counts log-ins.
    #[must_use]
    pub fn counted(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Counts a log-in, of whatever kind, by how it ended.
    fn count(&self, result: &Result<LoggedIn, IdentityError>) {
        let Some(metrics) = &self.metrics else { return };
        metrics.login(match result {
            Ok(_) => LoginResult::Ok,
            Err(IdentityError::WrongPassword | IdentityError::BadToken | IdentityError::Forbidden(_)) => {
                LoginResult::Refused
            }
            Err(IdentityError::TooManyTries { .. }) => LoginResult::Limited,
            Err(_) => LoginResult::Error,
        });
    }

    /// Whether anybody is asked who it is.
    pub fn is_on(&self) -> bool {
        self.desk.is_some()
    }

    /// How much work went into passwords so far; none while identity is off.
    pub fn password_work(&self) -> PasswordWork {
        self.desk.as_ref().map(|desk| desk.passwords.work()).unwrap_or_default()
    }

    fn desk(&self) -> Result<&Desk, IdentityError> {
        let off = || IdentityError::Precondition("identity is off, so there are no users and no tokens".into());
        self.desk.as_deref().ok_or_else(off)
    }

    /// Who calls, by the value of the header `Authorization`.
    ///
    /// # Errors
    /// Why it is not known who it is.
    pub async fn caller(&self, authorization: Option<&str>) -> Result<Caller, IdentityError> {
        let Some(desk) = &self.desk else {
            return Ok(Caller::anonymous());
        };
        let text = authorization.ok_or(IdentityError::NoLogin)?;
        let (scheme, token) = text.split_once(' ').ok_or(IdentityError::NotBearer)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(IdentityError::NotBearer);
        }
        desk.bearer(token.trim()).await
    }

    /// Who calls an operation, if it may. `None` where no log-in is needed and none was given.
    ///
    /// # Errors
    /// Why not, and who it is where that is known.
    pub async fn admit(
        &self,
        operation: &Operation,
        authorization: Option<&str>,
    ) -> Result<Option<Caller>, Box<Refused>> {
        let unknown = |error| Box::new(Refused { caller: None, error });
        match operation.access {
            // Whoever shows a good token is told more by some.
            Access::Public => Ok(self.caller(authorization).await.ok()),
            Access::Agents => Ok(None),
            Access::Needs(Permission::MetricsRead) if self.metrics_are_public() => Ok(None),
            Access::Needs(permission) => {
                let caller = self.caller(authorization).await.map_err(unknown)?;
                match allowed(&caller, permission) {
                    Ok(()) => Ok(Some(caller)),
                    Err(error) => Err(Box::new(Refused {
                        caller: Some(caller),
                        error,
                    })),
                }
            }
        }
    }

    fn metrics_are_public(&self) -> bool {
        self.desk.as_ref().is_none_or(|desk| desk.settings.metrics_public)
    }

    /// Comes back when the caller may not see a stream any more: its token ended, it logged out, was disabled, lost its role, or sees
    /// other things with it.
    pub async fn until_refused(&self, caller: Caller, permission: Permission) {
        let Some(desk) = &self.desk else {
            return std::future::pending().await;
        };
        loop {
            let left = caller.expires_at - now();
            let wait = match u64::try_from(left) {
                Ok(left) => ASK_AGAIN.min(Duration::from_millis(left)),
                Err(_) if caller.expires_at == 0 => ASK_AGAIN,
                Err(_over) => return,
            };
            tokio::time::sleep(wait).await;
            match desk.principal(&caller.proof).await {
                Ok(again) if allowed(&again, permission).is_ok() && Realm::of(&again) == Realm::of(&caller) => {}
                // A store that does not answer says nothing against anybody.
                Err(IdentityError::Unavailable(_)) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}

/// Why a call was refused, and whose it was.
#[derive(Debug)]
pub struct Refused {
    /// Who, where that is known.
    pub caller: Option<Caller>,
    /// Why.
    pub error: IdentityError,
}

fn allowed(caller: &Caller, permission: Permission) -> Result<(), IdentityError> {
    if caller.must_change_password && permission != Permission::Own {
        return Err(IdentityError::PasswordChangeRequired);
    }
    if caller.may(permission) {
        return Ok(());
    }
    Err(IdentityError::Forbidden(format!("this needs {permission}")))
}

impl Desk {
    async fn bearer(&self, token: &str) -> Result<Caller, IdentityError> {
        if let Some(hash) = api_tokens::hash_of(token) {
            return self.principal(&Proof::Token(hash.into())).await;
        }
        if let Some(reviews) = &self.reviews
            && let Some(ends_at) = reviews.is_for_us(token)
        {
            return self.principal(&reviews.see(token, ends_at)).await;
        }
        let claims = self.tokens.read(token)?;
        let mut caller = self.principal(&Proof::Session(claims.sid.into())).await?;
        caller.expires_at = claims.exp * 1000;
        Ok(caller)
    }

    /// Who stands behind a proof now; remembered for a while.
    async fn principal(&self, proof: &Proof) -> Result<Caller, IdentityError> {
        if let Some(known) = self.principals.get(proof) {
            return Ok(known);
        }
        let ticket = self.principals.ticket();
        let found = match self.look_up(proof).await {
            // A store that is away says nothing against those it vouched for, and it is they who want to see why it is away.
            Err(away @ IdentityError::Unavailable(_)) => Some(self.principals.last_known(proof, now()).ok_or(away)?),
            found => found?,
        };
        // Guesses are many and each is new: they are not remembered.
        if let Some(caller) = &found {
            self.principals.put(ticket, proof.clone(), caller.clone());
        }
        found.ok_or(IdentityError::BadToken)
    }

    async fn look_up(&self, proof: &Proof) -> Result<Option<Caller>, IdentityError> {
        match proof {
            Proof::None => Ok(None),
            Proof::Session(id) => {
                let user = self.store.session_user(id, now()).await?;
                Ok(user.map(|it| of_session(it, proof)))
            }
            Proof::Reviewed(hash) => match &self.reviews {
                Some(reviews) => reviews.caller(hash).await,
                None => Ok(None),
            },
            Proof::Token(hash) => {
                let holder = self.store.token_holder(hash, now()).await?;
                Ok(holder.map(|holder| {
                    self.note_use(&holder);
                    of_token(holder, proof)
                }))
            }
        }
    }

    /// Beside the call, which does not wait for it.
    fn note_use(&self, holder: &TokenHolder) {
        let (store, id, now) = (self.store.clone(), holder.token.id, now());
        if now - holder.token.last_used_at < NOTE_USE_MS {
            return;
        }
        tokio::spawn(async move {
            if let Err(error) = store.touch_api_token(id, now).await {
                tracing::warn!(token.id = id.get(), error = %error.chain(), "the use of an API token was not noted");
            }
        });
    }
}

fn of_session(user: SessionUser, proof: &Proof) -> Caller {
    Caller {
        subject: Subject::User(user.user),
        name: user.username.into(),
        role: user.role,
        tenant: user.tenant,
        scope: Scope::Role,
        must_change_password: user.must_change_password,
        proof: proof.clone(),
        expires_at: user.expires_at,
    }
}

fn of_token(holder: TokenHolder, proof: &Proof) -> Caller {
    let TokenHolder {
        token,
        username,
        owner_role,
    } = holder;
    Caller {
        subject: Subject::Token {
            token: token.id,
            owner: token.owner,
        },
        name: format!("{username}/{}", token.name).into(),
        role: Role::min(token.role, owner_role),
        tenant: token.tenant,
        scope: token.scopes.map_or(Scope::Role, |scopes| Scope::Only(Arc::new(scopes))),
        must_change_password: false,
        proof: proof.clone(),
        expires_at: token.expires_at,
    }
}

#[cfg(test)]
mod tests;
