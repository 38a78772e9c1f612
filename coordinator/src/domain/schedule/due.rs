//! What a schedule has to do at a moment. Pure: the store and the clock are the caller's.

use super::{MissedRuns, Schedule};
use crate::domain::Millis;

/// Missed runs that are counted, at most.
const COUNTED: usize = 1000;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A run, for this time. It also stands for `passed_over` earlier ones that nobody could start.
    Run {
        /// When it was due.
        at: Millis,
        /// How many earlier ones were missed.
        passed_over: usize,
    },
    /// Only runs that were missed and are left out.
    Missed {
        /// When the last of them was due.
        last: Millis,
        /// How many there are, counted up to a thousand.
        count: usize,
    },
}

impl Due {
    /// Up to where everything is dealt with once this is.
    pub fn until(self) -> Millis {
        match self {
            Self::Run { at, .. } => at,
            Self::Missed { last, .. } => last,
        }
    }
}

impl Schedule {
    /// When it is due next; `None` while it is switched off.
    pub fn next_due(&self) -> Option<Millis> {
        let next = self.spec.timetable.next_after(self.anchor, self.cursor);
        next.filter(|_| self.spec.enabled)
    }

    /// The next times after `now`; none while it is switched off.
    pub fn upcoming(&self, now: Millis, count: usize) -> Vec<Millis> {
        if !self.spec.enabled {
            return vec![];
        }
        let from = self.rewound(now).unwrap_or(self.cursor).max(now);
        self.spec.timetable.upcoming(self.anchor, from, count)
    }

    /// What is due now. A run that is up to `late_ms` late is still on time; of several, only the last one is started.
    pub fn due(&self, now: Millis, late_ms: Millis) -> Option<Due> {
        if !self.spec.enabled {
            return None;
        }
        let next = |after| self.spec.timetable.next_after(self.anchor, after);
        let at = self.spec.timetable.latest(self.anchor, self.cursor, now)?;
        let passed_over = std::iter::successors(next(self.cursor), |due| next(*due))
            .take_while(|due| *due < at)
            .take(COUNTED)
            .count();
        let is_on_time = now - at <= late_ms;
        Some(match self.spec.missed_runs {
            MissedRuns::Skip if !is_on_time => Due::Missed {
                last: at,
                count: passed_over + 1,
            },
            MissedRuns::Skip | MissedRuns::RunOnce => Due::Run { at, passed_over },
        })
    }

    /// Where the cursor belongs after a clock that was ahead has been set back: it goes back with the clock, as far as the history
    /// still knows what was started. `None` when it may stay.
    pub fn rewound(&self, now: Millis) -> Option<Millis> {
        let back = now.max(self.pruned_until);
        (back < self.cursor).then_some(back)
    }
}
