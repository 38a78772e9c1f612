//! What a policy orders now: images that a node lacks and that are not on their way, on nodes that can pull. Pure: it never orders what is
//! present or in flight, nothing that failed or was removed too lately, and no more nodes than its limit leaves room for.

use super::{
    Policy,
    flight::Flights,
    sight::Agent,
    state::{Member, PolicyState},
};
use crate::domain::{Millis, ids::NodeName, outcome::FailureReason, share::Share};

/// Open tasks of one policy; nodes that join meanwhile wait for the end of one.
const MOST_TASKS: usize = 32;
/// Wait after an order could not be made.
const REFUSED_WAIT_MS: Millis = 30_000;

/// Images to order on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Node.
    pub node: NodeName,
    /// Positions of the images.
    pub images: Vec<u32>,
}

/// What is to be done now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Orders by node.
    pub orders: Vec<Order>,
    /// When there is something to do by time alone, as far as is known.
    pub wake_at: Option<Millis>,
}

/// Why one image is not ordered on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Nothing holds it.
    Free,
    /// It is there.
    Warm,
    /// No pod that uses it may be there.
    Elsewhere,
    /// What the node has is not known.
    Unknown,
    /// The node cannot pull.
    NotReady,
    /// It is on its way.
    InFlight,
    /// Somebody else removed it twice; until then.
    Evicted(Millis),
    /// Its last pull failed; until then.
    Failed(Millis),
    /// It was pulled, and the inventory has not shown it yet; until then.
    NotShown(Millis),
    /// The node comes and goes; until then.
    Flaps(Millis),
    /// The images are larger than the node's disk.
    TooLarge,
}

impl PolicyState {
    /// What to order now.
    pub fn plan(&self, flights: &Flights, now: Millis) -> Plan {
        let mut plan = Plan::default();
        if self.policy.paused.is_some() {
            return plan;
        }
        let id = &self.policy.id;
        let refused_until = self
            .refused
            .as_ref()
            .map(|(_, at)| at + REFUSED_WAIT_MS)
            .filter(|until| now < *until);
        if let Some(until) = refused_until {
            plan.sooner(until);
            return plan;
        }
        // A new policy is ordered when it is known how large it is, or that nobody can say.
        if self.policy.images.iter().any(|image| image.checked_at == 0) {
            return plan;
        }
        let mut room = self.room(flights);
        for name in &self.lacking {
            let Some(member) = self.members.get(name) else { continue };
            let mut images = vec![];
            for index in 0..member.cells.len() {
                match self.hold(name, member, index, flights, now) {
                    Hold::Free => images.push(index as u32),
                    Hold::Evicted(until) | Hold::Failed(until) | Hold::NotShown(until) | Hold::Flaps(until) => {
                        plan.sooner(until);
                    }
                    Hold::Warm | Hold::Elsewhere | Hold::Unknown | Hold::NotReady | Hold::InFlight | Hold::TooLarge => {
                    }
                }
            }
            if images.is_empty() {
                continue;
            }
            let is_at_it = flights.is_on(id, name);
            match &mut room {
                Some(0) if !is_at_it => continue,
                Some(left) if !is_at_it => *left -= 1,
                Some(_) | None => {}
            }
            let node = name.clone();
            plan.orders.push(Order { node, images });
        }
        plan
    }

    /// Nodes that may be ordered beside those that are at it; `None` for all. The first task of several has the policy's limit itself.
    fn room(&self, flights: &Flights) -> Option<usize> {
        let id = &self.policy.id;
        let tasks = flights.tasks_of(id);
        if tasks == 0 {
            return None;
        }
        if tasks >= MOST_TASKS {
            return Some(0);
        }
        let most = self.policy.spec.task.nodes_at_a_time(self.members.len() as u32)?;
        Some((most as usize).saturating_sub(flights.nodes_of(id)))
    }

    /// The record as a task is made of it: its limit is a number of the policy's nodes, not a share of the task's.
    pub fn to_order(&self) -> Policy {
        let mut policy = self.policy.clone();
        let rules = &mut policy.spec.task.rules;
        let nodes = self.members.len() as u32;
        rules.parallelism = rules.parallelism.map(|share| Share::Count(share.of(nodes)));
        policy
    }

    /// Whether the limit of the policy keeps nodes waiting that could be ordered.
    pub(super) fn is_full(&self, flights: &Flights) -> bool {
        self.room(flights) == Some(0)
    }

    /// Bytes of all images that the node needs, as far as they are known.
    pub(super) fn bytes_on(&self, member: &Member) -> u64 {
        let Some(platform) = self.platforms.get(member.platform as usize) else {
            return 0;
        };
        let needed = self
            .policy
            .images
            .iter()
            .enumerate()
            .filter(|(at, _)| member.needs(*at));
        let sizes = needed.filter_map(|(_, image)| image.wanted(platform));
        sizes.fold(0, |sum, resolved| sum.saturating_add(resolved.size_bytes))
    }

    /// Whether the images are larger than the file system that they would lie on.
    pub(super) fn is_too_large(&self, member: &Member) -> bool {
        member.capacity_bytes > 0 && self.bytes_on(member) > member.capacity_bytes
    }

    /// Why an image is not ordered on a node.
    pub(super) fn hold(&self, name: &NodeName, member: &Member, index: usize, flights: &Flights, now: Millis) -> Hold {
        let (Some(cell), Some(image)) = (member.cells.get(index), self.policy.images.get(index)) else {
            return Hold::Unknown;
        };
        if !member.needs(index) {
            return Hold::Elsewhere;
        }
        if self.is_warm(member, index) {
            return Hold::Warm;
        }
        if flights.at(name, &image.image, &self.policy.id).is_some() {
            return Hold::InFlight;
        }
        if member.agent != Agent::Ready {
            return Hold::NotReady;
        }
        if !member.known {
            return Hold::Unknown;
        }
        if self.is_too_large(member) {
            return Hold::TooLarge;
        }
        if let Some(until) = self.paused_until(name, index, now) {
            return Hold::Evicted(until);
        }
        let failed = cell.failed().map(|failed| failed.again_at);
        if let Some(until) = failed.filter(|until| now < *until) {
            return Hold::Failed(until);
        }
        if let Some(until) = cell.shown_by().filter(|until| now < *until) {
            return Hold::NotShown(until);
        }
        match Self::calm_at(member).filter(|until| now < *until) {
            Some(until) => Hold::Flaps(until),
            None => Hold::Free,
        }
    }

    /// Until when an image that was removed twice is not ordered on a node.
    pub(super) fn paused_until(&self, name: &NodeName, index: usize, now: Millis) -> Option<Millis> {
        if self.evictions.is_empty() {
            return None;
        }
        let image = &self.policy.images.get(index)?.image;
        let evictions = self.evictions.get(&(name.clone(), image.clone()))?;
        evictions.paused_until(now)
    }
}

impl Plan {
    fn sooner(&mut self, at: Millis) {
        self.wake_at = Some(self.wake_at.map_or(at, |known| known.min(at)));
    }

    /// Pulls that it orders.
    pub fn pulls(&self) -> usize {
        self.orders.iter().map(|order| order.images.len()).sum()
    }
}

/// In words why a failed pull is not simply tried again.
pub(super) fn is_for_disk(reason: FailureReason) -> bool {
    reason == FailureReason::NoSpace
}
