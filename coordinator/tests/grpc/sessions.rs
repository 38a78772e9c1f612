//! Who may open a session, and what ends one: each refusal names its reason.

use crate::{agent::Agent, stand::Stand};
use ips_proto::v1::{self, agent_message::Body};
use tonic::Code;

/// Code and text with which the coordinator answers this hello.
async fn refusal(stand: &Stand, edit: impl FnOnce(&mut v1::Hello)) -> (Code, String) {
    let mut hello = Agent::hello("node-1");
    edit(&mut hello);
    let status = Agent::say(stand, Body::Hello(hello)).await.ended().await;
    (status.code(), status.message().to_owned())
}

#[tokio::test]
async fn a_version_outside_the_window_is_refused_with_both_versions() {
    let stand = Stand::start().await;
    for version in ["0.9.0", "9.1.0", "", "latest"] {
        let (code, text) = refusal(&stand, |hello| hello.agent_version = version.into()).await;
        assert_eq!(code, Code::FailedPrecondition, "{text}");
        assert!(
            text.contains(version) && text.contains(env!("CARGO_PKG_VERSION")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_malformed_hello_is_refused_by_its_field() {
    let stand = Stand::start().await;
    type Edit = fn(&mut v1::Hello);
    let cases: [(&str, Edit); 6] = [
        ("nodeName", |hello| hello.node_name = "Not_A_Name".into()),
        ("nodeUid", |hello| hello.node_uid.clear()),
        ("maxConcurrentPulls", |hello| hello.max_concurrent_pulls = 0),
        ("maxConcurrentPulls", |hello| hello.max_concurrent_pulls = 65),
        ("platform", |hello| hello.platform = None),
        ("labels", |hello| drop(hello.labels.insert("a b".into(), "c".into()))),
    ];
    for (field, edit) in cases {
        let (code, text) = refusal(&stand, edit).await;
        assert_eq!(code, Code::InvalidArgument, "{text}");
        assert!(text.starts_with(field), "{text}");
    }
}

#[tokio::test]
async fn the_first_message_must_be_hello_and_numbers_have_no_gaps() {
    let stand = Stand::start().await;
    let silent = Agent::say(&stand, Body::Heartbeat(v1::Heartbeat::default())).await;
    assert_eq!(silent.ended().await.code(), Code::InvalidArgument);

    let mut agent = Agent::connect(&stand, "node-1").await;
    agent.skip_numbers();
    agent
        .progress(&v1::StartPull::default(), v1::PullPhase::Fetching, 1)
        .await;
    let status = agent.ended().await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("sequence"), "{}", status.message());
}

#[tokio::test]
async fn another_machine_is_refused_and_a_newer_session_of_the_same_one_takes_over() {
    let stand = Stand::start().await;
    let old = Agent::connect(&stand, "node-1").await;
    let (code, text) = refusal(&stand, |hello| hello.node_uid = "another".into()).await;
    assert_eq!(code, Code::PermissionDenied, "{text}");

    let _new = Agent::connect(&stand, "node-1").await;
    assert_eq!(old.ended().await.code(), Code::Aborted);
}

#[tokio::test]
async fn a_report_about_another_nodes_pull_is_refused_with_the_reason() {
    let stand = Stand::start().await;
    let mut owner = Agent::connect(&stand, "node-1").await;
    let request = v1::CreateTaskRequest {
        images: vec!["nginx:1".into()],
        ..Default::default()
    };
    stand.tasks().await.create_task(request).await.unwrap();
    let start = owner.started().await;

    let mut stranger = Agent::connect(&stand, "node-2").await;
    stranger.succeed(&start).await;
    let refuse = stranger.refused().await;
    assert_eq!(refuse.attempt, start.attempt);
    assert_eq!(refuse.reason, "the pull belongs to another node");
}
