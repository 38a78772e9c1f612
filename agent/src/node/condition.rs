//! Whether the runtime answers, who it is, and how full its image file system is. One loop asks; everybody else watches.

use crate::{
    guard::{
        Guard, KubeletFacts,
        disk::{DiskSpace, space},
    },
    runtime::{ImageRuntime, RuntimeError, RuntimeIdentity},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Pause between two questions while the runtime answers.
const WHILE_READY: Duration = Duration::from_secs(5);
/// Pause between two questions while it does not.
const WHILE_AWAY: Duration = Duration::from_secs(1);

/// Disk and runtime at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Why the runtime does not answer; `None` when it does.
    pub away: Option<String>,
    /// Path on the image file system; empty when unknown.
    pub path: String,
    /// Bytes that images use.
    pub used_bytes: u64,
    /// Its size and free space.
    pub space: DiskSpace,
    /// What the kubelet's configuration says.
    pub kubelet: KubeletFacts,
    /// Why no pull begins now; `None` when they do.
    pub pause: Option<String>,
}

/// The node as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// The runtime; `None` until it answered once. Kept while it is away.
    pub runtime: Option<RuntimeIdentity>,
    /// Disk and runtime.
    pub condition: Condition,
}

impl NodeState {
    /// Nothing is known yet.
    #[must_use]
    pub fn unknown() -> Self {
        let condition = Condition {
            away: Some("containerd was not asked yet".into()),
            ..Condition::default()
        };
        Self {
            runtime: None,
            condition,
        }
    }
}

/// Asks until `cancel`.
pub async fn run(
    runtime: Arc<dyn ImageRuntime>,
    guard: Guard,
    state: watch::Sender<NodeState>,
    cancel: CancellationToken,
) {
    loop {
        let before = state.borrow().clone();
        let next = ask(runtime.as_ref(), &guard, &before).await;
        log_change(&before, &next);
        let pause = if next.condition.away.is_none() {
            WHILE_READY
        } else {
            WHILE_AWAY
        };
        state.send_if_modified(|known| {
            let changed = *known != next;
            *known = next;
            changed
        });
        tokio::select! {
            () = cancel.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

/// Asks once.
async fn ask(runtime: &dyn ImageRuntime, guard: &Guard, before: &NodeState) -> NodeState {
    let identity = match runtime.identity().await {
        Ok(identity) => identity,
        Err(why) => return away(guard, before, &why),
    };
    let filesystem = match runtime.filesystem().await {
        Ok(filesystem) => filesystem,
        Err(why) => return away(guard, before, &why),
    };
    let space = if filesystem.path.is_empty() {
        DiskSpace::default()
    } else {
        space(Path::new(&filesystem.path))
    };
    let condition = Condition {
        away: None,
        path: filesystem.path,
        used_bytes: filesystem.used_bytes,
        space,
        kubelet: guard.kubelet(),
        pause: guard.pause(),
    };
    NodeState {
        runtime: Some(identity),
        condition,
    }
}

fn away(guard: &Guard, before: &NodeState, why: &RuntimeError) -> NodeState {
    let condition = Condition {
        away: Some(why.to_string()),
        kubelet: guard.kubelet(),
        pause: guard.pause(),
        ..before.condition.clone()
    };
    NodeState {
        runtime: before.runtime.clone(),
        condition,
    }
}

/// Says it once when the runtime comes, goes or changes its reason.
fn log_change(before: &NodeState, now: &NodeState) {
    match (&before.condition.away, &now.condition.away) {
        (was, Some(why)) if was.as_ref() != Some(why) => warn!(reason = %why, "containerd does not answer"),
        (Some(_), None) => {
            let version = now.runtime.as_ref().map(|runtime| runtime.version.as_str());
            info!(version, "containerd answers");
        }
        _ => {}
    }
}
