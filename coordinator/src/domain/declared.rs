//! What is declared in a cluster: custom resources that say which policies there are to be. What the engine must know of such an object, whose
//! tenant its namespace is, and what is written back as its status. Pure; Kubernetes stands behind a trait.

mod namespaces;
mod status;

pub use namespaces::Namespaces;
pub use status::{Kept, Refusal, Verdict, policy_status};

use super::ids::PolicyId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, pin::Pin};

/// What keeps an object until the engine has let go of what it declares.
pub const FINALIZER: &str = "ips.dev/policy";

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectName {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// An object as the cluster has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Where it is.
    pub name: ObjectName,
    /// UID: another one of the same name is another object.
    pub uid: String,
    /// Which version of the whole object this is; a write that names it is refused when somebody was quicker.
    pub resource_version: String,
    /// Number of its spec, from 1.
    pub generation: i64,
    /// What is wished.
    pub spec: Value,
    /// What was written back last; null where nothing was.
    pub status: Value,
    /// Who keeps it from being deleted.
    pub finalizers: Vec<String>,
    /// Somebody has deleted it, and it waits for its finalizers.
    pub is_deleted: bool,
}

impl Declared {
    /// The id of the policy that it declares: the same one for the life of the object, and never that of another.
    pub fn policy_id(&self) -> PolicyId {
        PolicyId::of_object(&self.uid)
    }

    /// What its status says of a condition: `True` or `False`.
    pub fn says_of(&self, condition: &str) -> Option<&str> {
        let all = self.status["conditions"].as_array()?;
        all.iter().find(|it| it["type"] == condition)?["status"].as_str()
    }

    /// Whether it waits for the engine before it goes.
    pub fn is_kept(&self) -> bool {
        self.finalizers.iter().any(|known| known == FINALIZER)
    }
}

/// What became known of declared objects.
#[derive(Debug, Clone, PartialEq)]
pub enum DeclaredNews {
    /// All there are; those that are not among them are gone.
    All(Vec<Declared>),
    /// One is new or has changed.
    Changed(Box<Declared>),
    /// One is gone; by its UID.
    Gone(String),
    /// Nothing is known of changes for now, with the reason.
    Away(String),
    /// Changes are told again.
    Back,
}

/// Why an object could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It is gone, or not as it was read: news of it are on their way.
    #[error("the object has changed")]
    Stale,
    /// The cluster does not answer, or does not allow it.
    #[error("{0}")]
    Failed(String),
}

/// A write that takes a while.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<(), WriteError>> + Send + 'a>>;

/// A cluster that has declared objects.
pub trait DeclaredObjects: fmt::Debug + Send + Sync {
    /// Replaces what of the status is the coordinator's.
    fn write_status<'a>(&'a self, object: &'a Declared, status: &'a Value) -> Writing<'a>;

    /// Replaces the finalizers, unless the object has changed meanwhile.
    fn write_finalizers<'a>(&'a self, object: &'a Declared, finalizers: &'a [String]) -> Writing<'a>;
}
