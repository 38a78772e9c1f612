//! Whoever wants to hear how attempts went: figures and traces. It must be quick and cannot change anything.

use crate::pull::{Order, Outcome, Visit};
use std::{fmt, sync::Arc, time::SystemTime};

/// An attempt that ended.
#[derive(Debug)]
pub struct EndedAttempt<'a> {
    /// What was ordered.
    pub order: &'a Order,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// When it was in which phase.
    pub visits: &'a [Visit],
    /// Begin.
    pub began: SystemTime,
    /// End.
    pub ended: SystemTime,
}

type Told = dyn Fn(&EndedAttempt<'_>) + Send + Sync;

/// See the module; nobody by default.
#[derive(Clone, Default)]
pub struct Observer(Option<Arc<Told>>);

impl Observer {
    /// Tells this function.
    pub fn new(told: impl Fn(&EndedAttempt<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    pub(super) fn tell(&self, attempt: &EndedAttempt<'_>) {
        if let Some(told) = &self.0 {
            told(attempt);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
