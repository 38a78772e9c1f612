//! Pauses between two dials: exponential with full jitter, so that ten thousand agents do not come back at once.

use rand::Rng as _;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// Counts dials that did not lead to a lasting session.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next pause.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a back-off is not a sequence")]
    pub fn next(&mut self) -> Duration {
        let most = self.ceiling();
        self.failures = self.failures.saturating_add(1);
        // A tenth at least: zero would be a busy loop.
        rand::rng().random_range(most / 10..=most)
    }

    /// The pause after a refusal, which only people can mend: the upper half of the longest.
    pub fn after_refusal(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        rand::rng().random_range(LONGEST / 2..=LONGEST)
    }

    fn ceiling(&self) -> Duration {
        FIRST.saturating_mul(2u32.saturating_pow(self.failures)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_are_never_zero() {
        let mut backoff = Backoff::default();
        for attempt in 0..40u32 {
            let ceiling = FIRST.saturating_mul(2u32.saturating_pow(attempt)).min(LONGEST);
            let pause = backoff.next();
            assert!(pause <= ceiling && pause >= ceiling / 10, "{attempt}: {pause:?}");
        }
        assert_eq!(backoff.ceiling(), LONGEST);
    }

    #[test]
    fn refusals_wait_long_at_once() {
        assert!(Backoff::default().after_refusal() >= LONGEST / 2);
    }
}
