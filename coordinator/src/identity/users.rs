//! Users: who may see, make, change and remove whom. Nobody gives or takes a role above its own, a tenant's admin sees the users of
//! its tenant alone, and the last system admin stays.

use super::{Desk, Identity, error::IdentityError, now};
use crate::{
    domain::{
        Invalid,
        caller::{Caller, Proof, Role, Subject, TenantId, UserId},
        permission::Permission,
        tenant::Realm,
        user::{self, NewUser, User, UserChange},
    },
    store::{UserOutcome, UserUpdate},
};
use secrecy::SecretString;

impl Identity {
    /// The user that the caller is or acts for.
    ///
    /// # Errors
    /// `NotFound` for callers that are no users.
    pub async fn who_am_i(&self, caller: &Caller) -> Result<User, IdentityError> {
        let desk = self.desk()?;
        if caller.subject == Subject::Cluster {
            return Ok(of_cluster(caller));
        }
        let id = caller.user().ok_or_else(|| no_user("me"))?;
        desk.store.user(id).await?.ok_or_else(|| no_user(&id.to_string()))
    }

    /// Users that the caller may see, by number; only those of a tenant, unless it is empty.
    ///
    /// # Errors
    /// `Invalid` for a tenant that the caller may not look at.
    pub async fn users(&self, caller: &Caller, tenant: &str) -> Result<Vec<User>, IdentityError> {
        let realm = Realm::of(caller).narrowed(tenant)?;
        Ok(self.desk()?.store.users(&realm).await?)
    }

    /// One user that the caller may see.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn user(&self, caller: &Caller, id: UserId) -> Result<User, IdentityError> {
        self.desk()?.visible(caller, id).await
    }

    /// Makes a user in the caller's tenant. It must choose another password at its first log-in.
    ///
    /// # Errors
    /// `Invalid`; `AlreadyExists`; `Forbidden` for a role above the caller's.
    pub async fn create_user(
        &self,
        caller: &Caller,
        username: &str,
        password: &SecretString,
        role: &str,
    ) -> Result<User, IdentityError> {
        self.create_user_in(caller, "", username, password, role).await
    }

    /// Makes a user in a tenant, which may be another than the caller's only for a system admin; empty text means the caller's. It must
    /// choose another password at its first log-in.
    ///
    /// # Errors
    /// As [`Identity::create_user`]; `Invalid` for a tenant that is not there.
    pub async fn create_user_in(
        &self,
        caller: &Caller,
        tenant: &str,
        username: &str,
        password: &SecretString,
        role: &str,
    ) -> Result<User, IdentityError> {
        let desk = self.desk()?;
        let username = user::check_username(username)?;
        user::check_password("password", password)?;
        let role = user::check_role(role)?;
        not_above(caller, role)?;
        let tenant = desk.tenant_for(caller, tenant).await?;
        let now = now();
        let user = NewUser {
            tenant,
            password_hash: desk.passwords.hash(password).await?,
            username,
            role,
            must_change_password: true,
            created_at: now,
            updated_at: now,
        };
        let id = desk.store.insert_user(&user).await?;
        let taken = || IdentityError::AlreadyExists {
            kind: "user",
            id: user.username.clone(),
        };
        let id = id.ok_or_else(taken)?;
        desk.store.user(id).await?.ok_or_else(|| no_user(&id.to_string()))
    }

    /// Changes a user: one's own password with the old one, everything else of others with `users:write`. A password that somebody
    /// else sets must be changed at the next log-in.
    ///
    /// # Errors
    /// `Invalid`, `NotFound`, `Forbidden`; `Precondition` for the last system admin.
    pub async fn update_user(&self, caller: &Caller, id: UserId, change: UserChange) -> Result<User, IdentityError> {
        let desk = self.desk()?;
        change.check()?;
        let is_own = caller.user() == Some(id);
        let only_password = change.role.is_none() && change.disabled.is_none();
        if !(is_own && only_password) {
            desk.may_write(caller, id).await?;
        }
        if let Some(role) = change.role {
            not_above(caller, role)?;
        }
        let mut update = UserUpdate {
            role: change.role,
            disabled: change.disabled,
            ..UserUpdate::default()
        };
        if let Some(password) = &change.password {
            if is_own {
                desk.check_current(caller, id, &change).await?;
            }
            update.password = Some((desk.passwords.hash(password).await?, !is_own));
            if let Proof::Session(session) = &caller.proof {
                update.keep_session = is_own.then(|| session.to_string());
            }
        }
        let outcome = desk.store.update_user(id, &update, now()).await?;
        desk.principals.forget(id);
        done(outcome, id)
    }

    /// Removes a user with its log-ins and tokens. One that is not there is removed already.
    ///
    /// # Errors
    /// `Forbidden`; `Precondition` for the last system admin.
    pub async fn delete_user(&self, caller: &Caller, id: UserId) -> Result<(), IdentityError> {
        let desk = self.desk()?;
        match desk.may_write(caller, id).await {
            Err(IdentityError::NotFound { .. }) => return Ok(()),
            other => other?,
        };
        let outcome = desk.store.delete_user(id).await?;
        desk.principals.forget(id);
        match done(outcome, id) {
            Ok(_) | Err(IdentityError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Desk {
    /// The tenant of a new user.
    async fn tenant_for(&self, caller: &Caller, tenant: &str) -> Result<TenantId, IdentityError> {
        let narrowed = Realm::of(caller).narrowed(tenant)?;
        let Some(wanted) = narrowed.tenant().filter(|wanted| **wanted != caller.tenant) else {
            return Ok(caller.tenant.clone());
        };
        if self.store.tenants().await?.iter().any(|known| known.id == *wanted) {
            return Ok(wanted.clone());
        }
        Err(Invalid::new("tenant", format!("there is no tenant {tenant:?}")).into())
    }

    /// A user that the caller may see; of another tenant it may not even see that there is one.
    async fn visible(&self, caller: &Caller, id: UserId) -> Result<User, IdentityError> {
        let user = self.store.user(id).await?;
        let realm = Realm::of(caller);
        user.filter(|user| realm.holds(&user.tenant))
            .ok_or_else(|| no_user(&id.to_string()))
    }

    /// Whether the caller may change the user.
    async fn may_write(&self, caller: &Caller, id: UserId) -> Result<User, IdentityError> {
        match super::allowed(caller, Permission::UsersWrite) {
            Err(IdentityError::Forbidden(_)) => {
                return Err(IdentityError::Forbidden("You can only change your own password".into()));
            }
            other => other?,
        }
        let user = self.visible(caller, id).await?;
        not_above(caller, user.role)?;
        Ok(user)
    }

    /// One's own password is changed by whoever knows the old one, not by whoever found an open screen or a token.
    async fn check_current(&self, caller: &Caller, id: UserId, change: &UserChange) -> Result<(), IdentityError> {
        if !matches!(caller.proof, Proof::Session(_)) {
            return Err(IdentityError::Forbidden(
                "an API token may not change a password".into(),
            ));
        }
        let field = "currentPassword";
        let missing = || Invalid::new(field, "is required to change one's own password");
        let current = change.current_password.as_ref().ok_or_else(missing)?;
        let user = self.store.user(id).await?.ok_or_else(|| no_user(&id.to_string()))?;
        // As many guesses as at the log-in, whatever the address.
        let guesses = std::net::IpAddr::from([0, 0, 0, 0]);
        let own = format!("user {id}");
        let too_many = |retry_after_s| IdentityError::TooManyTries { retry_after_s };
        self.tries.take(guesses, &own, now()).map_err(too_many)?;
        if !self.passwords.check(current, Some(&user.password_hash), false).await? {
            return Err(Invalid::new(field, "is not the password").into());
        }
        self.tries.forgive(guesses, &own);
        Ok(())
    }
}

fn not_above(caller: &Caller, role: Role) -> Result<(), IdentityError> {
    if role <= caller.role {
        return Ok(());
    }
    Err(IdentityError::Forbidden(format!("{role} is above your own role")))
}

/// Somebody for whom the cluster vouches has no account here; its number is 0.
fn of_cluster(caller: &Caller) -> User {
    User {
        id: UserId::from_stored(0),
        tenant: caller.tenant.clone(),
        username: caller.name.to_string(),
        password_hash: SecretString::default(),
        role: caller.role,
        disabled: false,
        must_change_password: false,
        last_login_at: 0,
        created_at: 0,
        updated_at: 0,
    }
}

fn no_user(id: &str) -> IdentityError {
    IdentityError::NotFound {
        kind: "user",
        id: id.to_owned(),
    }
}

fn done(outcome: UserOutcome, id: UserId) -> Result<User, IdentityError> {
    match outcome {
        UserOutcome::Done(user) => Ok(*user),
        UserOutcome::Unknown => Err(no_user(&id.to_string())),
        UserOutcome::LastAdmin => Err(IdentityError::Precondition(
            "it is the last system admin that can log in; make another one first".into(),
        )),
    }
}
