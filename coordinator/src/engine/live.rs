//! Figures of running attempts, in memory only: written by the engine, laid over stored records by readers.

use crate::{
    domain::{
        Millis,
        counts::ByteCounts,
        ids::{PullId, TaskId},
        progress::{LayerShape, Layers, LiveProgress},
    },
    fleet::{messages::ProgressReport, pool::Pool},
};
use std::{collections::HashMap, sync::Arc};

/// Throughput is measured over one to two of these, in milliseconds.
const WINDOW_MS: Millis = 2_500;

/// Live figures of everything that runs.
#[derive(Debug, Default)]
pub struct Live {
    pulls: HashMap<PullId, Entry>,
    tasks: HashMap<TaskId, LiveTask>,
    /// Why nothing of a task runs although pulls wait.
    waiting: HashMap<TaskId, String>,
    /// What the layers of images are.
    shapes: Pool<[LayerShape]>,
}

/// Live figures of one task.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LiveTask {
    /// Bytes of ended, running and (as far as their size is known) waiting pulls.
    pub bytes: ByteCounts,
    /// Bytes a second.
    pub throughput: u64,
    /// When it will end at this pace.
    pub estimated_completion: Option<Millis>,
}

#[derive(Debug)]
struct Entry {
    /// Shared with watchers until it changes.
    progress: Arc<LiveProgress>,
    /// Time and fetched bytes where the present measurement of throughput began, and where the next one will.
    since: (Millis, u64),
    next: (Millis, u64),
}

impl Live {
    /// Takes a report. Figures of an attempt never go back, whatever the agent says.
    pub fn report(&mut self, now: Millis, report: ProgressReport) {
        let fresh = self
            .pulls
            .get(&report.pull)
            .is_none_or(|entry| entry.progress.attempt != report.attempt);
        if fresh {
            self.pulls.insert(report.pull.clone(), Entry::new(now, &report));
        }
        if let Some(entry) = self.pulls.get_mut(&report.pull) {
            entry.update(now, report, &self.shapes);
        }
    }

    /// The report of a running attempt.
    pub fn pull(&self, id: &PullId) -> Option<&Arc<LiveProgress>> {
        self.pulls.get(id).map(|entry| &entry.progress)
    }

    /// Forgets an attempt that ended.
    pub fn forget_pull(&mut self, id: &PullId) {
        self.pulls.remove(id);
    }

    /// Figures of an open task.
    pub fn task(&self, id: &TaskId) -> Option<&LiveTask> {
        self.tasks.get(id)
    }

    /// Bytes a second that all open tasks fetch.
    pub fn throughput(&self) -> u64 {
        self.tasks.values().map(|task| task.throughput).sum()
    }

    /// Saves the figures of an open task.
    pub fn set_task(&mut self, id: TaskId, figures: LiveTask) {
        self.tasks.insert(id, figures);
    }

    /// Why nothing of the task runs although pulls wait; empty otherwise.
    pub fn waiting(&self, id: &TaskId) -> &str {
        self.waiting.get(id).map_or("", String::as_str)
    }

    /// Saves why nothing of a task runs; says whether that is news.
    pub fn set_waiting(&mut self, id: &TaskId, reason: String) -> bool {
        if self.waiting(id) == reason {
            return false;
        }
        if reason.is_empty() {
            self.waiting.remove(id);
        } else {
            self.waiting.insert(id.clone(), reason);
        }
        true
    }

    /// Forgets a task that ended.
    pub fn forget_task(&mut self, id: &TaskId) {
        self.tasks.remove(id);
        self.waiting.remove(id);
    }
}

impl Entry {
    /// An attempt that reports for the first time; what it had fetched by then says nothing about its pace.
    fn new(now: Millis, report: &ProgressReport) -> Self {
        let progress = LiveProgress {
            attempt: report.attempt,
            phase: report.phase,
            bytes: ByteCounts::default(),
            layers: Layers::default(),
            note: String::new(),
            throughput: 0,
        };
        Self {
            progress: Arc::new(progress),
            since: (now, report.bytes.bounded().fetched),
            next: (now, report.bytes.bounded().fetched),
        }
    }

    fn update(&mut self, now: Millis, report: ProgressReport, shapes: &Pool<[LayerShape]>) {
        let progress = Arc::make_mut(&mut self.progress);
        progress.phase = report.phase;
        progress.note = report.note;
        progress.bytes = never_less(progress.bytes, report.bytes.bounded());
        progress.layers.update(report.layers, |found| shapes.share(found));
        self.measure(now);
    }

    /// Throughput over the last one to two windows.
    fn measure(&mut self, now: Millis) {
        let progress = Arc::make_mut(&mut self.progress);
        let fetched = progress.bytes.fetched;
        if now - self.next.0 >= WINDOW_MS {
            self.since = std::mem::replace(&mut self.next, (now, fetched));
        }
        let (at, bytes) = self.since;
        progress.throughput = if now > at {
            fetched.saturating_sub(bytes).saturating_mul(1000) / (now - at) as u64
        } else {
            0
        };
    }
}

fn never_less(old: ByteCounts, new: ByteCounts) -> ByteCounts {
    ByteCounts {
        total: old.total.max(new.total),
        fetched: old.fetched.max(new.fetched),
        already_there: old.already_there.max(new.already_there),
        not_needed: old.not_needed.max(new.not_needed),
        unpacked: old.unpacked.max(new.unpacked),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::progress::PullPhase;

    fn report(attempt: u32, fetched: u64) -> ProgressReport {
        ProgressReport {
            pull: PullId::from_stored("p".into()),
            attempt,
            phase: PullPhase::Fetching,
            bytes: ByteCounts {
                total: 1000,
                fetched,
                ..ByteCounts::default()
            },
            layers: vec![],
            note: String::new(),
        }
    }

    fn shown(live: &Live) -> (u64, u64) {
        let progress = live.pull(&PullId::from_stored("p".into())).unwrap();
        (progress.bytes.fetched, progress.throughput)
    }

    #[test]
    fn progress_never_goes_back_within_an_attempt_and_starts_anew_with_the_next() {
        let mut live = Live::default();
        live.report(0, report(1, 500));
        live.report(1000, report(1, 400));
        assert_eq!(shown(&live).0, 500);
        live.report(2000, report(2, 100));
        assert_eq!(shown(&live).0, 100);
    }

    #[test]
    fn throughput_is_that_of_the_last_seconds() {
        let mut live = Live::default();
        for second in 0..10 {
            live.report(second * 1000, report(1, (second as u64) * 10));
        }
        assert_eq!(shown(&live).1, 10);
        for second in 10..20 {
            live.report(second * 1000, report(1, 90));
        }
        assert_eq!(shown(&live).1, 0);
    }
}
