//! What a pull is to the agent: orders, outcomes, phases, byte accounting, time-outs and the classification of failures.
//! Pure: no async, no I/O, no clock reads, nothing of tonic or containerd.

pub mod bytes;
pub mod classify;
pub mod layout;
pub mod order;
pub mod outcome;
pub mod patience;
pub mod phase;
pub mod policy;
pub mod reference;
pub mod scrub;
pub mod space;
pub mod timeline;
pub mod verdict;

pub use bytes::{ByteCounts, LayerBytes, Tracker};
pub use layout::{ImageConfig, Layout, Platform};
pub use order::{AttemptId, Credential, Digests, Order, Policy};
pub use outcome::{Ending, Failure, FailureReason, Outcome, Success};
pub use phase::{Phase, PhaseEvent};
pub use timeline::{PhaseTime, Timeline, Visit};
