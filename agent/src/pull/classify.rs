//! Turns the runtime's words into a reason. CRI's gRPC codes do not tell (wrong platform and 404 are both NOT_FOUND; 401, 429
//! and 503 are all UNKNOWN), so the text decides; `corpus/` holds what each containerd version really says.

use super::FailureReason;

/// Words and what they mean. The first line that matches wins, so the order is part of the rule. In a pattern, `…` stands for
/// anything: its parts must follow each other.
const RULES: [(FailureReason, &[&str]); 8] = [
    (
        FailureReason::NoSpace,
        &["no space left on device", "disk quota exceeded"],
    ),
    (
        FailureReason::WrongPlatform,
        &["no match for platform in manifest", "no matching manifest for"],
    ),
    // containerd's garbage collector took something away while the pull used it.
    (
        FailureReason::Runtime,
        &[
            "parent snapshot…does not exist",
            "lease…: not found",
            "content digest…: not found",
        ],
    ),
    (
        FailureReason::RateLimited,
        &["429 too many requests", "toomanyrequests"],
    ),
    (
        FailureReason::Unauthorized,
        &[
            "401 unauthorized",
            "403 forbidden",
            "authorization failed",
            "insufficient_scope",
            "unauthorized:",
            "denied:",
        ],
    ),
    // containerd ends a pull that stands still by cancelling it itself.
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
            "handshake timeout",
            "timeout awaiting",
            "timeout exceeded",
            "no route to host",
            "network is unreachable",
            "unexpected eof",
            ": eof",
            "server gave http response to https client",
            "first record does not look like a tls handshake",
            "remote error: tls",
            "x509:",
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway timeout",
        ],
    ),
    (
        FailureReason::NotFound,
        &[
            "failed to resolve…: not found",
            "from remote: not found",
            "manifest unknown",
        ],
    ),
];

/// The reason that the runtime's words stand for; unknown words are the runtime's own failure, which is retryable.
#[must_use]
pub fn classify(text: &str) -> FailureReason {
    let text = essence(text).to_lowercase();
    let means = |words: &&[&str]| words.iter().any(|pattern| occurs(pattern, &text));
    RULES
        .iter()
        .find(|(_, words)| means(words))
        .map_or(FailureReason::Runtime, |(reason, _)| *reason)
}

/// True when the parts of `pattern` follow each other in `text`.
fn occurs(pattern: &str, text: &str) -> bool {
    let rest = pattern
        .split('…')
        .try_fold(text, |rest, part| rest.split_once(part).map(|(_, after)| after));
    rest.is_some()
}

/// The text without names that people choose: quoted parts, URLs, references and paths. An image called `unauthorized` is no
/// reason to ask for a password.
fn essence(text: &str) -> String {
    let unquoted: String = text.split('"').step_by(2).collect();
    let is_name = |word: &str| word.contains('/') && word != "i/o";
    let keep = |word: &str| match is_name(word) {
        true if word.ends_with(':') => ":".to_owned(),
        true => String::new(),
        false => word.to_owned(),
    };
    unquoted.split_whitespace().map(keep).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use std::{collections::BTreeMap, fs, path::Path};

    /// Versions that must have been captured, and how many errors at least.
    const VERSIONS: [(&str, usize); 3] = [("1.6", 36), ("1.7", 37), ("2.1", 37)];

    #[test]
    fn every_captured_error_has_the_reason_of_its_file() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for (version, least) in VERSIONS {
            let mut reasons = BTreeMap::new();
            for entry in fs::read_dir(corpus.join(version)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                let expected = name.split_once('.').unwrap().0;
                let text = fs::read_to_string(&path).unwrap();
                assert_eq!(classify(&text).word(), expected, "{version}/{name}: {text}");
                *reasons.entry(expected.to_owned()).or_insert(0) += 1;
            }
            assert!(reasons.values().sum::<usize>() >= least, "{version}: {reasons:?}");
        }
    }

    /// These cannot be provoked at will; the texts are containerd's own, with other digests.
    #[test]
    fn races_with_the_garbage_collector_are_the_runtimes() {
        for text in [
            r#"failed to prepare extraction snapshot "extract-1 sha256:aa": parent snapshot sha256:bb does not exist: not found"#,
            r#"NotFound: failed to pull and unpack image "a/b:1": lease "1-x": not found"#,
            "content digest sha256:aa: not found",
            "something nobody has seen yet",
            "",
        ] {
            assert_eq!(classify(text), FailureReason::Runtime, "{text}");
        }
    }

    #[test]
    fn names_of_images_are_no_reasons() {
        let text = r#"Unknown: failed to pull and unpack image "r.example/unauthorized:/no space left on device:1": connection refused"#;
        assert_eq!(classify(text), FailureReason::Network);
        let moved = "unexpected status from HEAD request to http://r.example/v2/toomanyrequests/manifests/1: 503 Service Unavailable";
        assert_eq!(classify(moved), FailureReason::Network);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,400}") {
            let _ = classify(&text);
        }
    }
}
