//! How a list of nodes is filtered and ordered. Pure.

use super::Invalid;

/// How a node is, in one word: the first that holds of offline, draining, ready, not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Connected, with an answering runtime, and taking work.
    Ready,
    /// Connected, and something is wrong.
    NotReady,
    /// Connected, and taking no new work.
    Draining,
    /// Without a session of its agent.
    Offline,
}

impl NodeState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Ready, Self::NotReady, Self::Draining, Self::Offline];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not_ready",
            Self::Draining => "draining",
            Self::Offline => "offline",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Reads some words.
    ///
    /// # Errors
    /// Names `state` and the words that are known.
    pub fn parse_all<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<Self>, Invalid> {
        words
            .map(|word| {
                Self::parse(word).ok_or_else(|| {
                    let known = Self::ALL.map(Self::as_str).join(", ");
                    Invalid::new("state", format!("{word:?} is unknown, known are {known}"))
                })
            })
            .collect()
    }

    /// What needs attention comes first.
    pub fn urgency(self) -> u8 {
        match self {
            Self::NotReady => 0,
            Self::Offline => 1,
            Self::Draining => 2,
            Self::Ready => 3,
        }
    }
}

/// What a list of nodes is sorted by; ties go by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NodeOrder {
    /// By name.
    #[default]
    Name,
    /// What needs attention first.
    State,
    /// The fullest disk first; those of which it is not known come last.
    Disk,
    /// The most running pulls first.
    Pulls,
    /// The fewest images first; those of which it is not known come last.
    Images,
}

impl NodeOrder {
    /// Every order.
    pub const ALL: [Self; 5] = [Self::Name, Self::State, Self::Disk, Self::Pulls, Self::Images];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Disk => "disk",
            Self::Pulls => "pulls",
            Self::Images => "images",
        }
    }

    /// Reads the word; empty is the default.
    ///
    /// # Errors
    /// Names `sort` and the words that are known.
    pub fn parse(word: &str) -> Result<Self, Invalid> {
        if word.is_empty() {
            return Ok(Self::default());
        }
        let found = Self::ALL.into_iter().find(|order| order.as_str() == word);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("sort", format!("{word:?} is unknown, known are {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn words_are_read_back_and_others_refused() {
        for order in NodeOrder::ALL {
            assert_eq!(NodeOrder::parse(order.as_str()).unwrap(), order);
        }
        for state in NodeState::ALL {
            assert_eq!(NodeState::parse(state.as_str()), Some(state));
        }
        assert_eq!(NodeOrder::parse("").unwrap(), NodeOrder::Name);
        assert_eq!(NodeOrder::parse("-name").unwrap_err().field, "sort");
        assert_eq!(NodeState::parse("Ready"), None);
    }
}
