//! Agents prove their nodes: what is believed, what is not, and what a ticket is worth.

use crate::{agent::Agent as Honest, stand::Stand};
use ips_coordinator::{
    domain::ids::NodeName,
    store::{DatabaseUrl, Store},
};
use ips_proto::v1::{self, agent_message::Body, agent_service_client::AgentServiceClient, coordinator_message};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming, metadata::MetadataMap};

pub const TOKEN: &str = "ips-bootstrap-of-this-test";

/// A key that no other letter has.
pub fn key(letter: char) -> String {
    letter.to_string().repeat(43)
}

pub fn show(metadata: &mut MetadataMap, credential: &str, key: &str) {
    if !credential.is_empty() {
        metadata.insert("authorization", format!("Bearer {credential}").parse().unwrap());
    }
    if !key.is_empty() {
        metadata.insert("ips-node-key", key.parse().unwrap());
    }
}

/// Asks for a ticket.
pub async fn prove(stand: &Stand, credential: &str, key: &str, node: &str) -> Result<String, Status> {
    let mut request = Request::new(v1::ProveRequest { node_name: node.into() });
    show(request.metadata_mut(), credential, key);
    let answer = AgentServiceClient::new(stand.channel().await).prove(request).await?;
    let answer = answer.into_inner();
    assert_eq!(answer.expires_in_ms, 3_600_000);
    Ok(answer.ticket)
}

/// A session as the test speaks it.
pub struct Session {
    pub say: mpsc::Sender<v1::AgentMessage>,
    pub hear: Streaming<v1::CoordinatorMessage>,
}

/// Opens a session with a hello of this node; the welcome has been heard.
pub async fn open(stand: &Stand, ticket: &str, key: &str, hello: v1::Hello) -> Result<Session, Status> {
    let (say, queue) = mpsc::channel(16);
    let first = v1::AgentMessage {
        sequence: 1,
        body: Some(Body::Hello(hello)),
    };
    say.send(first).await.unwrap();
    let mut request = Request::new(ReceiverStream::new(queue));
    show(request.metadata_mut(), ticket, key);
    let mut hear = AgentServiceClient::new(stand.channel().await)
        .session(request)
        .await?
        .into_inner();
    let welcome = hear.message().await?.and_then(|message| message.body);
    assert!(matches!(welcome, Some(coordinator_message::Body::Welcome(_))));
    Ok(Session { say, hear })
}

impl Session {
    /// How it ends.
    pub async fn ended(&mut self) -> Status {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(30), self.hear.message()).await;
            match message.expect("an end in time") {
                Ok(Some(_)) => {}
                Ok(None) => return Status::ok(""),
                Err(status) => return status,
            }
        }
    }
}

async fn refusal(stand: &Stand, ticket: &str, key: &str, node: &str) -> Status {
    match open(stand, ticket, key, Honest::hello(node)).await {
        Ok(_) => panic!("{node} was welcomed"),
        Err(status) => status,
    }
}

#[tokio::test]
async fn a_bootstrap_token_binds_a_key_and_the_key_is_enough_from_then_on() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let status = refusal(&stand, "", "", "node-1").await;
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(status.message().contains("--bootstrap-token-file"), "{status:?}");

    let ticket = prove(&stand, TOKEN, &key('a'), "node-1").await.unwrap();
    let _session = open(&stand, &ticket, &key('a'), Honest::hello("node-1")).await.unwrap();
    // Asked again, for example because the answer was lost: the same.
    prove(&stand, TOKEN, &key('a'), "node-1").await.unwrap();
    let by_key = prove(&stand, &key('a'), &key('a'), "node-1").await.unwrap();
    let _newer = open(&stand, &by_key, &key('a'), Honest::hello("node-1")).await.unwrap();

    // Whoever has the bootstrap token, too, takes nobody's name and nobody's key.
    for (key, node) in [(key('b'), "node-1"), (key('a'), "node-2")] {
        let status = prove(&stand, TOKEN, &key, node).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
        assert!(status.message().contains("agents forget"), "{status:?}");
    }
    let status = prove(&stand, &key('a'), &key('a'), "node-2").await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    prove(&stand, TOKEN, &key('b'), "node-2").await.unwrap();
}

#[tokio::test]
async fn what_proves_nothing_is_refused_without_a_trace() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let long = "x".repeat(20_000);
    for (credential, key, node) in [
        ("", "", "node-1"),
        (TOKEN, "", "node-1"),
        (TOKEN, "short", "node-1"),
        ("ips-bootstrap-another", &key('a'), "node-1"),
        ("ips-bootstrap-", &key('a'), "node-1"),
        (&key('a'), &key('a'), "node-1"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2RlLTEifQ.", &key('a'), "node-1"),
        (&long, &key('a'), "node-1"),
    ] {
        let status = prove(&stand, credential, key, node).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{credential}: {status:?}");
        assert!(!status.message().contains(TOKEN));
    }
    let status = prove(&stand, TOKEN, &key('a'), "Not_A_Name").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    // A megabyte of header ends the call before anybody looks at it.
    assert!(prove(&stand, &"x".repeat(1 << 20), &key('a'), "node-1").await.is_err());
    prove(&stand, TOKEN, &key('a'), "node-1").await.unwrap();
}

#[tokio::test]
async fn a_ticket_is_for_one_node_and_one_key_and_for_agents_alone() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let ticket = prove(&stand, TOKEN, &key('a'), "node-1").await.unwrap();
    let other = refusal(&stand, &ticket, &key('a'), "node-2").await;
    assert_eq!(other.code(), Code::PermissionDenied, "{other:?}");
    let forged = ticket.replacen(ticket.split('.').nth(1).unwrap(), "eyJzdWIiOiJub2RlLTIifQ", 1);
    for (ticket, key) in [
        (ticket.as_str(), key('b')),
        (ticket.as_str(), String::new()),
        (&ticket[..ticket.len() - 2], key('a')),
        (&forged, key('a')),
        ("", key('a')),
        (TOKEN, key('a')),
    ] {
        let status = refusal(&stand, ticket, &key, "node-1").await;
        assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    }
    // The same keys sign access tokens, which are for somebody else.
    let login = serde_json::json!({"username": "admin", "password": "the first password"});
    let (_, body) = stand.rest("POST", "/api/v1/login", Some(&login)).await;
    let status = refusal(&stand, body["token"].as_str().unwrap(), &key('a'), "node-1").await;
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    let (status, _) = stand.rest_as(&ticket, "GET", "/api/v1/tasks", None).await;
    assert_eq!(status, 401, "an agent is no caller of the API");
    let (_, denied) = stand.rest_as(TOKEN, "GET", "/api/v1/me", None).await;
    assert_eq!(denied["code"], "unauthenticated", "{denied}");
}

#[tokio::test]
async fn a_revoked_key_ends_its_session_and_leaves_the_name_to_another() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let ticket = prove(&stand, TOKEN, &key('a'), "node-1").await.unwrap();
    let mut session = open(&stand, &ticket, &key('a'), Honest::hello("node-1")).await.unwrap();
    let file = stand.folder().join("ips.db");
    let beside = Store::attach(&DatabaseUrl::new(format!("sqlite:{}", file.display())))
        .await
        .unwrap();
    let now = chrono::Utc::now().timestamp_millis();
    let node = NodeName::parse("node-1").unwrap();
    assert!(beside.revoke_node_key(&node, now).await.unwrap());
    let ended = session.ended().await;
    assert_eq!(ended.code(), Code::Unauthenticated, "{ended:?}");
    let status = refusal(&stand, &ticket, &key('a'), "node-1").await;
    assert!(status.message().contains("revoked"), "{status:?}");
    let status = prove(&stand, &key('a'), &key('a'), "node-1").await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    let ticket = prove(&stand, TOKEN, &key('b'), "node-1").await.unwrap();
    let mut hello = Honest::hello("node-1");
    hello.node_uid = "uid-node-1".into();
    let _session = open(&stand, &ticket, &key('b'), hello).await.unwrap();
}

#[tokio::test]
async fn tokens_of_the_store_end_and_are_revoked() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let file = stand.folder().join("ips.db");
    let beside = Store::attach(&DatabaseUrl::new(format!("sqlite:{}", file.display())))
        .await
        .unwrap();
    let make = async |life| {
        use secrecy::ExposeSecret as _;
        let made = ips_coordinator::identity::agents::create_bootstrap_token(&beside, "rack", life).await;
        let (token, secret) = made.unwrap();
        (token.id, secret.expose_secret().to_owned())
    };
    let (id, lasting) = make(0).await;
    let (_, ended) = make(1).await;
    prove(&stand, &lasting, &key('a'), "node-1").await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let status = prove(&stand, &ended, &key('b'), "node-2").await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(beside.revoke_bootstrap_token(id, 1).await.unwrap());
    assert!(!beside.revoke_bootstrap_token(id, 1).await.unwrap());
    let status = prove(&stand, &lasting, &key('b'), "node-2").await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    prove(&stand, &key('a'), &key('a'), "node-1")
        .await
        .expect("whoever has joined stays");
    let database = std::fs::read(&file).unwrap();
    for secret in [lasting.as_bytes(), key('a').as_bytes()] {
        assert!(
            !database.windows(secret.len()).any(|bytes| bytes == secret),
            "hashes only"
        );
    }
}
