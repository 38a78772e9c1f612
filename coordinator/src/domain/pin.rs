//! Pins against the kubelet's garbage collection: who wants them, and what became of them on a node. And what becomes of images that are
//! to be removed, which pins can prevent.

use super::ids::{PolicyId, TaskId};

/// Who wants images pinned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinOwner {
    /// A task, until it is cancelled or removed.
    Task(TaskId),
    /// A policy, as long as it is there and wants them.
    Policy(PolicyId),
}

/// What became of one pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinState {
    /// The kubelet's garbage collection leaves the image alone.
    Pinned,
    /// The image is not on the node; it is pinned when it comes.
    Absent,
    /// It would need more bytes than may be pinned.
    OverBudget,
    /// The disk is too full for pins.
    Released,
    /// Pins mean nothing on this node.
    NotHonoured,
    /// The runtime refused.
    Failed,
}

/// One reference that is to be pinned on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Reference.
    pub image: String,
    /// What became of it.
    pub state: PinState,
    /// For people; empty when there is nothing to say.
    pub message: String,
}

/// What became of the pins on a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinReport {
    /// Pins mean something there.
    pub honoured: bool,
    /// Why not; empty otherwise.
    pub message: String,
    /// Bytes that the agent may pin.
    pub budget_bytes: u64,
    /// Bytes that it has pinned.
    pub pinned_bytes: u64,
    /// Every reference that is to be pinned.
    pub pins: Vec<Pin>,
}

/// First kubelet that leaves pinned images alone.
const FIRST_KUBELET: (u32, u32) = (1, 24);

impl PinReport {
    /// The report as it means something under this kubelet; a version that cannot be read is given the benefit of the doubt.
    #[must_use]
    pub fn under_kubelet(&self, version: &str) -> Self {
        let mut parts = version.trim_start_matches('v').split('.');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        match (number(), number()) {
            (Some(major), Some(minor)) if (major, minor) < FIRST_KUBELET && self.honoured => Self {
                honoured: false,
                message: format!("the kubelet {version} does not know pinned images; 1.24 or newer is needed"),
                ..self.clone()
            },
            _ => self.clone(),
        }
    }
}

/// What became of an image that was to be removed from a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemovalResult {
    /// It is gone.
    Removed,
    /// It would be, had it not been a dry run.
    WouldRemove,
    /// A container was made of it.
    InUse,
    /// It is pinned.
    Pinned,
    /// A policy keeps it on the node, and would bring it back.
    Wanted,
    /// Pod sandboxes are made of it.
    Sandbox,
    /// It was not there.
    Absent,
    /// The runtime refused, or the agent cannot.
    Failed,
    /// The node is not connected: it was not told.
    Offline,
    /// The node was told and has not answered in time.
    Unanswered,
}

impl RemovalResult {
    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::WouldRemove => "would_remove",
            Self::InUse => "in_use",
            Self::Pinned => "pinned",
            Self::Wanted => "wanted",
            Self::Sandbox => "sandbox",
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::Offline => "offline",
            Self::Unanswered => "unanswered",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_kubelets_do_not_honour_pins_whatever_the_runtime_does() {
        let report = PinReport {
            honoured: true,
            ..PinReport::default()
        };
        for old in ["v1.20.2", "1.23.17"] {
            assert!(report.under_kubelet(old).message.contains("1.24"), "{old}");
        }
        for good in ["v1.24.0", "v1.35.1", "v2.0.0", "", "main"] {
            assert!(report.under_kubelet(good).honoured, "{good}");
        }
    }
}
