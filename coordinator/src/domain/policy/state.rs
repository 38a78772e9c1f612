//! What a policy knows of the nodes that it chooses, kept in step with each word about a node or a pull. In memory only: all of it but
//! removals and failures, which are read back, comes again after a restart.

use super::{
    Followed, Policy,
    cell::{Cell, Eviction, Evictions, PullEnd},
    failures::{Failures, PastFailure},
    names::Names,
    sight::{Agent, Seen, Sight},
};
use crate::domain::{
    Millis,
    ids::NodeName,
    image::{ImageRef, Platform},
    outcome::FailureReason,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A node that left and came back within this time flaps.
const FLAP_WITHIN_MS: Millis = 10 * 60_000;
/// So often may a node come back before orders wait for it to calm down.
const FLAPS_BORNE: u32 = 3;
/// First wait for a node to calm down; doubled with each further time.
const CALM_MS: Millis = 60_000;
/// Nodes that left and are remembered.
const MOST_LEFT: usize = 10_000;
/// What somebody here removed is gone from the node's inventory within this time.
const PURGED_WITHIN_MS: Millis = 60_000;

/// One node that the policy chooses.
#[derive(Debug)]
pub(super) struct Member {
    /// Position in the list of platforms.
    pub(super) platform: u16,
    pub(super) agent: Agent,
    pub(super) capacity_bytes: u64,
    /// Whether its images are known.
    pub(super) known: bool,
    /// Hash of the images that were seen; empty for none.
    hash: Box<str>,
    /// By position of the image.
    pub(super) cells: Box<[Cell]>,
    /// Images that it needs not, by position; empty for none.
    elsewhere: Box<[bool]>,
    /// How often it came back lately.
    pub(super) flaps: u32,
    /// When it came back last; 0 for never.
    pub(super) came_back_at: Millis,
}

impl Member {
    /// Whether the image at the position is wanted there.
    pub(super) fn needs(&self, index: usize) -> bool {
        !is_elsewhere(&self.elsewhere, index)
    }
}

fn is_elsewhere(elsewhere: &[bool], index: usize) -> bool {
    elsewhere.get(index).copied().unwrap_or(false)
}

/// See the module.
#[derive(Debug)]
pub struct PolicyState {
    /// Record.
    pub policy: Policy,
    /// Images of the library and of workloads that found no place.
    pub left_out: usize,
    /// What is to be said of the workloads that it follows; `None` where it follows none.
    pub followed: Option<Followed>,
    /// Why the last order could not be made; `None` when it could.
    pub refused: Option<(String, Millis)>,
    pub(super) members: BTreeMap<NodeName, Member>,
    pub(super) platforms: Vec<Platform>,
    /// Members that may lack something.
    pub(super) lacking: BTreeSet<NodeName>,
    /// Removals by somebody else, by node and image.
    pub(super) evictions: HashMap<(NodeName, ImageRef), Evictions>,
    /// Nodes that left: how often they had come back, and when they left.
    left: HashMap<NodeName, (u32, Millis)>,
    /// Nodes whose pins are to be said again.
    repin: BTreeSet<NodeName>,
    /// Pins were asked for, so that they must be taken back.
    pins: bool,
    /// What somebody here removed from a node on purpose, and when.
    purged: HashMap<(NodeName, u32), Millis>,
    /// What runtimes call its images.
    pub(super) names: Names,
    /// How the last pulls ended before the coordinator started, of nodes that were not seen since.
    failures: Failures,
}

impl PolicyState {
    /// A policy that has seen no node yet.
    pub fn new(policy: Policy, evictions: HashMap<(NodeName, ImageRef), Evictions>) -> Self {
        let mut state = Self {
            policy,
            left_out: 0,
            followed: None,
            refused: None,
            members: BTreeMap::new(),
            platforms: vec![],
            lacking: BTreeSet::new(),
            evictions,
            left: HashMap::new(),
            repin: BTreeSet::new(),
            pins: false,
            purged: HashMap::new(),
            names: Names::default(),
            failures: Failures::default(),
        };
        state.names = Names::of(&state.policy);
        state
    }

    /// Takes what is known of pulls that failed before: they are waited for as if the coordinator had never been away.
    #[must_use]
    pub fn with_failures(mut self, failures: Vec<PastFailure>) -> Self {
        self.failures = Failures::of(failures);
        self
    }

    /// Takes over a changed record. Where its images or their places are others, nodes must be seen again.
    pub fn replace(&mut self, policy: Policy) {
        let moved: Vec<Option<usize>> = policy
            .images
            .iter()
            .map(|new| self.policy.images.iter().position(|old| old.image == new.image))
            .collect();
        let as_it_was =
            moved.len() == self.policy.images.len() && moved.iter().enumerate().all(|(at, old)| *old == Some(at));
        self.policy = policy;
        if !as_it_was {
            self.names = Names::of(&self.policy);
            self.move_cells(&moved);
        }
        self.repin.extend(self.members.keys().cloned());
        self.look_again();
        self.refused = None;
    }

    /// What is known of images that stay is kept at their new positions.
    fn move_cells(&mut self, moved: &[Option<usize>]) {
        for member in self.members.values_mut() {
            let mut old = std::mem::take(&mut member.cells);
            let cell = |at: &Option<usize>| {
                at.and_then(|at| old.get_mut(at))
                    .map(std::mem::take)
                    .unwrap_or_default()
            };
            member.cells = moved.iter().map(cell).collect();
            member.elsewhere = Box::default();
            // The new ones were never looked for.
            member.known = false;
            member.hash = Box::default();
        }
        let purged = std::mem::take(&mut self.purged).into_iter();
        let at_new = |((node, old), at): ((NodeName, u32), Millis)| {
            let new = moved.iter().position(|from| *from == Some(old as usize))?;
            Some(((node, new as u32), at))
        };
        self.purged = purged.filter_map(at_new).collect();
    }

    /// Every failure and removal is forgotten: somebody wants it tried again.
    pub fn forgive(&mut self) {
        self.evictions.clear();
        self.failures = Failures::default();
        self.refused = None;
        self.members
            .values_mut()
            .flat_map(|member| member.cells.iter_mut())
            .for_each(Cell::forgive);
        self.lacking = self.members.keys().cloned().collect();
    }

    /// Logins can be used that could not be: what registries refused is tried again.
    pub fn forgive_unauthorized(&mut self) {
        self.failures.forget(FailureReason::Unauthorized);
        let cells = self.members.values_mut().flat_map(|member| member.cells.iter_mut());
        let is_refused = |cell: &&mut Cell| {
            let failed = cell.failed();
            failed.is_some_and(|failed| failed.reason == FailureReason::Unauthorized)
        };
        cells.filter(is_refused).for_each(Cell::forgive);
        self.look_again();
    }

    /// Whether the images of the node were seen under this hash: they need not be shown again.
    pub fn knows(&self, name: &NodeName, hash: &str) -> bool {
        let member = self.members.get(name);
        member.is_some_and(|member| member.known && !hash.is_empty() && *member.hash == *hash)
    }

    /// Takes what is seen of a node that the policy chooses; says which images somebody else removed from it since.
    pub fn see(&mut self, sight: &Sight<'_>, now: Millis) -> Vec<Eviction> {
        let platform = self.platform_of(sight.platform);
        let count = self.policy.images.len();
        if !self.members.contains_key(sight.name) {
            let member = self.joined(sight.name, platform, count, now);
            self.repin.insert(sight.name.clone());
            self.members.insert(sight.name.clone(), member);
        }
        let Some(member) = self.members.get_mut(sight.name) else {
            return vec![];
        };
        member.platform = platform;
        member.agent = sight.agent.clone();
        member.capacity_bytes = sight.capacity_bytes;
        let elsewhere = self.policy.elsewhere(sight.labels);
        let needs_others = elsewhere != member.elsewhere;
        if needs_others {
            member.elsewhere = elsewhere;
            self.repin.insert(sight.name.clone());
        }
        let mut gone = vec![];
        match sight.inventory {
            Seen::OnTheirWay => {}
            // Another machine, or one that is asked anew: what was there says nothing.
            Seen::Unknown => {
                member.known = false;
                member.hash = Box::default();
                member.cells.iter_mut().for_each(|cell| cell.seen = None);
            }
            Seen::Known { hash, .. } if member.known && !hash.is_empty() && *member.hash == *hash => {
                if needs_others {
                    self.look_for_lack(sight.name);
                }
                return vec![];
            }
            Seen::Known { hash, images } => {
                member.known = true;
                member.hash = hash.into();
                let found = self.names.find(images, count);
                for (index, (cell, seen)) in member.cells.iter_mut().zip(found).enumerate() {
                    if cell.see(seen) && !is_elsewhere(&member.elsewhere, index) {
                        gone.push(index as u32);
                    }
                }
            }
        }
        let evictions = gone
            .into_iter()
            .filter_map(|image| self.evicted(sight.name, image, now))
            .collect();
        self.look_for_lack(sight.name);
        evictions
    }

    /// The node is none of the policy's any more: it is left as it is. Says whether it was.
    pub fn release(&mut self, name: &NodeName, now: Millis) -> bool {
        let Some(member) = self.members.remove(name) else {
            return false;
        };
        self.lacking.remove(name);
        self.repin.insert(name.clone());
        if self.left.len() >= MOST_LEFT {
            self.left.retain(|_, (_, at)| now - *at < FLAP_WITHIN_MS);
        }
        if self.left.len() < MOST_LEFT {
            self.left.insert(name.clone(), (member.flaps, now));
        }
        true
    }

    /// Whether the policy chooses the node now.
    pub fn has(&self, name: &NodeName) -> bool {
        self.members.contains_key(name)
    }

    /// Whether everything that it wants on the node is warm there; false for a node that it does not know yet.
    pub fn is_fulfilled_on(&self, name: &NodeName) -> bool {
        let is_warm = |member: &Member| (0..member.cells.len()).all(|at| !member.needs(at) || self.is_warm(member, at));
        self.members.get(name).is_some_and(is_warm)
    }

    /// Nodes that it chooses.
    pub fn node_count(&self) -> usize {
        self.members.len()
    }

    /// Platforms of the nodes that it chooses, or chose.
    pub fn platforms(&self) -> &[Platform] {
        &self.platforms
    }

    /// Names of the nodes that it chooses.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeName> {
        self.members.keys()
    }

    /// Position of an image that it wants.
    pub fn position(&self, image: &ImageRef) -> Option<u32> {
        let at = self.policy.images.iter().position(|known| known.image == *image)?;
        Some(at as u32)
    }

    /// A pull that the policy ordered has ended.
    pub fn ended(&mut self, name: &NodeName, image: &ImageRef, end: PullEnd, now: Millis) {
        let Some(at) = self.position(image) else { return };
        let cell = self
            .members
            .get_mut(name)
            .and_then(|member| member.cells.get_mut(at as usize));
        if let Some(cell) = cell {
            cell.ended(end, now);
            self.lacking.insert(name.clone());
        }
    }

    /// Somebody here removes the image from the node on purpose: that it is gone soon is no removal by somebody else.
    pub fn removed_on_purpose(&mut self, name: &NodeName, image: &ImageRef, now: Millis) {
        if !self.members.contains_key(name) {
            return;
        }
        for at in self.names.positions(image) {
            self.purged.insert((name.clone(), *at), now);
        }
    }

    /// Whether it would bring the image back to the node.
    pub fn keeps(&self, name: &NodeName, image: &ImageRef) -> bool {
        let Some(member) = self.members.get(name).filter(|_| self.policy.paused.is_none()) else {
            return false;
        };
        let mut positions = self.names.positions(image).iter();
        positions.any(|at| member.needs(*at as usize))
    }

    /// Nodes where what is to be pinned is not as it was said last: all that is to be pinned there now.
    pub fn pin_changes(&mut self) -> Vec<(NodeName, Vec<ImageRef>)> {
        let nodes = std::mem::take(&mut self.repin);
        let wanted = self.policy.spec.task.rules.pin;
        if !wanted && !std::mem::replace(&mut self.pins, wanted) {
            return vec![];
        }
        self.pins = wanted;
        let images = |name: &NodeName| {
            let member = self.members.get(name).filter(|_| wanted);
            let needs = |at: usize| member.is_some_and(|member| member.needs(at));
            let images = self.policy.images.iter().enumerate().filter(|(at, _)| needs(*at));
            images.map(|(_, known)| known.image.clone()).collect()
        };
        nodes
            .into_iter()
            .map(|name| {
                let images = images(&name);
                (name, images)
            })
            .collect()
    }

    /// Removals that lie so far back that they hold up nothing are forgotten.
    pub fn forget_old(&mut self, now: Millis) {
        self.evictions.retain(|_, evictions| !evictions.is_over(now));
        self.purged.retain(|_, at| now - *at < PURGED_WITHIN_MS);
    }

    /// What passes by time alone: pulls that succeeded and never showed were removed at once.
    pub fn advance(&mut self, now: Millis) -> Vec<(NodeName, Eviction)> {
        let mut vanished = vec![];
        for name in &self.lacking {
            let Some(member) = self.members.get_mut(name) else {
                continue;
            };
            for (index, cell) in member.cells.iter_mut().enumerate() {
                if cell.vanished(now) && !is_elsewhere(&member.elsewhere, index) {
                    vanished.push((name.clone(), index as u32));
                }
            }
        }
        let evict = |(name, image): (NodeName, u32)| self.evicted(&name, image, now).map(|eviction| (name, eviction));
        vanished.into_iter().filter_map(evict).collect()
    }

    /// What nodes should have has changed: each may lack something.
    pub fn look_again(&mut self) {
        self.lacking = self.members.keys().cloned().collect();
    }

    /// Until when orders wait for the node to calm down.
    pub(super) fn calm_at(member: &Member) -> Option<Millis> {
        let more = member.flaps.checked_sub(FLAPS_BORNE)?;
        let wait = CALM_MS.saturating_mul(1 << more.min(10)).min(FLAP_WITHIN_MS);
        Some(member.came_back_at + wait)
    }

    /// Whether the cell has what the policy wants there.
    pub(super) fn is_warm(&self, member: &Member, index: usize) -> bool {
        let Some(seen) = member.cells.get(index).and_then(|cell| cell.seen.as_ref()) else {
            return false;
        };
        if !self.policy.spec.following.wants_digest() {
            return true;
        }
        let Some(image) = self.policy.images.get(index) else {
            return false;
        };
        let platform = self.platforms.get(member.platform as usize);
        let of_platform = || {
            image
                .resolved
                .iter()
                .chain(&image.newer)
                .filter(|known| Some(&known.platform) == platform)
        };
        of_platform().next().is_none() || super::cell::is_one_of(seen, of_platform().map(|known| &known.digests))
    }

    fn evicted(&mut self, name: &NodeName, image: u32, now: Millis) -> Option<Eviction> {
        let purged = self.purged.remove(&(name.clone(), image));
        if purged.is_some_and(|at| now - at < PURGED_WITHIN_MS) {
            return None;
        }
        let reference = self.policy.images.get(image as usize)?.image.clone();
        let evictions = self.evictions.entry((name.clone(), reference)).or_default();
        evictions.add(now);
        Some(Eviction {
            image,
            evictions: *evictions,
        })
    }

    fn look_for_lack(&mut self, name: &NodeName) {
        let lacks = self
            .members
            .get(name)
            .is_some_and(|member| (0..member.cells.len()).any(|at| member.needs(at) && !self.is_warm(member, at)));
        if !lacks {
            self.lacking.remove(name);
        } else if !self.lacking.contains(name) {
            self.lacking.insert(name.clone());
        }
    }

    fn joined(&mut self, name: &NodeName, platform: u16, count: usize, now: Millis) -> Member {
        let (flaps, came_back_at) = match self.left.remove(name) {
            Some((flaps, at)) if now - at < FLAP_WITHIN_MS => (flaps.saturating_add(1), now),
            Some(_) | None => (0, 0),
        };
        let mut cells = vec![Cell::default(); count];
        for (image, failed) in self.failures.take(name) {
            if let Some(cell) = self.position(&image).and_then(|at| cells.get_mut(at as usize)) {
                cell.remember(failed);
            }
        }
        Member {
            platform,
            agent: Agent::Ready,
            capacity_bytes: 0,
            known: false,
            hash: Box::default(),
            cells: cells.into(),
            elsewhere: Box::default(),
            flaps,
            came_back_at,
        }
    }

    fn platform_of(&mut self, platform: &Platform) -> u16 {
        let known = self.platforms.iter().position(|known| known == platform);
        let at = known.unwrap_or_else(|| {
            self.platforms.push(platform.clone());
            self.platforms.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }
}
