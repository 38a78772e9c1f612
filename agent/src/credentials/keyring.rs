//! The logins that plugins returned.

use crate::pull::Credential;
use std::fmt;
use zeroize::Zeroize as _;

/// A user name and a password, for whatever registry. Neither printed nor stored; overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: String,
}

/// A login and the key under which a plugin returned it.
pub(super) type Entry = ips_keyring::Entry<Login>;

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(hidden)")
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

impl Login {
    /// The login for one registry and no other.
    pub(super) fn for_registry(&self, server_address: String) -> Credential {
        Credential {
            server_address,
            username: self.username.clone(),
            password: self.password.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints() {
        let login = Login {
            username: "u".into(),
            password: "p".into(),
        };
        let shown = format!("{:?}", Entry::new("r.example", login));
        assert!(!shown.contains("\"p\"") && shown.contains("hidden"), "{shown}");
    }
}
