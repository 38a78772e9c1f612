//! The one outside edge of the agent: what it needs of a container runtime. `containerd` implements it; tests use a fake.
//! How bytes arrive (`pull`, `ingests`, `blob`), unpacking (`snapshot`) and verifying (`status`, `read`) stay apart, so that
//! bytes can one day arrive another way.

pub mod containerd;
#[cfg(test)]
pub(crate) mod fake;

use crate::pull::Credential;
use futures::{future::BoxFuture, stream::BoxStream};
use std::{collections::BTreeMap, time::SystemTime};
use thiserror::Error;

/// Why the runtime did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RuntimeError {
    /// The socket does not answer, broke off, or the server is still starting.
    #[error("{0}")]
    Away(String),
    /// The runtime answered with an error; the text decides what it means.
    #[error("{0}")]
    Refused(String),
}

/// An answer of the runtime, some time later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, RuntimeError>>;

/// Who the runtime is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimeIdentity {
    /// For example "containerd".
    pub name: String,
    /// For example "1.7.24".
    pub version: String,
    /// UUID of the server; changes when its state is wiped.
    pub uuid: String,
}

/// An image as the runtime lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageRecord {
    /// Digest of the configuration.
    pub id: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Digests with their repository.
    pub digests: Vec<String>,
    /// Compressed size in bytes.
    pub size: u64,
    /// True when kubelet's garbage collection leaves it alone.
    pub pinned: bool,
}

/// A blob that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingest {
    /// Digest of the blob, from the name of the ingest.
    pub digest: String,
    /// Bytes written.
    pub offset: u64,
}

/// A blob in the content store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its digest.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was complete in this namespace.
    pub created_at: SystemTime,
}

/// A snapshot of an unpacked layer chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// True once it is complete.
    pub committed: bool,
    /// When it was created.
    pub created_at: SystemTime,
}

/// Where images lie on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFilesystem {
    /// A path on the file system.
    pub path: String,
    /// Bytes that images use.
    pub used_bytes: u64,
}

/// What the agent needs of a container runtime.
pub trait ImageRuntime: Send + Sync + 'static {
    /// Who the runtime is; also the question whether it is there and able to pull.
    fn identity(&self) -> Answer<'_, RuntimeIdentity>;

    /// Pulls and unpacks; the reference goes through untouched. Dropping the future cancels the pull.
    fn pull<'a>(&'a self, reference: &'a str, credential: Option<&'a Credential>) -> Answer<'a, ()>;

    /// The image behind a reference.
    fn status<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<ImageRecord>>;

    /// The digest that a reference's image record points at: what its tag stood for when it was pulled.
    fn target<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<String>>;

    /// All images.
    fn list(&self) -> Answer<'_, Vec<ImageRecord>>;

    /// Removes a reference.
    fn remove<'a>(&'a self, reference: &'a str) -> Answer<'a, ()>;

    /// Takes one name away and leaves the image to its other names.
    fn forget_name<'a>(&'a self, name: &'a str) -> Answer<'a, ()>;

    /// Full names with a pin; true where it is ours.
    fn pins(&self) -> Answer<'_, BTreeMap<String, bool>>;

    /// Pins a full name for us, or takes our pin away.
    fn pin<'a>(&'a self, name: &'a str, pinned: bool) -> Answer<'a, ()>;

    /// What the images of all containers are called, running or not: ids, digests or tags.
    fn used_images(&self) -> Answer<'_, Vec<String>>;

    /// The image that pod sandboxes are made of; `None` where the runtime does not tell.
    fn sandbox_image(&self) -> Answer<'_, Option<String>>;

    /// Where images lie.
    fn filesystem(&self) -> Answer<'_, ImageFilesystem>;

    /// Layers and configurations that are being written now.
    fn ingests(&self) -> Answer<'_, Vec<Ingest>>;

    /// A blob's record.
    fn blob<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Blob>>;

    /// A small blob's bytes; `None` when it is absent or larger than a document may be.
    fn read<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Vec<u8>>>;

    /// Manifests that came from this host and repository, or whose configuration is `config`; hints only.
    fn manifests<'a>(&'a self, find: &'a ManifestQuery) -> Answer<'a, Vec<Blob>>;

    /// The snapshot of a layer chain.
    fn snapshot<'a>(&'a self, chain_id: &'a str) -> Answer<'a, Option<Snapshot>>;

    /// One item for each change of the runtime's images, until the connection ends.
    fn image_events(&self) -> BoxStream<'static, ()>;
}

/// How to look for manifests in the content store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestQuery {
    /// Fetched from this host and repository.
    Source {
        /// Registry host, with port.
        host: String,
        /// Repository.
        repository: String,
    },
    /// Naming this configuration.
    Config(String),
}
