//! The rules of IPS, pure: no async, no I/O, no clock reads (time is a parameter). Edges parse into these types, the
//! store saves them, the engine decides with them.

pub mod agent;
pub mod api_token;
pub mod audit;
pub mod bulk;
pub mod caller;
pub mod channel;
pub mod cluster;
pub mod counts;
pub mod credential;
pub mod cron;
pub mod declared;
pub mod delivery;
pub mod event;
pub mod execution;
pub mod forwarded;
pub mod ids;
pub mod image;
pub mod kubelet;
pub mod library;
pub mod limits;
pub mod node;
pub mod node_groups;
pub mod node_list;
pub mod outcome;
pub mod permission;
pub mod pin;
pub mod policy;
pub mod progress;
pub mod pull;
pub mod pull_secret;
pub mod purge;
pub mod reach;
pub mod replica;
pub mod retry;
pub mod rules;
pub mod schedule;
pub mod selection;
pub mod selector;
pub mod share;
pub mod sso;
pub mod startup_taint;
pub mod task;
pub mod task_list;
pub mod task_state;
pub mod tenant;
pub mod throttle;
pub mod unresolved;
pub mod user;
pub mod version;
pub mod window;
pub mod workload;

use std::ops::RangeInclusive;

/// A value that breaks a rule. Edges turn it into a 400 or `INVALID_ARGUMENT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct Invalid {
    /// The field as the API names it, for example `batchSize` or `images[2]`.
    pub field: String,
    /// What is wrong and what is allowed, in words that read after "field: ".
    pub rule: String,
}

impl Invalid {
    /// Names the field and the rule that it breaks.
    pub fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
        }
    }
}

/// A wide number of an edge as the number that the field allows.
fn in_range(field: &str, value: i64, allowed: RangeInclusive<u32>) -> Result<u32, Invalid> {
    u32::try_from(value)
        .ok()
        .filter(|value| allowed.contains(value))
        .ok_or_else(|| {
            let rule = format!(
                "{value} is out of range, allowed are {} to {}",
                allowed.start(),
                allowed.end()
            );
            Invalid::new(field, rule)
        })
}

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

/// A time as people and programs read it: RFC 3339, UTC, as exact as is asked for.
pub fn rfc3339(time: Millis, exact_to: chrono::SecondsFormat) -> String {
    let utc = chrono::DateTime::from_timestamp_millis(time).unwrap_or_default();
    utc.to_rfc3339_opts(exact_to, true)
}
