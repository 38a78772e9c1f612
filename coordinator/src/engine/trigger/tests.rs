#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod clocks;
mod crashes;
mod damage;
mod overlaps;
mod runs;
mod stand;
