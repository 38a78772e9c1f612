//! What a token says besides the claims that every provider has: kept as it is, and read by the names that the operator set.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Groups that are read at most: a person may be in many, and each has a name of some bytes.
const MOST: usize = 10_000;

/// All claims that are not of the standard.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl AdditionalClaims for Claims {}

impl Claims {
    /// A claim with a text; one of the standard where it is none of ours.
    pub(super) fn text(&self, standard: &Value, name: &str) -> Option<String> {
        let value = self.all.get(name).or_else(|| standard.get(name))?;
        value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A claim with several texts, or with one. The name may be a path, such as `realm_access.roles`.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let direct = self.all.get(name);
        let nested = || {
            let mut parts = name.split('.');
            let first = self.all.get(parts.next()?)?;
            parts.try_fold(first, |value, part| value.get(part))
        };
        match direct.or_else(nested) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => {
                let texts = several.iter().filter_map(Value::as_str).take(MOST);
                texts.map(str::to_owned).collect()
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn groups_are_a_list_a_word_or_somewhere_inside() {
        let claims: Claims = serde_json::from_value(json!({
            "groups": ["a", 7, "b"], "team": "c", "realm_access": {"roles": ["d"]}, "odd": {"x": 1}, "w.x": ["e"],
        }))
        .unwrap();
        assert_eq!(claims.list("groups"), ["a", "b"]);
        assert_eq!(claims.list("team"), ["c"]);
        assert_eq!(claims.list("realm_access.roles"), ["d"]);
        assert_eq!(claims.list("w.x"), ["e"]);
        for none in ["odd", "absent", "realm_access.none", "groups.0", ""] {
            assert!(claims.list(none).is_empty(), "{none}");
        }
        let standard = json!({"email": "a@b"});
        assert_eq!(claims.text(&standard, "email").as_deref(), Some("a@b"));
        assert_eq!(claims.text(&standard, "team").as_deref(), Some("c"));
        assert_eq!(claims.text(&standard, "groups"), None);
    }
}
