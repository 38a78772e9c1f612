//! Durations as Go writes them ("6h0m0s", "1.5h", "300ms"), which is how the kubelet's files and plugins say them.

use std::time::Duration;

/// Units and their nanoseconds; longer names first, so that "ms" is not read as "m".
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];
/// Longest duration that Go knows, in nanoseconds.
const LONGEST: f64 = i64::MAX as f64;

/// Reads a duration; `None` when it is none, or negative.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|digits| *digits > 0)?;
        let (number, after) = rest.split_at(digits);
        let (unit, nanoseconds) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        total += number.parse::<f64>().ok()? * nanoseconds;
        rest = after.get(unit.len()..)?;
    }
    (total <= LONGEST).then(|| Duration::from_nanos(total as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_of_go() {
        for (text, seconds) in [
            ("0", 0.0),
            ("0s", 0.0),
            ("12h", 43_200.0),
            ("6h0m0s", 21_600.0),
            ("1h30m", 5_400.0),
            ("1.5h", 5_400.0),
            ("300ms", 0.3),
            ("5m0.25s", 300.25),
            ("+2s", 2.0),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for bad in ["", "5", "-5m", "h", ".h", "5 m", "5d", "1m-2s", "99999999999h", "1h1"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
