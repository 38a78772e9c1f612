//! A runtime whose every call is measured.

use super::Metrics;
use crate::{
    pull::Credential,
    runtime::{
        Answer, Blob, ImageFilesystem, ImageRecord, ImageRuntime, Ingest, ManifestQuery, RuntimeError, RuntimeIdentity,
        Snapshot,
    },
};
use futures::stream::BoxStream;
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// See the module.
pub struct Measured {
    inner: Arc<dyn ImageRuntime>,
    metrics: Arc<Metrics>,
}

impl Measured {
    /// The same runtime, measured.
    #[must_use]
    pub fn new(inner: Arc<dyn ImageRuntime>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }

    fn watch<'a, T: Send + 'a>(&'a self, operation: &'static str, answer: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            let began = Instant::now();
            let answer = answer.await;
            let figure = self.metrics.runtime_calls.with_label_values(&[operation]);
            figure.observe(began.elapsed().as_secs_f64());
            if let Err(error) = &answer {
                let reason = match error {
                    RuntimeError::Away(_) => "away",
                    RuntimeError::Refused(_) => "refused",
                };
                self.metrics
                    .runtime_errors
                    .with_label_values(&[operation, reason])
                    .inc();
            }
            answer
        })
    }
}

impl ImageRuntime for Measured {
    fn identity(&self) -> Answer<'_, RuntimeIdentity> {
        self.watch("identity", self.inner.identity())
    }

    fn pull<'a>(&'a self, reference: &'a str, credential: Option<&'a Credential>) -> Answer<'a, ()> {
        self.watch("pull", self.inner.pull(reference, credential))
    }

    fn status<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<ImageRecord>> {
        self.watch("status", self.inner.status(reference))
    }

    fn target<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<String>> {
        self.watch("target", self.inner.target(reference))
    }

    fn list(&self) -> Answer<'_, Vec<ImageRecord>> {
        self.watch("list", self.inner.list())
    }

    fn remove<'a>(&'a self, reference: &'a str) -> Answer<'a, ()> {
        self.watch("remove", self.inner.remove(reference))
    }

    fn forget_name<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        self.watch("forget_name", self.inner.forget_name(name))
    }

    fn pins(&self) -> Answer<'_, BTreeMap<String, bool>> {
        self.watch("pins", self.inner.pins())
    }

    fn pin<'a>(&'a self, name: &'a str, pinned: bool) -> Answer<'a, ()> {
        self.watch("pin", self.inner.pin(name, pinned))
    }

    fn used_images(&self) -> Answer<'_, Vec<String>> {
        self.watch("used_images", self.inner.used_images())
    }

    fn sandbox_image(&self) -> Answer<'_, Option<String>> {
        self.watch("sandbox_image", self.inner.sandbox_image())
    }

    fn filesystem(&self) -> Answer<'_, ImageFilesystem> {
        self.watch("filesystem", self.inner.filesystem())
    }

    fn ingests(&self) -> Answer<'_, Vec<Ingest>> {
        self.watch("ingests", self.inner.ingests())
    }

    fn blob<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Blob>> {
        self.watch("blob", self.inner.blob(digest))
    }

    fn read<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        self.watch("read", self.inner.read(digest))
    }

    fn manifests<'a>(&'a self, find: &'a ManifestQuery) -> Answer<'a, Vec<Blob>> {
        self.watch("manifests", self.inner.manifests(find))
    }

    fn snapshot<'a>(&'a self, chain_id: &'a str) -> Answer<'a, Option<Snapshot>> {
        self.watch("snapshot", self.inner.snapshot(chain_id))
    }

    fn image_events(&self) -> BoxStream<'static, ()> {
        self.inner.image_events()
    }
}
