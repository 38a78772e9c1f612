//! Hosts that asked for a pause: what they say in `Retry-After` is kept, for everybody who asks them next.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Where a host does not say how long.
const USUAL: Duration = Duration::from_secs(1);
/// Longer pauses are not believed.
const LONGEST: Duration = Duration::from_secs(3600);
/// Hosts that are remembered.
const MAX_HOSTS: usize = 1000;

/// Until when which host is to be left alone. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pauses(Arc<Mutex<HashMap<String, Instant>>>);

impl Pauses {
    /// How long the host is still to be left alone.
    pub(super) fn left(&self, host: &str, now: Instant) -> Option<Duration> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = hosts.get(host)?.saturating_duration_since(now);
        if left.is_zero() {
            hosts.remove(host);
            return None;
        }
        Some(left)
    }

    /// The host asks to be left alone.
    pub(super) fn begin(&self, host: &str, asked: Option<Duration>, now: Instant) {
        let until = now + asked.unwrap_or(USUAL).min(LONGEST);
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MAX_HOSTS {
            hosts.retain(|_, until| *until > now);
        }
        let entry = hosts.entry(host.to_owned()).or_insert(until);
        *entry = until.max(*entry);
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn retry_after(text: &str, now: chrono::DateTime<chrono::Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    // A date that has passed means at once.
    Some((date.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_longest_pause_counts_and_ends() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        let later = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(pauses.left("a", now), None);
        pauses.begin("a", Some(Duration::from_secs(5)), now);
        pauses.begin("a", Some(Duration::from_secs(2)), now);
        assert_eq!(pauses.left("a", now), Some(Duration::from_secs(5)));
        assert_eq!(pauses.left("a", later(4)), Some(Duration::from_secs(1)));
        assert_eq!(pauses.left("b", now), None);
        assert_eq!(pauses.left("a", later(5)), None);
        pauses.begin("a", None, now);
        assert_eq!(pauses.left("a", now), Some(USUAL));
        pauses.begin("a", Some(Duration::MAX), now);
        assert_eq!(pauses.left("a", now), Some(LONGEST));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-11-24T10:00:00Z".parse().unwrap();
        let read = |text| retry_after(text, now).map(|duration| duration.as_secs());
        assert_eq!(read("17"), Some(17));
        assert_eq!(read("Tue, 24 Nov 2026 10:00:30 GMT"), Some(30));
        assert_eq!(read("Tue, 24 Nov 2026 09:00:00 GMT"), Some(0));
        for bad in ["", "soon", "-1", "1.5"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
