//! A coordinator that says what a test tells it to say, and shows what it hears.

use super::*;
use ips_proto::v1::{
    Acknowledge, CoordinatorMessage, ProveRequest, ProveResponse, PullAttempt, Settings, StartPull, Welcome,
    agent_service_server::{AgentService, AgentServiceServer},
};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_stream::{
    StreamExt as _,
    wrappers::{ReceiverStream, TcpListenerStream},
};
use tonic::{Request, Response, Streaming, transport::Server};

/// The answer to the next sessions.
#[derive(Debug, Clone)]
pub(super) enum Played {
    Welcome { epoch: u64, store: &'static str },
    Refuse(Status),
    Redirect(String),
}

type Outgoing = mpsc::Sender<Result<CoordinatorMessage, Status>>;

/// The server, on a port of its own.
pub(super) struct Coordinator {
    pub(super) address: String,
    play: watch::Sender<Played>,
    /// Number of the oldest ticket that is believed; with 0 nobody is asked.
    believed: Arc<AtomicU64>,
    sessions: mpsc::Receiver<Heard>,
    stop: CancellationToken,
}

/// One session as the coordinator hears it.
pub(super) struct Heard {
    pub(super) hello: Hello,
    pub(super) epoch: u64,
    outgoing: Outgoing,
    incoming: mpsc::Receiver<AgentMessage>,
}

struct Service {
    play: watch::Receiver<Played>,
    believed: Arc<AtomicU64>,
    /// Tickets that were given out.
    tickets: AtomicU64,
    sessions: mpsc::Sender<Heard>,
}

impl Drop for Coordinator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Coordinator {
    pub(super) async fn start(play: Played) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), play).await
    }

    pub(super) async fn start_on(address: SocketAddr, play: Played) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (play, (sessions, heard)) = (watch::Sender::new(play), mpsc::channel(16));
        let believed = Arc::<AtomicU64>::default();
        let service = Service {
            play: play.subscribe(),
            believed: Arc::clone(&believed),
            tickets: AtomicU64::new(0),
            sessions,
        };
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let serve = Server::builder()
            .add_service(AgentServiceServer::new(service))
            .serve_with_incoming(TcpListenerStream::new(listener));
        // Dropping the server drops its connections, as a killed process would.
        tokio::spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                _ = serve => {}
            }
        });
        Self {
            address,
            play,
            believed,
            sessions: heard,
            stop,
        }
    }

    /// Believes tickets from this number on.
    pub(super) fn believe(&self, oldest: u64) {
        self.believed.store(oldest, Ordering::Relaxed);
    }

    pub(super) fn play(&self, play: Played) {
        self.play.send_replace(play);
    }

    /// The next session that was welcomed or refused.
    pub(super) async fn session(&mut self) -> Heard {
        timeout(Duration::from_secs(20), self.sessions.recv())
            .await
            .expect("a session in time")
            .unwrap()
    }

    pub(super) fn socket(&self) -> SocketAddr {
        self.address.trim_start_matches("http://").parse().unwrap()
    }
}

impl Heard {
    pub(super) async fn say(&self, body: Say) {
        self.say_as(self.epoch, body).await;
    }

    pub(super) async fn say_as(&self, epoch: u64, body: Say) {
        self.outgoing
            .send(Ok(CoordinatorMessage {
                epoch,
                body: Some(body),
            }))
            .await
            .unwrap();
    }

    pub(super) async fn order(&self, pull: &str, reference: &str) {
        let attempt = Some(PullAttempt {
            pull_id: pull.into(),
            attempt: 1,
        });
        let start = StartPull {
            attempt,
            reference: reference.into(),
            ..StartPull::default()
        };
        self.say(Say::StartPull(start)).await;
    }

    pub(super) async fn acknowledge(&self, pull: &str) {
        let attempts = vec![PullAttempt {
            pull_id: pull.into(),
            attempt: 1,
        }];
        self.say(Say::Acknowledge(Acknowledge { attempts })).await;
    }

    /// The next message that `pick` wants; others are passed over. Sequence numbers have no gaps.
    pub(super) async fn hear<T>(&mut self, pick: impl Fn(Body) -> Option<T>) -> T {
        let search = async {
            loop {
                let message = self.incoming.recv().await.expect("the session to live");
                if let Some(found) = message.body.and_then(&pick) {
                    return found;
                }
            }
        };
        timeout(Duration::from_secs(10), search)
            .await
            .expect("the message in time")
    }

    pub(super) async fn hear_outcome(&mut self) -> ips_proto::v1::Outcome {
        self.hear(|body| {
            if let Body::Outcome(outcome) = body {
                Some(outcome)
            } else {
                None
            }
        })
        .await
    }

    pub(super) async fn hear_inventory(&mut self) -> ips_proto::v1::Inventory {
        self.hear(|body| {
            if let Body::Inventory(inventory) = body {
                Some(inventory)
            } else {
                None
            }
        })
        .await
    }

    /// Closes the session from the coordinator's side.
    pub(super) async fn close(self, status: Status) {
        self.outgoing.send(Err(status)).await.unwrap();
    }
}

#[tonic::async_trait]
impl AgentService for Service {
    type SessionStream = ReceiverStream<Result<CoordinatorMessage, Status>>;

    async fn prove(&self, request: Request<ProveRequest>) -> Result<Response<ProveResponse>, Status> {
        let header = |name: &str| request.metadata().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("ips-node-key").map(str::len), Some(43));
        let known = header("authorization").is_some_and(|credential| {
            credential == "Bearer ips-bootstrap-x" || credential.strip_prefix("Bearer ") == header("ips-node-key")
        });
        assert!(known && request.get_ref().node_name == "node-a");
        let number = self.tickets.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Response::new(ProveResponse {
            ticket: number.to_string(),
            expires_in_ms: 3_600_000,
        }))
    }

    async fn session(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let oldest = self.believed.load(Ordering::Relaxed);
        let header = request
            .metadata()
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        let ticket = header.and_then(|value| value.strip_prefix("Bearer ")?.parse::<u64>().ok());
        if ticket.unwrap_or(0) < oldest {
            return Err(Status::unauthenticated("the ticket is not believed"));
        }
        let mut stream = request.into_inner();
        let first = stream.next().await.unwrap()?;
        let Some(Body::Hello(hello)) = first.body else {
            return Err(Status::invalid_argument("no hello"));
        };
        let (outgoing, answers) = mpsc::channel(64);
        let (heard, incoming) = mpsc::channel(1024);
        let play = self.play.borrow().clone();
        let epoch = match play {
            Played::Welcome { epoch, store } => {
                let settings = Some(Settings {
                    heartbeat_interval_ms: 300,
                    progress_interval_ms: 100,
                });
                let welcome = Welcome {
                    store_uuid: store.into(),
                    settings,
                    coordinator_version: "0.1.0".into(),
                };
                let message = CoordinatorMessage {
                    epoch,
                    body: Some(Say::Welcome(welcome)),
                };
                outgoing.send(Ok(message)).await.unwrap();
                epoch
            }
            Played::Refuse(status) => {
                let _ = self
                    .sessions
                    .send(Heard {
                        hello,
                        epoch: 0,
                        outgoing,
                        incoming,
                    })
                    .await;
                return Err(status);
            }
            Played::Redirect(address) => {
                let to = ips_proto::v1::Redirect {
                    address,
                    epoch: 9,
                    reason: "follower".into(),
                };
                let message = CoordinatorMessage {
                    epoch: 9,
                    body: Some(Say::Redirect(to)),
                };
                outgoing.send(Ok(message)).await.unwrap();
                9
            }
        };
        tokio::spawn(async move {
            let mut sequence = 1;
            while let Some(Ok(message)) = stream.next().await {
                sequence += 1;
                assert_eq!(message.sequence, sequence, "no gaps");
                let _ = heard.send(message).await;
            }
        });
        let _ = self
            .sessions
            .send(Heard {
                hello,
                epoch,
                outgoing,
                incoming,
            })
            .await;
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}
