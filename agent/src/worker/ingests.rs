//! The runtime's running ingests, asked for at most a few times a second however many pulls run.

use crate::runtime::{ImageRuntime, Ingest, RuntimeError};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// How long an answer is shared.
const FRESH: Duration = Duration::from_millis(200);

/// The last answer.
#[derive(Debug, Default)]
pub(super) struct Ingests {
    last: Mutex<Option<(Instant, Arc<Vec<Ingest>>)>>,
}

impl Ingests {
    /// Running ingests, at most 200 ms old.
    pub(super) async fn recent(&self, runtime: &dyn ImageRuntime) -> Result<Arc<Vec<Ingest>>, RuntimeError> {
        let mut last = self.last.lock().await;
        if let Some((_, known)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(Arc::clone(known));
        }
        let fresh = Arc::new(runtime.ingests().await?);
        *last = Some((Instant::now(), Arc::clone(&fresh)));
        Ok(fresh)
    }
}
