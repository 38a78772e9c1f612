//! When a failed pull is tried again.

use serde::{Deserialize, Serialize};

/// Longest wait between two attempts, in seconds.
pub const MAX_DELAY_SECONDS: u64 = 600;

/// How the wait between attempts grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryStrategy {
    /// Always the delay.
    #[default]
    Linear,
    /// The delay doubled with every retry, at most ten minutes.
    Exponential,
}

impl RetryStrategy {
    /// Every strategy.
    pub const ALL: [Self; 2] = [Self::Linear, Self::Exponential];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Exponential => "exponential",
        }
    }
}

/// Whether and how a pull is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Further attempts after the first, 0 to 5.
    pub max_retries: u32,
    /// Growth.
    pub strategy: RetryStrategy,
    /// First wait in seconds, 1 to 300.
    pub delay_seconds: u32,
}

impl RetryPolicy {
    /// Milliseconds to wait before retry number `retry` (from 1); `None` when the retries are spent.
    /// `jitter` in 0..=1 takes up to a fifth off, so that nodes that failed together do not come back together.
    pub fn wait_ms(&self, retry: u32, jitter: f64) -> Option<i64> {
        if retry > self.max_retries {
            return None;
        }
        let doublings = match self.strategy {
            RetryStrategy::Linear => 0,
            RetryStrategy::Exponential => retry.saturating_sub(1).min(16),
        };
        let seconds = (u64::from(self.delay_seconds) << doublings).min(MAX_DELAY_SECONDS);
        let full = seconds as f64 * 1000.0;
        Some((full * (1.0 - 0.2 * jitter.clamp(0.0, 1.0))) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(strategy: RetryStrategy) -> RetryPolicy {
        RetryPolicy {
            max_retries: 5,
            strategy,
            delay_seconds: 100,
        }
    }

    #[test]
    fn linear_waits_stay_and_exponential_ones_double_up_to_ten_minutes() {
        let waits = |s| (1..=6).map(|n| policy(s).wait_ms(n, 0.0)).collect::<Vec<_>>();
        assert_eq!(
            waits(RetryStrategy::Linear),
            [Some(100_000); 5].into_iter().chain([None]).collect::<Vec<_>>()
        );
        let doubled = [100, 200, 400, 600, 600].map(|s| Some(s * 1000));
        assert_eq!(
            waits(RetryStrategy::Exponential),
            doubled.into_iter().chain([None]).collect::<Vec<_>>()
        );
    }

    #[test]
    fn jitter_takes_off_at_most_a_fifth() {
        assert_eq!(policy(RetryStrategy::Linear).wait_ms(1, 1.0), Some(80_000));
        assert_eq!(policy(RetryStrategy::Linear).wait_ms(1, 9.0), Some(80_000));
    }
}
