//! The agents' door: opens sessions and converts between the protocol and the engine's words. Decides nothing.

mod inbound;
mod incoming;
mod outbound;
mod outgoing;

use crate::{
    domain::{ids::NodeName, version},
    engine::{
        Engine,
        core::{Refusal, SessionGrant},
    },
    fleet::{self, SessionId, messages::Order},
};
use futures::{
    channel::mpsc,
    future::{Ready, ready},
};
use http_body_util::StreamBody;
use inbound::SharedText;
use incoming::Incoming;
use ips_proto::v1::{AgentMessage, Hello, agent_message::Body};
use outgoing::{Opened, Outgoing};
use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body as TonicBody};

/// The one method of the service.
const SESSION: &str = "/ips.v1.AgentService/Session";
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
    settings: AgentSettings,
    shutdown: CancellationToken,
    shared: SharedText,
    /// Refusals that were logged, so that an agent that keeps coming back does not fill the log.
    logged: Mutex<HashSet<(String, String)>>,
}

impl Agents {
    /// The service over an engine.
    pub fn new(engine: Engine, settings: AgentSettings, shutdown: CancellationToken) -> Self {
        Self(Arc::new(Door {
            engine,
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
            Some(Body::Heartbeat(_) | Body::Progress(_) | Body::Outcome(_) | Body::Inventory(_)) | None => {
                Err(Status::invalid_argument("the first message must be hello"))
            }
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

/// The one method, served without the generated server: that one keeps some 50 kilobytes of buffers for each silent stream.
impl tower::Service<http::Request<TonicBody>> for Agents {
    type Response = http::Response<TonicBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<TonicBody>) -> Self::Future {
        if request.uri().path() != SESSION {
            return ready(Ok(Status::unimplemented("no such method").into_http()));
        }
        let incoming = Incoming::new(request.into_body());
        let (opened, open) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let (alive, gone) = oneshot::channel();
        let door = Arc::clone(&self.0);
        // The answer's headers must not wait for the hello, or the agent could not send it.
        tokio::spawn(Box::pin(async move {
            let result = door.serve(incoming, opened, gone).await;
            // Fails when the agent is gone.
            let _nobody_asks = ended.send(result);
        }));
        let frames = Outgoing::new(self.0.settings, open, end, alive).into_frames();
        let mut answer = http::Response::new(TonicBody::new(StreamBody::new(frames)));
        answer.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/grpc"),
        );
        ready(Ok(answer))
    }
}

impl Door {
    async fn serve(
        &self,
        mut incoming: Incoming,
        opened: oneshot::Sender<Opened>,
        mut gone: oneshot::Receiver<()>,
    ) -> Result<(), Status> {
        // Boxed, so that the room for the hello is not kept for as long as the session lives.
        let (node, grant, orders) = Box::pin(self.begin(&mut incoming)).await?;
        let session = grant.session;
        // Fails when the agent is gone, which is seen below.
        let _gone = opened.send(Opened { grant, orders });
        let result = tokio::select! {
            () = self.shutdown.cancelled() => Err(Status::unavailable("the coordinator is stopping")),
            _ = &mut gone => Err(Status::cancelled("the agent is gone")),
            result = self.listen(&mut incoming, &node, session) => result,
        };
        Box::pin(self.engine.close_session(node.clone(), session)).await;
        tracing::info!(%node, session, reason = %reason(&result), "session closed");
        result
    }

    async fn begin(
        &self,
        incoming: &mut Incoming,
    ) -> Result<(NodeName, SessionGrant, mpsc::Receiver<Box<Order>>), Status> {
        let hello = self.hello(incoming).await?;
        let (sender, orders) = mpsc::channel(fleet::ORDER_QUEUE);
        let (node, grant) = self.open(hello, sender).await?;
        Ok((node, grant, orders))
    }

    /// Takes what the agent says until it ends the stream.
    async fn listen(&self, incoming: &mut Incoming, node: &NodeName, session: SessionId) -> Result<(), Status> {
        let mut sequence = 1;
        while let Some(message) = incoming.message().await? {
            sequence += 1;
            if message.sequence != sequence {
                let expected = format!("sequence: must be {sequence}, found {}", message.sequence);
                return Err(Status::invalid_argument(expected));
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
