//! Pulls that failed before the coordinator started, until their nodes are seen: a restart makes no registry bear what a wait spared it.

use super::cell::{Failed, PullEnd};
use crate::domain::{Millis, ids::NodeName, image::ImageRef, outcome::FailureReason};
use std::collections::HashMap;

/// The last of some pulls of one image on one node that failed one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastFailure {
    /// Node.
    pub node: NodeName,
    /// Image.
    pub image: ImageRef,
    /// How the last one ended.
    pub end: PullEnd,
    /// How many failed.
    pub times: u32,
    /// When the last one ended.
    pub at: Millis,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<NodeName, Vec<(ImageRef, Failed)>>);

impl Failures {
    pub(super) fn of(failures: Vec<PastFailure>) -> Self {
        let mut found = Self::default();
        for past in failures {
            if let PullEnd::Failed(reason, message) = past.end {
                let failed = Failed::after(past.times, reason, message, past.at);
                found.0.entry(past.node).or_default().push((past.image, failed));
            }
        }
        found
    }

    /// Those of a node, which is seen now.
    pub(super) fn take(&mut self, node: &NodeName) -> Vec<(ImageRef, Failed)> {
        self.0.remove(node).unwrap_or_default()
    }

    /// Forgets those for this reason.
    pub(super) fn forget(&mut self, reason: FailureReason) {
        let all = self.0.values_mut();
        all.for_each(|failures| failures.retain(|(_, failed)| failed.reason != reason));
    }
}
