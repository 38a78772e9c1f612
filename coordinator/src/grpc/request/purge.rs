//! Images that are to go from nodes.

use crate::domain::purge::PurgeRequest;
use ips_proto::v1;

/// Which images from which nodes.
pub(in crate::grpc) fn purge(request: v1::PurgeImagesRequest) -> PurgeRequest {
    PurgeRequest {
        images: request.images,
        task: (!request.task_id.is_empty()).then_some(request.task_id),
        policy: (!request.policy_id.is_empty()).then_some(request.policy_id),
        node_names: request.node_names,
        selector: request.selector,
        dry_run: request.dry_run,
    }
}
