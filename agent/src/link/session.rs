//! One session from Hello to its end. Reads orders and writes reports in one loop, so that they keep their order: an
//! attempt's outcome is never followed by its progress.

use super::{
    Ended, Link, LinkState,
    convert::{
        attempt, attempt_to_wire, condition_to_wire, heartbeat, image_to_wire, order, outcome_to_wire,
        platform_to_wire, progress_to_wire,
    },
    dial::{self, PATIENCE},
    progress::Told,
};
use crate::{
    node::Inventory,
    pull::{ByteCounts, Digests, Ending, Failure, FailureReason, Outcome, Phase},
};
use ips_proto::v1::{
    AgentMessage, CancelPull, CoordinatorMessage, Hello, Inventory as WireInventory, Progress, Settings, StartPull,
    agent_message::Body, coordinator_message::Body as Order,
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};
use tracing::{info, warn};

/// What this agent can do beyond the basic protocol.
const CAPABILITIES: [&str; 1] = ["layer-progress"];
/// Pause between two looks at the board.
const LOOK_AT_BOARD: Duration = Duration::from_millis(100);

/// Dials, says hello and serves until the end.
pub(super) async fn run(link: &Link, address: &str, stop: &CancellationToken) -> Ended {
    let opened = tokio::select! {
        () = stop.cancelled() => return Ended::Stopped,
        opened = Session::open(link, address) => opened,
    };
    let result = match opened {
        Ok(Opened::Elsewhere(leader)) => return Ended::Redirected(leader),
        Ok(Opened::Welcome(session)) => session.serve(stop).await,
        Err(status) => Err(status),
    };
    result.unwrap_or_else(Ended::Lost)
}

enum Opened<'a> {
    Welcome(Box<Session<'a>>),
    Elsewhere(String),
}

struct Session<'a> {
    link: &'a Link,
    outgoing: mpsc::Sender<AgentMessage>,
    incoming: Streaming<CoordinatorMessage>,
    sequence: u64,
    /// Number of the newest outcome that was sent.
    sent: u64,
    /// The inventory that the coordinator has, or says it has.
    conveyed: Arc<Inventory>,
    told: Told,
    heartbeat_every: Duration,
    progress_every: Duration,
}

impl<'a> Session<'a> {
    async fn open(link: &'a Link, address: &str) -> Result<Opened<'a>, Status> {
        let unacknowledged = link.outbox.after(0);
        let sent = unacknowledged.last().map_or(0, |(at, _)| *at);
        let conveyed = link.inventory.borrow().clone();
        let outcomes = unacknowledged
            .iter()
            .map(|(_, outcome)| outcome_to_wire(outcome))
            .collect();
        let hello = Hello {
            unacknowledged: outcomes,
            ..hello(link, &conveyed)
        };
        let first = AgentMessage {
            sequence: 1,
            body: Some(Body::Hello(hello)),
        };
        let mut stream = dial::open(address, first).await?;
        let answer = timeout(PATIENCE, stream.incoming.message())
            .await
            .map_err(|_| Status::unavailable("the coordinator does not welcome"))??
            .ok_or_else(|| Status::unavailable("the coordinator closed the session"))?;
        let (epoch, welcome) = match (answer.epoch, answer.body) {
            (epoch, Some(Order::Welcome(welcome))) => (epoch, welcome),
            (_, Some(Order::Redirect(to))) => return Ok(Opened::Elsewhere(to.address)),
            _ => {
                return Err(Status::unavailable(
                    "the coordinator began with something else than Welcome",
                ));
            }
        };
        welcomed(link, epoch, &welcome.store_uuid)?;
        info!(coordinator.version = %welcome.coordinator_version, epoch, address, "session open");
        let settings = welcome.settings.unwrap_or_default();
        Ok(Opened::Welcome(Box::new(Self {
            link,
            outgoing: stream.outgoing,
            incoming: stream.incoming,
            sequence: 1,
            sent,
            conveyed,
            told: Told::default(),
            heartbeat_every: heartbeat_pause(&settings),
            progress_every: Duration::from_millis(settings.progress_interval_ms.clamp(100, 60_000)),
        })))
    }

    async fn serve(mut self, stop: &CancellationToken) -> Result<Ended, Status> {
        self.link.state.send_replace(LinkState::Open);
        let mut outcomes = self.link.outbox.watch();
        let mut inventory = self.link.inventory.clone();
        let mut node = self.link.node.clone();
        let mut beat = interval(self.heartbeat_every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = interval(LOOK_AT_BOARD);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut drains = self.link.worker.is_draining();
        loop {
            self.send_outcomes().await?;
            self.send_inventory_changes().await?;
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Ended::Stopped),
                message = self.incoming.message() => match message? {
                    None => return Err(Status::unavailable("the coordinator closed the session")),
                    Some(message) => if let Some(ended) = self.obey(message).await? {
                        return Ok(ended);
                    },
                },
                changed = outcomes.changed() => gone(changed.is_ok())?,
                changed = inventory.changed() => gone(changed.is_ok())?,
                changed = node.changed() => {
                    gone(changed.is_ok())?;
                    self.beat().await?;
                }
                _ = beat.tick() => self.beat().await?,
                _ = look.tick() => {
                    self.send_progress().await?;
                    if drains != self.link.worker.is_draining() {
                        drains = !drains;
                        self.beat().await?;
                    }
                }
            }
        }
    }

    /// Follows one order. `Some` ends the session.
    async fn obey(&mut self, message: CoordinatorMessage) -> Result<Option<Ended>, Status> {
        let newest = self.link.memory().epoch;
        if message.epoch < newest {
            warn!(epoch = message.epoch, newest, "order of a deposed leader ignored");
            return Ok(None);
        }
        self.link.memory().epoch = message.epoch;
        match message.body {
            Some(Order::StartPull(start)) => self.start(start),
            Some(Order::CancelPull(cancel)) => self.cancel(&cancel),
            Some(Order::Acknowledge(done)) => {
                let ids: Vec<_> = done.attempts.iter().filter_map(|id| attempt(Some(id))).collect();
                self.link.outbox.acknowledge(&ids);
            }
            Some(Order::Refuse(refused)) => {
                warn!(reason = %refused.reason, "the coordinator refused a report");
                if let Some(id) = attempt(refused.attempt.as_ref()) {
                    let _was_running = self.link.worker.cancel(&id);
                    self.link.outbox.acknowledge(&[id]);
                }
            }
            Some(Order::SendInventory(_)) => self.send_inventory().await?,
            Some(Order::Drain(drain)) => {
                info!(reason = %drain.reason, "told to take no new work");
                self.link.worker.drain();
            }
            Some(Order::Redirect(to)) => return Ok(Some(Ended::Redirected(to.address))),
            Some(Order::RemoveImage(_) | Order::PinImage(_)) => warn!("order ignored: it needs a capability"),
            Some(Order::Welcome(_)) | None => warn!("message ignored: nothing was expected of the kind"),
        }
        Ok(None)
    }

    fn start(&self, start: StartPull) {
        match order(start) {
            None => warn!("order ignored: it names no attempt or no image"),
            // It ended already, and the coordinator has not heard: say it again instead of doing it again.
            Some(order) if self.link.outbox.repeat(&order.id) => {}
            Some(order) => self.link.worker.start(order),
        }
    }

    fn cancel(&self, cancel: &CancelPull) {
        let Some(id) = attempt(cancel.attempt.as_ref()) else {
            warn!("cancel ignored: it names no attempt");
            return;
        };
        info!(pull.id = %id, reason = %cancel.reason, "told to cancel");
        if self.link.worker.cancel(&id) || self.link.outbox.repeat(&id) {
            return;
        }
        let now = now_ms();
        let failure = Failure::new(
            FailureReason::Cancelled,
            Phase::Waiting,
            "cancelled; the agent did not run it",
        );
        self.link.outbox.put(Outcome {
            id,
            ending: Ending::Failure(failure),
            digests: Digests::default(),
            bytes: ByteCounts::default(),
            layers: Vec::new(),
            started_at_ms: now,
            finished_at_ms: now,
        });
    }

    async fn send_outcomes(&mut self) -> Result<(), Status> {
        for (at, outcome) in self.link.outbox.after(self.sent) {
            self.send(Body::Outcome(outcome_to_wire(&outcome))).await?;
            self.sent = at;
        }
        Ok(())
    }

    async fn send_progress(&mut self) -> Result<(), Status> {
        let views = self.link.worker.board().all();
        let due = self.told.due(Instant::now(), self.progress_every, views);
        if due.is_empty() {
            return Ok(());
        }
        let pulls = due
            .iter()
            .map(|report| progress_to_wire(&report.id, &report.view, &report.layers))
            .collect();
        self.send(Body::Progress(Progress { pulls })).await
    }

    /// Sends what changed since the coordinator last heard.
    async fn send_inventory_changes(&mut self) -> Result<(), Status> {
        let now = self.link.inventory.borrow().clone();
        if now.generation == self.conveyed.generation {
            return Ok(());
        }
        if self.conveyed.generation == 0 {
            return self.send_inventory().await;
        }
        let delta = now.since(&self.conveyed);
        let message = WireInventory {
            generation: now.generation,
            hash: now.hash.clone(),
            whole: false,
            images: delta.changed.into_iter().map(image_to_wire).collect(),
            removed_ids: delta.removed,
        };
        self.conveyed = now;
        self.send(Body::Inventory(message)).await
    }

    /// Sends everything; nothing while nothing was read, the first reading follows by itself.
    async fn send_inventory(&mut self) -> Result<(), Status> {
        let now = self.link.inventory.borrow().clone();
        if now.generation == 0 {
            return Ok(());
        }
        let message = WireInventory {
            generation: now.generation,
            hash: now.hash.clone(),
            whole: true,
            images: now.images.values().cloned().map(image_to_wire).collect(),
            removed_ids: Vec::new(),
        };
        self.conveyed = now;
        self.send(Body::Inventory(message)).await
    }

    async fn beat(&mut self) -> Result<(), Status> {
        let node = self.link.node.borrow().clone();
        let message = heartbeat(&node, self.link.worker.is_draining(), now_ms());
        self.send(Body::Heartbeat(message)).await
    }

    async fn send(&mut self, body: Body) -> Result<(), Status> {
        self.sequence += 1;
        let message = AgentMessage {
            sequence: self.sequence,
            body: Some(body),
        };
        match timeout(PATIENCE, self.outgoing.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Status::unavailable("the session is closed")),
            Err(_) => Err(Status::unavailable("the coordinator does not read")),
        }
    }
}

/// A watched part of the agent is gone: it is stopping.
fn gone(alive: bool) -> Result<(), Status> {
    alive
        .then_some(())
        .ok_or_else(|| Status::unavailable("the agent is stopping"))
}

fn hello(link: &Link, inventory: &Inventory) -> Hello {
    let node = link.node.borrow().clone();
    let runtime = node.runtime.unwrap_or_default();
    let identity = &link.identity;
    Hello {
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
        unacknowledged: Vec::new(),
        inventory_generation: inventory.generation,
        inventory_hash: inventory.hash.clone(),
        condition: Some(condition_to_wire(&node.condition, link.worker.is_draining())),
    }
}

/// Notes which database and epoch the session belongs to.
fn welcomed(link: &Link, epoch: u64, store: &str) -> Result<(), Status> {
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

fn heartbeat_pause(settings: &Settings) -> Duration {
    match settings.heartbeat_interval_ms {
        0 => Duration::from_secs(10),
        asked => Duration::from_millis(asked.clamp(200, 300_000)),
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
