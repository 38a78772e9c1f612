//! How an attempt ends. Outcomes are kept on disk until they are acknowledged, so these types are serialisable.

use super::{AttemptId, ByteCounts, Digests, LayerBytes, Phase, PhaseTime, scrub::scrub};
use serde::{Deserialize, Serialize};

/// Class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The registry has no such repository, tag or digest.
    NotFound,
    /// The registry refused the credential, or wants one.
    Unauthorized,
    /// The registry answered 429.
    RateLimited,
    /// The registry was out of reach, broke off, or answered with a server error.
    Network,
    /// The node's image file system is full.
    NoSpace,
    /// The image has no variant for the node's platform.
    WrongPlatform,
    /// The runtime failed in another way, or was away.
    Runtime,
    /// The coordinator ordered it.
    Cancelled,
    /// The deadline passed, or nothing moved.
    TimedOut,
    /// The tag points at another digest than the task resolved.
    TagMoved,
}

impl FailureReason {
    /// All reasons, for tests that walk them.
    pub const ALL: [Self; 10] = [
        Self::NotFound,
        Self::Unauthorized,
        Self::RateLimited,
        Self::Network,
        Self::NoSpace,
        Self::WrongPlatform,
        Self::Runtime,
        Self::Cancelled,
        Self::TimedOut,
        Self::TagMoved,
    ];

    /// True when another attempt may succeed without anybody changing anything.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited | Self::Network | Self::Runtime | Self::TimedOut => true,
            Self::NotFound
            | Self::Unauthorized
            | Self::NoSpace
            | Self::WrongPlatform
            | Self::Cancelled
            | Self::TagMoved => false,
        }
    }

    /// The word used in logs and in the file names of the corpus.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::Network => "network",
            Self::NoSpace => "no_space",
            Self::WrongPlatform => "wrong_platform",
            Self::Runtime => "runtime",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::TagMoved => "tag_moved",
        }
    }
}

/// The image is warm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// True when this attempt pulled it, false when it was warm before.
    pub pulled: bool,
    /// A remark for people; empty when there is nothing to say.
    pub note: String,
    /// True when a target digest was known and the runtime shows it.
    pub digest_verified: bool,
}

/// The image is not warm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Class of the failure.
    pub reason: FailureReason,
    /// The runtime's words, shortened and without credentials.
    pub message: String,
    /// Where it failed.
    pub phase: Phase,
}

impl Failure {
    /// A failure whose message is safe to send and to store.
    #[must_use]
    pub fn new(reason: FailureReason, phase: Phase, message: &str) -> Self {
        Self {
            reason,
            phase,
            message: scrub(message),
        }
    }
}

/// Either end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The image is warm.
    Success(Success),
    /// It is not.
    Failure(Failure),
}

/// What the coordinator is told about the end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which attempt.
    pub id: AttemptId,
    /// The end.
    pub ending: Ending,
    /// Digests that the runtime showed.
    pub digests: Digests,
    /// Bytes of the whole image.
    pub bytes: ByteCounts,
    /// Layers at the end, where the manifest was known.
    pub layers: Vec<LayerBytes>,
    /// Begin, in milliseconds since the epoch.
    pub started_at_ms: i64,
    /// End, in milliseconds since the epoch.
    pub finished_at_ms: i64,
    /// Where the time went; agents before this one did not keep it.
    #[serde(default)]
    pub phases: Vec<PhaseTime>,
}
