//! The protocol's enums as the words of the REST API. A value that this client does not know (a newer coordinator) shows as its
//! number.

use ips_proto::v1;

/// Makes `fn name(value: i32) -> String` for an enum of the protocol.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $type:ty, $prefix:literal) => {
        $(#[$doc])*
        pub fn $name(value: i32) -> String {
            match <$type>::try_from(value) {
                Ok(known) => known.as_str_name().trim_start_matches($prefix).to_ascii_lowercase(),
                Err(_newer) => format!("unknown-{value}"),
            }
        }
    };
}

words!(
    /// State of a task.
    task_state, v1::TaskState, "TASK_STATE_"
);
words!(
    /// State of a pull.
    pull_state, v1::PullState, "PULL_STATE_"
);
words!(
    /// Phase of a running attempt.
    phase, v1::PullPhase, "PULL_PHASE_"
);
words!(
    /// Why a pull succeeded.
    success_reason, v1::SuccessReason, "SUCCESS_REASON_"
);
words!(
    /// Why an attempt failed.
    failure_reason, v1::FailureReason, "FAILURE_REASON_"
);
words!(
    /// How the wait grows.
    retry_strategy, v1::RetryStrategy, "RETRY_STRATEGY_"
);

words!(
    /// What happens when runs overlap.
    overlap_policy, v1::OverlapPolicy, "OVERLAP_POLICY_"
);
words!(
    /// What happens with missed runs.
    missed_runs, v1::MissedRuns, "MISSED_RUNS_"
);
words!(
    /// State of an execution.
    execution_state, v1::ExecutionState, "EXECUTION_STATE_"
);
words!(
    /// What happens with tags that move.
    tag_following, v1::TagFollowingMode, "TAG_FOLLOWING_MODE_"
);
words!(
    /// Where an image on a node stands.
    coverage_state, v1::CoverageState, "COVERAGE_STATE_"
);
words!(
    /// How a login ended.
    login_result, v1::LoginResult, "LOGIN_RESULT_"
);
words!(
    /// What came of something that is in the audit.
    audit_result, v1::AuditResult, "AUDIT_RESULT_"
);
words!(
    /// Where a delivery stands.
    delivery_state, v1::DeliveryState, "DELIVERY_STATE_"
);
words!(
    /// What became of an image of an import.
    import_result, v1::ImportResult, "IMPORT_RESULT_"
);
words!(
    /// How batches follow each other.
    batch_mode, v1::BatchMode, "BATCH_MODE_"
);

words!(
    /// Whether a registry said what a reference stands for.
    image_verdict, v1::ImageVerdict, "IMAGE_VERDICT_"
);

/// Whether a warm image is left alone, in Kubernetes' words.
pub fn pull_policy(value: i32) -> String {
    match v1::ImagePullPolicy::try_from(value) {
        Ok(v1::ImagePullPolicy::Always) => "Always".to_owned(),
        Ok(v1::ImagePullPolicy::IfNotPresent | v1::ImagePullPolicy::Unspecified) => "IfNotPresent".to_owned(),
        Err(_newer) => format!("unknown-{value}"),
    }
}

/// `linux/arm64/v8`.
pub fn platform(platform: Option<&v1::Platform>) -> String {
    let Some(platform) = platform else {
        return String::new();
    };
    let parts = [&platform.os, &platform.architecture, &platform.variant];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("/")
}

/// States of executions to filter by.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum ExecutionStateWord {
    Queued,
    Running,
    Success,
    Failed,
    Skipped,
    Timeout,
}

impl From<ExecutionStateWord> for v1::ExecutionState {
    fn from(word: ExecutionStateWord) -> Self {
        match word {
            ExecutionStateWord::Queued => Self::Queued,
            ExecutionStateWord::Running => Self::Running,
            ExecutionStateWord::Success => Self::Success,
            ExecutionStateWord::Failed => Self::Failed,
            ExecutionStateWord::Skipped => Self::Skipped,
            ExecutionStateWord::Timeout => Self::Timeout,
        }
    }
}

/// States of tasks to filter by.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum TaskStateWord {
    Pending,
    Running,
    Paused,
    Completed,
    Failed,
    Cancelled,
}

impl From<TaskStateWord> for v1::TaskState {
    fn from(word: TaskStateWord) -> Self {
        match word {
            TaskStateWord::Pending => Self::Pending,
            TaskStateWord::Running => Self::Running,
            TaskStateWord::Paused => Self::Paused,
            TaskStateWord::Completed => Self::Completed,
            TaskStateWord::Failed => Self::Failed,
            TaskStateWord::Cancelled => Self::Cancelled,
        }
    }
}

/// States of pulls to filter by.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum PullStateWord {
    Queued,
    Dispatched,
    Pulling,
    Succeeded,
    Skipped,
    Failed,
    Cancelled,
}

impl From<PullStateWord> for v1::PullState {
    fn from(word: PullStateWord) -> Self {
        match word {
            PullStateWord::Queued => Self::Queued,
            PullStateWord::Dispatched => Self::Dispatched,
            PullStateWord::Pulling => Self::Pulling,
            PullStateWord::Succeeded => Self::Succeeded,
            PullStateWord::Skipped => Self::Skipped,
            PullStateWord::Failed => Self::Failed,
            PullStateWord::Cancelled => Self::Cancelled,
        }
    }
}

/// Whether a task has ended.
pub fn has_ended(state: v1::TaskState) -> bool {
    match state {
        v1::TaskState::Completed | v1::TaskState::Failed | v1::TaskState::Cancelled => true,
        v1::TaskState::Unspecified | v1::TaskState::Pending | v1::TaskState::Running | v1::TaskState::Paused => false,
    }
}

/// Whether an agent works on a pull.
pub fn is_running(state: v1::PullState) -> bool {
    matches!(state, v1::PullState::Dispatched | v1::PullState::Pulling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_rest_api() {
        assert_eq!(task_state(v1::TaskState::Cancelled.into()), "cancelled");
        assert_eq!(pull_state(v1::PullState::Pulling.into()), "pulling");
        assert_eq!(phase(v1::PullPhase::Unpacking.into()), "unpacking");
        assert_eq!(
            success_reason(v1::SuccessReason::AlreadyPresent.into()),
            "already_present"
        );
        assert_eq!(
            failure_reason(v1::FailureReason::WrongPlatform.into()),
            "wrong_platform"
        );
        assert_eq!(retry_strategy(v1::RetryStrategy::Exponential.into()), "exponential");
        assert_eq!(task_state(99), "unknown-99");
    }
}
