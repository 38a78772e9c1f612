//! Label selectors: equality on every named label, as Kubernetes' `nodeSelector`.

use super::{Invalid, ids::is_dns_subdomain};
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

    /// Parses `key=value,key2=value2`, the form of command lines and query strings. Empty text selects every node.
    ///
    /// # Errors
    /// Names `selector` and the rule.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut labels = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(Invalid::new("selector", format!("{part:?} must be key=value")));
            };
            let value = value.strip_prefix('=').unwrap_or(value);
            if labels.insert(key.trim().to_owned(), value.trim().to_owned()).is_some() {
                return Err(Invalid::new("selector", format!("key {:?} stands twice", key.trim())));
            }
        }
        Self::new(labels).map_err(|invalid| Invalid::new("selector", invalid.rule))
    }

    /// Whether a node with these labels is selected.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|(key, value)| labels.get(key) == Some(value))
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
pub fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), Invalid> {
    labels.iter().try_for_each(|(key, value)| {
        check_key(key)
            .and_then(|()| check_value(key, value))
            .map_err(|rule| Invalid::new("labels", rule))
    })
}

/// A qualified name: an optional DNS subdomain of at most 253 characters, a slash, and a name of at most 63.
fn check_key(key: &str) -> Result<(), String> {
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

fn check_value(key: &str, value: &str) -> Result<(), String> {
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
    use proptest::prelude::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn every_label_must_match() {
        let selector = NodeSelector::parse("pool=gpu, topology.kubernetes.io/zone=a").unwrap();
        assert!(selector.matches(&labels(&[
            ("pool", "gpu"),
            ("topology.kubernetes.io/zone", "a"),
            ("x", "y")
        ])));
        assert!(!selector.matches(&labels(&[("pool", "gpu")])));
        assert!(NodeSelector::parse("").unwrap().matches(&labels(&[])));
    }

    #[test]
    fn illegal_keys_and_values_are_named() {
        for bad in [
            "a b=c",
            "-a=c",
            "UP.io/x/y=1",
            "=v",
            "a=b c",
            "a",
            "a=1,a=2",
            &format!("{}=v", "k".repeat(64)),
        ] {
            let invalid = NodeSelector::parse(bad).unwrap_err();
            assert_eq!(invalid.field, "selector", "{bad:?}");
        }
        assert_eq!(
            NodeSelector::new(labels(&[("a b", "c")])).unwrap_err().field,
            "nodeSelector"
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,60}") {
            let _ = NodeSelector::parse(&text);
        }

        #[test]
        fn what_is_written_is_read_again(pairs in proptest::collection::btree_map(
            "([a-z]{1,5}\\.[a-z]{2}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,10}[A-Za-z0-9])?", "([A-Za-z0-9]{1,8})?", 0..5)) {
            let selector = NodeSelector::new(pairs.clone()).unwrap();
            let text = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
            prop_assert_eq!(NodeSelector::parse(&text).unwrap(), selector);
        }
    }
}
