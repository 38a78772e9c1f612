//! A number or a percentage, as JSON: `10`, `"10"` or `"25%"`.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use utoipa::ToSchema;

/// A number or a percentage: `10`, `"10"` or `"25%"`. The rules about it are the domain's.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Share)]
pub(crate) enum ShareJson {
    /// A number.
    Number(i64),
    /// A number or a percentage as text.
    #[schema(example = "25%")]
    Text(String),
}

impl ShareJson {
    /// As the domain reads it; empty text is the same as none.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => (!text.is_empty()).then_some(text),
        }
    }
}

impl<'de> Deserialize<'de> for ShareJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = ShareJson;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer or a percentage such as \"25%\"")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<ShareJson, E> {
        Ok(ShareJson::Number(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<ShareJson, E> {
        Ok(ShareJson::Number(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ShareJson, E> {
        Ok(ShareJson::Text(text.to_owned()))
    }
}
