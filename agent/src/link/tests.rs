//! The link against a real gRPC server on loopback that plays the coordinator.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod coordinator;
mod orders;
mod sessions;

use super::*;
use crate::{
    node::NodeState,
    pull::{AttemptId, ByteCounts, Digests, Ending, Outcome, Success},
    runtime::{
        ImageRecord,
        fake::{Fake, node},
    },
    worker::{Deliver, Observer, WorkerSettings},
};
use coordinator::{Coordinator, Played};
use ips_proto::v1::{AgentMessage, Hello, agent_message::Body, coordinator_message::Body as Say};
use std::path::Path;
use tempfile::TempDir;

/// A link with everything around it.
struct Agent {
    fake: Fake,
    worker: Worker,
    outbox: Arc<Outbox>,
    images: watch::Sender<Arc<Inventory>>,
    link: watch::Receiver<LinkState>,
    stop: CancellationToken,
    node: watch::Sender<NodeState>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn agent(address: &str, state: &Path) -> Agent {
    agent_with(address, state, proof::ProofSettings::default())
}

fn agent_with(address: &str, state: &Path, proof: proof::ProofSettings) -> Agent {
    let fake = Fake::new();
    let outbox = Arc::new(Outbox::open(state).unwrap());
    let keeps = Arc::clone(&outbox);
    let deliver: Deliver = Arc::new(move |outcome| keeps.put(outcome));
    let settings = WorkerSettings {
        slots: 2,
        no_progress: Duration::from_secs(60),
        platform: node(),
        credentials: Arc::default(),
        guard: crate::guard::Guard::default(),
        observer: Observer::default(),
    };
    let worker = Worker::new(Arc::new(fake.clone()), settings, deliver);
    let node_state = watch::Sender::new(NodeState::unknown());
    let images = watch::Sender::new(Arc::new(Inventory::default()));
    let identity = Identity {
        node_name: "node-a".into(),
        node_uid: "uid-a".into(),
        labels: BTreeMap::from([("zone".into(), "a".into())]),
        platform: node(),
        max_concurrent_pulls: 2,
    };
    let dialling = Dialling {
        address: address.into(),
        ..Dialling::default()
    };
    let proof = Proof::open(state, proof).unwrap();
    let keeper = Keeper::new(Arc::new(fake.clone()), node_state.subscribe(), 1 << 30);
    let link = Link::new(
        identity,
        dialling,
        Arc::new(proof),
        worker.clone(),
        (Arc::clone(&outbox), keeper.clone()),
        node_state.subscribe(),
        images.subscribe(),
    );
    let (stop, state) = (CancellationToken::new(), link.state());
    let stopped = stop.clone();
    tokio::spawn(keeper.run(images.subscribe(), stop.clone()));
    tokio::spawn(async move { link.run(stopped).await });
    Agent {
        fake,
        worker,
        outbox,
        images,
        link: state,
        stop,
        node: node_state,
    }
}

fn id(pull: &str) -> AttemptId {
    AttemptId {
        pull: pull.into(),
        number: 1,
    }
}

fn outcome(pull: &str) -> Outcome {
    Outcome {
        id: id(pull),
        ending: Ending::Success(Success {
            pulled: true,
            note: String::new(),
            digest_verified: true,
        }),
        digests: Digests::default(),
        bytes: ByteCounts::default(),
        layers: Vec::new(),
        started_at_ms: 1,
        finished_at_ms: 2,
        phases: Vec::new(),
    }
}

fn image(id: &str) -> ImageRecord {
    ImageRecord {
        id: id.into(),
        ..ImageRecord::default()
    }
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}
