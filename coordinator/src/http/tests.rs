//! The edge from outside: whole requests against the route table.

mod bad_input;
mod described;
mod library;
mod live;
mod pages;
mod schedules;
mod secrets;
mod shared_rules;
mod stories;
mod wire;
