//! What is to be said of a policy as a whole, in the manner of Kubernetes' conditions: each holds or does not, with a reason in a word and
//! in a sentence.

use super::{Followed, coverage::Counts, state::PolicyState};
use crate::domain::{Millis, task::MAX_IMAGES};

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConditionKind {
    /// It chooses nodes and images, and every name in it stands for something.
    Matched,
    /// Every image is warm on every node.
    Warm,
    /// It wants more bytes than any of its nodes has.
    TooLarge,
    /// Nodes come and go; orders for them wait.
    Flapping,
    /// A tag stands for something else than what nodes should have.
    TagMoved,
    /// An order could not be made.
    Held,
    /// What the workloads run that it follows is known and wanted. Only where it follows any.
    Followed,
    /// Workloads that it follows ask the registry at each start of a container. Only where it follows any.
    AlwaysPulled,
}

impl ConditionKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Matched,
        Self::Warm,
        Self::TooLarge,
        Self::Flapping,
        Self::TagMoved,
        Self::Held,
        Self::Followed,
        Self::AlwaysPulled,
    ];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "Matched",
            Self::Warm => "Warm",
            Self::TooLarge => "TooLarge",
            Self::Flapping => "Flapping",
            Self::TagMoved => "TagMoved",
            Self::Held => "Held",
            Self::Followed => "Followed",
            Self::AlwaysPulled => "AlwaysPulled",
        }
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What it is about.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub holds: bool,
    /// Why, in a word.
    pub reason: &'static str,
    /// Why, in a sentence; empty where there is nothing to say.
    pub message: String,
}

impl PolicyState {
    /// All conditions, in the order of [`ConditionKind::ALL`].
    pub fn conditions(&self, now: Millis) -> Vec<Condition> {
        let mut all = vec![
            self.matched(),
            self.warm(self.counts(now)),
            self.too_large(),
            self.flapping(now),
            self.tag_moved(),
            self.held(),
        ];
        if let Some(followed) = &self.followed {
            all.extend([follows(followed), always_pulled(followed)]);
        }
        all
    }

    fn matched(&self) -> Condition {
        let condition = |holds, reason, message| Condition {
            kind: ConditionKind::Matched,
            holds,
            reason,
            message,
        };
        let spec = &self.policy.spec;
        if self.policy.images.is_empty() {
            let message = match (spec.library_tag.as_str(), &spec.workloads) {
                ("", _) => "no workload that is followed has an image that can be kept warm".into(),
                (tag, None) => format!("no image of the library has the tag {tag:?}"),
                (tag, Some(_)) => {
                    format!(
                        "no image of the library has the tag {tag:?}, and no workload that is followed has an image"
                    )
                }
            };
            return condition(false, "NoImages", message);
        }
        if self.left_out > 0 {
            let (count, sources) = (self.left_out, spec.sources());
            let message = format!("{count} images of {sources} are left out: a policy has at most {MAX_IMAGES}");
            return condition(false, "TooManyImages", message);
        }
        if self.members.is_empty() {
            return condition(false, "NoNodes", "no node matches".into());
        }
        let unknown = spec
            .task
            .selection
            .node_names
            .iter()
            .find(|name| !self.members.contains_key(name));
        match unknown {
            Some(name) => condition(
                false,
                "UnknownNode",
                format!("{name} is no known node, or does not match"),
            ),
            None => condition(true, "Matched", format!("{} nodes match", self.members.len())),
        }
    }

    fn warm(&self, counts: Counts) -> Condition {
        let holds = counts.warm == counts.total() && counts.total() > 0;
        let reason = match (holds, counts) {
            (true, _) => "AllWarm",
            (false, Counts { paused: 1.., .. }) => "Paused",
            (false, Counts { cold: 1.., .. }) => "Cold",
            (false, _) => "Unknown",
        };
        Condition {
            kind: ConditionKind::Warm,
            holds,
            reason,
            message: format!("{} of {} are warm", counts.warm, counts.total()),
        }
    }

    fn too_large(&self) -> Condition {
        let largest = self.members.values().max_by_key(|member| member.capacity_bytes);
        let holds = largest.is_some_and(|member| member.capacity_bytes > 0)
            && self.members.values().all(|member| self.is_too_large(member));
        let message = match largest {
            Some(member) if holds => format!(
                "the images have {} bytes, the largest image file system has {}: nothing is ordered",
                self.bytes_on(member),
                member.capacity_bytes
            ),
            Some(_) | None => String::new(),
        };
        Condition {
            kind: ConditionKind::TooLarge,
            holds,
            reason: if holds { "NoNodeLargeEnough" } else { "Fits" },
            message,
        }
    }

    fn flapping(&self, now: Millis) -> Condition {
        let flaps = |member| Self::calm_at(member).is_some_and(|until| now < until);
        let mut restless = self.members.iter().filter(|(_, member)| flaps(member));
        let first = restless.next();
        let others = restless.count();
        let message = first.map(|(name, member)| {
            let times = member.flaps;
            format!("{name} stopped matching and came back {times} times, as {others} others did; orders for them wait")
        });
        Condition {
            kind: ConditionKind::Flapping,
            holds: first.is_some(),
            reason: if first.is_some() { "NodesComeAndGo" } else { "Calm" },
            message: message.unwrap_or_default(),
        }
    }

    fn tag_moved(&self) -> Condition {
        let mut moved = self.policy.images.iter().filter(|image| !image.newer.is_empty());
        let first = moved.next();
        let others = moved.count();
        let message = first.map(|image| {
            let (from, to) = (image.digest(), image.moved_to().unwrap_or_default());
            let others = if others > 0 {
                format!(", and {others} others moved")
            } else {
                String::new()
            };
            format!("{} moved from {from} to {to}{others}", image.image)
        });
        Condition {
            kind: ConditionKind::TagMoved,
            holds: first.is_some(),
            reason: if first.is_some() { "TagMoved" } else { "AsFollowed" },
            message: message.unwrap_or_default(),
        }
    }

    fn held(&self) -> Condition {
        let refused = self.refused.as_ref().map(|(reason, _)| reason.clone());
        let unresolved = self.policy.images.iter().find(|image| !image.error.is_empty());
        let (holds, reason, message) = match (refused, unresolved, &self.policy.paused) {
            (_, _, Some(reason)) => (true, "Paused", reason.clone()),
            (Some(reason), _, None) => (true, "Refused", reason),
            // It is ordered all the same: the nodes may know better.
            (None, Some(image), None) => (false, "Unresolved", format!("{}: {}", image.image, image.error)),
            (None, None, None) => (false, "Ordering", String::new()),
        };
        Condition {
            kind: ConditionKind::Held,
            holds,
            reason,
            message,
        }
    }
}

fn follows(followed: &Followed) -> Condition {
    let (workloads, images) = (followed.workloads, followed.images);
    let found = format!("{workloads} workloads with {images} images");
    let (reason, message) = match &followed.away {
        Some(why) => ("NotWatched", format!("{why}; what was known last is kept")),
        None if workloads == 0 => ("NoWorkloads", "no workload of the cluster matches".into()),
        None if !followed.refused.is_empty() => {
            let refused = &followed.refused;
            let message = format!("{found}; no reference, or not allowed to the tenant, and left out: {refused}");
            ("ImagesRefused", message)
        }
        None => ("Followed", found),
    };
    Condition {
        kind: ConditionKind::Followed,
        holds: reason == "Followed",
        reason,
        message,
    }
}

fn always_pulled(followed: &Followed) -> Condition {
    let always = &followed.always;
    let holds = !always.is_empty();
    let message = format!("warm, but the registry stays on their path: imagePullPolicy is Always in {always}");
    Condition {
        kind: ConditionKind::AlwaysPulled,
        holds,
        reason: if holds { "RegistryOnPath" } else { "NeverAlways" },
        message: if holds { message } else { String::new() },
    }
}
