//! The test bed of IPS: starts the real things (containerd of three versions, a registry, our own programs) on free
//! ports with folders of their own, breaks them on purpose, and asks them for the truth. No fakes.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test bed that cannot go on must stop the test"
)]

pub mod agent;
pub mod cache;
pub mod containerd;
pub mod coordinator;
pub mod database;
pub mod declared;
pub mod desk;
pub mod events;
pub mod fault_proxy;
pub mod folder;
pub mod forward_proxy;
pub mod http;
pub mod kubernetes;
pub mod layout;
pub mod login;
pub mod otlp;
pub mod ports;
pub mod process;
pub mod product;
pub mod provider;
pub mod registry;
pub mod replicas;
pub mod simulated;
pub mod stand;
pub mod tls;
pub mod traces;
pub mod wait;
