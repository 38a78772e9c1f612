//! Stories of people and programs, and of those who attack them, on a real database.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod liar;
mod login;
mod people;
mod programs;
mod recovery;
mod sso;
mod stand;
