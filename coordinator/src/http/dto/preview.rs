//! What a task would do, as JSON.

use super::progress::{DigestsJson, if_said};
use crate::{
    domain::unresolved::UnresolvedReason,
    engine::preview::{DISK_FACTOR, ImagePreview, LackingNode, PlatformPreview, PreviewNode, TaskPreview},
};
use serde::Serialize;
use utoipa::ToSchema;

/// What a task would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskPreview)]
pub(crate) struct PreviewJson {
    /// Nodes that it would be for, by name; the first 100.
    nodes: Vec<PreviewNodeJson>,
    node_count: u32,
    /// How many of them cannot pull now; their pulls would wait.
    offline_count: u32,
    /// In the order of the request.
    images: Vec<ImagePreviewJson>,
    /// Nodes times images.
    pulls: u32,
    /// What would go over the network, as far as sizes are known.
    bytes_to_move: u64,
    /// What nobody would have to move.
    bytes_present: u64,
    disk: DiskPreviewJson,
}

/// One node of a preview.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PreviewNode)]
pub(crate) struct PreviewNodeJson {
    name: String,
    ready: bool,
    /// Why it cannot pull now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// Whether a registry said what a reference stands for.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImageVerdict)]
pub(crate) enum VerdictWord {
    /// It did.
    Resolved,
    /// The registry has no such image.
    NotFound,
    /// The registry wants a login, or refuses the one it got.
    Unauthorized,
    /// The image has no variant for any of the platforms.
    WrongPlatform,
    /// The coordinator could not ask, or not use the answer; nodes may know better.
    Unknown,
}

/// One image of a preview.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ImagePreview)]
pub(crate) struct ImagePreviewJson {
    image: String,
    verdict: VerdictWord,
    /// Why it is not resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    /// By platform of the nodes.
    platforms: Vec<PlatformPreviewJson>,
}

/// One image on the nodes of one platform.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlatformPreview)]
pub(crate) struct PlatformPreviewJson {
    #[schema(example = "linux/amd64")]
    platform: String,
    /// Left out when unknown, or when a resolved image has no variant for the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    digests: Option<DigestsJson>,
    /// Compressed; left out when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    size_bytes: Option<u64>,
    nodes: u32,
    /// Nodes that have exactly this content, under whatever name.
    present_nodes: u32,
    /// Nodes whose images are unknown; they count as if they had none.
    unknown_nodes: u32,
    bytes_to_move: u64,
}

/// Room on the disks of the nodes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DiskPreview)]
pub(crate) struct DiskPreviewJson {
    /// Room that an image is taken to need, as a multiple of its compressed size.
    factor: u64,
    /// Nodes that lack room; the first 100.
    lacking: Vec<LackingNodeJson>,
    lacking_count: u32,
    /// Nodes whose disk is unknown.
    unknown_count: u32,
}

/// A node whose disk is too small.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LackingNode)]
pub(crate) struct LackingNodeJson {
    name: String,
    /// Compressed size of the missing images times `factor`.
    needed_bytes: u64,
    available_bytes: u64,
}

impl From<&TaskPreview> for PreviewJson {
    fn from(preview: &TaskPreview) -> Self {
        Self {
            nodes: preview.nodes.iter().map(Into::into).collect(),
            node_count: preview.node_count,
            offline_count: preview.offline_count,
            images: preview.images.iter().map(Into::into).collect(),
            pulls: preview.pulls,
            bytes_to_move: preview.bytes_to_move,
            bytes_present: preview.bytes_present,
            disk: DiskPreviewJson {
                factor: DISK_FACTOR,
                lacking: preview.disk.lacking.iter().map(Into::into).collect(),
                lacking_count: preview.disk.lacking_count,
                unknown_count: preview.disk.unknown_count,
            },
        }
    }
}

impl From<&PreviewNode> for PreviewNodeJson {
    fn from(node: &PreviewNode) -> Self {
        Self {
            name: node.name.to_string(),
            ready: node.not_ready.is_none(),
            reason: node.not_ready.clone(),
        }
    }
}

impl From<&ImagePreview> for ImagePreviewJson {
    fn from(preview: &ImagePreview) -> Self {
        let problem = preview.problem.as_ref();
        Self {
            image: preview.image.to_string(),
            verdict: match problem.map(|problem| problem.reason) {
                None => VerdictWord::Resolved,
                Some(UnresolvedReason::NotFound) => VerdictWord::NotFound,
                Some(UnresolvedReason::Unauthorized) => VerdictWord::Unauthorized,
                Some(UnresolvedReason::WrongPlatform) => VerdictWord::WrongPlatform,
                Some(UnresolvedReason::Unknown) => VerdictWord::Unknown,
            },
            error: problem.and_then(|problem| if_said(&problem.message)),
            platforms: preview.platforms.iter().map(Into::into).collect(),
        }
    }
}

impl From<&PlatformPreview> for PlatformPreviewJson {
    fn from(preview: &PlatformPreview) -> Self {
        let resolved = preview.resolved.as_ref();
        Self {
            platform: preview.platform.to_string(),
            digests: resolved.and_then(|resolved| DigestsJson::if_known(&resolved.digests)),
            size_bytes: resolved.map(|resolved| resolved.size_bytes),
            nodes: preview.nodes,
            present_nodes: preview.present,
            unknown_nodes: preview.unknown,
            bytes_to_move: preview.bytes_to_move,
        }
    }
}

impl From<&LackingNode> for LackingNodeJson {
    fn from(node: &LackingNode) -> Self {
        Self {
            name: node.name.to_string(),
            needed_bytes: node.needed_bytes,
            available_bytes: node.available_bytes,
        }
    }
}
