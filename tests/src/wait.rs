//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(40);

/// Asks until there is an answer; after `limit` the test ends with what it waited for.
pub async fn wait_for<T>(what: &str, limit: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} for {what}, in vain");
        tokio::time::sleep(POLL).await;
    }
}

/// The same for a plain yes or no.
pub async fn wait_until(what: &str, limit: Duration, mut probe: impl AsyncFnMut() -> bool) {
    wait_for(what, limit, async || probe().await.then_some(())).await;
}
