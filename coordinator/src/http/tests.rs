//! The edge from outside: whole requests against the route table.

mod bad_input;
mod described;
mod life;
mod limits;
mod live;
mod pages;
mod preview;
mod retention;
mod shared_rules;
mod stories;
mod wire;
