//! The agent of IPS: pulls images through containerd on its node and reports every byte to the coordinator.
//! `pull` is pure, `runtime` is the only outside edge, `worker` runs attempts, `link` speaks with the coordinator.

pub mod config;
pub mod health;
pub mod link;
pub mod node;
pub mod pull;
pub mod runtime;
pub mod startup;
pub mod telemetry;
pub mod worker;
