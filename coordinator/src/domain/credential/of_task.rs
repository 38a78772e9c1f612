//! The logins that a task brings along: stored ones by number, or one in the clear. Never both.

use super::{CredentialId, MAX_TASK_CREDENTIALS, NewLogin};
use crate::domain::Invalid;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// The original's words for stored and inline logins in one task.
pub const BOTH_KINDS: &str = "Cannot use both secretId and manual credentials";
/// The original's words for a registry without a whole login.
pub const NO_LOGIN: &str = "When registry is provided, both username and password are required";
/// The original's words for a login without a registry.
pub const NO_REGISTRY: &str = "When username or password is provided, registry is required";

/// What a client sends, not checked yet. Empty text and 0 are the same as nothing.
#[derive(Debug, Clone, Default)]
pub struct TaskLoginsRequest {
    /// One stored credential, as clients of the original name it.
    pub secret_id: Option<i64>,
    /// Several of them.
    pub secret_ids: Vec<i64>,
    /// Registry of an inline login.
    pub registry: Option<String>,
    /// Its user name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
}

/// One credential that a task uses, and how it was shown when the task was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCredential {
    /// Number.
    pub id: CredentialId,
    /// Name; empty where the task owns it, or before the task is accepted.
    #[serde(default)]
    pub name: String,
    /// Registry.
    #[serde(default)]
    pub registry: String,
    /// User name.
    #[serde(default)]
    pub username: String,
    /// The task brought it along.
    #[serde(default)]
    pub owned: bool,
}

impl TaskCredential {
    /// A stored one that is only known by its number yet.
    pub fn named(id: CredentialId) -> Self {
        Self {
            id,
            name: String::new(),
            registry: String::new(),
            username: String::new(),
            owned: false,
        }
    }
}

impl TaskLoginsRequest {
    /// The request that leads to these stored ones; a login that the task brought along is not among them, for it is not in the clear.
    pub fn of(credentials: &[TaskCredential]) -> Self {
        let stored = credentials.iter().filter(|credential| !credential.owned);
        Self {
            secret_ids: stored.map(|credential| credential.id.get()).collect(),
            ..Self::default()
        }
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        let empty = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
        let no_password = self.password.as_ref().is_none_or(|it| it.expose_secret().is_empty());
        let no_number = self.secret_id.is_none_or(|id| id == 0) && self.secret_ids.is_empty();
        no_number && no_password && empty(&self.registry) && empty(&self.username)
    }

    /// What `other` says, or this where it says nothing.
    #[must_use]
    pub fn overridden_by(self, other: Self) -> Self {
        if other.is_empty() { self } else { other }
    }

    /// Checks everything: the stored ones, and the inline one.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<(Vec<TaskCredential>, Option<NewLogin>), Invalid> {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (registry, username) = (filled(self.registry), filled(self.username));
        let password = self.password.filter(|password| !password.expose_secret().is_empty());
        let stored = stored(self.secret_id.filter(|id| *id != 0), &self.secret_ids)?;
        let any = registry.is_some() || username.is_some() || password.is_some();
        if any && !stored.is_empty() {
            return Err(Invalid::new("secretId", BOTH_KINDS));
        }
        match (registry, username, password) {
            (None, None, None) => Ok((stored, None)),
            (Some(registry), Some(username), Some(password)) => {
                Ok((stored, Some(NewLogin::check(&registry, &username, Some(password))?)))
            }
            (None, _, _) => Err(Invalid::new("registry", NO_REGISTRY)),
            (Some(_), None, _) => Err(Invalid::new("username", NO_LOGIN)),
            (Some(_), Some(_), None) => Err(Invalid::new("password", NO_LOGIN)),
        }
    }
}

fn stored(secret_id: Option<i64>, secret_ids: &[i64]) -> Result<Vec<TaskCredential>, Invalid> {
    let number = |field: &str, number: i64| {
        CredentialId::new(number).ok_or_else(|| Invalid::new(field, format!("{number} must be greater than 0")))
    };
    let mut ids = Vec::new();
    for (index, id) in secret_ids.iter().enumerate() {
        let field = format!("secretIds[{index}]");
        let id = number(&field, *id)?;
        if ids.contains(&id) {
            return Err(Invalid::new(field, format!("{id} stands twice")));
        }
        ids.push(id);
    }
    if let Some(id) = secret_id {
        let id = number("secretId", id)?;
        // Whoever sends a task's answer back sends the first one twice.
        if !ids.contains(&id) {
            ids.insert(0, id);
        }
    }
    if ids.len() > MAX_TASK_CREDENTIALS {
        let rule = format!("must be at most {MAX_TASK_CREDENTIALS}, found {}", ids.len());
        return Err(Invalid::new("secretIds", rule));
    }
    Ok(ids.into_iter().map(TaskCredential::named).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn inline(registry: &str, username: &str, password: &str) -> TaskLoginsRequest {
        TaskLoginsRequest {
            registry: Some(registry.into()),
            username: Some(username.into()),
            password: Some(password.into()),
            ..TaskLoginsRequest::default()
        }
    }

    fn ids(secret_id: Option<i64>, secret_ids: Vec<i64>) -> Result<Vec<i64>, String> {
        let request = TaskLoginsRequest {
            secret_id,
            secret_ids,
            ..TaskLoginsRequest::default()
        };
        let checked = request.check().map_err(|invalid| invalid.field)?;
        Ok(checked.0.iter().map(|credential| credential.id.get()).collect())
    }

    #[test]
    fn an_inline_login_is_whole_or_absent() {
        assert!(inline("", "", "").check().unwrap().1.is_none());
        let login = inline("r.corp/a", "u", "p").check().unwrap().1.unwrap();
        assert_eq!(
            (login.scope.to_string(), login.username.as_str()),
            ("r.corp/a".into(), "u")
        );
        for (registry, username, password, field, words) in [
            ("r.corp", "", "", "username", NO_LOGIN),
            ("r.corp", "u", "", "password", NO_LOGIN),
            ("r.corp", "", "p", "username", NO_LOGIN),
            ("", "u", "p", "registry", NO_REGISTRY),
            ("", "u", "", "registry", NO_REGISTRY),
            ("", "", "p", "registry", NO_REGISTRY),
        ] {
            let refusal = inline(registry, username, password).check().unwrap_err();
            assert_eq!((refusal.field.as_str(), refusal.rule.as_str()), (field, words));
        }
    }

    #[test]
    fn stored_and_inline_exclude_each_other() {
        let request = TaskLoginsRequest {
            secret_ids: vec![1],
            ..inline("r.corp", "", "")
        };
        assert_eq!(request.check().unwrap_err().rule, BOTH_KINDS);
    }

    #[test]
    fn numbers_are_positive_stand_once_and_are_counted() {
        assert_eq!(ids(Some(7), vec![]).unwrap(), [7]);
        assert_eq!(ids(Some(0), vec![]).unwrap(), [0; 0]);
        assert_eq!(ids(Some(2), vec![3, 2]).unwrap(), [3, 2]);
        assert_eq!(ids(Some(1), vec![3, 2]).unwrap(), [1, 3, 2]);
        assert_eq!(ids(Some(-1), vec![]).unwrap_err(), "secretId");
        assert_eq!(ids(None, vec![1, 0]).unwrap_err(), "secretIds[1]");
        assert_eq!(ids(None, vec![1, 1]).unwrap_err(), "secretIds[1]");
        let many = MAX_TASK_CREDENTIALS as i64;
        assert!(ids(None, (1..=many).collect()).is_ok());
        assert_eq!(ids(Some(many + 1), (1..=many).collect()).unwrap_err(), "secretIds");
    }
}
