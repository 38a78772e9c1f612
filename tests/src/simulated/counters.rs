//! What the simulated agents have seen, counted and timed by the machine's clock, which the bench reads too.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Length of one step of the histogram of dials, in microseconds.
pub const DIAL_STEP_US: i64 = 100_000;

/// Microseconds since the epoch, now.
pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Something that happened so often, with the times of the first and the last one (0 while there is none).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// How often.
    pub count: u64,
    /// First time.
    pub first_us: i64,
    /// Last time.
    pub last_us: i64,
}

impl Series {
    fn add(&mut self, count: u64) {
        let now = now_us();
        if self.count == 0 {
            self.first_us = now;
        }
        self.count += count;
        self.last_us = now;
    }

    /// From the first to the last one, in seconds.
    pub fn seconds(&self) -> f64 {
        (self.last_us - self.first_us) as f64 / 1e6
    }
}

/// Everything since the last reset, except `open`, which is now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Sessions that are open now.
    pub open: u64,
    /// Dials.
    pub dials: Series,
    /// Dials in each step of [`DIAL_STEP_US`] since the reset.
    pub dial_steps: Vec<u32>,
    /// Sessions that ended or could not be opened.
    pub lost: Series,
    /// Welcomes.
    pub welcomes: Series,
    /// Whole inventories that were sent.
    pub inventories: Series,
    /// Orders to pull that were new.
    pub starts: Series,
    /// First reports of progress.
    pub first_reports: Series,
    /// Outcomes that were sent, repetitions included.
    pub outcomes: Series,
    /// Outcomes that were acknowledged.
    pub acknowledged: Series,
    /// Pulls that were turned away.
    pub refused: Series,
    /// Pulls that the registry serves now, while it bears only so many.
    pub served: u64,
    /// Why the last session was lost.
    pub last_reason: String,
}

#[derive(Debug, Default)]
struct Inside {
    figures: Figures,
    reset_us: i64,
    /// Pull and time of each outcome since the reset, while they are asked for.
    outcomes: Vec<(String, i64)>,
}

/// The counters of one process. A lock is cheap beside what is counted: one message each.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Inside>);

impl Counters {
    fn edit(&self, edit: impl FnOnce(&mut Inside)) {
        edit(&mut self.0.lock().expect("no holder panics"));
    }

    /// What was counted.
    pub fn figures(&self) -> Figures {
        self.0.lock().expect("no holder panics").figures.clone()
    }

    /// Pull and time of each outcome since the reset.
    pub fn outcomes(&self) -> Vec<(String, i64)> {
        self.0.lock().expect("no holder panics").outcomes.clone()
    }

    /// Begins anew.
    pub fn reset(&self) {
        self.edit(|inside| {
            let open = inside.figures.open;
            *inside = Inside {
                reset_us: now_us(),
                ..Inside::default()
            };
            inside.figures.open = open;
        });
    }

    pub(super) fn dialled(&self) {
        self.edit(|inside| {
            inside.figures.dials.add(1);
            if inside.reset_us == 0 {
                inside.reset_us = now_us();
            }
            let step = usize::try_from((now_us() - inside.reset_us) / DIAL_STEP_US).unwrap_or(0);
            let steps = &mut inside.figures.dial_steps;
            // An hour of steps; whoever dials later than that is not looked at.
            if step < 36_000 {
                steps.resize(steps.len().max(step + 1), 0);
                steps[step] += 1;
            }
        });
    }

    pub(super) fn welcomed(&self) {
        self.edit(|inside| {
            inside.figures.welcomes.add(1);
            inside.figures.open += 1;
        });
    }

    pub(super) fn closed(&self) {
        self.edit(|inside| inside.figures.open -= 1);
    }

    pub(super) fn lost(&self, reason: String) {
        self.edit(|inside| {
            inside.figures.lost.add(1);
            inside.figures.last_reason = reason;
        });
    }

    pub(super) fn inventory(&self) {
        self.edit(|inside| inside.figures.inventories.add(1));
    }

    pub(super) fn started(&self) {
        self.edit(|inside| inside.figures.starts.add(1));
    }

    pub(super) fn refused(&self) {
        self.edit(|inside| inside.figures.refused.add(1));
    }

    pub(super) fn first_report(&self, count: u64) {
        self.edit(|inside| inside.figures.first_reports.add(count));
    }

    pub(super) fn outcome(&self, pull: &str) {
        self.edit(|inside| {
            inside.figures.outcomes.add(1);
            let at = inside.figures.outcomes.last_us;
            inside.outcomes.push((pull.to_owned(), at));
        });
    }

    pub(super) fn acknowledged(&self, count: usize) {
        self.edit(|inside| inside.figures.acknowledged.add(count as u64));
    }
}
