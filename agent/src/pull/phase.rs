//! The phase machine of one attempt. Pure; what moves it is decided by the worker.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an attempt is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waits for a slot of the node, or asks whether the image is warm.
    Waiting,
    /// The runtime asks the registry what the reference stands for.
    Resolving,
    /// Layer bytes arrive.
    Fetching,
    /// All bytes are there; layers are unpacked.
    Unpacking,
    /// The agent checks that the image is warm.
    Verifying,
    /// The outcome stands.
    Ended,
}

/// What moves an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhaseEvent {
    /// A slot is free; the runtime is asked to pull.
    Started,
    /// The image's content is known, or bytes were seen, and some are missing.
    BytesMissing,
    /// Every layer is in the content store or not needed.
    BytesComplete,
    /// The runtime said that the pull is done.
    CallReturned,
    /// The runtime went away and the call with it; it will be repeated.
    RuntimeLost,
    /// The outcome is decided, whatever it is.
    Finished,
}

/// An event that cannot happen in that phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{event:?} cannot happen while {phase:?}")]
pub struct InvalidTransition {
    /// The phase.
    pub phase: Phase,
    /// The event.
    pub event: PhaseEvent,
}

impl Phase {
    /// Word of logs, figures and traces.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Resolving => "resolving",
            Self::Fetching => "fetching",
            Self::Unpacking => "unpacking",
            Self::Verifying => "verifying",
            Self::Ended => "ended",
        }
    }

    /// The phase after `event`.
    ///
    /// # Errors
    /// When the event cannot happen in this phase.
    pub fn apply(self, event: &PhaseEvent) -> Result<Self, InvalidTransition> {
        match (self, event) {
            (Self::Waiting, PhaseEvent::Started) => Ok(Self::Resolving),
            (Self::Resolving | Self::Fetching, PhaseEvent::BytesMissing) => Ok(Self::Fetching),
            // A repeated call of a runtime that came back may miss bytes again; the attempt does not go back for that.
            (Self::Unpacking, PhaseEvent::BytesMissing | PhaseEvent::BytesComplete)
            | (Self::Resolving | Self::Fetching, PhaseEvent::BytesComplete) => Ok(Self::Unpacking),
            (Self::Resolving | Self::Fetching | Self::Unpacking, PhaseEvent::CallReturned) => Ok(Self::Verifying),
            (Self::Resolving | Self::Fetching | Self::Unpacking | Self::Verifying, PhaseEvent::RuntimeLost) => {
                Ok(Self::Resolving)
            }
            (
                Self::Waiting | Self::Resolving | Self::Fetching | Self::Unpacking | Self::Verifying,
                PhaseEvent::Finished,
            ) => Ok(Self::Ended),
            (
                Self::Waiting,
                PhaseEvent::BytesMissing
                | PhaseEvent::BytesComplete
                | PhaseEvent::CallReturned
                | PhaseEvent::RuntimeLost,
            )
            | (Self::Resolving | Self::Fetching | Self::Unpacking, PhaseEvent::Started)
            | (
                Self::Verifying,
                PhaseEvent::Started | PhaseEvent::BytesMissing | PhaseEvent::BytesComplete | PhaseEvent::CallReturned,
            )
            | (Self::Ended, _) => Err(InvalidTransition {
                phase: self,
                event: *event,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Phase::{Ended, Fetching, Resolving, Unpacking, Verifying, Waiting};

    const PHASES: [Phase; 6] = [Waiting, Resolving, Fetching, Unpacking, Verifying, Ended];
    const EVENTS: [PhaseEvent; 6] = [
        PhaseEvent::Started,
        PhaseEvent::BytesMissing,
        PhaseEvent::BytesComplete,
        PhaseEvent::CallReturned,
        PhaseEvent::RuntimeLost,
        PhaseEvent::Finished,
    ];

    /// Rows are phases, columns are events, in the order above; `None` is refused.
    #[rustfmt::skip]
    const TABLE: [[Option<Phase>; 6]; 6] = [
        [Some(Resolving), None, None, None, None, Some(Ended)],
        [None, Some(Fetching), Some(Unpacking), Some(Verifying), Some(Resolving), Some(Ended)],
        [None, Some(Fetching), Some(Unpacking), Some(Verifying), Some(Resolving), Some(Ended)],
        [None, Some(Unpacking), Some(Unpacking), Some(Verifying), Some(Resolving), Some(Ended)],
        [None, None, None, None, Some(Resolving), Some(Ended)],
        [None, None, None, None, None, None],
    ];

    #[test]
    fn every_pair_of_phase_and_event() {
        for (phase, row) in PHASES.into_iter().zip(TABLE) {
            for (event, expected) in EVENTS.into_iter().zip(row) {
                let refused = InvalidTransition { phase, event };
                assert_eq!(phase.apply(&event), expected.ok_or(refused), "{phase:?} on {event:?}");
            }
        }
    }
}
