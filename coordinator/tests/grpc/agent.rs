//! An agent of the test: says hello over the real protocol and reports what it is told to.

use crate::stand::Stand;
use ips_proto::v1::{self, agent_message, coordinator_message};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

pub struct Agent {
    sender: mpsc::Sender<v1::AgentMessage>,
    orders: Streaming<v1::CoordinatorMessage>,
    sequence: u64,
}

impl Agent {
    /// What an honest agent of the node says first.
    pub fn hello(node: &str) -> v1::Hello {
        v1::Hello {
            node_name: node.into(),
            node_uid: format!("uid-{node}"),
            runtime_uuid: format!("runtime-{node}"),
            agent_version: env!("CARGO_PKG_VERSION").into(),
            runtime_name: "containerd".into(),
            runtime_version: "1.7.24".into(),
            platform: Some(v1::Platform {
                os: "linux".into(),
                architecture: "amd64".into(),
                variant: String::new(),
            }),
            labels: [("pool".to_owned(), "test".to_owned())].into(),
            max_concurrent_pulls: 2,
            condition: Some(v1::NodeCondition {
                runtime_ready: true,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    pub async fn connect(stand: &Stand, node: &str) -> Self {
        let mut agent = Self::say(stand, agent_message::Body::Hello(Self::hello(node))).await;
        agent
            .order(|body| matches!(body, coordinator_message::Body::Welcome(_)).then_some(()))
            .await;
        agent
    }

    /// Opens a stream with this as its first message.
    pub async fn say(stand: &Stand, body: agent_message::Body) -> Self {
        let (sender, receiver) = mpsc::channel(16);
        let first = v1::AgentMessage {
            sequence: 1,
            body: Some(body),
        };
        sender.send(first).await.unwrap();
        let session = stand
            .agents()
            .await
            .session(ReceiverStream::new(receiver))
            .await
            .unwrap();
        Self {
            sender,
            orders: session.into_inner(),
            sequence: 1,
        }
    }

    /// Waits until the coordinator ends the session, and says why it did.
    pub async fn ended(mut self) -> Status {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.orders.message()).await;
            if let Err(status) = message.expect("an end within ten seconds") {
                return status;
            }
        }
    }

    /// Leaves numbers out, as a stream that lost messages would.
    pub fn skip_numbers(&mut self) {
        self.sequence += 7;
    }

    /// Waits until the coordinator calls a report void.
    pub async fn refused(&mut self) -> v1::Refuse {
        self.order(|body| {
            if let coordinator_message::Body::Refuse(refuse) = body {
                return Some(refuse);
            }
            None
        })
        .await
    }

    /// Waits for the next pull that it is to start.
    pub async fn started(&mut self) -> v1::StartPull {
        self.order(|body| {
            if let coordinator_message::Body::StartPull(start) = body {
                return Some(start);
            }
            None
        })
        .await
    }

    async fn order<T>(&mut self, wanted: fn(coordinator_message::Body) -> Option<T>) -> T {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.orders.message()).await;
            let message = message
                .expect("an order within ten seconds")
                .unwrap()
                .expect("an open session");
            if let Some(found) = message.body.and_then(wanted) {
                return found;
            }
        }
    }

    pub async fn progress(&mut self, start: &v1::StartPull, phase: v1::PullPhase, fetched: u64) {
        let progress = v1::PullProgress {
            attempt: start.attempt.clone(),
            phase: phase.into(),
            bytes: Some(v1::ByteCounts {
                total: 100,
                fetched,
                ..Default::default()
            }),
            ..Default::default()
        };
        self.send(agent_message::Body::Progress(v1::Progress { pulls: vec![progress] }))
            .await;
    }

    pub async fn succeed(&mut self, start: &v1::StartPull) {
        let outcome = v1::Outcome {
            attempt: start.attempt.clone(),
            result: Some(v1::outcome::Result::Success(v1::Success {
                reason: v1::SuccessReason::Pulled.into(),
                digest_verified: true,
                ..Default::default()
            })),
            bytes: Some(v1::ByteCounts {
                total: 100,
                fetched: 100,
                unpacked: 100,
                ..Default::default()
            }),
            finished_at_ms: 1,
            ..Default::default()
        };
        self.send(agent_message::Body::Outcome(outcome)).await;
    }

    async fn send(&mut self, body: agent_message::Body) {
        self.sequence += 1;
        let message = v1::AgentMessage {
            sequence: self.sequence,
            body: Some(body),
        };
        self.sender.send(message).await.unwrap();
    }
}
