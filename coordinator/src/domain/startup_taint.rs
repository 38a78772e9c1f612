//! The start-up taint: it keeps pods off a node that has joined until what policies want there is warm. When it is taken off, and by whom;
//! pure, Kubernetes stands behind a trait.

use super::{
    Millis,
    cluster::{ClusterNode, Taint},
    ids::NodeName,
    selector::check_key,
};
use std::{collections::BTreeMap, future::Future, pin::Pin};

/// Pause after a taint that could not be taken off.
const AGAIN_MS: Millis = 10_000;
/// Nodes whose taint is taken off in one go.
const AT_A_TIME: usize = 20;

/// Which taint, and for how long it may stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupTaint {
    /// Key, whatever its value and effect.
    pub key: String,
    /// After so long it is taken off whatever is cold, counted from when it was seen first.
    pub limit_ms: Millis,
}

impl StartupTaint {
    /// Checks a key by Kubernetes' rules for labels and taints.
    ///
    /// # Errors
    /// The rule.
    pub fn check_key(key: &str) -> Result<(), String> {
        check_key(key)
    }
}

/// Why a taint is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Release {
    /// Everything that policies want there is warm.
    Warm,
    /// No policy wants anything there.
    Unwanted,
    /// It is not, but the time is up.
    TimeIsUp,
}

impl Release {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Warm, Self::Unwanted, Self::TimeIsUp];

    /// The word in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Unwanted => "unwanted",
            Self::TimeIsUp => "time_is_up",
        }
    }
}

/// What policies say of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// None chooses it.
    None,
    /// All that choose it have there what they want.
    Fulfilled,
    /// Something lacks.
    Open,
}

/// A node whose taint is to be taken off, with all of its taints, and why.
pub type Due = (NodeName, Vec<Taint>, Release);

/// Nodes that have the taint, and since when.
#[derive(Debug, Default)]
pub struct Tainted {
    since: BTreeMap<NodeName, Millis>,
    /// Nothing is tried before.
    rest_until: Millis,
}

impl Tainted {
    /// Takes all nodes as they are now; says whose taint is to be taken off and why. `wish` is asked for nodes that have it.
    pub fn look<'a>(
        &mut self,
        nodes: impl Iterator<Item = &'a ClusterNode>,
        settings: &StartupTaint,
        wish: impl Fn(&NodeName) -> Wish,
        now: Millis,
    ) -> Vec<Due> {
        let old = std::mem::take(&mut self.since);
        let mut due = vec![];
        for node in nodes.filter(|node| node.taints.iter().any(|taint| taint.key == settings.key)) {
            let since = old
                .get(&node.name)
                .copied()
                .filter(|since| *since <= now)
                .unwrap_or(now);
            self.since.insert(node.name.clone(), since);
            let release = match wish(&node.name) {
                Wish::None => Some(Release::Unwanted),
                Wish::Fulfilled => Some(Release::Warm),
                Wish::Open => (now - since >= settings.limit_ms).then_some(Release::TimeIsUp),
            };
            if let Some(release) = release
                && due.len() < AT_A_TIME
            {
                due.push((node.name.clone(), node.taints.clone(), release));
            }
        }
        let rests = (1..=AGAIN_MS).contains(&(self.rest_until - now));
        if rests { vec![] } else { due }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.since.len()
    }

    /// A taint could not be taken off: it is tried again later, and no other one before.
    pub fn failed(&mut self, now: Millis) {
        self.rest_until = now + AGAIN_MS;
    }
}

/// Why a taint was not taken off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaintError {
    /// The node has changed since it was seen, or is gone: news of it are on their way.
    #[error("the node has changed")]
    Stale,
    /// The cluster does not answer, or does not allow it.
    #[error("{0}")]
    Failed(String),
}

/// Takes taints off nodes.
pub trait Untaint: Send + Sync {
    /// Takes every taint with the key off the node, whose taints are these.
    fn untaint<'a>(
        &'a self,
        node: &'a NodeName,
        taints: &'a [Taint],
        key: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), TaintError>> + Send + 'a>>;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::{image::Platform, node::Labels};

    const KEY: &str = "ips.dev/cold";

    fn node(name: &str, keys: &[&str]) -> ClusterNode {
        let taint = |key: &&str| Taint {
            key: (*key).into(),
            value: String::new(),
            effect: "NoSchedule".into(),
        };
        ClusterNode {
            name: NodeName::parse(name).unwrap(),
            uid: "u".into(),
            labels: Labels::default(),
            platform: Platform {
                os: "linux".into(),
                architecture: "amd64".into(),
                variant: String::new(),
            },
            ready: true,
            message: String::new(),
            unschedulable: false,
            taints: keys.iter().map(taint).collect(),
            kubelet_version: String::new(),
            runtime_version: String::new(),
        }
    }

    fn released(tainted: &mut Tainted, nodes: &[ClusterNode], wish: Wish, now: Millis) -> Vec<Release> {
        let settings = StartupTaint {
            key: KEY.into(),
            limit_ms: 60_000,
        };
        let due = tainted.look(nodes.iter(), &settings, |_| wish, now);
        due.into_iter().map(|(_, _, release)| release).collect()
    }

    #[test]
    fn a_taint_goes_when_nothing_lacks_or_the_time_is_up() {
        let mut tainted = Tainted::default();
        let cold = [node("n1", &["gpu", KEY]), node("n2", &["gpu"])];
        assert_eq!(released(&mut tainted, &cold, Wish::None, 0), [Release::Unwanted]);
        assert_eq!(released(&mut tainted, &cold, Wish::Fulfilled, 0), [Release::Warm]);
        assert!(released(&mut tainted, &cold, Wish::Open, 59_999).is_empty());
        assert_eq!(released(&mut tainted, &cold, Wish::Open, 60_000), [Release::TimeIsUp]);
        // It came back: the time begins anew.
        assert!(released(&mut tainted, &cold[1..], Wish::Open, 61_000).is_empty());
        assert!(released(&mut tainted, &cold, Wish::Open, 62_000).is_empty());
        assert!(released(&mut tainted, &cold, Wish::Open, 100_000).is_empty());
        assert_eq!(released(&mut tainted, &cold, Wish::Open, 122_000), [Release::TimeIsUp]);
    }

    #[test]
    fn what_fails_is_tried_again_later_and_few_at_a_time() {
        let mut tainted = Tainted::default();
        let many: Vec<ClusterNode> = (0..50).map(|n| node(&format!("n{n}"), &[KEY])).collect();
        assert_eq!(released(&mut tainted, &many, Wish::Fulfilled, 0).len(), AT_A_TIME);
        tainted.failed(0);
        assert!(released(&mut tainted, &many, Wish::Fulfilled, AGAIN_MS - 1).is_empty());
        assert_eq!(
            released(&mut tainted, &many, Wish::Fulfilled, AGAIN_MS).len(),
            AT_A_TIME
        );
    }
}
