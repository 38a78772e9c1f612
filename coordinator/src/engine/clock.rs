//! The engine's clock: the machine's, watched. When the machine's clock jumps (set by hand, a resumed machine, a first NTP step) the
//! engine is told by how much, so that no wait becomes longer or shorter by it.

use crate::domain::Millis;
use std::time::Instant;

/// Deviations from the steady clock up to this are slewing and drift, not jumps.
const TOLERANCE_MS: Millis = 2_000;

/// See the module.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// Wall time at the start, moved by each jump.
    anchor: Millis,
}

impl Clock {
    /// A clock that agrees with the machine's now.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            anchor: super::now(),
        }
    }

    /// The machine's time, and by how much it has jumped since the last reading; 0 when it has not.
    pub fn read(&mut self) -> (Millis, Millis) {
        let steady_ms = Millis::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX);
        self.compare(super::now(), steady_ms)
    }

    fn compare(&mut self, wall: Millis, steady_ms: Millis) -> (Millis, Millis) {
        let off = wall - (self.anchor + steady_ms);
        let jump = if off.abs() > TOLERANCE_MS { off } else { 0 };
        // Slow drift is taken in, so that it never adds up to a jump.
        self.anchor += if jump == 0 {
            off.signum() * off.abs().min(10)
        } else {
            off
        };
        (wall, jump)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_told_once_and_drift_never() {
        let mut clock = Clock {
            started: Instant::now(),
            anchor: 1_000_000,
        };
        assert_eq!(clock.compare(1_000_100, 100), (1_000_100, 0));
        assert_eq!(clock.compare(1_003_700, 200), (1_003_700, 3_500));
        assert_eq!(clock.compare(1_003_800, 300), (1_003_800, 0));
        assert_eq!(clock.compare(900_000, 400), (900_000, -103_900));
        let mut wall = 900_000;
        for step in 1..10_000 {
            wall += 101;
            assert_eq!(clock.compare(wall, 400 + step * 100).1, 0, "one percent of drift");
        }
    }
}
