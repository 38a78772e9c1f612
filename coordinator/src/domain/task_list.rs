//! How a list of tasks is ordered and searched. Pure.

use super::Invalid;

/// Longest text to search for, in characters.
pub const MAX_SEARCH: usize = 512;

/// What a list of tasks is sorted by; ties go by creation, then by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskOrder {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Started last first; those that never started come last.
    StartedLast,
    /// Started first first.
    StartedFirst,
    /// Ended last first; those that have not ended come last.
    EndedLast,
    /// Ended first first.
    EndedFirst,
}

impl TaskOrder {
    /// Every order.
    pub const ALL: [Self; 6] = [
        Self::Newest,
        Self::Oldest,
        Self::StartedLast,
        Self::StartedFirst,
        Self::EndedLast,
        Self::EndedFirst,
    ];

    /// Word on the wire: the field, with `-` before it when descending.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "-created",
            Self::Oldest => "created",
            Self::StartedLast => "-started",
            Self::StartedFirst => "started",
            Self::EndedLast => "-finished",
            Self::EndedFirst => "finished",
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
        Self::ALL
            .into_iter()
            .find(|order| order.as_str() == word)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                Invalid::new("sort", format!("{word:?} is unknown, known are {known}"))
            })
    }
}

/// Checks a text to search for: a part of an id or of a reference, in any case.
///
/// # Errors
/// Names `q` and the largest length.
pub fn search_text(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    if text.chars().count() > MAX_SEARCH {
        return Err(Invalid::new("q", format!("must have at most {MAX_SEARCH} characters")));
    }
    Ok(text.to_lowercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn words_are_read_back_and_others_refused() {
        for order in TaskOrder::ALL {
            assert_eq!(TaskOrder::parse(order.as_str()).unwrap(), order);
        }
        assert_eq!(TaskOrder::parse("").unwrap(), TaskOrder::Newest);
        assert_eq!(TaskOrder::parse("-Created").unwrap_err().field, "sort");
    }

    #[test]
    fn a_search_is_trimmed_in_lower_case_and_bounded() {
        assert_eq!(search_text(" NGINX ").unwrap(), "nginx");
        assert!(search_text(&"é".repeat(MAX_SEARCH)).is_ok());
        assert_eq!(search_text(&"x".repeat(MAX_SEARCH + 1)).unwrap_err().field, "q");
    }
}
