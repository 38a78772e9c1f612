//! What a running attempt has done so far; in memory only.

mod layers;

pub use layers::{LayerProgress, LayerShape, Layers};

use super::counts::ByteCounts;

/// What a running attempt is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPhase {
    /// The runtime asks the registry.
    Resolving,
    /// Bytes arrive.
    Fetching,
    /// Layers are unpacked.
    Unpacking,
    /// The agent checks that the image is warm.
    Verifying,
}

impl PullPhase {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::Resolving, Self::Fetching, Self::Unpacking, Self::Verifying];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolving => "resolving",
            Self::Fetching => "fetching",
            Self::Unpacking => "unpacking",
            Self::Verifying => "verifying",
        }
    }
}

/// The newest report of a running attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveProgress {
    /// Which attempt.
    pub attempt: u32,
    /// Phase.
    pub phase: PullPhase,
    /// Whole image.
    pub bytes: ByteCounts,
    /// All layers, once the manifest is known.
    pub layers: Layers,
    /// A remark of the agent; empty for none.
    pub note: String,
    /// Bytes a second that were fetched over the last seconds.
    pub throughput: u64,
}
