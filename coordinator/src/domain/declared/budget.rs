//! How many events may be written: token buckets, one for each thing that they are about and one for all of them together. So many failures
//! at a time as there are nodes would fill the cluster's etcd otherwise.

use super::Regarding;
use crate::domain::Millis;
use std::collections::HashMap;

/// Of one thing at once, and how long until one more may be written: as Kubernetes' own clients do it (client-go, `EventSourceObjectSpamFilter`).
const EACH: Rate = Rate {
    burst: 25,
    every_ms: 300_000,
};
/// Of all things together.
const ALL: Rate = Rate {
    burst: 100,
    every_ms: 500,
};
/// Things that are remembered. One that is forgotten has a full bucket again; the bucket of all holds anyway.
const MOST_THINGS: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: i64,
    every_ms: Millis,
}

/// When the bucket is full again: the one number that it needs.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    full_at: Millis,
}

impl Bucket {
    fn may(self, rate: Rate, now: Millis) -> bool {
        self.full_at.max(now) - now <= (rate.burst - 1) * rate.every_ms
    }

    fn take(&mut self, rate: Rate, now: Millis) {
        self.full_at = self.full_at.max(now) + rate.every_ms;
    }
}

/// What may still be written.
#[derive(Debug, Default)]
pub struct Budget {
    all: Bucket,
    each: HashMap<Regarding, Bucket>,
}

impl Budget {
    /// Whether one more may be written of this; then it counts.
    pub fn take(&mut self, regarding: &Regarding, now: Millis) -> bool {
        if self.each.len() >= MOST_THINGS && !self.each.contains_key(regarding) {
            self.each.retain(|_, bucket| bucket.full_at > now);
            if self.each.len() >= MOST_THINGS {
                self.each.clear();
            }
        }
        let each = self.each.entry(regarding.clone()).or_default();
        // A clock that went back must not close them for long.
        for (bucket, rate) in [(&mut *each, EACH), (&mut self.all, ALL)] {
            bucket.full_at = bucket.full_at.min(now + rate.burst * rate.every_ms);
        }
        let may = each.may(EACH, now) && self.all.may(ALL, now);
        if may {
            each.take(EACH, now);
            self.all.take(ALL, now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::ids::NodeName;

    fn node(n: usize) -> Regarding {
        Regarding::Node(NodeName::parse(&format!("n{n}")).unwrap())
    }

    fn taken(budget: &mut Budget, tries: usize, node_of: impl Fn(usize) -> usize, now: Millis) -> usize {
        (0..tries).filter(|n| budget.take(&node(node_of(*n)), now)).count()
    }

    #[test]
    fn one_thing_has_its_burst_and_then_one_in_five_minutes() {
        let mut budget = Budget::default();
        assert_eq!(taken(&mut budget, 1000, |_| 1, 1000), 25);
        assert_eq!(taken(&mut budget, 1000, |_| 1, 1000 + 299_999), 0);
        assert_eq!(taken(&mut budget, 1000, |_| 1, 1000 + 300_000), 1);
        assert_eq!(taken(&mut budget, 1, |_| 2, 301_000), 1, "another one has its own");
    }

    #[test]
    fn five_thousand_failing_nodes_write_a_hundred_and_then_two_a_second() {
        let mut budget = Budget::default();
        assert_eq!(taken(&mut budget, 5000, |n| n, 1000), 100);
        let later: usize = (1..=60)
            .map(|second| taken(&mut budget, 5000, |n| n, 1000 + second * 1000))
            .sum();
        assert_eq!(later, 120);
        assert!(budget.each.len() <= MOST_THINGS);
    }
}
