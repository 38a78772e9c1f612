//! What is declared in a cluster: custom resources that say which policies and tasks there are to be. What the engine must know of such an
//! object, whose tenant its namespace is, and what is written back as its status and told as its events. Pure; Kubernetes stands behind a trait.

mod budget;
mod fixed;
mod namespaces;
mod notices;
mod status;
mod task_status;

pub use budget::Budget;
pub use fixed::changed_field;
pub use namespaces::Namespaces;
pub use notices::{Notice, Regarding, of_eviction, of_pull, of_status};
pub use status::{Kept, Refusal, Verdict, condition, policy_status};
pub use task_status::{removal_at, task_status};

use super::{
    ids::{PolicyId, TaskId},
    task::NewTask,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, pin::Pin};

/// What an object declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A standing policy.
    Policy,
    /// A task, which runs once.
    Task,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Policy, Self::Task];

    /// Kubernetes' name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "PrewarmPolicy",
            Self::Task => "PrewarmTask",
        }
    }

    /// Its name in paths.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Policy => "prewarmpolicies",
            Self::Task => "prewarmtasks",
        }
    }

    /// What keeps an object until the engine has let go of what it declares.
    pub fn finalizer(self) -> &'static str {
        match self {
            Self::Policy => "ips.dev/policy",
            Self::Task => "ips.dev/task",
        }
    }
}

/// What the spec of a task says.
#[derive(Debug, Clone)]
pub struct TaskWish {
    /// The task.
    pub new: NewTask,
    /// Its pulls are held back.
    pub suspend: bool,
}

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
    /// What it declares.
    pub kind: Kind,
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

    /// The id of the task that it declares: the same one for the life of the object, and never that of another.
    pub fn task_id(&self) -> TaskId {
        TaskId::of_object(&self.uid)
    }

    /// Whether its task was made: its status says so for as long as the object is there, also when the record of the task is gone.
    pub fn had_task(&self) -> bool {
        self.status["taskId"].is_string()
    }

    /// Whether it waits for the engine before it goes.
    pub fn is_kept(&self) -> bool {
        self.finalizers.iter().any(|known| known == self.kind.finalizer())
    }
}

/// What became known of declared objects.
#[derive(Debug, Clone, PartialEq)]
pub enum DeclaredNews {
    /// All there are of a kind; those that are not among them are gone.
    All(Kind, Vec<Declared>),
    /// One is new or has changed.
    Changed(Box<Declared>),
    /// One is gone; by its kind and UID.
    Gone(Kind, String),
    /// Nothing is known of changes of a kind for now, with the reason.
    Away(Kind, String),
    /// Changes are told again.
    Back(Kind),
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

    /// Deletes the object, unless it has changed meanwhile; it stays until its finalizers are gone.
    fn delete<'a>(&'a self, object: &'a Declared) -> Writing<'a>;
}
