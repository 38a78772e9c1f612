//! One pull and its state machine: which event leads where. Whoever saves a transition does so by compare-and-set.

use super::{
    Millis,
    counts::ByteCounts,
    ids::{NodeName, PullId, TaskId},
    image::{ImageDigests, ImageRef},
    outcome::{FailureReason, SuccessReason},
};

/// Where a pull stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PullState {
    /// Waits for a slot, its node or its next attempt.
    Queued,
    /// Handed to the agent.
    Dispatched,
    /// The agent works on it.
    Pulling,
    /// The runtime confirmed the image.
    Succeeded,
    /// Counts neither way.
    Skipped,
    /// Ended without the image.
    Failed,
    /// Ended with its task.
    Cancelled,
}

/// What can happen to a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullEvent {
    /// The planner hands it out.
    Dispatch,
    /// The agent says that it works on it: progress, or in-flight at a reconnect.
    Progress,
    /// A verified success of any attempt.
    Succeed,
    /// The current attempt failed and another one is due.
    Retry,
    /// The current attempt failed for good.
    Fail,
    /// The session is gone for longer than the grace time, or the agent no longer knows the attempt.
    Lose,
    /// The node is gone.
    Skip,
    /// The task was cancelled and no agent holds the pull, or its agent confirmed.
    Cancel,
    /// Somebody has the failed pulls of the task tried again.
    Requeue,
}

/// An event that makes no sense in a state. Late messages of old attempts end here and are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pull that is {state:?} cannot {event:?}")]
pub struct InvalidTransition {
    /// State.
    pub state: PullState,
    /// Event.
    pub event: PullEvent,
}

impl PullState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Dispatched,
        Self::Pulling,
        Self::Succeeded,
        Self::Skipped,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Dispatched => "dispatched",
            Self::Pulling => "pulling",
            Self::Succeeded => "succeeded",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether an agent holds it: it counts against every limit.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Dispatched | Self::Pulling)
    }

    /// Whether it has not ended.
    pub fn is_open(self) -> bool {
        self == Self::Queued || self.is_running()
    }

    /// The state after the event.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the event makes no sense here.
    pub fn apply(self, event: PullEvent) -> Result<Self, InvalidTransition> {
        use PullEvent as E;
        match (self, event) {
            // A verified success settles the pull, however late; the node has the image.
            (Self::Queued | Self::Dispatched | Self::Pulling, E::Succeed)
            | (Self::Skipped | Self::Failed | Self::Cancelled, E::Succeed) => Ok(Self::Succeeded),
            (Self::Queued, E::Dispatch) => Ok(Self::Dispatched),
            // A queued pull whose attempt turns out to be alive on its node is adopted.
            (Self::Queued | Self::Dispatched | Self::Pulling, E::Progress) => Ok(Self::Pulling),
            (Self::Dispatched | Self::Pulling, E::Retry | E::Lose) => Ok(Self::Queued),
            (Self::Dispatched | Self::Pulling, E::Fail) => Ok(Self::Failed),
            (Self::Queued | Self::Dispatched | Self::Pulling, E::Skip) => Ok(Self::Skipped),
            (Self::Queued | Self::Dispatched | Self::Pulling, E::Cancel) => Ok(Self::Cancelled),
            (Self::Failed | Self::Cancelled, E::Requeue) => Ok(Self::Queued),
            (Self::Queued, E::Retry | E::Fail | E::Lose)
            | (Self::Dispatched | Self::Pulling, E::Dispatch)
            | (
                Self::Succeeded | Self::Skipped | Self::Failed | Self::Cancelled,
                E::Dispatch | E::Progress | E::Retry | E::Fail | E::Lose | E::Skip | E::Cancel,
            )
            | (Self::Queued | Self::Dispatched | Self::Pulling | Self::Succeeded | Self::Skipped, E::Requeue)
            | (Self::Succeeded, E::Succeed) => Err(InvalidTransition { state: self, event }),
        }
    }
}

/// One pull, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Id.
    pub id: PullId,
    /// Task.
    pub task: TaskId,
    /// Node.
    pub node: NodeName,
    /// Reference.
    pub image: ImageRef,
    /// Position of the image in the task.
    pub image_index: u32,
    /// State.
    pub state: PullState,
    /// Attempts handed out so far.
    pub attempt: u32,
    /// Retries spent; losses of a session spend none.
    pub retries: u32,
    /// When the next attempt may start.
    pub not_before: Millis,
    /// Why it succeeded.
    pub success: Option<SuccessReason>,
    /// Why its last attempt failed.
    pub failure: Option<FailureReason>,
    /// The runtime's words, a remark, or why it was skipped.
    pub message: String,
    /// Digests that the runtime showed; `None` before the first outcome, as for most of those that are open.
    pub digests: Option<Box<ImageDigests>>,
    /// The target digest was checked.
    pub digest_verified: bool,
    /// Bytes at the end of the last attempt.
    pub bytes: ByteCounts,
    /// When the last attempt was handed out; 0 for never.
    pub started_at: Millis,
    /// When it ended; 0 while open.
    pub finished_at: Millis,
}

impl Pull {
    /// Digests that the runtime showed; all empty while it has shown none.
    pub fn digests(&self) -> &ImageDigests {
        static NONE: ImageDigests = ImageDigests {
            target: String::new(),
            manifest: String::new(),
            config: String::new(),
        };
        self.digests.as_deref().unwrap_or(&NONE)
    }

    /// A pull that was just accepted.
    pub fn new(id: PullId, task: TaskId, node: NodeName, image: ImageRef, image_index: u32) -> Self {
        Self {
            id,
            task,
            node,
            image,
            image_index,
            state: PullState::Queued,
            attempt: 0,
            retries: 0,
            not_before: 0,
            success: None,
            failure: None,
            message: String::new(),
            digests: None,
            digest_verified: false,
            bytes: ByteCounts::default(),
            started_at: 0,
            finished_at: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: rows are states in the order of `ALL`, columns are events. `.` means refused.
    #[test]
    fn every_state_meets_every_event() {
        const EVENTS: [PullEvent; 9] = [
            PullEvent::Dispatch,
            PullEvent::Progress,
            PullEvent::Succeed,
            PullEvent::Retry,
            PullEvent::Fail,
            PullEvent::Lose,
            PullEvent::Skip,
            PullEvent::Cancel,
            PullEvent::Requeue,
        ];
        let table = [
            "dispatched pulling succeeded .      .      .      skipped cancelled .",
            ".          pulling succeeded queued failed queued skipped cancelled .",
            ".          pulling succeeded queued failed queued skipped cancelled .",
            ".          .       .         .      .      .      .       .         .",
            ".          .       succeeded .      .      .      .       .         .",
            ".          .       succeeded .      .      .      .       .         queued",
            ".          .       succeeded .      .      .      .       .         queued",
        ];
        for (state, row) in PullState::ALL.into_iter().zip(table) {
            for (event, expected) in EVENTS.into_iter().zip(row.split_whitespace()) {
                let found = state.apply(event).map_or(".", PullState::as_str);
                assert_eq!(found, expected, "{state:?} + {event:?}");
            }
        }
    }

    #[test]
    fn words_are_read_back() {
        for state in PullState::ALL {
            assert_eq!(PullState::parse(state.as_str()), Some(state));
        }
        assert_eq!(PullState::parse("done"), None);
    }
}
