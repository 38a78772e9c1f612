//! The state machine of a task.

use serde::{Deserialize, Serialize};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Accepted; nothing was handed out yet.
    Pending,
    /// Something was handed out.
    Running,
    /// Holds its pulls back.
    Paused,
    /// Ended; enough pulls succeeded.
    Completed,
    /// Ended; too few did.
    Failed,
    /// Ended by a person or program.
    Cancelled,
}

/// What can happen to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskEvent {
    /// Its first pull is handed out (or a further one).
    Start,
    /// Somebody holds it.
    Pause,
    /// Somebody lets it go on.
    Resume,
    /// No pull is open and enough succeeded.
    Complete,
    /// No pull is open and too few succeeded.
    Fail,
    /// Somebody ends it.
    Cancel,
    /// Somebody has its failed pulls tried again.
    Retry,
}

/// An event that makes no sense in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task is {}", state.as_str())]
pub struct InvalidTransition {
    /// State.
    pub state: TaskState,
    /// Event.
    pub event: TaskEvent,
}

impl TaskState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it has not ended.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Paused)
    }

    /// The state after the event.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the event makes no sense here.
    pub fn apply(self, event: TaskEvent) -> Result<Self, InvalidTransition> {
        use TaskEvent as E;
        match (self, event) {
            (Self::Pending | Self::Running, E::Start) => Ok(Self::Running),
            (Self::Pending | Self::Running, E::Pause) => Ok(Self::Paused),
            (Self::Paused, E::Resume) => Ok(Self::Pending),
            (Self::Pending | Self::Running | Self::Paused, E::Complete) => Ok(Self::Completed),
            (Self::Pending | Self::Running | Self::Paused, E::Fail) => Ok(Self::Failed),
            (Self::Pending | Self::Running | Self::Paused, E::Cancel) => Ok(Self::Cancelled),
            (Self::Pending | Self::Running | Self::Paused, E::Retry) => Ok(self),
            (Self::Completed | Self::Failed, E::Retry) => Ok(Self::Pending),
            (Self::Paused, E::Start | E::Pause)
            | (Self::Pending | Self::Running, E::Resume)
            | (Self::Cancelled, E::Retry)
            | (
                Self::Completed | Self::Failed | Self::Cancelled,
                E::Start | E::Pause | E::Resume | E::Complete | E::Fail | E::Cancel,
            ) => Err(InvalidTransition { state: self, event }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_meets_every_event() {
        const EVENTS: [TaskEvent; 7] = [
            TaskEvent::Start,
            TaskEvent::Pause,
            TaskEvent::Resume,
            TaskEvent::Complete,
            TaskEvent::Fail,
            TaskEvent::Cancel,
            TaskEvent::Retry,
        ];
        let table = [
            "running paused . completed failed cancelled pending",
            "running paused . completed failed cancelled running",
            ". . pending completed failed cancelled paused",
            ". . . . . . pending",
            ". . . . . . pending",
            ". . . . . . .",
        ];
        for (state, row) in TaskState::ALL.into_iter().zip(table) {
            for (event, expected) in EVENTS.into_iter().zip(row.split_whitespace()) {
                let found = state.apply(event).map_or(".", TaskState::as_str);
                assert_eq!(found, expected, "{state:?} + {event:?}");
            }
        }
    }
}
