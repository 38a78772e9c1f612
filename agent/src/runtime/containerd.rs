//! containerd behind the trait: one lazily reconnecting channel over its socket, shared by CRI and the native services.
//! One file for each service; this one only puts them together.

mod containers;
mod content;
mod cri;
mod errors;
mod events;
mod images;
mod snapshots;
mod version;

use super::{
    Answer, Blob, ImageFilesystem, ImageRecord, ImageRuntime, Ingest, ManifestQuery, RuntimeError, RuntimeIdentity,
    Snapshot,
};
use crate::pull::Credential;
use futures::stream::BoxStream;
use std::{collections::BTreeMap, path::Path, time::Duration};
use thiserror::Error;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

/// Longest time that any call but a pull may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// HTTP/2 window: answers are small, so a small one saves memory. In bytes.
const WINDOW: u32 = 64 << 10;
/// Largest answer, for nodes with thousands of images. In bytes.
const LARGEST_ANSWER: usize = 32 << 20;

/// A setting that cannot be spoken to containerd.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The socket path is no valid address.
    #[error("runtime socket {0:?} is no usable path")]
    Socket(String),
    /// The namespace is no valid header value.
    #[error("runtime namespace {0:?} is no usable name")]
    Namespace(String),
}

/// A containerd, there or not: the channel dials when it is used and dials again when the socket went away.
#[derive(Debug, Clone)]
pub struct Containerd {
    channel: Channel,
    namespace: MetadataValue<Ascii>,
    namespace_name: String,
    snapshotter: String,
    socket: String,
}

impl Containerd {
    /// Prepares the channel; nothing is dialled yet.
    ///
    /// # Errors
    /// When the path or the namespace cannot be expressed.
    pub fn new(socket: &Path, namespace: &str, snapshotter: &str) -> Result<Self, ConnectError> {
        let address = format!("unix://{}", socket.display());
        let endpoint = Endpoint::from_shared(address)
            .map_err(|_| ConnectError::Socket(socket.display().to_string()))?
            .connect_timeout(Duration::from_secs(5))
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW);
        Ok(Self {
            channel: endpoint.connect_lazy(),
            namespace: namespace
                .parse()
                .map_err(|_| ConnectError::Namespace(namespace.into()))?,
            namespace_name: namespace.into(),
            snapshotter: snapshotter.into(),
            socket: socket.display().to_string(),
        })
    }

    /// People who read that containerd is away want to know where it was looked for.
    fn naming_the_socket(&self, error: RuntimeError) -> RuntimeError {
        match error {
            RuntimeError::Away(why) => RuntimeError::Away(format!("{why} (socket {})", self.socket)),
            RuntimeError::Refused(text) => RuntimeError::Refused(text),
        }
    }

    /// A request to a native service, in the agent's namespace and with a time-out.
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert("containerd-namespace", self.namespace.clone());
        request.set_timeout(CALL_TIMEOUT);
        request
    }
}

impl ImageRuntime for Containerd {
    fn identity(&self) -> Answer<'_, RuntimeIdentity> {
        Box::pin(async move {
            version::identity(self)
                .await
                .map_err(|error| self.naming_the_socket(error))
        })
    }

    fn pull<'a>(&'a self, reference: &'a str, credential: Option<&'a Credential>) -> Answer<'a, ()> {
        Box::pin(cri::pull(self, reference, credential))
    }

    fn status<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<ImageRecord>> {
        Box::pin(cri::status(self, reference))
    }

    fn target<'a>(&'a self, reference: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(images::target(self, reference))
    }

    fn list(&self) -> Answer<'_, Vec<ImageRecord>> {
        Box::pin(cri::list(self))
    }

    fn remove<'a>(&'a self, reference: &'a str) -> Answer<'a, ()> {
        Box::pin(cri::remove(self, reference))
    }

    fn forget_name<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        Box::pin(images::forget(self, name))
    }

    fn pins(&self) -> Answer<'_, BTreeMap<String, bool>> {
        Box::pin(images::pins(self))
    }

    fn pin<'a>(&'a self, name: &'a str, pinned: bool) -> Answer<'a, ()> {
        Box::pin(images::pin(self, name, pinned))
    }

    fn used_images(&self) -> Answer<'_, Vec<String>> {
        Box::pin(containers::used_images(self))
    }

    fn sandbox_image(&self) -> Answer<'_, Option<String>> {
        Box::pin(containers::sandbox_image(self))
    }

    fn filesystem(&self) -> Answer<'_, ImageFilesystem> {
        Box::pin(cri::filesystem(self))
    }

    fn ingests(&self) -> Answer<'_, Vec<Ingest>> {
        Box::pin(content::ingests(self))
    }

    fn blob<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Blob>> {
        Box::pin(content::blob(self, digest))
    }

    fn read<'a>(&'a self, digest: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(content::read(self, digest))
    }

    fn manifests<'a>(&'a self, find: &'a ManifestQuery) -> Answer<'a, Vec<Blob>> {
        Box::pin(content::manifests(self, find))
    }

    fn snapshot<'a>(&'a self, chain_id: &'a str) -> Answer<'a, Option<Snapshot>> {
        Box::pin(snapshots::stat(self, chain_id))
    }

    fn image_events(&self) -> BoxStream<'static, ()> {
        events::images(self)
    }
}
