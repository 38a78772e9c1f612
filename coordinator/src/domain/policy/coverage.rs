//! How far a policy is true: for each image on each node whether it is warm, and why it is not.

use super::{
    cell::digest_of,
    flight::Flights,
    plan::{Hold, is_for_disk},
    sight::Agent,
    state::{Member, PolicyState},
};
use crate::domain::{
    Millis,
    ids::{NodeName, TaskId},
    image::ImageRef,
    rfc3339,
};
use std::collections::BTreeMap;

/// Digests of one image that are told apart; further ones are counted with the last.
const MOST_DIGESTS: usize = 16;

/// Where one image on one node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CellState {
    /// The node has what the policy wants.
    Warm,
    /// It does not, or not that.
    Cold,
    /// It does not, and nothing is ordered because somebody else removed it twice.
    Paused,
    /// What the node has is not known.
    Unknown,
}

impl CellState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Warm, Self::Cold, Self::Paused, Self::Unknown];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
            Self::Paused => "paused",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Why an image is not warm on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// No agent has ever come from the node.
    AgentMissing,
    /// Its agent is away, or its runtime does not answer.
    NotReady,
    /// The images are larger than the node's disk, or its last pull found no room.
    NoSpace,
    /// Somebody else removed it twice within a day.
    EvictedTwice,
    /// Its last pull failed.
    PullFailed,
    /// It is being pulled.
    Pulling,
    /// It waits for limits or for its turn.
    Waiting,
    /// The node has the tag with another digest than wanted.
    OtherDigest,
    /// The node comes and goes too often.
    Flapping,
    /// The policy is paused.
    PolicyPaused,
    /// It was pulled, and the node's inventory has not shown it yet.
    NotShown,
    /// It is about to be ordered.
    Due,
    /// The node has not said what it has.
    InventoryUnknown,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::AgentMissing,
        Self::NotReady,
        Self::NoSpace,
        Self::EvictedTwice,
        Self::PullFailed,
        Self::Pulling,
        Self::Waiting,
        Self::OtherDigest,
        Self::Flapping,
        Self::PolicyPaused,
        Self::NotShown,
        Self::Due,
        Self::InventoryUnknown,
    ];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AgentMissing => "agent_missing",
            Self::NotReady => "not_ready",
            Self::NoSpace => "no_space",
            Self::EvictedTwice => "evicted_twice",
            Self::PullFailed => "pull_failed",
            Self::Pulling => "pulling",
            Self::Waiting => "waiting",
            Self::OtherDigest => "other_digest",
            Self::Flapping => "flapping",
            Self::PolicyPaused => "policy_paused",
            Self::NotShown => "not_shown",
            Self::Due => "due",
            Self::InventoryUnknown => "inventory_unknown",
        }
    }
}

/// One image on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRow {
    /// Node.
    pub node: NodeName,
    /// Image.
    pub image: ImageRef,
    /// Where it stands.
    pub state: CellState,
    /// Why it is not warm; `None` when it is.
    pub why: Option<Why>,
    /// The same in words; empty when it is warm.
    pub message: String,
    /// Digest of what the node has under the reference; empty for nothing.
    pub digest: String,
    /// The open task that brings it.
    pub task: Option<TaskId>,
    /// When it is ordered again at the earliest; 0 where nothing holds it back by time.
    pub again_at: Millis,
}

/// Cells by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Warm.
    pub warm: u32,
    /// Cold.
    pub cold: u32,
    /// Paused.
    pub paused: u32,
    /// Unknown.
    pub unknown: u32,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.warm + self.cold + self.paused + self.unknown
    }

    /// The share that is warm, 0 to 1; 1 where there is nothing to keep.
    pub fn ratio(&self) -> f64 {
        if self.total() == 0 {
            1.0
        } else {
            f64::from(self.warm) / f64::from(self.total())
        }
    }

    fn add(&mut self, state: CellState) {
        match state {
            CellState::Warm => self.warm += 1,
            CellState::Cold => self.cold += 1,
            CellState::Paused => self.paused += 1,
            CellState::Unknown => self.unknown += 1,
        }
    }
}

/// Nodes that have one digest under a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestCount {
    /// Digest.
    pub digest: String,
    /// How many nodes.
    pub nodes: u32,
}

/// One image over all nodes of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCoverage {
    /// Image.
    pub image: ImageRef,
    /// Nodes by what they have.
    pub counts: Counts,
    /// What nodes have under the reference, most frequent first. More than one on one platform is drift.
    pub digests: Vec<DigestCount>,
    /// Nodes of one platform have different digests.
    pub drifted: bool,
}

impl PolicyState {
    /// Cells by state.
    pub fn counts(&self, now: Millis) -> Counts {
        let mut counts = Counts::default();
        for (name, member) in &self.members {
            for index in (0..member.cells.len()).filter(|at| member.needs(*at)) {
                counts.add(self.state_of(name, member, index, now));
            }
        }
        counts
    }

    /// Each image over all nodes.
    pub fn images(&self, now: Millis) -> Vec<ImageCoverage> {
        let image = |index: usize| {
            let mut counts = Counts::default();
            let mut digests: BTreeMap<(&str, u16), u32> = BTreeMap::new();
            for (name, member) in self.members.iter().filter(|(_, member)| member.needs(index)) {
                counts.add(self.state_of(name, member, index, now));
                if let Some(digest) = self.digest(member, index) {
                    *digests.entry((digest, member.platform)).or_default() += 1;
                }
            }
            let drifted = digests
                .keys()
                .any(|(digest, platform)| digests.keys().any(|(other, on)| other != digest && on == platform));
            ImageCoverage {
                image: self.policy.images[index].image.clone(),
                counts,
                digests: most_frequent(digests),
                drifted,
            }
        };
        (0..self.policy.images.len()).map(image).collect()
    }

    /// Rows by node, then position of the image: those that `wanted` lets through, from `offset` on, and how many there are in all.
    pub fn rows(
        &self,
        flights: &Flights,
        now: Millis,
        wanted: impl Fn(&NodeName, &ImageRef, CellState) -> bool,
        (offset, limit): (usize, usize),
    ) -> (Vec<CellRow>, u32) {
        let mut rows = vec![];
        let mut total = 0usize;
        let is_full = self.is_full(flights);
        for (name, member) in &self.members {
            for index in (0..member.cells.len()).filter(|at| member.needs(*at)) {
                let state = self.state_of(name, member, index, now);
                if !wanted(name, &self.policy.images[index].image, state) {
                    continue;
                }
                if total >= offset && rows.len() < limit {
                    rows.push(self.row((name, member), index, flights, is_full, now));
                }
                total += 1;
            }
        }
        (rows, u32::try_from(total).unwrap_or(u32::MAX))
    }

    /// Where a cell stands, without why.
    fn state_of(&self, name: &NodeName, member: &Member, index: usize, now: Millis) -> CellState {
        if self.is_warm(member, index) {
            CellState::Warm
        } else if matches!(member.agent, Agent::Missing(_)) {
            CellState::Cold
        } else if !member.known {
            CellState::Unknown
        } else if self.paused_until(name, index, now).is_some() {
            CellState::Paused
        } else {
            CellState::Cold
        }
    }

    fn digest<'a>(&self, member: &'a Member, index: usize) -> Option<&'a str> {
        let seen = member.cells.get(index)?.seen.as_ref()?;
        let repository = self.names.repository(index)?;
        Some(digest_of(seen, repository))
    }

    fn row(
        &self,
        (name, member): (&NodeName, &Member),
        index: usize,
        flights: &Flights,
        is_full: bool,
        now: Millis,
    ) -> CellRow {
        let state = self.state_of(name, member, index, now);
        let image = self.policy.images[index].image.clone();
        let flight = flights.at(name, &image, &self.policy.id);
        let hold = self.hold(name, member, index, flights, now);
        let (why, message) = match state {
            CellState::Warm => (None, String::new()),
            CellState::Cold | CellState::Paused | CellState::Unknown => {
                let (why, message) = self.why(hold, member, index, flight.is_some_and(|it| it.running), is_full);
                (Some(why), message)
            }
        };
        CellRow {
            node: name.clone(),
            digest: self.digest(member, index).unwrap_or_default().to_owned(),
            task: flight.map(|flight| flight.task.clone()),
            again_at: hold.until().unwrap_or(0),
            image,
            state,
            why,
            message,
        }
    }

    fn why(&self, hold: Hold, member: &Member, index: usize, running: bool, is_full: bool) -> (Why, String) {
        let at = |time: Millis| rfc3339(time, chrono::SecondsFormat::Secs);
        let failed = member.cells.get(index).and_then(|cell| cell.failed());
        let after_failure = |words: &str| match failed {
            Some(failed) => format!("{words}; the last pull failed: {}: {}", failed.reason, failed.message),
            None => words.to_owned(),
        };
        match (hold, &member.agent) {
            (Hold::InFlight, _) if running => (Why::Pulling, after_failure("it is being pulled")),
            (Hold::InFlight, _) => (Why::Waiting, after_failure("its pull waits for limits or for its turn")),
            (_, Agent::Missing(why)) => (Why::AgentMissing, why.clone()),
            (_, Agent::NotReady(why)) => (Why::NotReady, why.clone()),
            (Hold::Unknown, Agent::Ready) => (Why::InventoryUnknown, "the node has not said what it has".into()),
            (Hold::TooLarge, Agent::Ready) => {
                let (needed, there) = (self.bytes_on(member), member.capacity_bytes);
                let words = format!("the images have {needed} bytes, the node's image file system has {there}");
                (Why::NoSpace, words)
            }
            (Hold::Evicted(until), Agent::Ready) => {
                let words = "removed twice within 24 h by somebody else, most likely kubelet's garbage collection";
                let words = format!("{words}; ordered again at {} or when the policy is resumed", at(until));
                (Why::EvictedTwice, words)
            }
            (Hold::Failed(until), Agent::Ready) => {
                let why = match failed {
                    Some(failed) if is_for_disk(failed.reason) => Why::NoSpace,
                    Some(_) | None => Why::PullFailed,
                };
                let said = failed
                    .map(|failed| format!("{}: {}", failed.reason, failed.message))
                    .unwrap_or_default();
                (why, format!("{said}; ordered again at {}", at(until)))
            }
            (Hold::NotShown(_), Agent::Ready) => (
                Why::NotShown,
                "it was pulled, and the node's inventory does not show it yet".into(),
            ),
            (Hold::Flaps(until), Agent::Ready) => {
                let times = member.flaps;
                let words = format!(
                    "the node stopped matching and came back {times} times; ordered at {}",
                    at(until)
                );
                (Why::Flapping, words)
            }
            (Hold::Free | Hold::Warm | Hold::Elsewhere | Hold::NotReady, Agent::Ready) => {
                self.why_free(member, index, is_full)
            }
        }
    }

    fn why_free(&self, member: &Member, index: usize, is_full: bool) -> (Why, String) {
        if let Some(reason) = &self.policy.paused {
            return (Why::PolicyPaused, format!("the policy is paused: {reason}"));
        }
        if let Some((reason, _)) = &self.refused {
            return (Why::Waiting, format!("it cannot be ordered: {reason}"));
        }
        if is_full {
            return (
                Why::Waiting,
                "as many nodes are at work as the policy's limit allows".into(),
            );
        }
        match self.digest(member, index) {
            Some(_) => (Why::OtherDigest, "the node has the tag with another digest".into()),
            None => (Why::Due, "it is about to be ordered".into()),
        }
    }
}

impl Hold {
    fn until(self) -> Option<Millis> {
        match self {
            Self::Evicted(until) | Self::Failed(until) | Self::NotShown(until) | Self::Flaps(until) => Some(until),
            Self::Free
            | Self::Warm
            | Self::Elsewhere
            | Self::Unknown
            | Self::NotReady
            | Self::InFlight
            | Self::TooLarge => None,
        }
    }
}

fn most_frequent(digests: BTreeMap<(&str, u16), u32>) -> Vec<DigestCount> {
    let mut sums: BTreeMap<&str, u32> = BTreeMap::new();
    for ((digest, _), nodes) in digests {
        *sums.entry(digest).or_default() += nodes;
    }
    let mut counts: Vec<DigestCount> = sums
        .into_iter()
        .map(|(digest, nodes)| DigestCount {
            digest: digest.to_owned(),
            nodes,
        })
        .collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.nodes));
    counts.truncate(MOST_DIGESTS);
    counts
}
