//! Pauses between two dials, with full jitter: ten thousand agents that lose the coordinator at once come back within fifteen
//! seconds of its return, spread over several of them. The test below shows how.

use rand::Rng;
use std::time::Duration;

/// Longest pause after the first dial that failed: a coordinator that is not there yet is met soon.
const FIRST: Duration = Duration::from_millis(200);
/// Longest pause after the loss of an open session. Everybody loses it at the same moment, so this is the width of the first wave.
const AFTER_LOSS: Duration = Duration::from_secs(6);
/// Longest pause between two dials, and so the longest that a coordinator which is back waits for its last agent.
const LONGEST: Duration = Duration::from_secs(10);
/// Longest pause after a refusal, which only people can mend.
const REFUSED: Duration = Duration::from_secs(30);

/// The longest pause that comes next.
#[derive(Debug, Clone)]
pub struct Backoff {
    ceiling: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { ceiling: FIRST }
    }
}

impl Backoff {
    /// For an agent that has just lost an open session.
    #[must_use]
    pub fn after_loss() -> Self {
        Self { ceiling: AFTER_LOSS }
    }

    /// The next pause.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a back-off is not a sequence")]
    pub fn next(&mut self) -> Duration {
        self.next_from(&mut rand::rng())
    }

    fn next_from(&mut self, random: &mut impl Rng) -> Duration {
        let most = self.ceiling;
        self.ceiling = most.saturating_mul(2).min(LONGEST);
        // A tenth at least: zero would be a busy loop.
        random.random_range(most / 10..=most)
    }

    /// The pause after a refusal: the upper half of the longest.
    pub fn after_refusal(&mut self) -> Duration {
        rand::rng().random_range(REFUSED / 2..=REFUSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng as _, rngs::StdRng};

    /// The agents of a large fleet.
    const AGENTS: usize = 10_000;
    /// Seconds in which all of them must be back.
    const ALL_BACK: f64 = 15.0;

    /// When each agent's dial succeeds, in seconds after the loss, with a coordinator that is away for `outage` seconds.
    fn returns(outage: f64, seed: u64) -> Vec<f64> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut back = |_| {
            let (mut backoff, mut at) = (Backoff::after_loss(), 0.0);
            loop {
                at += backoff.next_from(&mut random).as_secs_f64();
                if at >= outage {
                    return at;
                }
            }
        };
        (0..AGENTS).map(&mut back).collect()
    }

    /// How many came in each second after the coordinator's return.
    fn per_second(returns: &[f64], outage: f64) -> Vec<usize> {
        let mut seconds = Vec::new();
        for at in returns {
            let second = (at - outage) as usize;
            if seconds.len() <= second {
                seconds.resize(second + 1, 0);
            }
            seconds[second] += 1;
        }
        seconds
    }

    #[test]
    fn ten_thousand_agents_come_back_in_time_and_not_at_once() {
        for outage in [0.0, 0.5, 1.0, 3.0, 10.0, 60.0, 3600.0] {
            let returns = returns(outage, 7);
            let spread = per_second(&returns, outage);
            println!("away for {outage} s: agents back in each second after: {spread:?}");
            let last = returns.iter().fold(0.0, |last: f64, at| last.max(*at));
            assert!(last - outage <= LONGEST.as_secs_f64(), "{outage}: {last}");
            assert!(outage > 3.0 || last <= ALL_BACK, "{outage}: {last}");
            let most = spread.iter().max().copied().unwrap_or_default();
            assert!(most <= AGENTS * 3 / 10, "{outage}: {most} in one second");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn no_outage_makes_a_storm(outage in 0.0..30.0f64, seed in any::<u64>()) {
            let returns = returns(outage, seed);
            let most = per_second(&returns, outage).into_iter().max().unwrap_or_default();
            prop_assert!(most <= AGENTS * 35 / 100, "{most} in one second after {outage} s");
        }
    }

    #[test]
    fn pauses_grow_to_a_limit_and_are_never_zero() {
        let mut backoff = Backoff::default();
        for attempt in 0..40u32 {
            let ceiling = FIRST.saturating_mul(2u32.saturating_pow(attempt)).min(LONGEST);
            let pause = backoff.next();
            assert!(pause <= ceiling && pause >= ceiling / 10, "{attempt}: {pause:?}");
        }
        assert_eq!(backoff.ceiling, LONGEST);
    }

    #[test]
    fn refusals_wait_long_at_once() {
        assert!(Backoff::default().after_refusal() >= REFUSED / 2);
    }
}
