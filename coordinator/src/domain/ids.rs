//! Names of things: parsed once at the edge, so that a stored id is always well-formed. Copies share their text: a name stands in many
//! places at once when ten thousand nodes work.

use super::Invalid;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Takes an id that was validated before it was stored.
            pub fn from_stored(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from_stored(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// Id of a task: `[a-z0-9-]{1,63}`, chosen by the client or generated, or `obj-UID` of one that a Kubernetes object declares.
    TaskId
}
text_id! {
    /// Id of a schedule: `sched-YYYYMMDD-HHMMSS-xxxxxxxx`.
    ScheduleId
}
text_id! {
    /// Id of a standing policy: `pol-YYYYMMDD-HHMMSS-xxxxxxxx`, or `obj-UID` of one that a Kubernetes object declares.
    PolicyId
}
text_id! {
    /// Id of a pull: a UUID that the coordinator makes; it sorts by creation.
    PullId
}
text_id! {
    /// Name of a node: a DNS-1123 subdomain of at most 253 characters, as Kubernetes demands.
    NodeName
}

impl TaskId {
    /// Parses an id that a client chose.
    ///
    /// # Errors
    /// Names the field `id` when the text is not `[a-z0-9-]{1,63}`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=63).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new("id", "must be 1 to 63 characters of a-z, 0-9 and '-'"))
        }
    }

    /// The id of a task whose client chose none: `task-YYYYMMDD-HHMMSS-xxxxxxxx` in UTC.
    pub fn generate(now: super::Millis, random: u32) -> Self {
        Self(stamped("task", now, random))
    }

    /// The id of a task that a schedule starts: `sched-YYYYMMDD-HHMMSS-xxxxxxxx` in UTC.
    pub fn of_schedule(now: super::Millis, random: u32) -> Self {
        Self(stamped("sched", now, random))
    }
}

impl TaskId {
    /// The id of a task that a standing policy orders: `pol-YYYYMMDD-HHMMSS-xxxxxxxx` in UTC.
    pub fn of_policy(now: super::Millis, random: u32) -> Self {
        Self(stamped("pol", now, random))
    }

    /// The id of the task that the Kubernetes object of this UID declares.
    pub fn of_object(uid: &str) -> Self {
        Self(format!("obj-{uid}").into())
    }

    /// UID of the Kubernetes object that would declare it; `None` where none does.
    pub fn object(&self) -> Option<&str> {
        self.0.strip_prefix("obj-")
    }
}

impl PolicyId {
    /// The id of a new policy, in UTC.
    pub fn generate(now: super::Millis, random: u32) -> Self {
        Self(stamped("pol", now, random))
    }

    /// The id of the policy that the Kubernetes object of this UID declares.
    pub fn of_object(uid: &str) -> Self {
        Self(format!("obj-{uid}").into())
    }

    /// UID of the Kubernetes object that would declare it; `None` where none does.
    pub fn object(&self) -> Option<&str> {
        self.0.strip_prefix("obj-")
    }
}

impl ScheduleId {
    /// The id of a new schedule, in UTC.
    pub fn generate(now: super::Millis, random: u32) -> Self {
        Self(stamped("sched", now, random))
    }
}

fn stamped(prefix: &str, now: super::Millis, random: u32) -> Arc<str> {
    let stamp = chrono::DateTime::from_timestamp_millis(now)
        .unwrap_or_default()
        .format("%Y%m%d-%H%M%S");
    format!("{prefix}-{stamp}-{random:08x}").into()
}

impl NodeName {
    /// Parses a node name (Kubernetes: "DNS Subdomain Names").
    ///
    /// # Errors
    /// Names the field `nodeName` when the text is not a DNS-1123 subdomain.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() <= 253 && is_dns_subdomain(text) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(
                "nodeName",
                "must be a DNS-1123 subdomain: at most 253 characters of a-z, 0-9, '-' and '.', labels beginning and ending with a letter or digit",
            ))
        }
    }
}

/// Whether the text is a DNS-1123 subdomain (without the limit of length).
pub(in crate::domain) fn is_dns_subdomain(text: &str) -> bool {
    text.split('.').all(|label| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        label.len() <= 63
            && edge(label.chars().next())
            && edge(label.chars().last())
            && label
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn task_ids_keep_to_their_alphabet_and_length() {
        for good in ["a", "nightly-7", &"x".repeat(63)] {
            assert_eq!(TaskId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "A", "a/b", "a b", &"x".repeat(64), "ü"] {
            assert_eq!(TaskId::parse(bad).unwrap_err().field, "id", "{bad:?}");
        }
    }

    #[test]
    fn generated_task_ids_are_valid() {
        let id = TaskId::generate(1_795_485_600_000, 0xab);
        assert_eq!(id.as_str(), "task-20261124-020000-000000ab");
        assert!(TaskId::parse(id.as_str()).is_ok());
    }

    #[test]
    fn node_names_are_dns_subdomains() {
        for good in ["n", "ip-10-0-12-34.us-west-2.compute.internal", "9"] {
            assert!(NodeName::parse(good).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            ".",
            "a..b",
            "-a",
            "a-",
            "A",
            "a_b",
            &"a".repeat(64),
            &["a"; 130].join("."),
        ] {
            assert!(NodeName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
