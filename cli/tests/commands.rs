//! The `ips` binary as people and pipelines use it, against a fake coordinator in this process over loopback TCP.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

#[path = "commands/fake.rs"]
mod fake;
#[path = "commands/schedules.rs"]
mod schedules;
#[path = "commands/usage.rs"]
mod usage;
#[path = "commands/watch.rs"]
mod watch;
