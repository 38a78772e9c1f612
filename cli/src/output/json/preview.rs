//! Previews as the REST API shows them.

use crate::words;
use ips_proto::v1;
use serde::Serialize;

/// What a task would do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    nodes: Vec<Node>,
    node_count: u32,
    offline_count: u32,
    images: Vec<Image>,
    pulls: u32,
    bytes_to_move: u64,
    bytes_present: u64,
    disk: Disk,
}

#[derive(Debug, Serialize)]
struct Node {
    name: String,
    ready: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

#[derive(Debug, Serialize)]
struct Image {
    image: String,
    verdict: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    platforms: Vec<Platform>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Platform {
    platform: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digests: Option<Digests>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    nodes: u32,
    present_nodes: u32,
    unknown_nodes: u32,
    bytes_to_move: u64,
}

#[derive(Debug, Serialize)]
struct Digests {
    target: String,
    manifest: String,
    config: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Disk {
    factor: u32,
    lacking: Vec<Lacking>,
    lacking_count: u32,
    unknown_count: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Lacking {
    name: String,
    needed_bytes: u64,
    available_bytes: u64,
}

impl From<&v1::TaskPreview> for Preview {
    fn from(preview: &v1::TaskPreview) -> Self {
        Self {
            nodes: preview.nodes.iter().map(Node::from).collect(),
            node_count: preview.node_count,
            offline_count: preview.offline_count,
            images: preview.images.iter().map(Image::from).collect(),
            pulls: preview.pulls,
            bytes_to_move: preview.bytes_to_move,
            bytes_present: preview.bytes_present,
            disk: Disk {
                factor: preview.disk_factor,
                lacking: preview.lacking_nodes.iter().map(Lacking::from).collect(),
                lacking_count: preview.lacking_node_count,
                unknown_count: preview.disk_unknown_count,
            },
        }
    }
}

impl From<&v1::PreviewNode> for Node {
    fn from(node: &v1::PreviewNode) -> Self {
        Self {
            name: node.name.clone(),
            ready: node.not_ready.is_empty(),
            reason: node.not_ready.clone(),
        }
    }
}

impl From<&v1::ImagePreview> for Image {
    fn from(image: &v1::ImagePreview) -> Self {
        Self {
            image: image.image.clone(),
            verdict: words::image_verdict(image.verdict),
            error: image.error.clone(),
            platforms: image.platforms.iter().map(Platform::from).collect(),
        }
    }
}

impl From<&v1::PlatformPreview> for Platform {
    fn from(preview: &v1::PlatformPreview) -> Self {
        let digests = preview.digests.clone().map(|digests| Digests {
            target: digests.target,
            manifest: digests.manifest,
            config: digests.config,
        });
        Self {
            platform: words::platform(preview.platform.as_ref()),
            size_bytes: digests.is_some().then_some(preview.size_bytes),
            digests,
            nodes: preview.nodes,
            present_nodes: preview.present_nodes,
            unknown_nodes: preview.unknown_nodes,
            bytes_to_move: preview.bytes_to_move,
        }
    }
}

impl From<&v1::LackingNode> for Lacking {
    fn from(node: &v1::LackingNode) -> Self {
        Self {
            name: node.name.clone(),
            needed_bytes: node.needed_bytes,
            available_bytes: node.available_bytes,
        }
    }
}
