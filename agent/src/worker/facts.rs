//! Gathers what the runtime says about a reference, for the verdict. Verifying knows nothing of how the bytes arrived.

use crate::{
    pull::{
        layout::{chain_ids, parse_config},
        verdict::Facts,
    },
    runtime::{ImageRecord, ImageRuntime, RuntimeError},
};

/// The facts; `None` when the runtime does not know the reference.
pub(super) async fn gather(runtime: &dyn ImageRuntime, reference: &str) -> Result<Option<Facts>, RuntimeError> {
    let Some(record) = runtime.status(reference).await? else {
        return Ok(None);
    };
    let config = runtime.read(&record.id).await?.and_then(|bytes| parse_config(&bytes));
    let unpacked = match config.as_ref().map(|config| chain_ids(&config.diff_ids)) {
        None => false,
        Some(chain) => is_committed(runtime, chain.last()).await?,
    };
    Ok(Some(Facts {
        repo_digests: bare_digests(&record),
        size: record.size,
        id: record.id,
        config,
        unpacked,
    }))
}

/// An image without layers has nothing to unpack.
async fn is_committed(runtime: &dyn ImageRuntime, top: Option<&String>) -> Result<bool, RuntimeError> {
    match top {
        None => Ok(true),
        Some(top) => Ok(runtime.snapshot(top).await?.is_some_and(|snapshot| snapshot.committed)),
    }
}

fn bare_digests(record: &ImageRecord) -> Vec<String> {
    record
        .digests
        .iter()
        .filter_map(|known| known.rsplit_once('@'))
        .map(|(_, digest)| digest.to_owned())
        .collect()
}
