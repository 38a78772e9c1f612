//! What is seen of a node for a policy.

use crate::domain::{
    ids::NodeName,
    image::Platform,
    node::{InventoryImage, Labels},
};
use std::sync::Arc;

/// Whether a node can pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// It can.
    Ready,
    /// No agent has ever come from it.
    Missing(String),
    /// Its agent is away or its runtime does not answer.
    NotReady(String),
}

/// What is seen of one node that the policy chooses.
#[derive(Debug, Clone)]
pub struct Sight<'a> {
    /// Name.
    pub name: &'a NodeName,
    /// Labels.
    pub labels: &'a Labels,
    /// Platform.
    pub platform: &'a Platform,
    /// Whether it can pull.
    pub agent: Agent,
    /// Size of its image file system in bytes; 0 while unknown.
    pub capacity_bytes: u64,
    /// Its images.
    pub inventory: Seen<'a>,
}

/// What is seen of the images of a node.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// Nobody knows them.
    Unknown,
    /// They are being sent: what was known holds.
    OnTheirWay,
    /// These.
    Known {
        /// Stands for them: the same hash means the same images.
        hash: &'a str,
        /// Images.
        images: &'a [Arc<InventoryImage>],
    },
}
