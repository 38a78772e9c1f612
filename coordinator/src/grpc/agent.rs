//! The agents' door: asks identity who an agent is, opens sessions and converts between the protocol and the engine's words. Decides nothing.

mod budget;
mod inbound;
mod incoming;
mod outbound;
mod outgoing;
mod unary;

use crate::{
    domain::{ids::NodeName, version},
    engine::{
        Engine,
        core::{Refusal, SessionGrant},
    },
    fleet::{self, SessionId, messages::Order},
    identity::{
        Identity,
        agents::{AgentError, ProvenNode, Shown},
    },
};
use budget::Budget;
use futures::{
    channel::mpsc,
    future::{Either, Ready, ready},
};
use http_body_util::StreamBody;
use inbound::SharedText;
use incoming::Incoming;
use ips_proto::v1::{AgentMessage, Hello, ProveRequest, ProveResponse, agent_message::Body};
use outgoing::{Opened, Outgoing};
use secrecy::ExposeSecret as _;
use std::{
    collections::HashSet,
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body as TonicBody};

/// The methods of the service.
const SESSION: &str = "/ips.v1.AgentService/Session";
const PROVE: &str = "/ips.v1.AgentService/Prove";
/// The header with the agent's key.
const KEY: &str = "ips-node-key";
/// How long a stream may be open without a hello.
const HELLO_LIMIT: Duration = Duration::from_secs(10);

/// How agents are to behave.
#[derive(Debug, Clone, Copy)]
pub struct AgentSettings {
    /// Pause between heartbeats.
    pub heartbeat_interval: Duration,
    /// Shortest pause between two progress reports of one pull.
    pub progress_interval: Duration,
}

/// `ips.v1.AgentService`. Shared by all sessions.
#[derive(Debug, Clone)]
pub struct Agents(Arc<Door>);

#[derive(Debug)]
struct Door {
    engine: Engine,
    identity: Identity,
    settings: AgentSettings,
    shutdown: CancellationToken,
    shared: SharedText,
    /// Refusals that were logged, so that an agent that keeps coming back does not fill the log.
    logged: Mutex<HashSet<(String, String)>>,
}

impl Agents {
    /// The service over an engine, for agents that identity knows.
    pub fn new(engine: Engine, identity: Identity, settings: AgentSettings, shutdown: CancellationToken) -> Self {
        Self(Arc::new(Door {
            engine,
            identity,
            settings,
            shutdown,
            shared: SharedText::default(),
            logged: Mutex::default(),
        }))
    }
}

impl Door {
    async fn hello(&self, incoming: &mut Incoming) -> Result<Hello, Status> {
        let first = tokio::time::timeout(HELLO_LIMIT, incoming.message()).await;
        match first
            .map_err(|_| Status::deadline_exceeded("no hello within 10 s"))??
            .and_then(|message| message.body)
        {
            Some(Body::Hello(hello)) => Ok(hello),
            Some(
                Body::Heartbeat(_)
                | Body::Progress(_)
                | Body::Outcome(_)
                | Body::Inventory(_)
                | Body::Pins(_)
                | Body::ImageRemoved(_),
            )
            | None => Err(Status::invalid_argument("the first message must be hello")),
        }
    }

    async fn open(&self, hello: Hello, orders: mpsc::Sender<Box<Order>>) -> Result<(NodeName, SessionGrant), Status> {
        let name = hello.node_name.clone();
        let opened = async {
            version::check_agent(&hello.agent_version).map_err(Status::failed_precondition)?;
            let hello =
                inbound::hello(hello, &self.shared).map_err(|invalid| Status::invalid_argument(invalid.to_string()))?;
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

impl tonic::server::NamedService for Agents {
    const NAME: &'static str = "ips.v1.AgentService";
}

/// Served without the generated server: that one keeps some 50 kilobytes of buffers for each silent stream.
impl tower::Service<http::Request<TonicBody>> for Agents {
    type Response = http::Response<TonicBody>;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer> + Send>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<TonicBody>) -> Self::Future {
        match request.uri().path() {
            PROVE => {
                let door = Arc::clone(&self.0);
                return Either::Right(Box::pin(async move { Ok(door.prove(request).await) }));
            }
            SESSION => {}
            _ => return refusal(&Status::unimplemented("no such method")),
        }
        let proven = match self.0.identity.proven_node(shown(&request)) {
            Ok(proven) => proven,
            Err(error) => {
                let status = status_of(error);
                self.0.log_refusal(&source(&request).to_string(), &status);
                return refusal(&status);
            }
        };
        let incoming = Incoming::new(request.into_body());
        let (opened, open) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let (alive, gone) = oneshot::channel();
        let door = Arc::clone(&self.0);
        // The answer's headers must not wait for the hello, or the agent could not send it.
        tokio::spawn(Box::pin(async move {
            let result = door.serve(incoming, proven, opened, gone).await;
            // Fails when the agent is gone.
            let _nobody_asks = ended.send(result);
        }));
        let frames = Outgoing::new(self.0.settings, open, end, alive).into_frames();
        let mut answer = http::Response::new(TonicBody::new(StreamBody::new(frames)));
        answer.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/grpc"),
        );
        Either::Left(ready(Ok(answer)))
    }
}

type Answer = Result<http::Response<TonicBody>, Infallible>;

fn refusal<F>(status: &Status) -> Either<Ready<Answer>, F> {
    Either::Left(ready(Ok(status.clone().into_http())))
}

/// What an agent shows of itself.
fn shown<B>(request: &http::Request<B>) -> Shown<'_> {
    let header = |name: &str| {
        let mut all = request.headers().get_all(name).iter();
        // Of two nobody knows which one counts.
        let one = all.next().filter(|_| all.next().is_none())?;
        one.to_str().ok()
    };
    Shown {
        authorization: header(http::header::AUTHORIZATION.as_str()),
        key: header(KEY),
        source: source(request),
    }
}

fn source<B>(request: &http::Request<B>) -> IpAddr {
    let address = super::client::address(request.extensions());
    address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

fn status_of(error: AgentError) -> Status {
    match error {
        AgentError::Unproven(why) => Status::unauthenticated(why),
        AgentError::Denied(why) => Status::permission_denied(why),
        AgentError::Unavailable(why) => Status::unavailable(why),
        AgentError::Internal(source) => {
            tracing::error!(error = %source, "An agent could not be asked who it is");
            Status::internal("internal error; the log of the coordinator says more")
        }
    }
}

impl Door {
    /// Checks the proof of an agent for its node and answers with a ticket.
    async fn prove(&self, request: http::Request<TonicBody>) -> http::Response<TonicBody> {
        let (parts, body) = request.into_parts();
        let asked = http::Request::from_parts(parts, ());
        match self.ticket(&asked, body).await {
            Ok(response) => unary::answer(&response),
            Err(status) => {
                self.log_refusal(&source(&asked).to_string(), &status);
                status.into_http()
            }
        }
    }

    async fn ticket(&self, asked: &http::Request<()>, body: TonicBody) -> Result<ProveResponse, Status> {
        let request: ProveRequest = unary::read(body).await?;
        let node =
            NodeName::parse(&request.node_name).map_err(|invalid| Status::invalid_argument(invalid.to_string()))?;
        let ticket = self.identity.prove_node(shown(asked), &node).await.map_err(status_of)?;
        Ok(ProveResponse {
            ticket: ticket.text.expose_secret().to_owned(),
            expires_in_ms: ticket.life.as_millis() as u64,
        })
    }
}

impl Door {
    async fn serve(
        &self,
        mut incoming: Incoming,
        proven: Option<ProvenNode>,
        opened: oneshot::Sender<Opened>,
        mut gone: oneshot::Receiver<()>,
    ) -> Result<(), Status> {
        // Boxed, so that the room for the hello is not kept for as long as the session lives.
        let (node, grant, orders) = Box::pin(self.begin(&mut incoming, proven.as_ref())).await?;
        let session = grant.session;
        // Fails when the agent is gone, which is seen below.
        let _gone = opened.send(Opened { grant, orders });
        let result = tokio::select! {
            () = self.shutdown.cancelled() => Err(Status::unavailable("the coordinator is stopping")),
            _ = &mut gone => Err(Status::cancelled("the agent is gone")),
            over = self.identity.until_proof_is_over(proven.as_ref()) => Err(Status::unauthenticated(over)),
            result = self.listen(&mut incoming, &node, session) => result,
        };
        Box::pin(self.engine.close_session(node.clone(), session)).await;
        tracing::info!(%node, session, reason = %reason(&result), "session closed");
        result
    }

    async fn begin(
        &self,
        incoming: &mut Incoming,
        proven: Option<&ProvenNode>,
    ) -> Result<(NodeName, SessionGrant, mpsc::Receiver<Box<Order>>), Status> {
        let hello = self.hello(incoming).await?;
        if let Some(proven) = proven.filter(|proven| proven.node.as_str() != hello.node_name) {
            let why = format!("the ticket is for {}, not for {:?}", proven.node, hello.node_name);
            let status = Status::permission_denied(why);
            self.log_refusal(proven.node.as_str(), &status);
            return Err(status);
        }
        let (sender, orders) = mpsc::channel(fleet::ORDER_QUEUE);
        let (node, grant) = self.open(hello, sender).await?;
        Ok((node, grant, orders))
    }

    /// Takes what the agent says until it ends the stream.
    async fn listen(&self, incoming: &mut Incoming, node: &NodeName, session: SessionId) -> Result<(), Status> {
        let mut sequence = 1;
        let mut budget = Budget::default();
        while let Some(message) = incoming.message().await? {
            sequence += 1;
            if message.sequence != sequence {
                let expected = format!("sequence: must be {sequence}, found {}", message.sequence);
                return Err(Status::invalid_argument(expected));
            }
            // Whoever says more than an agent may is read no faster than that.
            if let Some(pause) = budget.spend(incoming.taken(), std::time::Instant::now()) {
                tokio::time::sleep(pause).await;
            }
            // Boxed for the same reason: a silent session keeps no room for what it may say.
            Box::pin(self.take(*message, node, session)).await?;
        }
        Ok(())
    }

    async fn take(&self, message: AgentMessage, node: &NodeName, session: SessionId) -> Result<(), Status> {
        let reports = inbound::reports(message, &self.shared);
        for report in reports.map_err(|invalid| Status::invalid_argument(invalid.to_string()))? {
            let told = self.engine.report(node.clone(), session, report).await;
            told.map_err(|error| Status::unavailable(error.to_string()))?;
        }
        Ok(())
    }
}

fn reason(result: &Result<(), Status>) -> String {
    match result {
        Ok(()) => "the agent ended it".to_owned(),
        Err(status) => status.message().to_owned(),
    }
}
