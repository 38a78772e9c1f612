//! The way back in for whoever runs the machine: a new password for a user, set in the database itself. It needs no log-in, because whoever can
//! write the database may do everything anyway.

use super::{error::IdentityError, now, passwords::Passwords, secrets};
use crate::{
    domain::user,
    store::{Store, UserOutcome, UserUpdate},
};
use secrecy::SecretString;

/// Gives a user a new password, which must be changed at the next log-in, lets it in again where it was disabled, and ends its log-ins.
/// Without a password one is made; the one that holds now is given back.
///
/// # Errors
/// `NotFound`; `Invalid` for a password that breaks a rule; `Precondition` for a user who logs in elsewhere.
pub async fn reset_password(
    store: &Store,
    username: &str,
    chosen: Option<SecretString>,
) -> Result<SecretString, IdentityError> {
    let found = store.user_by_name(username).await?;
    let no_user = || IdentityError::NotFound {
        kind: "user",
        id: username.to_owned(),
    };
    let found = found.ok_or_else(no_user)?;
    if found.is_external {
        let rule = "this user logs in at the provider and has no password here";
        return Err(IdentityError::Precondition(rule.into()));
    }
    let password = chosen.unwrap_or_else(secrets::readable_password);
    user::check_password("password", &password)?;
    let hash = Passwords::new()?.hash(&password).await?;
    let update = UserUpdate {
        password: Some((hash, true)),
        disabled: Some(false),
        ..UserUpdate::default()
    };
    match store.update_user(found.id, &update, now()).await? {
        UserOutcome::Done(_) => Ok(password),
        UserOutcome::Unknown | UserOutcome::LastAdmin => Err(no_user()),
    }
}
