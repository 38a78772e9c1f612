//! Stories of policies with a real engine on a real database whose process can die, and agents that do as the test says.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stand;
mod stories;

mod workloads;
