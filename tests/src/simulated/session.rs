//! One TCP connection, one HTTP/2 connection and one stream for each agent, dialled and dialled again as the real agent does it.

use std::sync::Arc;
use std::time::Duration;

use ips_agent::link::backoff::Backoff;
use ips_proto::v1::agent_message::Body;
use ips_proto::v1::agent_service_client::AgentServiceClient;
use ips_proto::v1::coordinator_message::Body as Order;
use ips_proto::v1::{AgentMessage, CoordinatorMessage, Heartbeat};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status, Streaming};

use super::Shared;
use super::badge::Badge;
use super::behaviour::Behaviour;
use super::counters::now_us;
use super::node::Node;
use super::seats::Seat;

/// As the real agent: longest wait for the connection, the stream and the welcome.
const PATIENCE: Duration = Duration::from_secs(10);
/// As the real agent: HTTP/2 window in bytes.
const WINDOW: u32 = 64 << 10;
/// Messages that may wait for the network.
const QUEUE: usize = 64;

/// Keeps the session of one agent open for ever.
pub async fn keep_open(index: usize, shared: Arc<Shared>, wait: Duration) {
    sleep(wait).await;
    let mut node = Node::new(index);
    let mut badge = Badge::new(index);
    let mut backoff = Backoff::default();
    // Over all sessions: rules may change between two of them.
    let mut behaviour = shared.behaviour.subscribe();
    loop {
        shared.counters.dialled();
        let status = match Session::open(&mut node, &mut badge, &shared).await {
            Ok(mut session) => {
                shared.counters.welcomed();
                let ended = session.serve(&mut behaviour).await;
                shared.counters.closed();
                backoff = Backoff::after_loss();
                ended
                    .err()
                    .unwrap_or_else(|| Status::unavailable("the coordinator closed the session"))
            }
            Err(status) => {
                if status.code() == Code::Unauthenticated {
                    badge.forget();
                }
                status
            }
        };
        shared
            .counters
            .lost(format!("{:?}: {}", status.code(), status.message()));
        sleep(backoff.next()).await;
    }
}

struct Session<'a> {
    node: &'a mut Node,
    shared: &'a Shared,
    outgoing: mpsc::Sender<AgentMessage>,
    incoming: Streaming<CoordinatorMessage>,
    sequence: u64,
    heartbeat_every: Duration,
}

impl<'a> Session<'a> {
    async fn open(node: &'a mut Node, badge: &mut Badge, shared: &'a Shared) -> Result<Self, Status> {
        let channel = endpoint(&shared.options.coordinator)?
            .connect()
            .await
            .map_err(|error| Status::unavailable(format!("cannot connect: {error:?}")))?;
        let mut client = AgentServiceClient::new(channel);
        badge.prove(&mut client, &shared.options).await?;
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let hello = AgentMessage {
            sequence: 1,
            body: Some(Body::Hello(node.hello(&shared.options))),
        };
        outgoing
            .try_send(hello)
            .map_err(|_| Status::internal("the new queue is full"))?;
        let mut request = Request::new(ReceiverStream::new(queue));
        badge.put_on(request.metadata_mut());
        let opened = timeout(PATIENCE, client.session(request)).await;
        let mut incoming = opened
            .map_err(|_| Status::unavailable("the coordinator does not answer"))??
            .into_inner();
        let first = timeout(PATIENCE, incoming.message()).await;
        let first = first.map_err(|_| Status::unavailable("the coordinator does not welcome"))??;
        let Some(Order::Welcome(welcome)) = first.and_then(|message| message.body) else {
            return Err(Status::unavailable(
                "the coordinator began with something else than Welcome",
            ));
        };
        let pause = welcome.settings.unwrap_or_default().heartbeat_interval_ms.max(200);
        Ok(Self {
            node,
            shared,
            outgoing,
            incoming,
            sequence: 1,
            heartbeat_every: Duration::from_millis(pause),
        })
    }

    async fn serve(&mut self, behaviour: &mut watch::Receiver<Arc<Behaviour>>) -> Result<(), Status> {
        let mut beat = Instant::now() + self.heartbeat_every.mul_f64(rand::random());
        loop {
            self.send_due().await?;
            let due = self.node.next_due().map_or(beat, |due| due.min(beat));
            tokio::select! {
                biased;
                message = self.incoming.message() => match message? {
                    None => return Ok(()),
                    Some(message) => self.obey(message).await?,
                },
                changed = behaviour.changed() => {
                    changed.map_err(|_| Status::internal("the control is gone"))?;
                    let rules = behaviour.borrow_and_update().clone();
                    self.node.follow(&rules);
                }
                () = sleep_until(due) => if Instant::now() >= beat {
                    beat += self.heartbeat_every;
                    self.beat().await?;
                },
            }
        }
    }

    async fn send_due(&mut self) -> Result<(), Status> {
        for outcome in self.node.outcomes_due() {
            let attempt = outcome.attempt.as_ref();
            self.shared
                .counters
                .outcome(attempt.map_or("", |attempt| &attempt.pull_id));
            self.send(Body::Outcome(outcome)).await?;
        }
        if let Some(news) = self.node.inventory_due() {
            self.send(Body::Inventory(news)).await?;
        }
        let rules = self.shared.behaviour.borrow().clone();
        if let Some((progress, first)) = self.node.progress_due(&rules) {
            self.send(progress).await?;
            if first > 0 {
                self.shared.counters.first_report(first);
            }
        }
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), Status> {
        let heartbeat = Heartbeat {
            condition: Some(self.node.condition(&self.shared.options)),
            sent_at_ms: now_us() / 1000,
            ..Heartbeat::default()
        };
        self.send(Body::Heartbeat(heartbeat)).await
    }

    async fn obey(&mut self, message: CoordinatorMessage) -> Result<(), Status> {
        match message.body {
            Some(Order::StartPull(start)) => {
                let rules = self.shared.behaviour.borrow().clone();
                let seat = self.shared.seats.take();
                let refused = matches!(seat, Seat::None);
                if self.node.start(start, &rules, seat) {
                    self.shared.counters.started();
                    if refused {
                        self.shared.counters.refused();
                    }
                }
            }
            Some(Order::CancelPull(cancel)) => self.node.cancel(cancel.attempt.unwrap_or_default()),
            Some(Order::Acknowledge(done)) => {
                let forgotten = self.node.forget(&done.attempts);
                self.shared.counters.acknowledged(forgotten);
            }
            Some(Order::Refuse(refused)) => {
                self.node.forget(&[refused.attempt.unwrap_or_default()]);
            }
            Some(Order::SendInventory(_)) => {
                for part in self.node.inventory(&self.shared.options) {
                    self.send(Body::Inventory(part)).await?;
                }
                self.shared.counters.inventory();
            }
            Some(
                Order::Welcome(_)
                | Order::Redirect(_)
                | Order::Drain(_)
                | Order::RemoveImage(_)
                | Order::PinImage(_)
                | Order::SetPins(_),
            )
            | None => {}
        }
        Ok(())
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

/// As the real agent dials.
fn endpoint(coordinator: &str) -> Result<Endpoint, Status> {
    let endpoint =
        Endpoint::from_shared(coordinator.to_owned()).map_err(|error| Status::internal(error.to_string()))?;
    Ok(endpoint
        .connect_timeout(PATIENCE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW))
}
