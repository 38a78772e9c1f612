//! Bytes, digests and layers, as tasks and pulls show them.

use crate::domain::{counts::ByteCounts, image::ImageDigests, progress::LayerProgress};
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes of an image, a layer or a sum of images; compressed sizes.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ByteCounts)]
pub(crate) struct BytesJson {
    /// Size; 0 while unknown.
    total: u64,
    /// Moved over the network by this attempt.
    fetched: u64,
    /// In the node's content store before the attempt.
    already_there: u64,
    /// Not moved because the unpacked layer existed.
    not_needed: u64,
    /// Size of the layers that are unpacked.
    unpacked: u64,
}

impl From<&ByteCounts> for BytesJson {
    fn from(bytes: &ByteCounts) -> Self {
        Self {
            total: bytes.total,
            fetched: bytes.fetched,
            already_there: bytes.already_there,
            not_needed: bytes.not_needed,
            unpacked: bytes.unpacked,
        }
    }
}

/// The three digests of one image on one platform; left out while unknown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Digests)]
pub(crate) struct DigestsJson {
    /// What the tag points at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    target: Option<String>,
    /// The platform's manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    manifest: Option<String>,
    /// The image configuration: the runtime's image id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    config: Option<String>,
}

impl DigestsJson {
    /// `None` when nothing is known.
    pub(crate) fn if_known(digests: &ImageDigests) -> Option<Self> {
        (*digests != ImageDigests::default()).then(|| Self {
            target: if_said(&digests.target),
            manifest: if_said(&digests.manifest),
            config: if_said(&digests.config),
        })
    }
}

/// One layer of a running attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Layer)]
pub(crate) struct LayerJson {
    /// Digest of the compressed layer.
    digest: String,
    /// Position in the manifest, from 0.
    index: u32,
    /// Bytes.
    bytes: BytesJson,
    /// Its snapshot is committed.
    unpacked: bool,
}

impl From<LayerProgress> for LayerJson {
    fn from(layer: LayerProgress) -> Self {
        Self {
            digest: layer.digest.to_string(),
            index: layer.index,
            bytes: (&layer.bytes).into(),
            unpacked: layer.unpacked,
        }
    }
}

/// Text that is left out when it is empty.
pub(crate) fn if_said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
