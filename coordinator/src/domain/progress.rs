//! What a running attempt has done so far; in memory only.

use super::counts::ByteCounts;
use std::sync::Arc;

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

/// One layer of a running attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerProgress {
    /// Digest of the compressed layer.
    pub digest: Arc<str>,
    /// Position in the manifest, from 0.
    pub index: u32,
    /// Bytes.
    pub bytes: ByteCounts,
    /// Its snapshot is committed.
    pub unpacked: bool,
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
    pub layers: Vec<LayerProgress>,
    /// A remark of the agent; empty for none.
    pub note: String,
    /// Bytes a second that were fetched over the last seconds.
    pub throughput: u64,
}
