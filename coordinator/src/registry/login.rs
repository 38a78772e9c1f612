//! Tries a login at its registry and says what happened, for people who have just saved one.

use super::{Registry, ResolveError, TIME_LIMIT, limited};
use crate::domain::credential::{Login, LoginCheck, LoginResult};

impl Registry {
    /// Logs in at a registry host. Nothing is read there.
    pub async fn check_login(&self, registry: &str, login: Login) -> LoginCheck {
        let attempt = async { self.transport.session(registry, "", Some(login))?.log_in().await };
        let (result, message) = match limited(TIME_LIMIT, attempt).await {
            Ok(true) => (LoginResult::Ok, format!("{registry} took the login")),
            Ok(false) => (
                LoginResult::NotNeeded,
                format!("{registry} answers without a login, so this one was not tried"),
            ),
            Err(error) => (result_of(&error), words_of(registry, &error)),
        };
        LoginCheck { result, message }
    }
}

fn result_of(error: &ResolveError) -> LoginResult {
    match error {
        ResolveError::Unauthorized { .. } => LoginResult::Unauthorized,
        ResolveError::RateLimited { .. } => LoginResult::RateLimited,
        ResolveError::Tls { .. } => LoginResult::Tls,
        ResolveError::Refused { .. } | ResolveError::Credential(_) => LoginResult::Refused,
        ResolveError::NotFound { .. }
        | ResolveError::Network { .. }
        | ResolveError::TimedOut(_)
        | ResolveError::TooLarge { .. }
        | ResolveError::WrongDigest { .. }
        | ResolveError::Malformed { .. }
        | ResolveError::WrongPlatform { .. } => LoginResult::Unreachable,
    }
}

fn words_of(registry: &str, error: &ResolveError) -> String {
    match error {
        ResolveError::Unauthorized { status, .. } => format!("{registry} refuses the login (HTTP {status})"),
        ResolveError::TimedOut(_) => format!("{registry}: {error}"),
        ResolveError::NotFound { .. }
        | ResolveError::RateLimited { .. }
        | ResolveError::Network { .. }
        | ResolveError::Tls { .. }
        | ResolveError::Credential(_)
        | ResolveError::Refused { .. }
        | ResolveError::TooLarge { .. }
        | ResolveError::WrongDigest { .. }
        | ResolveError::Malformed { .. }
        | ResolveError::WrongPlatform { .. } => error.to_string(),
    }
}
