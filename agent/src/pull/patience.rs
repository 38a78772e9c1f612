//! When an attempt has waited long enough: its deadline, and the time without any byte, layer or change of phase.

use super::Phase;
use std::time::Duration;

/// Unpacking gives no sign inside a layer: nobody gives up on one earlier than this.
const LEAST_FOR_UNPACKING: Duration = Duration::from_secs(600);
/// Slowest unpacking that counts as alive, in compressed bytes a second.
const SLOWEST_UNPACKING: u64 = 5_000_000;

/// How long an attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Longest duration of the attempt.
    pub deadline: Option<Duration>,
    /// Longest time without progress.
    pub no_progress: Duration,
}

/// Where an attempt stands at the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Time since the order came.
    pub elapsed: Duration,
    /// Time since the last sign of life.
    pub idle: Duration,
    /// What it is doing.
    pub phase: Phase,
    /// Compressed size of the largest layer that is not unpacked yet, in bytes.
    pub layer_bytes: u64,
}

impl Patience {
    /// Why the attempt must end now; `None` while it may go on.
    #[must_use]
    pub fn exhausted(&self, at: &Standing) -> Option<String> {
        if let Some(deadline) = self.deadline.filter(|deadline| at.elapsed >= *deadline) {
            return Some(format!("the deadline of {} passed", seconds(deadline)));
        }
        let limit = self.idle_limit(at)?;
        (at.idle >= limit).then(|| match at.phase {
            Phase::Unpacking | Phase::Verifying => format!("no layer unpacked for {}", seconds(limit)),
            Phase::Waiting | Phase::Resolving | Phase::Fetching | Phase::Ended => {
                format!("no byte for {}", seconds(limit))
            }
        })
    }

    /// Longest silence in this phase; `None` where silence is not the attempt's fault.
    fn idle_limit(&self, at: &Standing) -> Option<Duration> {
        match at.phase {
            Phase::Waiting | Phase::Ended => None,
            Phase::Resolving | Phase::Fetching => Some(self.no_progress),
            Phase::Unpacking | Phase::Verifying => {
                let by_size = Duration::from_secs(at.layer_bytes / SLOWEST_UNPACKING);
                Some(self.no_progress.max(LEAST_FOR_UNPACKING).max(by_size))
            }
        }
    }
}

/// A duration for people.
fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(phase: Phase, elapsed: u64, idle: u64) -> Standing {
        Standing {
            elapsed: Duration::from_secs(elapsed),
            idle: Duration::from_secs(idle),
            phase,
            layer_bytes: 0,
        }
    }

    fn patience(deadline: Option<u64>, no_progress: u64) -> Patience {
        Patience {
            deadline: deadline.map(Duration::from_secs),
            no_progress: Duration::from_secs(no_progress),
        }
    }

    #[test]
    fn the_deadline_holds_in_every_phase() {
        for phase in [
            Phase::Waiting,
            Phase::Resolving,
            Phase::Fetching,
            Phase::Unpacking,
            Phase::Verifying,
        ] {
            assert!(
                patience(Some(10), 60).exhausted(&standing(phase, 10, 0)).is_some(),
                "{phase:?}"
            );
            assert!(
                patience(Some(10), 60).exhausted(&standing(phase, 9, 0)).is_none(),
                "{phase:?}"
            );
        }
    }

    #[test]
    fn silence_is_counted_exactly_while_fetching() {
        let patience = patience(None, 3);
        assert!(patience.exhausted(&standing(Phase::Fetching, 100, 2)).is_none());
        assert_eq!(
            patience.exhausted(&standing(Phase::Fetching, 100, 3)).as_deref(),
            Some("no byte for 3 s")
        );
        assert!(patience.exhausted(&standing(Phase::Resolving, 100, 3)).is_some());
        assert!(patience.exhausted(&standing(Phase::Waiting, 100, 50)).is_none());
    }

    #[test]
    fn unpacking_may_be_silent_for_as_long_as_its_layer_is_large() {
        let patience = patience(None, 3);
        assert!(patience.exhausted(&standing(Phase::Unpacking, 700, 599)).is_none());
        assert!(patience.exhausted(&standing(Phase::Unpacking, 700, 600)).is_some());
        let large = Standing {
            layer_bytes: 10_000_000_000,
            ..standing(Phase::Unpacking, 3000, 1999)
        };
        assert!(patience.exhausted(&large).is_none());
    }
}
