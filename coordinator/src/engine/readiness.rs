//! Why the coordinator cannot serve just now, by part; empty when it can. Beside that what is wrong although it serves.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Parts that cannot work, with the reason of each.
#[derive(Debug, Default)]
pub struct Readiness {
    reasons: Texts,
    remarks: Texts,
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

    /// Every reason, as `part: reason`.
    pub fn reasons(&self) -> Vec<String> {
        all(&self.reasons)
    }

    /// Every remark, as `part: text`.
    pub fn remarks(&self) -> Vec<String> {
        all(&self.remarks)
    }
}

type Texts = Mutex<BTreeMap<&'static str, String>>;

fn all(texts: &Texts) -> Vec<String> {
    let texts = lock(texts);
    texts.iter().map(|(part, text)| format!("{part}: {text}")).collect()
}

fn lock(texts: &Texts) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
    texts.lock().unwrap_or_else(PoisonError::into_inner)
}
