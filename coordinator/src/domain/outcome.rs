//! How attempts end: reasons that people group by, each retryable or final.

use super::{Millis, counts::ByteCounts, image::ImageDigests};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a pull succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuccessReason {
    /// The runtime pulled the image.
    Pulled,
    /// It was warm before.
    AlreadyPresent,
}

impl SuccessReason {
    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pulled => "pulled",
            Self::AlreadyPresent => "already_present",
        }
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// No such repository, tag or digest.
    NotFound,
    /// The registry refused the credential or wants one.
    Unauthorized,
    /// The registry answered 429.
    RateLimited,
    /// The registry could not be reached, broke off or had an error of its own.
    Network,
    /// No room on the image file system.
    NoSpace,
    /// No variant for the node's platform.
    WrongPlatform,
    /// The runtime failed or was away.
    Runtime,
    /// Cancelled by the coordinator.
    Cancelled,
    /// Deadline or no-progress time-out.
    TimedOut,
    /// The registry serves another digest than the task resolved.
    TagMoved,
}

impl FailureReason {
    /// Every reason.
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

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
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

    /// Whether another attempt may succeed. The coordinator decides by the reason alone; an agent's word is not trusted for it.
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
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How one attempt ended, as its agent reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// The end.
    pub result: Result<Success, Failure>,
    /// Digests that the runtime showed.
    pub digests: ImageDigests,
    /// Bytes of the whole image.
    pub bytes: ByteCounts,
    /// End by the agent's clock.
    pub finished_at: Millis,
    /// Where its time went.
    pub phases: PhaseTimes,
}

/// Milliseconds that an attempt spent in each phase, in the order of [`super::progress::PullPhase::ALL`]; 0 where it never was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseTimes(pub [u32; 4]);

/// The image is warm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// Pulled or present before.
    pub reason: SuccessReason,
    /// A remark; empty for none.
    pub note: String,
    /// The runtime's digests match the task's target.
    pub digest_verified: bool,
}

/// The image is not warm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Class.
    pub reason: FailureReason,
    /// The runtime's words.
    pub message: String,
}

/// What runtimes say of a registry that answers 5xx.
const SERVER_ERRORS: [&str; 4] = [
    "500 internal server error",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway timeout",
];

impl Failure {
    /// Whether the registry turned the pull away because it is pressed too hard: 429 or 5xx. A registry that a node cannot reach is
    /// the node's trouble and says nothing about the host.
    pub fn is_refusal(&self) -> bool {
        let text = self.message.to_ascii_lowercase();
        let server_error = SERVER_ERRORS.iter().any(|words| text.contains(words));
        self.reason == FailureReason::RateLimited || (self.reason == FailureReason::Network && server_error)
    }
}
