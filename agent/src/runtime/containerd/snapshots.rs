//! containerd's snapshot service, read only: whether a layer chain is unpacked.

use super::{Containerd, errors::absent};
use crate::runtime::{RuntimeError, Snapshot};
use containerd_client::services::v1::snapshots::{Kind, StatSnapshotRequest, snapshots_client::SnapshotsClient};
use std::time::SystemTime;

pub(super) async fn stat(containerd: &Containerd, chain_id: &str) -> Result<Option<Snapshot>, RuntimeError> {
    let request = StatSnapshotRequest {
        snapshotter: containerd.snapshotter.clone(),
        key: chain_id.to_owned(),
    };
    let mut client = SnapshotsClient::new(containerd.channel.clone());
    let answer = absent(client.stat(containerd.request(request)).await)?;
    let info = answer.and_then(|answer| answer.into_inner().info);
    Ok(info.map(|info| Snapshot {
        committed: info.kind() == Kind::Committed,
        created_at: info
            .created_at
            .and_then(|at| SystemTime::try_from(at).ok())
            .unwrap_or(SystemTime::UNIX_EPOCH),
    }))
}
