//! The store on the real databases: every test runs on SQLite, PostgreSQL and MariaDB, each in an empty database of its own.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "store/agents.rs"]
mod agents;
#[path = "store/audit.rs"]
mod audit;
#[path = "store/check.rs"]
mod check;
#[path = "store/credentials.rs"]
mod credentials;
#[path = "store/kitsnail.rs"]
mod kitsnail;
#[path = "store/leadership.rs"]
mod leadership;
#[path = "store/migrations.rs"]
mod migrations;
#[path = "store/policies.rs"]
mod policies;
#[path = "store/rates.rs"]
mod rates;
#[path = "store/schedules.rs"]
mod schedules;
#[path = "store/stand.rs"]
mod stand;
#[path = "store/steps.rs"]
mod steps;
#[path = "store/tasks.rs"]
mod tasks;
#[path = "store/tenants.rs"]
mod tenants;
#[path = "store/transfer.rs"]
mod transfer;
