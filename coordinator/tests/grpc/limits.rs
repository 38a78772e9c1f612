//! What a compromised agent may try: reports for other nodes, sizes that no disk has, lists without an end, floods.

use crate::{
    agent::Agent as Honest,
    proofs::{self, Session, TOKEN, key},
    stand::Stand,
};
use ips_proto::v1::{self, agent_message::Body};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

async fn session(stand: &Stand, letter: char, node: &str) -> Session {
    let ticket = proofs::prove(stand, TOKEN, &key(letter), node).await.unwrap();
    proofs::open(stand, &ticket, &key(letter), Honest::hello(node))
        .await
        .unwrap()
}

async fn answer(stand: &Stand, body: Body) -> Status {
    let mut session = session(stand, 'a', "node-1").await;
    let message = v1::AgentMessage {
        sequence: 2,
        body: Some(body),
    };
    session.say.send(message).await.unwrap();
    session.ended().await
}

fn attempt() -> Option<v1::PullAttempt> {
    Some(v1::PullAttempt {
        pull_id: "p".into(),
        attempt: 1,
    })
}

fn progress(report: v1::PullProgress) -> Body {
    Body::Progress(v1::Progress { pulls: vec![report] })
}

#[tokio::test]
async fn sizes_that_no_disk_has_end_the_session_by_their_field() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let huge = Some(v1::ByteCounts {
        total: 1 << 63,
        ..Default::default()
    });
    let bodies = [
        (
            "bytes.total",
            progress(v1::PullProgress {
                attempt: attempt(),
                bytes: huge,
                ..Default::default()
            }),
        ),
        (
            "bytes.total",
            progress(v1::PullProgress {
                attempt: attempt(),
                layers: vec![v1::LayerProgress {
                    bytes: huge,
                    ..Default::default()
                }],
                ..Default::default()
            }),
        ),
        (
            "bytes.total",
            Body::Outcome(v1::Outcome {
                attempt: attempt(),
                bytes: huge,
                result: Some(v1::outcome::Result::Success(v1::Success {
                    reason: v1::SuccessReason::Pulled.into(),
                    ..Default::default()
                })),
                ..Default::default()
            }),
        ),
        (
            "inventory.sizeBytes",
            Body::Inventory(v1::Inventory {
                whole: true,
                images: vec![v1::InventoryImage {
                    id: "i".into(),
                    size_bytes: u64::MAX,
                    ..Default::default()
                }],
                ..Default::default()
            }),
        ),
        (
            "imageFsUsedBytes",
            Body::Heartbeat(v1::Heartbeat {
                condition: Some(v1::NodeCondition {
                    image_fs_used_bytes: u64::MAX,
                    ..Default::default()
                }),
                ..Default::default()
            }),
        ),
    ];
    for (field, body) in bodies {
        let status = answer(&stand, body).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{field}: {status:?}");
        assert!(status.message().starts_with(field), "{field}: {status:?}");
    }
}

#[tokio::test]
async fn lists_without_an_end_are_refused_by_their_field() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let bodies = [
        (
            "progress.pulls",
            Body::Progress(v1::Progress {
                pulls: vec![v1::PullProgress::default(); 2_000],
            }),
        ),
        (
            "progress.layers",
            progress(v1::PullProgress {
                attempt: attempt(),
                layers: vec![v1::LayerProgress::default(); 2_000],
                ..Default::default()
            }),
        ),
        (
            "inventory.images",
            Body::Inventory(v1::Inventory {
                images: vec![v1::InventoryImage::default(); 10_000],
                ..Default::default()
            }),
        ),
        (
            "inventory.repoTags",
            Body::Inventory(v1::Inventory {
                images: vec![v1::InventoryImage {
                    id: "i".into(),
                    repo_tags: vec!["t".into(); 1_000],
                    ..Default::default()
                }],
                ..Default::default()
            }),
        ),
    ];
    for (field, body) in bodies {
        let status = answer(&stand, body).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{field}: {status:?}");
        assert!(status.message().starts_with(field), "{field}: {status:?}");
    }
    let large = Body::Inventory(v1::Inventory {
        hash: "x".repeat(5 << 20),
        ..Default::default()
    });
    assert_eq!(answer(&stand, large).await.code(), Code::OutOfRange);
}

#[tokio::test]
async fn one_agent_that_floods_holds_up_nobody_else() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let flood = session(&stand, 'a', "node-1").await;
    let flooding = tokio::spawn(async move {
        let beat = Body::Heartbeat(v1::Heartbeat {
            condition: Some(v1::NodeCondition {
                runtime_ready: true,
                ..Default::default()
            }),
            ..Default::default()
        });
        for sequence in 2.. {
            let message = v1::AgentMessage {
                sequence,
                body: Some(beat.clone()),
            };
            if flood.say.send(message).await.is_err() {
                return;
            }
        }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    let _other = session(&stand, 'b', "node-2").await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    flooding.abort();
}

#[tokio::test]
async fn a_report_about_another_nodes_pull_changes_nothing() {
    let stand = Stand::with_agents(TOKEN, None).await;
    let mut owner = session(&stand, 'a', "node-1").await;
    let mut stranger = session(&stand, 'b', "node-2").await;
    let login = serde_json::json!({"username": "admin", "password": "the first password"});
    let (_, body) = stand.rest("POST", "/api/v1/login", Some(&login)).await;
    let (id, token) = (body["user"]["id"].clone(), body["token"].as_str().unwrap().to_owned());
    let change = serde_json::json!({"currentPassword": "the first password", "password": "another password"});
    stand
        .rest_as(&token, "PUT", &format!("/api/v1/users/{id}"), Some(&change))
        .await;
    let order = serde_json::json!({"images": ["nginx:1"], "nodeNames": ["node-1"], "id": "t"});
    let (status, body) = stand.rest_as(&token, "POST", "/api/v1/tasks", Some(&order)).await;
    assert_eq!(status, 201, "{body}");
    let start = loop {
        let message = owner.hear.message().await.unwrap().unwrap();
        if let Some(v1::coordinator_message::Body::StartPull(start)) = message.body {
            break start;
        }
    };
    let success = Body::Outcome(v1::Outcome {
        attempt: start.attempt.clone(),
        result: Some(v1::outcome::Result::Success(v1::Success {
            reason: v1::SuccessReason::Pulled.into(),
            ..Default::default()
        })),
        ..Default::default()
    });
    let message = v1::AgentMessage {
        sequence: 2,
        body: Some(success),
    };
    stranger.say.send(message).await.unwrap();
    loop {
        let message = stranger.hear.message().await.unwrap().unwrap();
        if let Some(v1::coordinator_message::Body::Refuse(refuse)) = message.body {
            assert_eq!(refuse.attempt, start.attempt);
            break;
        }
    }
    let (_, task) = stand.rest_as(&token, "GET", "/api/v1/tasks/t", None).await;
    assert_eq!(task["status"], "running", "{task}");
}
