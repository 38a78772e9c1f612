//! Times as Go's SQLite drivers write them.

use crate::domain::Millis;
use chrono::{DateTime, NaiveDateTime};

/// With a zone; what stands behind it (a zone's name, a monotonic clock) is cut off before.
const ZONED: [&str; 3] = [
    "%Y-%m-%d %H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
];
/// In UTC.
const PLAIN: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];

/// Milliseconds since the epoch; `None` for nothing, for year 1, which means nothing in Go, and for what is no time.
pub(super) fn parse(text: &str) -> Option<Millis> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000).filter(|millis| *millis > 0);
    }
    // "2026-01-02 15:04:05.9 +0800 CST m=+0.1": the first three words are the time.
    let words = text.split(' ').take(3).collect::<Vec<_>>();
    let zoned = [words.join(" "), text.replace('Z', "+00:00")];
    let zoned = zoned
        .iter()
        .flat_map(|text| ZONED.map(|format| DateTime::parse_from_str(text, format)));
    let plain = PLAIN.map(|format| NaiveDateTime::parse_from_str(text, format));
    let millis = zoned.flatten().map(|time| time.timestamp_millis()).next().or_else(|| {
        plain
            .into_iter()
            .flatten()
            .map(|time| time.and_utc().timestamp_millis())
            .next()
    });
    millis.filter(|millis| *millis > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time_is_read() {
        for text in [
            "2026-01-02 15:04:05+00:00",
            "2026-01-02 23:04:05.000000001+08:00",
            "2026-01-02T15:04:05Z",
            "2026-01-02T15:04:05.5+00:00",
            "2026-01-02 15:04:05",
            "2026-01-02 23:04:05.5 +0800 CST m=+0.0001",
            "2026-01-02 15:04:05 +0000 UTC",
            "1767366245",
        ] {
            let millis = parse(text).unwrap_or_default();
            assert_eq!(millis / 1000, 1_767_366_245, "{text}");
        }
        for text in ["", "0001-01-01 00:00:00+00:00", "yesterday", "0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
