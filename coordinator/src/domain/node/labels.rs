//! Labels of nodes, in as little room as there can be: there are ten thousand sets of them.

use std::{collections::BTreeMap, sync::Arc};

/// Labels of a node, by key. Their texts are shared: thousands of nodes have the same ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Box<[(Arc<str>, Arc<str>)]>);

impl Labels {
    /// The value of a label.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.binary_search_by(|(known, _)| known.as_ref().cmp(key)).ok()?;
        self.0.get(found).map(|(_, value)| value.as_ref())
    }

    /// Whether there is a label with this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }
}

impl FromIterator<(Arc<str>, Arc<str>)> for Labels {
    /// Of two with one key the last one counts.
    fn from_iter<T: IntoIterator<Item = (Arc<str>, Arc<str>)>>(labels: T) -> Self {
        let by_key: BTreeMap<_, _> = labels.into_iter().collect();
        Self(by_key.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_by_their_key_and_the_last_word_counts() {
        let labels = Labels::from_iter(
            [("zone", "a"), ("pool", "gpu"), ("zone", "b")].map(|(key, value)| (key.into(), value.into())),
        );
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("pool", "gpu"), ("zone", "b")]);
        assert_eq!((labels.get("zone"), labels.get("z")), (Some("b"), None));
        assert!(labels.contains_key("pool") && !labels.contains_key("pools"));
    }
}
