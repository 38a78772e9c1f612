//! Log-in, refresh, log-out.

use super::{Desk, Identity, error::IdentityError, now, passwords, secrets};
use crate::{
    domain::{
        Invalid,
        caller::{Caller, Proof},
        user::{MAX_PASSWORD, MAX_USERNAME, User},
    },
    store::{Refreshed, SessionUser},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;
use uuid::Uuid;

/// What every refresh token begins with.
const PREFIX: &str = "ipsr_";
/// Length of a refresh token.
const LENGTH: usize = PREFIX.len() + 43;

/// Somebody who is logged in.
#[derive(Debug)]
pub struct LoggedIn {
    /// Access token, for the header `Authorization`.
    pub token: SecretString,
    /// Seconds that it lives.
    pub expires_in_s: i64,
    /// What it is refreshed with, once.
    pub refresh_token: SecretString,
    /// Who.
    pub user: User,
    /// The caller that it will be.
    pub caller: Caller,
}

impl Identity {
    /// Logs in with name and password.
    ///
    /// # Errors
    /// `WrongPassword` for whatever does not fit, after the same work; `TooManyTries`.
    pub async fn login(
        &self,
        source: IpAddr,
        username: &str,
        password: &SecretString,
    ) -> Result<LoggedIn, IdentityError> {
        let result = self.try_login(source, username, password).await;
        self.count(&result);
        result
    }

    async fn try_login(
        &self,
        source: IpAddr,
        username: &str,
        password: &SecretString,
    ) -> Result<LoggedIn, IdentityError> {
        let desk = self.desk()?;
        check(username, password)?;
        let too_many = |retry_after_s| IdentityError::TooManyTries { retry_after_s };
        desk.tries.take(source, username, now()).map_err(too_many)?;
        let user = desk.store.user_by_name(username).await?;
        let with_bcrypt = desk.store.has_bcrypt_users().await?;
        let hash = user.as_ref().map(|user| &user.password_hash);
        let fits = desk.passwords.check(password, hash, with_bcrypt).await?;
        let Some(user) = user.filter(|user| fits && !user.disabled) else {
            tracing::info!(client.address = %source, "A log-in was refused");
            return Err(IdentityError::WrongPassword);
        };
        desk.tries.forgive(source, username);
        if passwords::needs_upgrade(&user.password_hash) {
            let better = desk.passwords.hash(password).await?;
            desk.store.upgrade_hash(user.id, &user.password_hash, &better).await?;
        }
        desk.begin(user).await
    }

    /// Spends a refresh token for a new pair of tokens.
    ///
    /// # Errors
    /// `BadToken`; when it was spent before, its log-in is revoked.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<LoggedIn, IdentityError> {
        let desk = self.desk()?;
        let token = refresh_token.expose_secret();
        if token.len() != LENGTH || !token.starts_with(PREFIX) {
            return Err(IdentityError::BadToken);
        }
        let next = fresh_token();
        let (old_hash, new_hash) = (secrets::hash(token), secrets::hash(next.expose_secret()));
        match desk.store.refresh_session(&old_hash, &new_hash, now()).await? {
            Refreshed::Done { session, user } => desk.logged_in(&session, *user, next).await,
            Refreshed::Refused => Err(IdentityError::BadToken),
            Refreshed::Replayed { user, session } => {
                tracing::warn!(
                    user.id = user.get(),
                    "A refresh token was used twice: somebody has a copy. Its log-in is revoked"
                );
                desk.principals.forget_proof(&Proof::Session(session.into()));
                Err(IdentityError::BadToken)
            }
        }
    }

    /// Ends the log-in of the caller.
    ///
    /// # Errors
    /// `Precondition` for callers that did not log in.
    pub async fn logout(&self, caller: &Caller) -> Result<(), IdentityError> {
        let desk = self.desk()?;
        let Proof::Session(session) = &caller.proof else {
            let rule = "an API token does not log out; revoke it instead";
            return Err(IdentityError::Precondition(rule.into()));
        };
        desk.store.end_session(session, now()).await?;
        desk.principals.forget_proof(&caller.proof);
        Ok(())
    }
}

/// A refresh token that nobody has.
pub(super) fn fresh_token() -> SecretString {
    secrets::random(PREFIX)
}

fn check(username: &str, password: &SecretString) -> Result<(), Invalid> {
    let password = password.expose_secret();
    if username.is_empty() || username.chars().count() > MAX_USERNAME {
        let rule = format!("must have 1 to {MAX_USERNAME} characters");
        return Err(Invalid::new("username", rule));
    }
    if password.is_empty() || password.len() > MAX_PASSWORD {
        return Err(Invalid::new("password", format!("must have 1 to {MAX_PASSWORD} bytes")));
    }
    Ok(())
}

impl Desk {
    /// Begins a log-in of somebody who has proved who it is.
    pub(super) async fn begin(&self, user: User) -> Result<LoggedIn, IdentityError> {
        let token = fresh_token();
        let hash = secrets::hash(token.expose_secret());
        let (session, holder) = self.begin_session(user, &hash, self.settings.login_life_ms).await?;
        self.logged_in(&session, holder, token).await
    }

    /// Begins a log-in that can be taken up by what has this hash; gives back its id and who it is.
    pub(super) async fn begin_session(
        &self,
        user: User,
        hash: &str,
        life_ms: i64,
    ) -> Result<(String, SessionUser), IdentityError> {
        let session = Uuid::new_v4().simple().to_string();
        let now = now();
        let expires_at = now + life_ms;
        self.store
            .begin_session(&session, user.id, hash, now, expires_at)
            .await?;
        let holder = SessionUser {
            user: user.id,
            username: user.username,
            tenant: user.tenant,
            role: user.role,
            must_change_password: user.must_change_password,
            expires_at,
        };
        Ok((session, holder))
    }

    /// Somebody who is logged in, with an access token.
    pub(super) async fn logged_in(
        &self,
        session: &str,
        holder: SessionUser,
        refresh_token: SecretString,
    ) -> Result<LoggedIn, IdentityError> {
        let user = self.store.user(holder.user).await?.ok_or(IdentityError::BadToken)?;
        let token = self.tokens.make(&holder, session, now())?;
        let proof = Proof::Session(session.into());
        Ok(LoggedIn {
            token: token.into(),
            expires_in_s: self.tokens.life_s(),
            refresh_token,
            user,
            caller: super::of_session(holder, &proof),
        })
    }
}
