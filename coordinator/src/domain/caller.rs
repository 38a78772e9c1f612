//! Who calls: a person, a program, the machine's owner where identity is off, or the coordinator itself. Edges make a [`Caller`]
//! of every request; whoever decides or records something takes it as a parameter.

use super::{Millis, permission::Permission};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, sync::Arc};

/// What a caller may do, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Look.
    Viewer,
    /// Look, and order work.
    Operator,
    /// Everything within a tenant.
    Admin,
    /// Everything.
    SystemAdmin,
}

impl Role {
    /// All, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Admin, Self::SystemAdmin];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::SystemAdmin => "system-admin",
        }
    }

    /// The role of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Id of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct TenantId(Arc<str>);

impl From<String> for TenantId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0.as_ref().to_owned()
    }
}

impl TenantId {
    /// The tenant that is always there; a single team never meets another one.
    pub const DEFAULT: &'static str = "default";

    /// Takes an id that was validated before it was stored.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// Whether it is the tenant that is always there.
    pub fn is_default(&self) -> bool {
        self.as_str() == Self::DEFAULT
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self::from_stored(Self::DEFAULT)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Number of a user, from 1; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(i64);

impl UserId {
    /// The number, if it can be one.
    pub fn new(number: i64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// Takes a number that the store made.
    pub fn from_stored(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of an API token, from 1; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiTokenId(i64);

impl ApiTokenId {
    /// The number, if it can be one.
    pub fn new(number: i64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// Takes a number that the store made.
    pub fn from_stored(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ApiTokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of caller it is, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A person who logged in.
    User(UserId),
    /// A program with an API token, which acts for the user that made it.
    Token {
        /// Which token.
        token: ApiTokenId,
        /// For whom.
        owner: UserId,
    },
    /// Somebody for whom the cluster vouches, known by its name alone.
    Cluster,
    /// Whoever reaches the loopback address while identity is off.
    Anonymous,
    /// The coordinator itself, for example a schedule that is due.
    System,
}

/// By what a caller proved who it is; asked again while a stream is open.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Proof {
    /// None was needed.
    None,
    /// A log-in, by the id of its session.
    Session(Arc<str>),
    /// An API token, by its hash.
    Token(Arc<str>),
    /// A token that the cluster reviewed, by its hash.
    Reviewed(Arc<str>),
}

impl fmt::Debug for Proof {
    /// The kind alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Session(_) => "Session(..)",
            Self::Token(_) => "Token(..)",
            Self::Reviewed(_) => "Reviewed(..)",
        })
    }
}

/// What a caller may do of what its role allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// All of it.
    #[default]
    Role,
    /// These only.
    Only(Arc<BTreeSet<Permission>>),
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Which.
    pub subject: Subject,
    /// For people and records: the user name, or `user/token name`.
    pub name: Arc<str>,
    /// What it may do at most.
    pub role: Role,
    /// Whose things it sees.
    pub tenant: TenantId,
    /// What it may do of that.
    pub scope: Scope,
    /// It must choose a password before it may do anything else.
    pub must_change_password: bool,
    /// How it proved who it is.
    pub proof: Proof,
    /// When the proof ends; 0 means never.
    pub expires_at: Millis,
}

impl Caller {
    /// Whoever reaches the loopback address while identity is off: may do everything.
    pub fn anonymous() -> Self {
        Self::unproven(Subject::Anonymous, "anonymous")
    }

    /// The coordinator itself.
    pub fn system() -> Self {
        Self::unproven(Subject::System, "system")
    }

    fn unproven(subject: Subject, name: &str) -> Self {
        Self {
            subject,
            name: name.into(),
            role: Role::SystemAdmin,
            tenant: TenantId::default(),
            scope: Scope::Role,
            must_change_password: false,
            proof: Proof::None,
            expires_at: 0,
        }
    }

    /// Whether role and scope allow it.
    pub fn may(&self, permission: Permission) -> bool {
        let in_scope = match &self.scope {
            // Whoever calls may ask who it is.
            _ if permission == Permission::Own => true,
            Scope::Role => true,
            Scope::Only(permissions) => permissions.contains(&permission),
        };
        in_scope && self.role >= permission.least_role()
    }

    /// The user that it is or acts for.
    pub fn user(&self) -> Option<UserId> {
        match self.subject {
            Subject::User(user) | Subject::Token { owner: user, .. } => Some(user),
            Subject::Cluster | Subject::Anonymous | Subject::System => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_words_and_an_order() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
        assert!(Role::Viewer < Role::Operator && Role::Operator < Role::Admin && Role::Admin < Role::SystemAdmin);
    }

    #[test]
    fn a_scope_takes_away_and_never_gives() {
        let mut caller = Caller::system();
        caller.role = Role::Viewer;
        caller.scope = Scope::Only(Arc::new(BTreeSet::from([
            Permission::TasksRead,
            Permission::TasksWrite,
        ])));
        assert!(caller.may(Permission::TasksRead));
        assert!(!caller.may(Permission::TasksWrite), "its role does not allow it");
        assert!(!caller.may(Permission::NodesRead), "its scope does not name it");
    }

    #[test]
    fn a_caller_does_not_print_its_proof() {
        let mut caller = Caller::system();
        caller.proof = Proof::Token("canary".into());
        assert!(!format!("{caller:?}").contains("canary"));
    }
}
