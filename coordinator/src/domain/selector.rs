//! Label selectors: equality on every named label, as Kubernetes' `nodeSelector`.

use super::{Invalid, ids::is_dns_subdomain, node::Labels};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Labels that a node must have, all of them. Empty selects every node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeSelector(BTreeMap<String, String>);

impl NodeSelector {
    /// Checks keys and values by Kubernetes' rules for labels.
    ///
    /// # Errors
    /// Names `nodeSelector` with the key and the rule.
    pub fn new(labels: BTreeMap<String, String>) -> Result<Self, Invalid> {
        for (key, value) in &labels {
            check_key(key)
                .and_then(|()| check_value(key, value))
                .map_err(|rule| Invalid::new("nodeSelector", rule))?;
        }
        Ok(Self(labels))
    }

    /// Whether a node with these labels is selected.
    pub fn matches(&self, labels: &Labels) -> bool {
        let found = |key: &String| labels.get(key.as_str()).map(AsRef::as_ref);
        self.0.iter().all(|(key, value)| found(key) == Some(value.as_str()))
    }

    /// The labels.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Checks the labels that a node reports.
///
/// # Errors
/// Names `labels` and the rule.
pub fn check_labels<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), Invalid> {
    labels.into_iter().try_for_each(|(key, value)| {
        check_key(key)
            .and_then(|()| check_value(key, value))
            .map_err(|rule| Invalid::new("labels", rule))
    })
}

/// A qualified name: an optional DNS subdomain of at most 253 characters, a slash, and a name of at most 63.
pub(super) fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix.is_some_and(|prefix| prefix.len() > 253 || !is_dns_subdomain(prefix)) {
        return Err(format!("key {key:?}: the part before '/' must be a DNS subdomain"));
    }
    if name.is_empty() || !is_label_text(name) {
        return Err(format!(
            "key {key:?} must be 1 to 63 characters of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit"
        ));
    }
    Ok(())
}

pub(super) fn check_value(key: &str, value: &str) -> Result<(), String> {
    if value.is_empty() || is_label_text(value) {
        return Ok(());
    }
    Err(format!(
        "value {value:?} of {key:?} must be empty or at most 63 characters of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit"
    ))
}

fn is_label_text(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn of_node(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
    }

    #[test]
    fn every_label_must_match() {
        let selector = NodeSelector::new(labels(&[("pool", "gpu"), ("topology.kubernetes.io/zone", "a")])).unwrap();
        assert!(selector.matches(&of_node(&[
            ("pool", "gpu"),
            ("topology.kubernetes.io/zone", "a"),
            ("x", "y")
        ])));
        assert!(!selector.matches(&of_node(&[("pool", "gpu")])));
        assert!(NodeSelector::default().matches(&of_node(&[])));
    }

    #[test]
    fn illegal_keys_and_values_are_named() {
        for (key, value) in [
            ("a b", "c"),
            ("-a", "c"),
            ("UP.io/x/y", "1"),
            ("", "v"),
            ("a", "b c"),
            (&"k".repeat(64), "v"),
            ("k", &"v".repeat(64)),
        ] {
            let invalid = NodeSelector::new(labels(&[(key, value)])).unwrap_err();
            assert_eq!(invalid.field, "nodeSelector", "{key:?}");
        }
        assert!(NodeSelector::new(labels(&[(&"k".repeat(63), &"v".repeat(63))])).is_ok());
    }
}
