//! A password on its way in. Whatever is wrong with it, its text is in no error.

use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::fmt;

/// A text that cannot be printed.
#[derive(Debug, Clone)]
pub(crate) struct PasswordJson(pub(crate) SecretString);

impl<'de> Deserialize<'de> for PasswordJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text)
    }
}

struct Text;

/// A refusal that does not repeat the value, as the usual ones do.
fn no_text<E: Error>(kind: &str) -> E {
    E::custom(format!("invalid type: {kind}, expected a string"))
}

impl<'de> Visitor<'de> for Text {
    type Value = PasswordJson;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PasswordJson, E> {
        Ok(PasswordJson(text.into()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<PasswordJson, E> {
        Ok(PasswordJson(text.into()))
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<PasswordJson, E> {
        Err(no_text("boolean"))
    }

    fn visit_i64<E: Error>(self, _value: i64) -> Result<PasswordJson, E> {
        Err(no_text("integer"))
    }

    fn visit_u64<E: Error>(self, _value: u64) -> Result<PasswordJson, E> {
        Err(no_text("integer"))
    }

    fn visit_f64<E: Error>(self, _value: f64) -> Result<PasswordJson, E> {
        Err(no_text("number"))
    }

    fn visit_bytes<E: Error>(self, _value: &[u8]) -> Result<PasswordJson, E> {
        Err(no_text("bytes"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn text_is_read_and_nothing_else_is_repeated() {
        let read = |text: &str| serde_json::from_str::<Option<PasswordJson>>(text);
        assert_eq!(read("\"päss\"").unwrap().unwrap().0.expose_secret(), "päss");
        assert!(read("null").unwrap().is_none());
        for bad in [
            "424242",
            "-424242",
            "424242.5",
            "[\"424242\"]",
            "{\"424242\":1}",
            "true",
        ] {
            let line = read(bad).unwrap_err().to_string();
            assert!(!line.contains("424242") && line.contains("a string"), "{line}");
        }
    }
}
