//! The body of a blob answer under faults: slowed down, standing still, or broken off.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use tokio::sync::watch;

use super::Faults;

/// Small enough that slow answers flow evenly.
const PIECE: usize = 64 * 1024;

struct Flow {
    upstream: reqwest::Response,
    faults: watch::Receiver<Faults>,
    length: u64,
    sent: u64,
    pending: Bytes,
}

/// Lets the upstream's bytes through as the faults of the moment allow.
pub fn faulty(upstream: reqwest::Response, faults: watch::Receiver<Faults>) -> Body {
    let length = upstream.content_length().unwrap_or(u64::MAX);
    let flow = Flow {
        upstream,
        faults,
        length,
        sent: 0,
        pending: Bytes::new(),
    };
    Body::from_stream(futures::stream::unfold(Some(flow), async |flow| {
        let mut flow = flow?;
        match flow.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(flow))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }))
}

impl Flow {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.pending.is_empty() {
            match self.upstream.chunk().await.map_err(io::Error::other)? {
                Some(chunk) => self.pending = chunk,
                None => return Ok(None),
            }
        }
        self.obey().await?;
        let piece = self.pending.split_to(self.pending.len().min(PIECE));
        self.sent += piece.len() as u64;
        Ok(Some(piece))
    }

    /// Waits or fails as ordered, before the next piece.
    async fn obey(&mut self) -> io::Result<()> {
        loop {
            let faults = self.faults.borrow_and_update().clone();
            if self.length < faults.spare_blobs_below {
                return Ok(());
            }
            if faults.blob_breaks_after.is_some_and(|limit| self.sent >= limit) {
                return Err(io::Error::new(io::ErrorKind::ConnectionReset, "broken off by the test"));
            }
            if faults.blob_stalls_after.is_some_and(|limit| self.sent >= limit) {
                // Until the faults change; the proxy is gone when this fails.
                self.faults.changed().await.map_err(io::Error::other)?;
                continue;
            }
            if let Some(rate) = faults.blob_bytes_per_second {
                let piece = self.pending.len().min(PIECE) as f64;
                tokio::time::sleep(Duration::from_secs_f64(piece / rate.max(1) as f64)).await;
            }
            return Ok(());
        }
    }
}
