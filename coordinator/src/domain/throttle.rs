//! How hard one registry host may be pressed: an adaptive limit on concurrent pulls that follows what the host bears, a back-off for
//! the whole host, and starts per second.
//!
//! Nothing is limited until the host first answers 429 or 5xx. From then on:
//! - each refusal takes the limit down to the pulls that still run: those are what the host bears;
//! - the host is left alone for a time that doubles with each round of refusals, from 1 s to 60 s, and starts over with a success;
//! - a full round of successes (as many as the limit) lets the limit grow by one, up to just below the level that was refused last;
//!   that level is tried again after 30 s, then after twice as long with each failure, up to 10 min. Once it holds, the limit grows by
//!   a quarter each round.

use super::Millis;

/// Shortest and longest back-off of a host.
const BACK_OFF_MS: (Millis, Millis) = (1_000, 60_000);
/// Shortest and longest time before a level that was refused is tried again.
const HOLD_MS: (Millis, Millis) = (30_000, 600_000);

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Throttle {
    limit: Option<u32>,
    /// Successes since the limit moved.
    round: u32,
    ceiling: Option<Ceiling>,
    /// Nothing starts before.
    blocked_until: Millis,
    /// Start of the present round of refusals; attempts that were handed out before it belong to it.
    refused_since: Option<Millis>,
    /// Rounds of refusals without a success between them.
    strikes: u32,
    bucket: Option<Bucket>,
}

/// A level that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ceiling {
    level: u32,
    try_again_at: Millis,
    hold_ms: Millis,
}

/// Starts that are left, filled by time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled_at: Millis,
}

impl Bucket {
    fn size(per_second: f64) -> f64 {
        per_second.max(1.0)
    }

    fn fill(&mut self, now: Millis) {
        let seconds = (now - self.filled_at).max(0) as f64 / 1000.0;
        self.tokens = (self.tokens + seconds * self.per_second).min(Self::size(self.per_second));
        self.filled_at = now;
    }

    fn next_at(&self) -> Millis {
        let missing = (1.0 - self.tokens).max(0.0);
        self.filled_at + (missing / self.per_second * 1000.0).ceil() as Millis
    }
}

impl Throttle {
    /// Sets starts per second, `None` for no limit. A bucket that exists keeps what is in it.
    pub fn set_rate(&mut self, now: Millis, per_second: Option<f64>) {
        self.bucket = per_second.map(|per_second| match self.bucket {
            Some(bucket) => Bucket {
                per_second,
                tokens: bucket.tokens.min(Bucket::size(per_second)),
                ..bucket
            },
            None => Bucket {
                per_second,
                tokens: Bucket::size(per_second),
                filled_at: now,
            },
        });
    }

    /// How many pulls may start now beside `running` ones. A rate of 0 starts a second is a pause.
    pub fn room(&mut self, now: Millis, running: u32) -> u32 {
        let paused = self.bucket.is_some_and(|bucket| bucket.per_second <= 0.0);
        if paused || now < self.blocked_until {
            return 0;
        }
        let adaptive = self.limit.map_or(u32::MAX, |limit| limit.saturating_sub(running));
        let tokens = self.bucket.as_mut().map_or(u32::MAX, |bucket| {
            bucket.fill(now);
            bucket.tokens as u32
        });
        adaptive.min(tokens)
    }

    /// A pull was started.
    pub fn started(&mut self) {
        if let Some(bucket) = &mut self.bucket {
            bucket.tokens -= 1.0;
        }
    }

    /// The host refused an attempt that was handed out at `started_at`; `running` others go on. `jitter` in 0..=1 stretches the
    /// back-off by up to a quarter.
    pub fn refused(&mut self, now: Millis, started_at: Millis, running: u32, jitter: f64) {
        let level = running + 1;
        if self.refused_since.is_none_or(|since| started_at > since) {
            self.refused_since = Some(now);
            let doubled = BACK_OFF_MS.0 << self.strikes.min(10);
            self.strikes += 1;
            let wait = doubled.min(BACK_OFF_MS.1) as f64 * (1.0 + 0.25 * jitter.clamp(0.0, 1.0));
            self.blocked_until = now + wait as Millis;
            let hold_ms = match self.ceiling {
                Some(ceiling) if level >= ceiling.level => (ceiling.hold_ms * 2).min(HOLD_MS.1),
                Some(_) | None => HOLD_MS.0,
            };
            self.ceiling = Some(Ceiling {
                level,
                try_again_at: now + hold_ms,
                hold_ms,
            });
        } else if let Some(ceiling) = &mut self.ceiling {
            ceiling.level = ceiling.level.min(level.max(2));
        }
        self.limit = Some(self.limit.unwrap_or(u32::MAX).min(running).max(1));
        self.round = 0;
    }

    /// A pull that moved bytes from the host succeeded.
    pub fn succeeded(&mut self, now: Millis) {
        self.strikes = 0;
        let Some(limit) = self.limit else { return };
        self.round += 1;
        if self.round < limit {
            return;
        }
        self.round = 0;
        self.limit = Some(match self.ceiling {
            Some(ceiling) if limit + 1 < ceiling.level => limit + 1,
            Some(ceiling) if now < ceiling.try_again_at => limit,
            Some(ceiling) if limit < ceiling.level => limit + 1,
            Some(_) | None => limit + limit.div_ceil(4),
        });
    }

    /// The adaptive limit in force; `None` while nothing was refused.
    pub fn limit(&self) -> Option<u32> {
        self.limit
    }

    /// Until when the host is left alone.
    pub fn blocked_until(&self, now: Millis) -> Option<Millis> {
        Some(self.blocked_until).filter(|until| now < *until)
    }

    /// The clock jumped by so much: what waits goes on waiting as long as it would have.
    pub fn clock_jumped(&mut self, by: Millis) {
        self.blocked_until += by;
        self.refused_since = self.refused_since.map(|since| since + by);
        if let Some(ceiling) = &mut self.ceiling {
            ceiling.try_again_at += by;
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.filled_at += by;
        }
    }

    /// When a start may come due by time alone.
    pub fn next_at(&self, now: Millis) -> Option<Millis> {
        let token = self
            .bucket
            .filter(|bucket| bucket.tokens < 1.0 && bucket.per_second > 0.0)
            .map(|bucket| bucket.next_at());
        self.blocked_until(now).max(token.filter(|at| *at > now))
    }
}

#[cfg(test)]
mod tests;
