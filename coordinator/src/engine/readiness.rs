//! Why the coordinator cannot serve just now, by part; empty when it can.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Parts that cannot work, with the reason of each.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<BTreeMap<&'static str, String>>);

impl Readiness {
    /// A part cannot work.
    pub fn set(&self, part: &'static str, reason: String) {
        self.lock().insert(part, reason);
    }

    /// A part works again.
    pub fn clear(&self, part: &'static str) {
        self.lock().remove(part);
    }

    /// Every reason, as `part: reason`.
    pub fn reasons(&self) -> Vec<String> {
        self.lock()
            .iter()
            .map(|(part, reason)| format!("{part}: {reason}"))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
