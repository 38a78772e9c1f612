//! The edge from outside: whole requests against the route table.

mod audit;
mod bad_input;
mod channels;
mod described;
mod identity;
mod library;
mod life;
mod limits;
mod live;
mod pages;
mod policies;
mod preview;
mod retention;
mod schedules;
mod secrets;
mod shared_rules;
mod sso;
mod stories;
mod tenants;
mod tenants_alone;
mod wire;
