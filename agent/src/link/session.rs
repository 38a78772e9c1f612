//! One session from Hello to its end. Reads orders and writes reports in one loop, so that they keep their order: an
//! attempt's outcome is never followed by its progress.

mod greeting;
mod orders;
mod reports;

use super::{
    Ended, Link, LinkState,
    dial::{self, PATIENCE},
    progress::Told,
};
use crate::{node::Inventory, runtime::RuntimeIdentity};
use ips_proto::v1::{AgentMessage, CoordinatorMessage, agent_message::Body, coordinator_message::Body as Order};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming, transport::Channel};
use tracing::info;

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
    channel: Channel,
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
        let channel = dial::connect(&link.dialling, address).await?;
        let shown = link.proof.show(&channel, &link.identity.node_name).await?;
        // Not before: a proof may have to wait for minutes.
        let conveyed = link.inventory.borrow().clone();
        let (hello, sent) = greeting::hello(link, &conveyed);
        let first = AgentMessage {
            sequence: 1,
            body: Some(Body::Hello(hello)),
        };
        let mut stream = dial::open(channel.clone(), &shown, first).await?;
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
        greeting::welcomed(link, epoch, &welcome.store_uuid)?;
        info!(coordinator.version = %welcome.coordinator_version, epoch, address, "session open");
        let settings = welcome.settings.unwrap_or_default();
        Ok(Opened::Welcome(Box::new(Self {
            link,
            channel,
            outgoing: stream.outgoing,
            incoming: stream.incoming,
            sequence: 1,
            sent,
            conveyed,
            told: Told::default(),
            heartbeat_every: greeting::heartbeat_pause(&settings),
            progress_every: greeting::progress_pause(&settings),
        })))
    }

    async fn serve(mut self, stop: &CancellationToken) -> Result<Ended, Status> {
        self.link.state.send_replace(LinkState::Open);
        let mut outcomes = self.link.outbox.watch();
        let mut inventory = self.link.inventory.clone();
        let mut node = self.link.node.clone();
        let mut pins = self.link.keeper.pins();
        let mut removed = self.link.keeper.news();
        pins.mark_changed();
        removed.mark_changed();
        let mut beat = interval(self.heartbeat_every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = interval(LOOK_AT_BOARD);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = self.condition();
        let link = self.link;
        let fresh = link.proof.keep_fresh(self.channel.clone(), &link.identity.node_name);
        let mut fresh = pin!(fresh);
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
                changed = node.changed() => gone(changed.is_ok())?,
                changed = pins.changed() => {
                    gone(changed.is_ok())?;
                    let report = pins.borrow_and_update().clone();
                    self.send_pins(&report).await?;
                }
                changed = removed.changed() => {
                    gone(changed.is_ok())?;
                    self.send_removed().await?;
                }
                () = &mut fresh => {}
                _ = beat.tick() => self.beat().await?,
                // An agent with nothing to do sleeps until the next heartbeat; an order that comes goes round this loop.
                _ = look.tick(), if link.worker.is_busy() => self.send_progress().await?,
            }
            let now = self.condition();
            if now != told {
                told = now;
                self.beat().await?;
            }
        }
    }

    /// What the coordinator must hear of at once; the rest of the node's condition waits for the next heartbeat.
    fn condition(&self) -> (bool, bool, Option<RuntimeIdentity>) {
        let node = self.link.node.borrow();
        (
            self.link.worker.is_draining(),
            node.condition.away.is_none(),
            node.runtime.clone(),
        )
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
