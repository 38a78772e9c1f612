//! A number of things or a percentage of them, as Kubernetes' `IntOrString`.

use super::Invalid;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive};

/// So many, or such a part of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// A number.
    Count(u32),
    /// Percent of all, 1 to 100.
    Percent(u32),
}

impl Share {
    /// Largest number that is allowed.
    pub const MAX_COUNT: u32 = 100_000;
    const COUNTS: RangeInclusive<u32> = 1..=Self::MAX_COUNT;

    /// Reads `10` or `25%`.
    ///
    /// # Errors
    /// Names `field` and the rule.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let refuse = || {
            let rule = format!("{text:?} must be a number from 1 to {} or 1% to 100%", Self::MAX_COUNT);
            Invalid::new(field, rule)
        };
        let number = |text: &str, allowed: RangeInclusive<u32>| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && allowed.contains(number))
        };
        match text.strip_suffix('%') {
            Some(percent) => number(percent, 1..=100).map(Self::Percent),
            None => number(text, Self::COUNTS).map(Self::Count),
        }
        .ok_or_else(refuse)
    }

    /// How many of `all` that is: a percentage is rounded up and is never less than one.
    pub fn of(self, all: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => {
                let exact = (u64::from(all) * u64::from(percent)).div_ceil(100);
                u32::try_from(exact).unwrap_or(u32::MAX).max(1)
            }
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn numbers_and_percentages_are_read_and_written() {
        for text in ["1", "100000", "1%", "100%"] {
            assert_eq!(Share::parse("maxNodes", text).unwrap().to_string(), text);
        }
        for bad in [
            "",
            "0",
            "0%",
            "101%",
            "100001",
            "-1",
            "+1",
            "1.5",
            "%",
            "5 %",
            "a",
            "99999999999",
        ] {
            assert_eq!(Share::parse("maxNodes", bad).unwrap_err().field, "maxNodes", "{bad:?}");
        }
    }

    #[test]
    fn a_percentage_is_rounded_up_and_never_nothing() {
        assert_eq!(Share::Percent(10).of(11), 2);
        assert_eq!(Share::Percent(1).of(3), 1);
        assert_eq!(Share::Percent(100).of(7), 7);
        assert_eq!(Share::Count(9).of(7), 9);
    }
}
