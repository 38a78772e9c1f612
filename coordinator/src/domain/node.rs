//! What is known of a node.

mod labels;

pub use labels::Labels;

use super::{Millis, ids::NodeName, image::Platform, kubelet::KubeletFacts};
use std::{collections::BTreeMap, sync::Arc};

/// A node that has said hello at least once; durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Name.
    pub name: NodeName,
    /// Identity of the machine behind the name.
    pub uid: String,
    /// UUID of its runtime's state; empty while unknown.
    pub runtime_uuid: String,
    /// Labels.
    pub labels: Labels,
    /// Platform.
    pub platform: Platform,
    /// Agent's version.
    pub agent_version: Arc<str>,
    /// Runtime's name.
    pub runtime_name: Arc<str>,
    /// Runtime's version.
    pub runtime_version: Arc<str>,
    /// Slots.
    pub max_concurrent_pulls: u32,
    /// First hello.
    pub first_seen_at: Millis,
    /// Last sign of life that was saved.
    pub last_seen_at: Millis,
}

impl Node {
    /// The labels with texts of their own.
    pub fn plain_labels(&self) -> BTreeMap<String, String> {
        let plain = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        self.labels.iter().map(plain).collect()
    }
}

/// Disk and runtime of a node at one moment; in memory only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeCondition {
    /// The runtime answers.
    pub runtime_ready: bool,
    /// Why it does not.
    pub runtime_message: String,
    /// Mount point of the image file system.
    pub image_fs_path: Arc<str>,
    /// Bytes that images use.
    pub image_fs_used_bytes: u64,
    /// Size of the file system in bytes.
    pub image_fs_capacity_bytes: u64,
    /// Free bytes.
    pub image_fs_available_bytes: u64,
    /// Inodes.
    pub image_fs_inodes: u64,
    /// Free inodes.
    pub image_fs_inodes_free: u64,
    /// Takes no new work.
    pub draining: bool,
    /// What its kubelet is set to.
    pub kubelet: Arc<KubeletFacts>,
    /// Why no pull begins on it now; empty when they do.
    pub pulls_paused: String,
}

/// One image on a node, as its runtime lists it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InventoryImage {
    /// Image id: digest of its configuration.
    pub id: String,
    /// Tags.
    pub repo_tags: Vec<String>,
    /// Digests.
    pub repo_digests: Vec<String>,
    /// Size in bytes as CRI reports it.
    pub size_bytes: u64,
    /// Kubelet's garbage collection leaves it alone.
    pub pinned: bool,
}

impl AsRef<Self> for InventoryImage {
    fn as_ref(&self) -> &Self {
        self
    }
}
