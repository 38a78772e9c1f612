//! What references of a task resolved to, as JSON.

use super::progress::if_said;
use crate::domain::{
    image::{ImageRef, ResolvedImage},
    task::TaskImage,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What one image of a task is on each platform among its nodes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResolvedImage)]
pub(crate) struct ResolvedImageJson {
    image: String,
    /// Empty until it is resolved.
    platforms: Vec<ResolvedPlatformJson>,
    /// Why it could not be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
}

impl From<(&ImageRef, &TaskImage)> for ResolvedImageJson {
    fn from((image, resolved): (&ImageRef, &TaskImage)) -> Self {
        Self {
            image: image.to_string(),
            platforms: resolved.resolved.iter().map(Into::into).collect(),
            error: if_said(&resolved.error),
        }
    }
}

/// An image on one platform.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResolvedPlatform)]
pub(crate) struct ResolvedPlatformJson {
    #[schema(example = "linux/amd64")]
    platform: String,
    /// What the tag pointed at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    target_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    manifest_digest: Option<String>,
    /// The runtime's image id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    config_digest: Option<String>,
    /// Configuration and layers, compressed.
    size_bytes: u64,
}

impl From<&ResolvedImage> for ResolvedPlatformJson {
    fn from(image: &ResolvedImage) -> Self {
        Self {
            platform: image.platform.to_string(),
            target_digest: if_said(&image.digests.target),
            manifest_digest: if_said(&image.digests.manifest),
            config_digest: if_said(&image.digests.config),
            size_bytes: image.size_bytes,
        }
    }
}
