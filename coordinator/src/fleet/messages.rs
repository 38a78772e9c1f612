//! What agents say and what they are told, in the words of the domain. The gRPC edge converts to and from these.

use crate::domain::{Millis, counts::ByteCounts, credential::Login, progress::LayerProgress};
use crate::domain::{
    ids::PullId,
    image::{ImageDigests, ImageRef},
    node::{InventoryImage, Node, NodeCondition},
    outcome::Outcome,
    pin::{PinReport, RemovalResult},
    progress::PullPhase,
    rules::PullPolicy,
};
use std::sync::Arc;

/// Who the agent is and what it is in the middle of.
#[derive(Debug, Clone)]
pub struct Hello {
    /// Node as the agent describes it; times are filled in by the engine.
    pub node: Node,
    /// Condition.
    pub condition: NodeCondition,
    /// Attempts that have not ended.
    pub in_flight: Vec<(PullId, u32)>,
    /// Outcomes that were never acknowledged.
    pub unacknowledged: Vec<(PullId, Outcome)>,
    /// Hash of the inventory.
    pub inventory_hash: String,
    /// What it can do beyond the basic protocol.
    pub abilities: Abilities,
}

/// What an agent can do beyond the basic protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// It heeds `SetPins`.
    pub pins: bool,
    /// It answers `RemoveImage`.
    pub removal: bool,
}

/// Anything an agent says after hello.
#[derive(Debug, Clone)]
pub enum Report {
    /// Sign of life.
    Heartbeat(Heartbeat),
    /// What running attempts did.
    Progress(Vec<ProgressReport>),
    /// How an attempt ended.
    Outcome(PullId, Outcome),
    /// What images the node has.
    Inventory(InventoryReport),
    /// What became of its pins.
    Pins(PinReport),
    /// What became of an image that was to be removed.
    Removed {
        /// Id of the order.
        order: String,
        /// What became of it.
        result: RemovalResult,
        /// For people; empty when there is nothing to say.
        message: String,
    },
}

/// Sign of life.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Condition.
    pub condition: NodeCondition,
    /// Name, version and UUID of the runtime, where they were learned or have changed since hello.
    pub runtime: Option<(String, String, String)>,
    /// How far the agent's clock is ahead, the way of the message included; 0 while unknown.
    pub clock_offset_ms: Millis,
}

/// What one running attempt did since its last report.
#[derive(Debug, Clone)]
pub struct ProgressReport {
    /// Pull.
    pub pull: PullId,
    /// Attempt.
    pub attempt: u32,
    /// Phase.
    pub phase: PullPhase,
    /// Whole image.
    pub bytes: ByteCounts,
    /// Layers that changed.
    pub layers: Vec<LayerProgress>,
    /// A remark; empty for none.
    pub note: String,
}

/// Images of a node, whole or what changed.
#[derive(Debug, Clone)]
pub struct InventoryReport {
    /// Hash after it.
    pub hash: String,
    /// `images` is everything.
    pub whole: bool,
    /// Images, shared with other nodes that have them.
    pub images: Vec<Arc<InventoryImage>>,
    /// Ids that are gone.
    pub removed: Vec<String>,
}

/// Anything an agent is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Make an image warm.
    StartPull(StartPull),
    /// Stop one pull.
    CancelPull {
        /// Pull.
        pull: PullId,
        /// Attempt.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// These outcomes are durable.
    Acknowledge(Vec<(PullId, u32)>),
    /// A report is void.
    Refuse {
        /// Pull as reported.
        pull: PullId,
        /// Attempt as reported.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// Send the whole inventory.
    SendInventory,
    /// These are to be pinned, and nothing else of ours.
    SetPins(Vec<String>),
    /// Remove an image if nobody needs it.
    RemoveImage {
        /// Id for the answer.
        order: String,
        /// Image.
        reference: ImageRef,
        /// Only ask.
        dry_run: bool,
    },
    /// A newer session of the same node took over; the stream ends.
    Superseded,
}

/// Order: make this image warm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartPull {
    /// Pull.
    pub pull: PullId,
    /// Attempt.
    pub attempt: u32,
    /// Reference as pods write it.
    pub reference: ImageRef,
    /// What the task resolved; empty where it could not.
    pub digests: ImageDigests,
    /// Compressed size on the node's platform in bytes; 0 where it is unknown.
    pub size_bytes: u64,
    /// Longest attempt.
    pub deadline_ms: u64,
    /// Longest standstill.
    pub no_progress_timeout_ms: u64,
    /// Login for the reference's registry; `None` means anonymous.
    pub login: Option<Login>,
    /// Whether a warm image is left alone.
    pub policy: PullPolicy,
    /// Trace context under which the agent hangs its spans; empty when nobody traces it.
    pub traceparent: String,
}
