//! Finds the manifest of a running pull in the content store: by the order's digests, or by what the pull leaves behind.
//! Labels are hints that may be stale, so a manifest from before the pull counts only when one of its layers arrives now.

use crate::{
    pull::{
        Digests, Layout, Platform,
        layout::{Document, choose, parse_document},
        reference::{digest_of, host_and_repository},
    },
    runtime::{ImageRuntime, Ingest, ManifestQuery, RuntimeError},
};
use std::time::SystemTime;

/// What is known about the image before its manifest.
pub(super) struct Wanted<'a> {
    pub(super) reference: &'a str,
    pub(super) expected: &'a Digests,
    pub(super) platform: &'a Platform,
    pub(super) begun_at: SystemTime,
}

/// The layout by the order's digests or the reference's own; `None` while the document is not in the content store.
pub(super) async fn by_digest(runtime: &dyn ImageRuntime, wanted: &Wanted<'_>) -> Result<Option<Layout>, RuntimeError> {
    let expected = wanted.expected;
    let start = expected
        .manifest
        .as_deref()
        .or(expected.target.as_deref())
        .or_else(|| digest_of(wanted.reference));
    match start {
        None => Ok(None),
        Some(digest) => read(runtime, digest, wanted.platform).await,
    }
}

/// The layout of the manifest that this pull fetched, or that names a layer which is arriving.
pub(super) async fn by_traces(
    runtime: &dyn ImageRuntime,
    wanted: &Wanted<'_>,
    arriving: &[Ingest],
) -> Result<Option<Layout>, RuntimeError> {
    let (host, repository) = host_and_repository(wanted.reference);
    let found = runtime.manifests(&ManifestQuery::Source { host, repository }).await?;
    let mut fresh = found.iter().filter(|blob| blob.created_at >= wanted.begun_at);
    if let (Some(only), None) = (fresh.next(), fresh.next()) {
        return read(runtime, &only.digest, wanted.platform).await;
    }
    for blob in &found {
        let layout = read(runtime, &blob.digest, wanted.platform).await?;
        let arrives = |layout: &Layout| {
            arriving.iter().any(|ingest| {
                layout.config == ingest.digest || layout.layers.iter().any(|(digest, _)| *digest == ingest.digest)
            })
        };
        if let Some(layout) = layout.filter(arrives) {
            return Ok(Some(layout));
        }
    }
    Ok(None)
}

/// The layout of an image that the runtime has, by its id.
pub(super) async fn by_image_id(
    runtime: &dyn ImageRuntime,
    id: &str,
    platform: &Platform,
) -> Result<Option<Layout>, RuntimeError> {
    for blob in runtime.manifests(&ManifestQuery::Config(id.to_owned())).await? {
        if let Some(layout) = read(runtime, &blob.digest, platform)
            .await?
            .filter(|layout| layout.config == id)
        {
            return Ok(Some(layout));
        }
    }
    Ok(None)
}

/// Reads a manifest, or the manifest that an index names for the platform.
async fn read(runtime: &dyn ImageRuntime, digest: &str, platform: &Platform) -> Result<Option<Layout>, RuntimeError> {
    let Some(bytes) = runtime.read(digest).await? else {
        return Ok(None);
    };
    let entries = match parse_document(digest, &bytes) {
        None => return Ok(None),
        Some(Document::Manifest(layout)) => return Ok(Some(layout)),
        Some(Document::Index(entries)) => entries,
    };
    let Some(chosen) = choose(&entries, platform) else {
        return Ok(None);
    };
    let Some(bytes) = runtime.read(&chosen.digest).await? else {
        return Ok(None);
    };
    match parse_document(&chosen.digest, &bytes) {
        Some(Document::Manifest(layout)) => Ok(Some(layout)),
        Some(Document::Index(_)) | None => Ok(None),
    }
}
