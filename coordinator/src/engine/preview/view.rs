//! What a preview shows.

use crate::domain::{
    ids::NodeName,
    image::{ImageRef, Platform, ResolvedImage},
    unresolved::Unresolved,
};

/// Room that an image takes on a disk, as a multiple of its compressed size: the compressed content stays in the content store, and
/// unpacked layers are about twice as large.
pub const DISK_FACTOR: u64 = 3;

/// What a task would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskPreview {
    /// Nodes that it would be for, by name; the first of many.
    pub nodes: Vec<PreviewNode>,
    /// How many there are.
    pub node_count: u32,
    /// How many of them cannot pull now; their pulls would wait.
    pub offline_count: u32,
    /// Parallel to the task's images.
    pub images: Vec<ImagePreview>,
    /// Nodes times images.
    pub pulls: u32,
    /// Bytes that would go over the network, as far as sizes are known.
    pub bytes_to_move: u64,
    /// Bytes that nobody would have to move.
    pub bytes_present: u64,
    /// Room on disks.
    pub disk: DiskPreview,
}

/// One node of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewNode {
    /// Name.
    pub name: NodeName,
    /// Why it cannot pull now; `None` when it can.
    pub not_ready: Option<String>,
}

/// One image of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePreview {
    /// Reference.
    pub image: ImageRef,
    /// Why the registry did not say what it is; `None` when it did.
    pub problem: Option<Unresolved>,
    /// By platform of the nodes.
    pub platforms: Vec<PlatformPreview>,
}

/// One image on the nodes of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformPreview {
    /// Platform.
    pub platform: Platform,
    /// What the image is there; `None` when it is unknown, or the image has no such variant.
    pub resolved: Option<ResolvedImage>,
    /// Nodes of the platform.
    pub nodes: u32,
    /// Nodes that have exactly this content, under whatever name.
    pub present: u32,
    /// Nodes whose images are unknown; they count as if they had none.
    pub unknown: u32,
    /// Bytes that would go over the network.
    pub bytes_to_move: u64,
}

/// Room on the disks of the nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskPreview {
    /// Nodes that lack room; the first of many.
    pub lacking: Vec<LackingNode>,
    /// How many there are.
    pub lacking_count: u32,
    /// Nodes whose disk is unknown.
    pub unknown_count: u32,
}

/// A node whose disk is too small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LackingNode {
    /// Name.
    pub name: NodeName,
    /// Room that the missing images would take: their compressed size times [`DISK_FACTOR`].
    pub needed_bytes: u64,
    /// Room that there is.
    pub available_bytes: u64,
}
