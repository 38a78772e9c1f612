//! Why the coordinator cannot serve just now, by part; empty when it can. Beside that what is wrong although it serves, and whether the engine's
//! loop moves.

use super::run::now;
use crate::domain::Millis;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

/// A loop that has taken no step for so long stands still.
const STANDSTILL_MS: Millis = 10_000;

/// Parts that cannot work, with the reason of each.
#[derive(Debug)]
pub struct Readiness {
    reasons: Texts,
    remarks: Texts,
    started_at: Millis,
    /// When the loop took its last step; 0 before the first.
    stepped_at: AtomicI64,
}

impl Default for Readiness {
    fn default() -> Self {
        Self {
            reasons: Texts::default(),
            remarks: Texts::default(),
            started_at: now(),
            stepped_at: AtomicI64::new(0),
        }
    }
}

impl Readiness {
    /// A part cannot work.
    pub fn set(&self, part: &'static str, reason: String) {
        lock(&self.reasons).insert(part, reason);
    }

    /// A part works again.
    pub fn clear(&self, part: &'static str) {
        lock(&self.reasons).remove(part);
    }

    /// Something is wrong with a part that works.
    pub fn remark(&self, part: &'static str, text: String) {
        lock(&self.remarks).insert(part, text);
    }

    /// Nothing is wrong with the part any more.
    pub fn withdraw(&self, part: &'static str) {
        lock(&self.remarks).remove(part);
    }

    /// Why a part cannot work.
    pub fn reason(&self, part: &str) -> Option<String> {
        lock(&self.reasons).get(part).cloned()
    }

    /// What is wrong with a part.
    pub fn remark_of(&self, part: &str) -> Option<String> {
        lock(&self.remarks).get(part).cloned()
    }

    /// Parts beside these of which something is said.
    pub fn others(&self, known: &[&str]) -> Vec<&'static str> {
        let reasons: Vec<&'static str> = lock(&self.reasons).keys().copied().collect();
        let remarks: Vec<&'static str> = lock(&self.remarks).keys().copied().collect();
        let mut others: Vec<&'static str> = reasons.into_iter().chain(remarks).collect();
        others.retain(|name| !known.contains(name));
        others.sort_unstable();
        others.dedup();
        others
    }

    /// The engine's loop takes a step.
    pub fn stepped(&self, now: Millis) {
        self.stepped_at.store(now, Ordering::Relaxed);
    }

    /// Why the engine's loop is taken for standing still. One that has not begun is not, and one that waits for the database has a reason of
    /// its own.
    pub fn standstill(&self, now: Millis) -> Option<String> {
        let stepped_at = self.stepped_at.load(Ordering::Relaxed);
        let still = now - stepped_at;
        (stepped_at > 0 && still > STANDSTILL_MS && self.reason("database").is_none())
            .then(|| format!("has taken no step for {} s", still / 1000))
    }

    /// When the process started.
    pub fn started_at(&self) -> Millis {
        self.started_at
    }
}

type Texts = Mutex<BTreeMap<&'static str, String>>;

fn lock(texts: &Texts) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
    texts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_stands_still_is_told_unless_it_waits_for_the_database() {
        let readiness = Readiness::default();
        assert_eq!(readiness.standstill(i64::MAX), None, "it has not begun");
        readiness.stepped(1_000);
        assert_eq!(readiness.standstill(11_000), None);
        assert!(readiness.standstill(12_500).is_some_and(|why| why.contains("11 s")));
        readiness.set("database", "disk full".into());
        assert_eq!(readiness.standstill(12_500), None);
    }
}
