//! An order desk: the coordinator's end of the agents' sessions and nothing behind it. A test says which orders go out, word
//! for word, and sees what comes back; for stories about the agent alone.

use std::time::Duration;

use anyhow::Result;
use futures::channel::mpsc as stream;
use ips_proto::v1::agent_message::Body as Said;
use ips_proto::v1::agent_service_server::{AgentService, AgentServiceServer};
use ips_proto::v1::coordinator_message::Body as Order;
use ips_proto::v1::{
    Acknowledge, AgentMessage, CancelPull, CoordinatorMessage, Hello, Outcome, ProveRequest, ProveResponse,
    PullAttempt, PullProgress, RegistryCredential, Settings, StartPull, Welcome,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// Longer than any pull of the tests takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

type Outgoing = stream::UnboundedSender<Result<CoordinatorMessage, Status>>;

/// See the module.
#[derive(Debug)]
pub struct Desk {
    url: String,
    sessions: mpsc::UnboundedReceiver<Session>,
    task: JoinHandle<()>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    /// Opens one on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sender, sessions) = mpsc::unbounded_channel();
        let serve = Server::builder()
            .add_service(AgentServiceServer::new(Service { sessions: sender }))
            .serve_with_incoming(TcpIncoming::from(listener));
        let task = tokio::spawn(async move {
            if let Err(error) = serve.await {
                eprintln!("the order desk ended: {error}");
            }
        });
        Ok(Self { url, sessions, task })
    }

    /// Where agents dial.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The next agent that says hello.
    pub async fn session(&mut self) -> Session {
        tokio::time::timeout(LIMIT, self.sessions.recv())
            .await
            .expect("an agent in time")
            .expect("the desk is open")
    }
}

/// One agent's session.
#[derive(Debug)]
pub struct Session {
    /// How the agent introduced itself.
    pub hello: Hello,
    outgoing: Outgoing,
    incoming: mpsc::UnboundedReceiver<AgentMessage>,
}

impl Session {
    /// Says anything.
    pub fn say(&self, body: Order) {
        let message = CoordinatorMessage {
            epoch: 1,
            body: Some(body),
        };
        self.outgoing.unbounded_send(Ok(message)).expect("the session is open");
    }

    /// Orders a pull.
    pub fn start(&self, order: StartPull) {
        self.say(Order::StartPull(order));
    }

    /// Cancels a pull.
    pub fn cancel(&self, pull: &str) {
        self.say(Order::CancelPull(CancelPull {
            attempt: Some(attempt(pull)),
            reason: "the test wants it".to_owned(),
        }));
    }

    /// Says that an outcome is stored.
    pub fn acknowledge(&self, pull: &str) {
        let attempts = vec![attempt(pull)];
        self.say(Order::Acknowledge(Acknowledge { attempts }));
    }

    /// The next outcome, of whatever pull.
    pub async fn any_outcome(&mut self) -> Outcome {
        self.hear("an outcome", |said| match said {
            Said::Outcome(outcome) => Some(outcome),
            Said::Hello(_)
            | Said::Heartbeat(_)
            | Said::Progress(_)
            | Said::Inventory(_)
            | Said::Pins(_)
            | Said::ImageRemoved(_) => None,
        })
        .await
    }

    /// The outcome of a pull; those of others before it are passed over. Not acknowledged.
    pub async fn outcome(&mut self, pull: &str) -> Outcome {
        loop {
            let outcome = self.any_outcome().await;
            if outcome.attempt == Some(attempt(pull)) {
                return outcome;
            }
        }
    }

    /// The next report of a pull's progress that is as the test says.
    pub async fn progress(&mut self, pull: &str, mut test: impl FnMut(&PullProgress) -> bool) -> PullProgress {
        self.hear("progress", |said| match said {
            Said::Progress(progress) => {
                let mut own = progress.pulls.into_iter();
                own.find(|report| report.attempt == Some(attempt(pull)) && test(report))
            }
            Said::Hello(_)
            | Said::Heartbeat(_)
            | Said::Outcome(_)
            | Said::Inventory(_)
            | Said::Pins(_)
            | Said::ImageRemoved(_) => None,
        })
        .await
    }

    async fn hear<T>(&mut self, what: &str, mut pick: impl FnMut(Said) -> Option<T>) -> T {
        let search = async {
            loop {
                let message = self.incoming.recv().await.expect("the session to live");
                if let Some(found) = message.body.and_then(&mut pick) {
                    return found;
                }
            }
        };
        tokio::time::timeout(LIMIT, search)
            .await
            .unwrap_or_else(|_| panic!("waited {LIMIT:?} for {what}, in vain"))
    }
}

/// The first attempt of a pull.
pub fn attempt(pull: &str) -> PullAttempt {
    PullAttempt {
        pull_id: pull.to_owned(),
        attempt: 1,
    }
}

/// A plain order.
pub fn order(pull: &str, reference: &str) -> StartPull {
    StartPull {
        attempt: Some(attempt(pull)),
        reference: reference.to_owned(),
        ..StartPull::default()
    }
}

/// A login for the registry at `host:port`.
pub fn login(registry: &str, username: &str, password: &str) -> Option<RegistryCredential> {
    Some(RegistryCredential {
        server_address: format!("https://{registry}"),
        username: username.to_owned(),
        password: password.to_owned(),
    })
}

struct Service {
    sessions: mpsc::UnboundedSender<Session>,
}

#[tonic::async_trait]
impl AgentService for Service {
    type SessionStream = stream::UnboundedReceiver<Result<CoordinatorMessage, Status>>;

    async fn prove(&self, _: Request<ProveRequest>) -> Result<Response<ProveResponse>, Status> {
        // Whatever they show, nobody looks at it here.
        Ok(Response::new(ProveResponse {
            ticket: "ticket".to_owned(),
            expires_in_ms: 3_600_000,
        }))
    }

    async fn session(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let mut said = request.into_inner();
        let first = said.message().await?.and_then(|message| message.body);
        let Some(Said::Hello(hello)) = first else {
            return Err(Status::invalid_argument("the first message is no hello"));
        };
        let (outgoing, orders) = stream::unbounded();
        let (heard, incoming) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(message)) = said.message().await {
                if heard.send(message).is_err() {
                    return;
                }
            }
        });
        let session = Session {
            hello,
            outgoing,
            incoming,
        };
        session.say(Order::Welcome(Welcome {
            store_uuid: "desk".to_owned(),
            settings: Some(Settings {
                heartbeat_interval_ms: 1000,
                progress_interval_ms: 100,
            }),
            coordinator_version: env!("CARGO_PKG_VERSION").to_owned(),
        }));
        let _ = self.sessions.send(session);
        Ok(Response::new(orders))
    }
}
