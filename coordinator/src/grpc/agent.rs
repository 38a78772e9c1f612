//! The agents' door: opens sessions and converts between the protocol and the engine's words. Decides nothing.

mod inbound;
mod outbound;

use crate::{
    domain::{ids::NodeName, version},
    engine::{
        Engine,
        core::{Refusal, SessionGrant},
    },
    fleet::{self, messages::Order},
};
use ips_proto::v1::{AgentMessage, CoordinatorMessage, Hello, agent_message::Body, agent_service_server::AgentService};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// How long a stream may be open without a hello.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// Messages to one agent that wait for the network.
const OUTGOING: usize = 64;

/// How agents are to behave.
#[derive(Debug, Clone, Copy)]
pub struct AgentSettings {
    /// Pause between heartbeats.
    pub heartbeat_interval: Duration,
    /// Shortest pause between two progress reports of one pull.
    pub progress_interval: Duration,
}

/// `ips.v1.AgentService`.
#[derive(Debug, Clone)]
pub struct Agents {
    engine: Engine,
    settings: AgentSettings,
    shutdown: CancellationToken,
    /// Refusals that were logged, so that an agent that keeps coming back does not fill the log.
    logged: Arc<Mutex<HashSet<(String, String)>>>,
}

impl Agents {
    /// The service over an engine.
    pub fn new(engine: Engine, settings: AgentSettings, shutdown: CancellationToken) -> Self {
        Self {
            engine,
            settings,
            shutdown,
            logged: Arc::default(),
        }
    }

    async fn hello(&self, incoming: &mut Streaming<AgentMessage>) -> Result<Hello, Status> {
        let first = tokio::time::timeout(HELLO_LIMIT, incoming.message()).await;
        match first
            .map_err(|_| Status::deadline_exceeded("no hello within 10 s"))??
            .and_then(|message| message.body)
        {
            Some(Body::Hello(hello)) => Ok(hello),
            Some(Body::Heartbeat(_) | Body::Progress(_) | Body::Outcome(_) | Body::Inventory(_)) | None => {
                Err(Status::invalid_argument("the first message must be hello"))
            }
        }
    }

    async fn open(&self, hello: Hello, orders: mpsc::Sender<Order>) -> Result<(NodeName, SessionGrant), Status> {
        let name = hello.node_name.clone();
        let opened = async {
            version::check_agent(&hello.agent_version).map_err(Status::failed_precondition)?;
            let hello = inbound::hello(hello).map_err(|invalid| Status::invalid_argument(invalid.to_string()))?;
            let node = hello.node.name.clone();
            let granted = self.engine.open_session(hello, orders).await;
            match granted.map_err(|error| Status::unavailable(error.to_string()))? {
                Ok(grant) => Ok((node, grant)),
                Err(refusal @ Refusal::OtherIdentity { .. }) => Err(Status::permission_denied(refusal.to_string())),
            }
        };
        let result = opened.await;
        match &result {
            Ok((node, grant)) => tracing::info!(%node, session = grant.session, "session opened"),
            Err(status) => self.log_refusal(&name, status),
        }
        result
    }

    fn log_refusal(&self, name: &str, status: &Status) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        // An attacker may invent names; forgetting costs a repeated line, not memory.
        if logged.len() > 10_000 {
            logged.clear();
        }
        if logged.insert((name.to_owned(), status.message().to_owned())) {
            tracing::warn!(node = ?name, code = ?status.code(), reason = status.message(), "session refused");
        }
    }
}

#[tonic::async_trait]
impl AgentService for Agents {
    type SessionStream = ReceiverStream<Result<CoordinatorMessage, Status>>;

    async fn session(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let mut incoming = request.into_inner();
        let (outgoing, stream) = mpsc::channel(OUTGOING);
        let this = self.clone();
        // The answer's headers must not wait for the hello, or the agent could not send it.
        tokio::spawn(async move {
            if let Err(status) = this.serve(&mut incoming, &outgoing).await {
                let _agent_is_gone = outgoing.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

type Outgoing = mpsc::Sender<Result<CoordinatorMessage, Status>>;

impl Agents {
    async fn serve(&self, incoming: &mut Streaming<AgentMessage>, outgoing: &Outgoing) -> Result<(), Status> {
        let hello = self.hello(incoming).await?;
        let (sender, orders) = mpsc::channel(fleet::ORDER_QUEUE);
        let (node, grant) = self.open(hello, sender).await?;
        let result = self.converse(incoming, outgoing, orders, &node, &grant).await;
        self.engine.close_session(node.clone(), grant.session).await;
        tracing::info!(%node, session = grant.session, reason = %reason(&result), "session closed");
        result
    }

    async fn converse(
        &self,
        incoming: &mut Streaming<AgentMessage>,
        outgoing: &Outgoing,
        mut orders: mpsc::Receiver<Order>,
        node: &NodeName,
        grant: &SessionGrant,
    ) -> Result<(), Status> {
        let gone = |_| Status::cancelled("the agent is gone");
        outgoing
            .send(Ok(outbound::welcome(grant, self.settings)))
            .await
            .map_err(gone)?;
        let mut sequence = 1;
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return Err(Status::unavailable("the coordinator is stopping")),
                order = orders.recv() => match order {
                    Some(Order::Superseded) => return Err(Status::aborted("a newer session of this node took over")),
                    Some(order) => outgoing.send(Ok(outbound::order(grant.epoch, order))).await.map_err(gone)?,
                    None => return Err(Status::resource_exhausted("the agent does not take its orders")),
                },
                message = incoming.message() => {
                    let Some(message) = message? else { return Ok(()) };
                    sequence += 1;
                    if message.sequence != sequence {
                        let expected = format!("sequence: must be {sequence}, found {}", message.sequence);
                        return Err(Status::invalid_argument(expected));
                    }
                    for report in inbound::reports(message).map_err(|invalid| Status::invalid_argument(invalid.to_string()))? {
                        let told = self.engine.report(node.clone(), grant.session, report).await;
                        told.map_err(|error| Status::unavailable(error.to_string()))?;
                    }
                }
            }
        }
    }
}

fn reason(result: &Result<(), Status>) -> String {
    match result {
        Ok(()) => "the agent ended it".to_owned(),
        Err(status) => status.message().to_owned(),
    }
}
