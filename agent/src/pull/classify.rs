//! Turns the runtime's words into a reason. CRI's gRPC codes do not tell (wrong platform and 404 are both NOT_FOUND; 401, 429
//! and 503 are all UNKNOWN), so the text decides; `corpus/` holds what each containerd version really says.

use super::FailureReason;

/// Words and what they mean; the first line that matches wins, so the order is part of the rule.
const RULES: [(FailureReason, &[&str]); 8] = [
    (
        FailureReason::NoSpace,
        &["no space left on device", "disk quota exceeded"],
    ),
    (
        FailureReason::WrongPlatform,
        &[
            "no match for platform in manifest",
            "no matching manifest for",
            "does not provide any platform",
        ],
    ),
    (
        FailureReason::RateLimited,
        &["429 too many requests", "toomanyrequests", "too many requests"],
    ),
    (
        FailureReason::Unauthorized,
        &[
            "401 unauthorized",
            "403 forbidden",
            "authorization failed",
            "insufficient_scope",
            "no basic auth credentials",
            "unauthorized",
            "failed to fetch anonymous token",
            "failed to fetch oauth token",
        ],
    ),
    (
        FailureReason::TimedOut,
        &["context canceled", "context deadline exceeded"],
    ),
    (
        FailureReason::Network,
        &[
            "connection refused",
            "connection reset",
            "broken pipe",
            "no such host",
            "server misbehaving",
            "temporary failure in name resolution",
            "i/o timeout",
            "tls handshake timeout",
            "no route to host",
            "network is unreachable",
            "unexpected eof",
            ": eof",
            "server gave http response to https client",
            "first record does not look like a tls handshake",
            "x509:",
            "tls: ",
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway timeout",
        ],
    ),
    (
        FailureReason::NotFound,
        &[": not found", "manifest unknown", "name unknown", "404 not found"],
    ),
    (FailureReason::Runtime, &[""]),
];

/// The reason that the runtime's words stand for; unknown words are the runtime's own failure, which is retryable.
#[must_use]
pub fn classify(text: &str) -> FailureReason {
    let text = text.to_lowercase();
    let means = |words: &&[&str]| words.iter().any(|word| text.contains(word));
    RULES
        .iter()
        .find(|(_, words)| means(words))
        .map_or(FailureReason::Runtime, |(reason, _)| *reason)
}
