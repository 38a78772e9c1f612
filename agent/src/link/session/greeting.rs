//! The first words of a session, and what the answer changes.

use crate::{
    link::{
        Link,
        convert::{attempt_to_wire, condition_to_wire, outcome_to_wire, platform_to_wire},
    },
    node::Inventory,
};
use ips_proto::v1::{Hello, Settings};
use std::time::Duration;
use tonic::Status;

/// What this agent can do beyond the basic protocol.
const CAPABILITIES: [&str; 3] = ["layer-progress", "remove-image", "set-pins"];
/// Outcomes in a hello; more follow one by one, so that a hello stays below the largest message.
const MOST_OUTCOMES: usize = 100;

/// The hello, and the number of the newest outcome in it.
pub(super) fn hello(link: &Link, inventory: &Inventory) -> (Hello, u64) {
    let mut unacknowledged = link.outbox.after(0);
    unacknowledged.truncate(MOST_OUTCOMES);
    let sent = unacknowledged.last().map_or(0, |(at, _)| *at);
    let node = link.node.borrow().clone();
    let runtime = node.runtime.unwrap_or_default();
    let identity = &link.identity;
    let hello = Hello {
        node_name: identity.node_name.clone(),
        node_uid: identity.node_uid.clone(),
        runtime_uuid: runtime.uuid,
        agent_version: env!("CARGO_PKG_VERSION").into(),
        runtime_name: runtime.name,
        runtime_version: runtime.version,
        capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        platform: Some(platform_to_wire(&identity.platform)),
        labels: identity.labels.clone().into_iter().collect(),
        max_concurrent_pulls: identity.max_concurrent_pulls,
        in_flight: link.worker.in_flight().iter().map(attempt_to_wire).collect(),
        unacknowledged: unacknowledged
            .iter()
            .map(|(_, outcome)| outcome_to_wire(outcome))
            .collect(),
        inventory_generation: inventory.generation,
        inventory_hash: inventory.hash.clone(),
        condition: Some(condition_to_wire(&node.condition, link.worker.is_draining())),
    };
    (hello, sent)
}

/// Notes which database and epoch the session belongs to.
pub(super) fn welcomed(link: &Link, epoch: u64, store: &str) -> Result<(), Status> {
    let mut memory = link.memory();
    let is_same = memory.store.as_deref().is_none_or(|known| known == store);
    if is_same && epoch < memory.epoch {
        let newest = memory.epoch;
        return Err(Status::unavailable(format!(
            "welcomed by epoch {epoch}, but epoch {newest} leads"
        )));
    }
    memory.epoch = epoch;
    memory.store = Some(store.to_owned());
    memory.refusal = None;
    drop(memory);
    if link.outbox.bind(store) {
        // Nobody who is left wants these.
        for id in link.worker.in_flight() {
            let _ = link.worker.cancel(&id);
        }
    }
    Ok(())
}

pub(super) fn heartbeat_pause(settings: &Settings) -> Duration {
    match settings.heartbeat_interval_ms {
        0 => Duration::from_secs(10),
        asked => Duration::from_millis(asked.clamp(200, 300_000)),
    }
}

pub(super) fn progress_pause(settings: &Settings) -> Duration {
    match settings.progress_interval_ms {
        0 => Duration::from_millis(500),
        asked => Duration::from_millis(asked.clamp(100, 60_000)),
    }
}
