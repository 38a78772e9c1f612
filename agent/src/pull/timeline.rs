//! When an attempt was in which phase. Times are handed in.

use super::Phase;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// More visits than any attempt makes whose runtime comes back now and then.
const MOST: usize = 64;

/// One stay in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Phase.
    pub phase: Phase,
    /// Begin.
    pub began: SystemTime,
    /// End.
    pub ended: SystemTime,
}

/// Time in one phase, all visits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// Phase.
    pub phase: Phase,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// The phases that were entered, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline(Vec<(Phase, SystemTime)>);

impl Timeline {
    /// The phase begins, and the one before it ends.
    pub fn enter(&mut self, phase: Phase, at: SystemTime) {
        if self.0.len() < MOST {
            self.0.push((phase, at));
        }
    }

    /// Every stay between two moments: an attempt that joined late, or left early, has only its part.
    #[must_use]
    pub fn visits(&self, from: SystemTime, to: SystemTime) -> Vec<Visit> {
        let ends = self.0.iter().skip(1).map(|(_, at)| *at).chain([to]);
        let stay = |((phase, began), ended): (&(Phase, SystemTime), SystemTime)| Visit {
            phase: *phase,
            began: (*began).clamp(from, to.max(from)),
            ended: ended.clamp(from, to.max(from)),
        };
        self.0
            .iter()
            .zip(ends)
            .map(stay)
            .filter(|visit| visit.ended > visit.began)
            .collect()
    }
}

/// The time in each phase.
#[must_use]
pub fn times(visits: &[Visit]) -> Vec<PhaseTime> {
    let mut times: Vec<PhaseTime> = Vec::new();
    for visit in visits {
        let duration = visit.ended.duration_since(visit.began).unwrap_or(Duration::ZERO);
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        match times.iter_mut().find(|time| time.phase == visit.phase) {
            Some(known) => known.duration_ms = known.duration_ms.saturating_add(duration_ms),
            None => times.push(PhaseTime {
                phase: visit.phase,
                duration_ms,
            }),
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn timeline() -> Timeline {
        let mut timeline = Timeline::default();
        for (phase, second) in [
            (Phase::Waiting, 10),
            (Phase::Resolving, 11),
            (Phase::Fetching, 12),
            (Phase::Resolving, 20),
            (Phase::Unpacking, 21),
        ] {
            timeline.enter(phase, at(second));
        }
        timeline
    }

    #[test]
    fn visits_follow_each_other_and_add_up() {
        let visits = timeline().visits(at(10), at(25));
        assert_eq!(visits.len(), 5);
        assert!(visits.windows(2).all(|pair| pair[0].ended == pair[1].began));
        let of = |phase| {
            times(&visits)
                .iter()
                .find(|time| time.phase == phase)
                .map(|time| time.duration_ms)
        };
        assert_eq!(of(Phase::Resolving), Some(2000));
        assert_eq!(of(Phase::Fetching), Some(8000));
        assert_eq!(of(Phase::Unpacking), Some(4000));
        assert_eq!(of(Phase::Verifying), None);
    }

    #[test]
    fn who_joins_late_or_leaves_early_has_only_its_part() {
        let visits = timeline().visits(at(15), at(18));
        assert_eq!(visits.len(), 1);
        assert_eq!(times(&visits)[0].duration_ms, 3000);
        assert!(
            timeline().visits(at(30), at(25)).is_empty(),
            "a clock that was set back"
        );
    }
}
