//! What goes over the wire as JSON, and how it is made from what the engine shows. Conversions only; no rules.

pub(super) mod audit;
pub(super) mod bulk;
pub(super) mod channel;
pub(super) mod create;
pub(super) mod delivery;
pub(super) mod event;
pub(super) mod execution;
pub(super) mod failure;
pub(super) mod health;
pub(super) mod library;
pub(super) mod limits;
pub(super) mod limits_patch;
pub(super) mod node;
pub(super) mod node_groups;
pub(super) mod password;
pub(super) mod policy;
pub(super) mod policy_request;
pub(super) mod preview;
pub(super) mod progress;
pub(super) mod pull;
pub(super) mod purge;
pub(super) mod resolved;
pub(super) mod rules;
pub(super) mod schedule;
pub(super) mod schedule_request;
pub(super) mod secret;
pub(super) mod selection;
pub(super) mod share;
pub(super) mod sso;
pub(crate) mod stats;
pub(super) mod system;
pub(super) mod task;
pub(super) mod task_config;
pub(super) mod task_progress;
pub(super) mod tenant;
pub(super) mod time;
pub(super) mod token;
pub(super) mod user;
pub(super) mod words;

#[cfg(test)]
mod tests;
