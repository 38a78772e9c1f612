//! Signatures, each by its service's published rule.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt::Write as _;

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return vec![];
    };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// Ours: `sha256=` and HMAC-SHA256 of `timestamp.body` in hexadecimal digits. Whoever checks it refuses old timestamps, and ids that it has seen.
pub(super) fn of_webhook(secret: &str, seconds: i64, body: &[u8]) -> String {
    let signed = [format!("{seconds}.").as_bytes(), body].concat();
    let mut text = "sha256=".to_owned();
    for byte in hmac(secret.as_bytes(), &signed) {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// DingTalk: HMAC-SHA256 with the secret over `timestamp` in milliseconds, a line break and the secret; base64. The caller encodes it for
/// the query.
pub(super) fn of_dingtalk(secret: &str, millis: i64) -> String {
    STANDARD.encode(hmac(secret.as_bytes(), format!("{millis}\n{secret}").as_bytes()))
}

/// Feishu: HMAC-SHA256 of nothing, with `timestamp` in seconds, a line break and the secret as key; base64.
pub(super) fn of_feishu(secret: &str, seconds: i64) -> String {
    STANDARD.encode(hmac(format!("{seconds}\n{secret}").as_bytes(), b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's hmac module from the services' own samples.
    #[test]
    fn signatures_are_those_of_the_published_samples() {
        assert_eq!(
            of_dingtalk("this is secret", 1_577_262_236_757),
            "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
        );
        assert_eq!(
            of_feishu("demo", 1_599_360_473),
            "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
        );
        assert_eq!(
            of_webhook("key", 1_700_000_000, br#"{"a":1}"#),
            "sha256=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
        );
    }
}
