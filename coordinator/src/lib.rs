//! The coordinator of IPS as a library: `main` only parses, starts and exits.
//!
//! Who may import whom: `domain` <- `store`, `fleet`, `registry`, `kubernetes`, `notify`, `vault`, `tls`, `metrics` <- `engine`,
//! `identity` <- `grpc`, `http` <- `startup` <- `main`.

pub mod config;
pub mod domain;
pub mod engine;
pub mod fleet;
pub mod grpc;
pub mod http;
pub mod identity;
pub mod kubernetes;
pub mod maintenance;
pub mod metrics;
pub mod notify;
pub mod outbound;
pub mod registry;
pub mod startup;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod vault;
