//! The first admin: made where nobody can administer the system, with a password that must be changed at once.

use super::{Desk, error::IdentityError, now, secrets};
use crate::domain::{
    caller::{Role, TenantId},
    user::{self, NewUser},
};
use secrecy::SecretString;

/// Names to take, the first that is free.
const NAMES: [&str; 2] = ["admin", "ips-admin"];

/// A password that nobody chose and that is to be shown once.
#[derive(Debug)]
pub struct FirstPassword {
    /// Whose it is.
    pub username: String,
    /// The password; cannot be printed by accident.
    pub password: SecretString,
}

/// Makes the first admin, unless there is one.
pub(super) async fn ensure_admin(desk: &Desk) -> Result<Option<FirstPassword>, IdentityError> {
    if desk.store.has_system_admin().await? {
        return Ok(None);
    }
    let chosen = desk.settings.first_password.clone();
    if let Some(password) = &chosen {
        user::check_password("the first password", password)?;
    }
    let password = chosen.clone().unwrap_or_else(secrets::readable_password);
    let password_hash = desk.passwords.hash(&password).await?;
    for name in NAMES {
        let now = now();
        let user = NewUser {
            tenant: TenantId::default(),
            username: name.to_owned(),
            password_hash: password_hash.clone(),
            role: Role::SystemAdmin,
            must_change_password: true,
            created_at: now,
            updated_at: now,
        };
        if desk.store.insert_user(&user).await?.is_some() {
            tracing::info!(
                user.name = name,
                "The first admin was made; its password must be changed at its first log-in"
            );
            let username = name.to_owned();
            return Ok(chosen.is_none().then_some(FirstPassword { username, password }));
        }
        // Another replica was quicker.
        if desk.store.has_system_admin().await? {
            return Ok(None);
        }
    }
    tracing::warn!("Nobody can administer the system, and the names of the first admin are taken");
    Ok(None)
}
