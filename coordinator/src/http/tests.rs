//! The edge from outside: whole requests against the route table.

mod bad_input;
mod described;
mod live;
mod pages;
mod schedules;
mod shared_rules;
mod stories;
mod wire;
