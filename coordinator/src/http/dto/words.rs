//! The domain's enums as words on the wire. The maps are exhaustive: a new variant does not compile until it has its word.

use crate::domain::{
    execution::ExecutionState,
    kubelet::{KubeletSource, Usability},
    outcome::{FailureReason, SuccessReason},
    pin::{PinState, RemovalResult},
    progress::PullPhase,
    pull::PullState,
    retry::RetryStrategy,
    rules::{BatchMode, PullPolicy},
    schedule::{MissedRuns, OverlapPolicy},
    task_state::TaskState,
};
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $schema:ident from $domain:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub(crate) enum $name {
            $($variant),+
        }

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                match word {
                    $($domain::$variant => Self::$variant),+
                }
            }
        }
    };
}

words! {
    /// Where a task stands.
    TaskStatus as TaskState from TaskState { Pending, Running, Paused, Completed, Failed, Cancelled }
}
words! {
    /// Where a pull stands.
    PullStateWord as PullState from PullState { Queued, Dispatched, Pulling, Succeeded, Skipped, Failed, Cancelled }
}
words! {
    /// What a running attempt is doing.
    PhaseWord as PullPhase from PullPhase { Resolving, Fetching, Unpacking, Verifying }
}
words! {
    /// Why a pull succeeded.
    SuccessWord as SuccessReason from SuccessReason { Pulled, AlreadyPresent }
}
words! {
    /// Why an attempt failed.
    FailureWord as FailureReason from FailureReason {
        NotFound, Unauthorized, RateLimited, Network, NoSpace, WrongPlatform, Runtime, Cancelled, TimedOut, TagMoved,
    }
}
words! {
    /// What became of a pin.
    PinWord as PinState from PinState { Pinned, Absent, OverBudget, Released, NotHonoured, Failed }
}
words! {
    /// What became of an image that was to be removed.
    RemovalWord as RemovalResult from RemovalResult {
        Removed, WouldRemove, InUse, Pinned, Wanted, Sandbox, Absent, Failed, Offline, Unanswered,
    }
}
words! {
    /// How far the configuration of a kubelet is known.
    KubeletSourceWord as KubeletSource from KubeletSource { Unknown, Read, Absent, Unreadable }
}
words! {
    /// Whether a pod can use an image that is on its node.
    UsabilityWord as ImageUsability from Usability { Unknown, AtOnce, AfterCheck, Not }
}
words! {
    /// How the wait between attempts grows.
    RetryWord as RetryStrategy from RetryStrategy { Linear, Exponential }
}
words! {
    /// Where an execution stands.
    ExecutionStatus as ExecutionStatus from ExecutionState { Queued, Running, Success, Failed, Skipped, Timeout }
}
words! {
    /// What happens when a run is due while the one before has not ended.
    OverlapWord as OverlapPolicy from OverlapPolicy { Skip, Allow, Queue, Replace }
}
words! {
    /// What happens with runs that were due while no coordinator could start them.
    MissedRunsWord as MissedRuns from MissedRuns { Skip, RunOnce }
}
words! {
    /// How batches follow each other.
    BatchModeWord as BatchMode from BatchMode { Rolling, Strict }
}

/// Whether a warm image is left alone, in Kubernetes' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PullPolicy)]
pub(crate) enum PullPolicyWord {
    IfNotPresent,
    Always,
}

impl From<PullPolicy> for PullPolicyWord {
    fn from(policy: PullPolicy) -> Self {
        match policy {
            PullPolicy::IfNotPresent => Self::IfNotPresent,
            PullPolicy::Always => Self::Always,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn words_are_those_of_the_domain() {
        let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        for state in TaskState::ALL {
            assert_eq!(
                word(serde_json::to_value(TaskStatus::from(state)).unwrap()),
                state.as_str()
            );
        }
        for state in PullState::ALL {
            assert_eq!(
                word(serde_json::to_value(PullStateWord::from(state)).unwrap()),
                state.as_str()
            );
        }
        for mode in BatchMode::ALL {
            assert_eq!(
                word(serde_json::to_value(BatchModeWord::from(mode)).unwrap()),
                mode.as_str()
            );
        }
        for policy in PullPolicy::ALL {
            assert_eq!(
                word(serde_json::to_value(PullPolicyWord::from(policy)).unwrap()),
                policy.as_str()
            );
        }
        for state in ExecutionState::ALL {
            assert_eq!(
                word(serde_json::to_value(ExecutionStatus::from(state)).unwrap()),
                state.as_str()
            );
        }
        for policy in OverlapPolicy::ALL {
            assert_eq!(
                word(serde_json::to_value(OverlapWord::from(policy)).unwrap()),
                policy.as_str()
            );
        }
        for policy in MissedRuns::ALL {
            assert_eq!(
                word(serde_json::to_value(MissedRunsWord::from(policy)).unwrap()),
                policy.as_str()
            );
        }
        for reason in FailureReason::ALL {
            assert_eq!(
                word(serde_json::to_value(FailureWord::from(reason)).unwrap()),
                reason.as_str()
            );
        }
    }
}
