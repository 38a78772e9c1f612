#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod clocks;
mod crashes;
mod overlaps;
mod runs;
mod stand;
