//! The agent of IPS: pulls images through containerd on its node and reports every byte to the coordinator.
//! `pull` is pure, `runtime` is the only outside edge, `credentials` has the logins
//! of the node itself, `guard` keeps pulls from harming it, `worker` runs attempts, `keep` pins and removes images, `link` speaks with the coordinator, `metrics` and `traces` tell how it goes.

pub mod config;
pub mod credentials;
pub mod guard;
pub mod health;
pub mod keep;
pub mod link;
pub mod metrics;
pub mod node;
pub mod pull;
pub mod runtime;
pub mod startup;
pub mod telemetry;
pub mod traces;
pub mod worker;
