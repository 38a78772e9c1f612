//! Previews and results of bulk calls as messages of the protocol.

use super::{digests, platform};
use crate::{
    domain::unresolved::UnresolvedReason,
    engine::{
        bulk::{BulkItem, BulkOutcome},
        preview::{DISK_FACTOR, ImagePreview, LackingNode, PlatformPreview, PreviewNode, TaskPreview},
    },
};
use ips_proto::v1;

/// A preview.
pub(in crate::grpc) fn preview(preview: &TaskPreview) -> v1::TaskPreview {
    v1::TaskPreview {
        nodes: preview.nodes.iter().map(node).collect(),
        node_count: preview.node_count,
        offline_count: preview.offline_count,
        images: preview.images.iter().map(image).collect(),
        pulls: preview.pulls,
        bytes_to_move: preview.bytes_to_move,
        bytes_present: preview.bytes_present,
        lacking_nodes: preview.disk.lacking.iter().map(lacking).collect(),
        lacking_node_count: preview.disk.lacking_count,
        disk_unknown_count: preview.disk.unknown_count,
        disk_factor: DISK_FACTOR as u32,
    }
}

fn node(node: &PreviewNode) -> v1::PreviewNode {
    v1::PreviewNode {
        name: node.name.to_string(),
        not_ready: node.not_ready.clone().unwrap_or_default(),
    }
}

fn image(preview: &ImagePreview) -> v1::ImagePreview {
    let problem = preview.problem.as_ref();
    let verdict = match problem.map(|problem| problem.reason) {
        None => v1::ImageVerdict::Resolved,
        Some(UnresolvedReason::NotFound) => v1::ImageVerdict::NotFound,
        Some(UnresolvedReason::Unauthorized) => v1::ImageVerdict::Unauthorized,
        Some(UnresolvedReason::WrongPlatform) => v1::ImageVerdict::WrongPlatform,
        Some(UnresolvedReason::Unknown) => v1::ImageVerdict::Unknown,
    };
    v1::ImagePreview {
        image: preview.image.to_string(),
        verdict: verdict.into(),
        error: problem.map(|problem| problem.message.clone()).unwrap_or_default(),
        platforms: preview.platforms.iter().map(on_platform).collect(),
    }
}

fn on_platform(preview: &PlatformPreview) -> v1::PlatformPreview {
    let resolved = preview.resolved.as_ref();
    v1::PlatformPreview {
        platform: Some(platform(&preview.platform)),
        digests: resolved.map(|resolved| digests(&resolved.digests)),
        size_bytes: resolved.map(|resolved| resolved.size_bytes).unwrap_or_default(),
        nodes: preview.nodes,
        present_nodes: preview.present,
        unknown_nodes: preview.unknown,
        bytes_to_move: preview.bytes_to_move,
    }
}

fn lacking(node: &LackingNode) -> v1::LackingNode {
    v1::LackingNode {
        name: node.name.to_string(),
        needed_bytes: node.needed_bytes,
        available_bytes: node.available_bytes,
    }
}

/// What became of many tasks.
pub(in crate::grpc) fn bulk(outcome: &BulkOutcome) -> v1::BulkTasksResponse {
    let results: Vec<v1::BulkResult> = outcome.items.iter().map(bulk_item).collect();
    let succeeded = results.iter().filter(|result| result.ok).count();
    v1::BulkTasksResponse {
        succeeded: succeeded as u32,
        failed: (results.len() - succeeded) as u32,
        results,
        remaining: outcome.remaining,
    }
}

fn bulk_item(item: &BulkItem) -> v1::BulkResult {
    let error = item.result.as_ref().err();
    v1::BulkResult {
        task_id: item.task.to_string(),
        ok: error.is_none(),
        code: error.map(|error| error.code().to_owned()).unwrap_or_default(),
        message: error.map(ToString::to_string).unwrap_or_default(),
    }
}
