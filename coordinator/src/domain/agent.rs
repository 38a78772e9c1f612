//! How agents prove their nodes, and how anybody proves something by a cluster's word: bootstrap tokens, node keys, and the trait
//! behind which Kubernetes stands.

use super::{Millis, caller::Role, ids::NodeName};
use secrecy::SecretString;
use std::{fmt, pin::Pin};

/// Beginning of each bootstrap token.
pub const BOOTSTRAP_PREFIX: &str = "ips-bootstrap-";
/// Characters of an agent's key: 32 bytes in base64url.
pub const KEY_LENGTH: usize = 43;

/// What lets agents bind their keys to their nodes; the token itself was shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootstrapToken {
    /// Number, from 1.
    pub id: i64,
    /// For people.
    pub name: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends; 0 means never.
    pub expires_at: Millis,
    /// When it was revoked; 0 while it was not.
    pub revoked_at: Millis,
}

/// A key that is to be bound to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKey {
    /// Node.
    pub node: NodeName,
    /// SHA-256 of the key, as hex.
    pub hash: String,
    /// Number of the bootstrap token that allows it; 0 for the one of the settings.
    pub token: i64,
    /// When it is bound.
    pub created_at: Millis,
}

/// Whether a text can be an agent's key.
pub fn is_key(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.len() == KEY_LENGTH && text.chars().all(allowed)
}

/// A pod as a reviewed token names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodName {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
}

/// Whom a cluster vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reviewed {
    /// User name, for example `system:serviceaccount:NAMESPACE:NAME`.
    pub username: String,
    /// Groups.
    pub groups: Vec<String>,
    /// The pod that the token is bound to.
    pub pod: Option<PodName>,
}

impl Reviewed {
    /// Namespace and name of the service account, if it is one.
    pub fn service_account(&self) -> Option<(&str, &str)> {
        self.username.strip_prefix("system:serviceaccount:")?.split_once(':')
    }
}

/// Why a cluster vouches for nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// The token is none, has ended or is for somebody else.
    #[error("{0}")]
    Refused(String),
    /// The cluster cannot be asked now.
    #[error("{0}")]
    Unavailable(String),
}

/// An answer that takes a while.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ReviewError>> + Send + 'a>>;

/// A cluster that is asked who somebody is.
pub trait ClusterIdentity: fmt::Debug + Send + Sync {
    /// Whose token it is, if it is for this audience.
    fn review<'a>(&'a self, token: &'a SecretString, audience: &'a str) -> Answer<'a, Reviewed>;

    /// The node that a pod runs on.
    fn node_of<'a>(&'a self, pod: &'a PodName) -> Answer<'a, NodeName>;
}

/// Whom a role is given to, of those that a cluster vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// One user.
    User(String),
    /// Everybody in a group.
    Group(String),
    /// Every service account of a namespace.
    Namespace(String),
}

/// A role and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Who.
    pub to: Grantee,
}

impl Grant {
    /// Reads `ROLE=user:NAME`, `ROLE=group:NAME` or `ROLE=namespace:NAME`.
    ///
    /// # Errors
    /// What is allowed.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let rule = "must be ROLE=user:NAME, ROLE=group:NAME or ROLE=namespace:NAME with viewer, operator, admin or system-admin";
        let (role, to) = text.split_once('=').ok_or(rule)?;
        let role = Role::parse(role.trim()).ok_or(rule)?;
        let (kind, name) = to.split_once(':').ok_or(rule)?;
        let name = name.trim().to_owned();
        let to = match kind.trim() {
            _ if name.is_empty() => return Err(rule),
            "group" if matches!(name.as_str(), "system:authenticated" | "system:serviceaccounts") => {
                return Err(
                    "would give a role to every pod of the cluster; name a user, a namespace or a smaller group",
                );
            }
            "user" => Grantee::User(name),
            "group" => Grantee::Group(name),
            "namespace" => Grantee::Namespace(name),
            _ => return Err(rule),
        };
        Ok(Self { role, to })
    }

    fn is_for(&self, who: &Reviewed) -> bool {
        match &self.to {
            Grantee::User(name) => who.username == *name,
            Grantee::Group(name) => who.groups.contains(name),
            Grantee::Namespace(name) => who
                .service_account()
                .is_some_and(|(namespace, _)| namespace == name.as_str()),
        }
    }
}

/// The largest role that somebody is given; none for whom no grant names.
pub fn role_of(grants: &[Grant], who: &Reviewed) -> Option<Role> {
    let theirs = grants.iter().filter(|grant| grant.is_for(who));
    theirs.map(|grant| grant.role).max()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn account(namespace: &str, name: &str) -> Reviewed {
        Reviewed {
            username: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".into(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".into(),
            ],
            pod: None,
        }
    }

    #[test]
    fn the_largest_grant_counts_and_without_one_there_is_no_role() {
        let grants = [
            "viewer=namespace:ci",
            "operator=user:system:serviceaccount:ci:runner",
            "admin=group:ops",
        ];
        let grants = grants.map(|text| Grant::parse(text).unwrap());
        assert_eq!(role_of(&grants, &account("ci", "other")), Some(Role::Viewer));
        assert_eq!(role_of(&grants, &account("ci", "runner")), Some(Role::Operator));
        assert_eq!(role_of(&grants, &account("ci-2", "runner")), None);
        let person = Reviewed {
            username: "ana".into(),
            groups: vec!["ops".into()],
            pod: None,
        };
        assert_eq!(role_of(&grants, &person), Some(Role::Admin));
        // A person may be called like a namespace.
        let person = Reviewed {
            username: "ci".into(),
            ..Reviewed::default()
        };
        assert_eq!(role_of(&grants, &person), None);
    }

    #[test]
    fn no_grant_is_for_everybody() {
        for bad in [
            "viewer=group:system:authenticated",
            "viewer=group:system:serviceaccounts",
            "root=user:a",
            "viewer=user:",
            "viewer=a",
            "viewer",
            "=user:a",
            "viewer=tenant:a",
        ] {
            assert!(Grant::parse(bad).is_err(), "{bad}");
        }
        assert!(Grant::parse("viewer=group:system:serviceaccounts:ci").is_ok());
    }

    #[test]
    fn keys_have_one_length() {
        assert!(is_key(&"a".repeat(KEY_LENGTH)));
        for bad in ["", "short", &"a".repeat(44), &format!("{}=", "a".repeat(42))] {
            assert!(!is_key(bad), "{bad}");
        }
    }
}
