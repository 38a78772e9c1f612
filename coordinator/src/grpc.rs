//! The gRPC edge: services that convert, call the engine once and convert back. No rule and no query lives here.

pub mod agent;
pub mod audit;
pub mod auth;
pub mod channels;
pub mod client;
mod convert;
pub mod credentials;
pub mod identity;
pub mod library;
pub mod limits;
pub mod nodes;
pub mod observe;
pub mod policies;
pub mod recorder;
mod request;
pub mod schedules;
mod status;
pub mod system;
pub mod tasks;
pub mod tenants;
pub mod users;
mod watch;
