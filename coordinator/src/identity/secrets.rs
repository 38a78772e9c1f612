//! Random texts that nobody can guess, and the hashes by which they are kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// 32 random bytes as 43 characters behind a prefix.
pub(super) fn random(prefix: &str) -> SecretString {
    let bytes: [u8; 32] = rand::random();
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
}

/// How a random text is kept: SHA-256 as hex. Nobody can try all texts, so it needs no salt and no work.
pub(super) fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Bytes as hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// A password that a person can read off a screen: 20 characters of 32, which are 100 bits.
pub(super) fn readable_password() -> SecretString {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 20] = rand::random();
    let mut text = String::new();
    for (index, byte) in bytes.into_iter().enumerate() {
        if index > 0 && index % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn texts_are_long_and_new_each_time() {
        let (one, two) = (random("ips_"), random("ips_"));
        assert_eq!(one.expose_secret().len(), 47);
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(hash("abc").len(), 64);
        let password = readable_password();
        assert_eq!(password.expose_secret().len(), 23, "four groups of five");
    }
}
