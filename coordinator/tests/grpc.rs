//! The public gRPC services on a whole coordinator with a simulated agent, and beside REST: both doors lead to the same functions.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

#[path = "grpc/agent.rs"]
mod agent;
#[path = "grpc/audit.rs"]
mod audit;
#[path = "grpc/credentials.rs"]
mod credentials;
#[path = "grpc/identity.rs"]
mod identity;
#[path = "grpc/kubernetes.rs"]
mod kubernetes;
#[path = "grpc/limits.rs"]
mod limits;
#[path = "grpc/pairwise.rs"]
mod pairwise;
#[path = "grpc/parity.rs"]
mod parity;
#[path = "grpc/proofs.rs"]
mod proofs;
#[path = "grpc/schedules.rs"]
mod schedules;
#[path = "grpc/sessions.rs"]
mod sessions;
#[path = "grpc/stand.rs"]
mod stand;
#[path = "grpc/tenants.rs"]
mod tenants;
#[path = "grpc/watch.rs"]
mod watch;
