//! People who may log in: what is kept of them, and the rules of names and passwords.

use super::{
    Invalid, Millis,
    caller::{Role, TenantId, UserId},
};
use secrecy::{ExposeSecret as _, SecretString};

/// Longest name in characters.
pub const MAX_USERNAME: usize = 255;
/// Shortest password in characters.
pub const MIN_PASSWORD: usize = 8;
/// Longest password in bytes; more would only be work for the hash.
pub const MAX_PASSWORD: usize = 1024;

/// A user as it is kept.
#[derive(Debug, Clone)]
pub struct User {
    /// Number.
    pub id: UserId,
    /// Whose things it sees.
    pub tenant: TenantId,
    /// Unique.
    pub username: String,
    /// As argon2 or bcrypt made it, which its prefix says; empty where it logs in elsewhere. Cannot be printed.
    pub password_hash: SecretString,
    /// What it may do.
    pub role: Role,
    /// It may not log in.
    pub disabled: bool,
    /// It must choose a password before anything else.
    pub must_change_password: bool,
    /// When it logged in last; 0 means never.
    pub last_login_at: Millis,
    /// It logs in at a provider, has no password here, and gets its role there at each log-in.
    pub is_external: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

/// A user who is not kept yet.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Whose things it sees.
    pub tenant: TenantId,
    /// Unique.
    pub username: String,
    /// As argon2 or bcrypt made it; cannot be printed.
    pub password_hash: SecretString,
    /// Role.
    pub role: Role,
    /// It must choose a password before anything else.
    pub must_change_password: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last.
    pub updated_at: Millis,
}

/// What a client asks to change of a user; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// New password.
    pub password: Option<SecretString>,
    /// The old one, which changing one's own needs.
    pub current_password: Option<SecretString>,
    /// Role.
    pub role: Option<Role>,
    /// Whether it may not log in.
    pub disabled: Option<bool>,
}

impl UserChange {
    /// Whether it asks for anything, and for a password that may be one.
    ///
    /// # Errors
    /// Names the field `password`.
    pub fn check(&self) -> Result<(), Invalid> {
        match &self.password {
            Some(password) => check_password("password", password),
            None if self.role.is_none() && self.disabled.is_none() => Err(Invalid::new(
                "password",
                "is required, unless role or disabled is given",
            )),
            None => Ok(()),
        }
    }
}

/// Checks the name of a user: what a person can type and a log line can carry.
///
/// # Errors
/// Names the field `username` and the rule.
pub fn check_username(name: &str) -> Result<String, Invalid> {
    let length = name.chars().count();
    let harmless = |c: char| !c.is_control() && !c.is_whitespace() && c != '/' && c != ':';
    if (1..=MAX_USERNAME).contains(&length) && name.chars().all(harmless) {
        return Ok(name.to_owned());
    }
    let rule = format!("must have 1 to {MAX_USERNAME} characters without spaces, '/' and ':'");
    Err(Invalid::new("username", rule))
}

/// Checks a new password.
///
/// # Errors
/// Names the field and the rule, never the password.
pub fn check_password(field: &str, password: &SecretString) -> Result<(), Invalid> {
    let text = password.expose_secret();
    if text.chars().count() < MIN_PASSWORD {
        return Err(Invalid::new(
            field,
            format!("must have at least {MIN_PASSWORD} characters"),
        ));
    }
    if text.len() > MAX_PASSWORD {
        return Err(Invalid::new(field, format!("must have at most {MAX_PASSWORD} bytes")));
    }
    Ok(())
}

/// The role of a word of the wire.
///
/// # Errors
/// Names the field `role` and the words that are known.
pub fn check_role(word: &str) -> Result<Role, Invalid> {
    Role::parse(word).ok_or_else(|| {
        let known = Role::ALL.map(Role::as_str).join(", ");
        Invalid::new("role", format!("{word:?} is unknown, allowed are {known}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_have_bounds() {
        for good in ["a", "ana.müller@example.com", "管理员", &"x".repeat(MAX_USERNAME)] {
            assert!(check_username(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "a\nb", "a/b", "a:b", &"x".repeat(MAX_USERNAME + 1)] {
            assert!(check_username(bad).is_err(), "{bad:?}");
        }
        let password = |text: &str| check_password("password", &text.into());
        assert!(password("12345678").is_ok() && password(&"x".repeat(MAX_PASSWORD)).is_ok());
        for bad in ["1234567", &"x".repeat(MAX_PASSWORD + 1)] {
            let line = password(bad).err().map(|it| it.to_string()).unwrap_or_default();
            assert!(line.starts_with("password: must") && !line.contains(bad), "{line}");
        }
        assert!(check_role("admin").is_ok() && check_role("root").is_err());
    }
}
