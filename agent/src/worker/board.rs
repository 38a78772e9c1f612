//! What running attempts have done so far, in memory. Written by attempts, read by the session, which coalesces.

use crate::pull::{AttemptId, ByteCounts, LayerBytes, Phase};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// One running attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptView {
    /// What it is doing.
    pub phase: Phase,
    /// Bytes of the whole image.
    pub bytes: ByteCounts,
    /// Every layer; empty while the manifest is unknown.
    pub layers: Arc<Vec<LayerBytes>>,
    /// A remark for people.
    pub note: String,
}

/// All running attempts.
#[derive(Debug, Default)]
pub struct Board {
    views: Mutex<HashMap<AttemptId, AttemptView>>,
}

impl Board {
    /// What every running attempt has done.
    #[must_use]
    pub fn all(&self) -> Vec<(AttemptId, AttemptView)> {
        self.lock()
            .iter()
            .map(|(id, view)| (id.clone(), view.clone()))
            .collect()
    }

    pub(super) fn put(&self, id: &AttemptId, view: AttemptView) {
        self.lock().insert(id.clone(), view);
    }

    pub(super) fn remove(&self, id: &AttemptId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptId, AttemptView>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
