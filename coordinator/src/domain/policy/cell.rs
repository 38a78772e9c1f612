//! One image on one node: what was seen of it, how its last pull ended, and how often it was removed by somebody else.

use crate::domain::{Millis, image::ImageDigests, node::InventoryImage, outcome::FailureReason, pull::PullState};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Two removals by somebody else within this time end the ordering for as long.
pub const DAY_MS: Millis = 86_400_000;
/// A pull that has succeeded shows in the node's inventory within this time; one that does not was removed at once.
const SHOWN_WITHIN_MS: Millis = 60_000;
/// First wait after a failed pull, and the longest.
const FIRST_WAIT_MS: Millis = 60_000;
const LONGEST_WAIT_MS: Millis = 30 * 60_000;

/// How often somebody else removed an image from a node: the last two times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evictions {
    /// The time before the last; 0 for none.
    pub previous_at: Millis,
    /// The last time; 0 for none.
    pub last_at: Millis,
}

/// An image that was on a node and is no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eviction {
    /// Position of the image in the policy.
    pub image: u32,
    /// What is known of its removals with this one.
    pub evictions: Evictions,
}

impl Evictions {
    /// One more.
    pub fn add(&mut self, now: Millis) {
        self.previous_at = self.last_at;
        self.last_at = now;
    }

    /// Until when nothing is ordered; `None` when two removals never lay so close, or that is over.
    pub fn paused_until(self, now: Millis) -> Option<Millis> {
        let twice = self.previous_at > 0 && self.last_at - self.previous_at <= DAY_MS;
        Some(self.last_at + DAY_MS).filter(|until| twice && now < *until)
    }

    /// Whether it says nothing about what may happen from now on.
    pub fn is_over(self, now: Millis) -> bool {
        now - self.last_at > DAY_MS
    }
}

/// How a pull of the policy ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullEnd {
    /// The runtime confirmed the image.
    Succeeded,
    /// It did not.
    Failed(FailureReason, String),
    /// It counts neither way.
    Skipped,
}

impl PullEnd {
    /// What it means that a pull is in this state.
    pub fn of(state: PullState, failure: Option<FailureReason>, message: &str) -> Self {
        match state {
            PullState::Succeeded => Self::Succeeded,
            PullState::Failed => Self::Failed(failure.unwrap_or(FailureReason::Runtime), message.to_owned()),
            PullState::Cancelled => Self::Failed(FailureReason::Cancelled, "its task was cancelled".into()),
            PullState::Queued | PullState::Dispatched | PullState::Pulling | PullState::Skipped => Self::Skipped,
        }
    }
}

/// The last failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) reason: FailureReason,
    pub(super) message: String,
    /// Failures in a row.
    times: u32,
    /// Not to be ordered again before.
    pub(super) again_at: Millis,
}

impl Failed {
    /// So many pulls have failed in a row, the last one at this time.
    pub(super) fn after(times: u32, reason: FailureReason, message: String, at: Millis) -> Self {
        let doublings = times.saturating_sub(1).min(10);
        let wait = FIRST_WAIT_MS.saturating_mul(1 << doublings).min(LONGEST_WAIT_MS);
        Self {
            reason,
            message,
            times,
            again_at: at + wait,
        }
    }
}

/// What is rarely there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Trouble {
    failed: Option<Failed>,
    /// When a pull succeeded that the inventory has not shown yet; 0 for none.
    succeeded_at: Millis,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    /// What the node has under the reference.
    pub(super) seen: Option<Arc<InventoryImage>>,
    trouble: Option<Box<Trouble>>,
}

impl Cell {
    /// Takes what the node's inventory says. True when the image was there and is gone.
    pub(super) fn see(&mut self, now: Option<Arc<InventoryImage>>) -> bool {
        let gone = self.seen.is_some() && now.is_none();
        if now.is_some() {
            self.trouble = None;
        }
        self.seen = now;
        gone
    }

    /// A pull of the policy ended here.
    pub(super) fn ended(&mut self, end: PullEnd, now: Millis) {
        match end {
            PullEnd::Succeeded if self.seen.is_some() => self.trouble = None,
            PullEnd::Succeeded => {
                self.trouble = Some(Box::new(Trouble {
                    failed: None,
                    succeeded_at: now,
                }));
            }
            PullEnd::Skipped => {}
            PullEnd::Failed(reason, message) => {
                let trouble = self.trouble.get_or_insert_default();
                let times = trouble.failed.as_ref().map_or(0, |failed| failed.times);
                trouble.failed = Some(Failed::after(times.saturating_add(1), reason, message, now));
            }
        }
    }

    /// Takes a failure that happened before it was looked at.
    pub(super) fn remember(&mut self, failed: Failed) {
        self.trouble.get_or_insert_default().failed = Some(failed);
    }

    /// The last failure, until a pull succeeds.
    pub(super) fn failed(&self) -> Option<&Failed> {
        self.trouble.as_ref()?.failed.as_ref()
    }

    /// Until when the inventory may take to show what was pulled.
    pub(super) fn shown_by(&self) -> Option<Millis> {
        let at = self.trouble.as_ref()?.succeeded_at;
        (at > 0).then_some(at + SHOWN_WITHIN_MS)
    }

    /// What was pulled never showed: it was removed at once.
    pub(super) fn vanished(&mut self, now: Millis) -> bool {
        let late = self.shown_by().is_some_and(|by| by <= now);
        if late && let Some(trouble) = &mut self.trouble {
            trouble.succeeded_at = 0;
        }
        late
    }

    /// Forgets failures: it may be ordered at once.
    pub(super) fn forgive(&mut self) {
        if let Some(trouble) = &mut self.trouble {
            trouble.failed = None;
        }
    }
}

/// Whether what a node has is one of these, by any of their digests.
pub(super) fn is_one_of<'a>(image: &InventoryImage, wanted: impl Iterator<Item = &'a ImageDigests>) -> bool {
    let has = |digest: &str| {
        let of_name = |name: &String| name.split_once('@').is_some_and(|(_, own)| own == digest);
        !digest.is_empty() && image.repo_digests.iter().any(of_name)
    };
    let mut wanted = wanted;
    wanted.any(|digests| {
        (!digests.config.is_empty() && image.id == digests.config) || has(&digests.target) || has(&digests.manifest)
    })
}

/// The digest by which people know what a node has: the one of this repository, else the image's own.
pub(super) fn digest_of<'a>(image: &'a InventoryImage, repository: &str) -> &'a str {
    let of_name = |name: &'a String| name.split_once('@');
    let own = image.repo_digests.iter().filter_map(of_name);
    own.filter(|(name, _)| *name == repository)
        .map(|(_, digest)| digest)
        .next()
        .unwrap_or(&image.id)
}
