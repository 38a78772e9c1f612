//! How much an agent may say. Honest ones never come near it; one that floods is read no faster, which holds up nobody but itself.

use std::time::{Duration, Instant};

/// Units in a row, enough for the inventory of a node with thousands of images, and those that come back in a second.
const MOST: f64 = 4_000.0;
const PER_SECOND: f64 = 400.0;
/// A message costs one unit, and one more for so many bytes.
const BYTES: usize = 8 << 10;

/// See the module. Nothing is kept of an agent that has said little.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: f64,
    at: Option<Instant>,
}

impl Budget {
    /// Counts a message; how long to wait before it is taken.
    pub(super) fn spend(&mut self, bytes: usize, now: Instant) -> Option<Duration> {
        let since = self
            .at
            .map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.at = Some(now);
        self.spent = (self.spent - since * PER_SECOND).max(0.0) + 1.0 + (bytes / BYTES) as f64;
        let over = self.spent - MOST;
        (over > 0.0).then(|| Duration::from_secs_f64(over / PER_SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_slowed_down_and_what_agents_say_is_not() {
        let (mut honest, mut flood) = (Budget::default(), Budget::default());
        let start = Instant::now();
        // Sixty-four pulls report twice a second, with heartbeats and outcomes, for a minute.
        for beat in 0..60 * 150 {
            let now = start + Duration::from_millis(1000 * beat / 150);
            assert_eq!(honest.spend(4_000, now), None);
        }
        let paused = (0..10_000).filter_map(|_| flood.spend(100, start)).count();
        assert_eq!(paused, 6_000);
        assert!(
            flood
                .spend(4 << 20, start)
                .is_some_and(|pause| pause > Duration::from_secs(1))
        );
    }
}
