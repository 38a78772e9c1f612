//! The coordinator of IPS as a library: `main` only parses, starts and exits.
//!
//! Who may import whom: `domain` <- `store`, `fleet`, `registry` <- `engine` <- `grpc`, `http` <- `startup` <- `main`.

pub mod domain;
pub mod engine;
pub mod store;
