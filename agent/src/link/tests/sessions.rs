//! Sessions come, go, are refused, sent elsewhere, and lose nothing.

use super::*;
use std::time::Instant as Clock;

const OPEN: Played = Played::Welcome { epoch: 1, store: "s1" };

#[tokio::test]
async fn hello_says_who_the_agent_is() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let mut agent = agent(&coordinator.address, state.path());
    let session = coordinator.session().await;
    let hello = &session.hello;
    assert_eq!((hello.node_name.as_str(), hello.node_uid.as_str()), ("node-a", "uid-a"));
    assert_eq!(hello.agent_version, env!("CARGO_PKG_VERSION"));
    assert_eq!(hello.labels.get("zone").map(String::as_str), Some("a"));
    assert!(hello.max_concurrent_pulls == 2 && hello.platform.is_some() && hello.condition.is_some());
    agent.link.wait_for(|state| *state == LinkState::Open).await.unwrap();
}

#[tokio::test]
async fn outcomes_are_sent_again_until_they_are_acknowledged() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    let mut first = coordinator.session().await;
    agent.outbox.put(outcome("p"));
    assert_eq!(first.hear_outcome().await.attempt.unwrap().pull_id, "p");
    first.close(Status::unavailable("stopping")).await;
    let second = coordinator.session().await;
    assert_eq!(second.hello.unacknowledged.len(), 1);
    second.acknowledge("p").await;
    let mut changes = agent.outbox.watch();
    while !agent.outbox.is_empty() {
        changes.changed().await.unwrap();
    }
    second.close(Status::unavailable("stopping")).await;
    assert!(coordinator.session().await.hello.unacknowledged.is_empty());
}

/// Leaves outcomes behind as an agent does that ends before they are acknowledged.
async fn left_behind(state: &Path, outcomes: impl Iterator<Item = Outcome>) {
    let (outbox, cancel) = (Arc::new(Outbox::open(state).unwrap()), CancellationToken::new());
    for outcome in outcomes {
        outbox.put(outcome);
    }
    cancel.cancel();
    outbox.run(cancel).await;
}

#[tokio::test]
async fn a_restart_of_the_agent_loses_no_outcome() {
    let state = directory();
    left_behind(state.path(), [outcome("p")].into_iter()).await;
    let mut coordinator = Coordinator::start(OPEN).await;
    let _agent = agent(&coordinator.address, state.path());
    let session = coordinator.session().await;
    assert_eq!(session.hello.unacknowledged[0].attempt.as_ref().unwrap().pull_id, "p");
}

#[tokio::test]
async fn more_outcomes_than_a_hello_takes_follow_one_by_one() {
    let state = directory();
    left_behind(state.path(), (0..103).map(|at| outcome(&format!("p{at}")))).await;
    let mut coordinator = Coordinator::start(OPEN).await;
    let _agent = agent(&coordinator.address, state.path());
    let mut session = coordinator.session().await;
    assert_eq!(session.hello.unacknowledged.len(), 100);
    for at in 100..103 {
        assert_eq!(session.hear_outcome().await.attempt.unwrap().pull_id, format!("p{at}"));
    }
}

#[tokio::test]
async fn a_coordinator_that_was_gone_hears_what_was_finished_meanwhile() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    agent.fake.publish("r/app:1", "amd64", &[100]);
    agent.fake.hold();
    let session = coordinator.session().await;
    session.order("p", "r/app:1").await;
    while agent.worker.in_flight().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    let socket = coordinator.socket();
    drop((session, coordinator));
    let mut link = agent.link.clone();
    link.wait_for(|state| *state != LinkState::Open).await.unwrap();
    agent.fake.open();
    let mut changes = agent.outbox.watch();
    while agent.outbox.is_empty() {
        changes.changed().await.unwrap();
    }
    let mut coordinator = Coordinator::start_on(socket, OPEN).await;
    let session = coordinator.session().await;
    assert_eq!(session.hello.unacknowledged.len(), 1);
    assert!(session.hello.in_flight.is_empty());
}

#[tokio::test]
async fn attempts_in_flight_are_named_when_the_session_resumes() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    agent.fake.hold();
    let mut session = coordinator.session().await;
    session.order("p", "r/app:1").await;
    session
        .hear(|body| if let Body::Progress(_) = body { Some(()) } else { None })
        .await;
    session.close(Status::unavailable("stopping")).await;
    let again = coordinator.session().await;
    assert_eq!(again.hello.in_flight[0].pull_id, "p");
}

#[tokio::test]
async fn a_refusal_is_shown_and_not_repeated_in_haste() {
    let state = directory();
    let refusal = Status::failed_precondition("agent 0.1.0 and coordinator 0.9.0 do not work together");
    let mut coordinator = Coordinator::start(Played::Refuse(refusal)).await;
    let mut agent = agent(&coordinator.address, state.path());
    coordinator.session().await;
    let refused = |state: &LinkState| matches!(state, LinkState::Closed(why) if why.contains("do not work together"));
    agent.link.wait_for(refused).await.unwrap();
    coordinator.play(OPEN);
    let soon = tokio::time::timeout(Duration::from_secs(3), coordinator.session()).await;
    assert!(soon.is_err(), "a refused agent waits long");
}

#[tokio::test]
async fn a_redirect_is_followed() {
    let state = directory();
    let mut leader = Coordinator::start(OPEN).await;
    let mut follower = Coordinator::start(Played::Redirect(leader.address.clone())).await;
    let _agent = agent(&follower.address, state.path());
    follower.session().await;
    assert_eq!(leader.session().await.hello.node_name, "node-a");
}

#[tokio::test]
async fn a_deposed_leader_is_not_obeyed() {
    let state = directory();
    let mut coordinator = Coordinator::start(Played::Welcome { epoch: 5, store: "s1" }).await;
    let agent = agent(&coordinator.address, state.path());
    agent.fake.hold();
    let mut session = coordinator.session().await;
    let start = |pull: &str| {
        let attempt = Some(ips_proto::v1::PullAttempt {
            pull_id: pull.into(),
            attempt: 1,
        });
        let reference = format!("r/{pull}:1");
        Say::StartPull(ips_proto::v1::StartPull {
            attempt,
            reference,
            ..Default::default()
        })
    };
    session.say_as(4, start("old")).await;
    session.say_as(5, start("new")).await;
    session
        .hear(|body| if let Body::Progress(_) = body { Some(()) } else { None })
        .await;
    assert_eq!(agent.worker.in_flight(), [id("new")]);
    coordinator.play(Played::Welcome { epoch: 4, store: "s1" });
    session.close(Status::unavailable("stopping")).await;
    coordinator.session().await;
    let mut link = agent.link.clone();
    let stale = |state: &LinkState| matches!(state, LinkState::Closed(why) if why.contains("epoch 5 leads"));
    link.wait_for(stale).await.unwrap();
}

#[tokio::test]
async fn another_database_voids_what_was_kept_for_the_old_one() {
    let state = directory();
    let mut coordinator = Coordinator::start(Played::Welcome { epoch: 7, store: "s1" }).await;
    let agent = agent(&coordinator.address, state.path());
    let mut session = coordinator.session().await;
    agent.outbox.put(outcome("p"));
    session.hear_outcome().await;
    coordinator.play(Played::Welcome { epoch: 1, store: "s2" });
    session.close(Status::unavailable("stopping")).await;
    coordinator.session().await;
    let mut link = agent.link.clone();
    link.wait_for(|state| *state == LinkState::Open).await.unwrap();
    assert!(agent.outbox.is_empty());
}

#[tokio::test]
async fn damaged_outcomes_are_put_aside() {
    let state = directory();
    std::fs::write(state.path().join("outcomes.json"), b"{not json").unwrap();
    let outbox = Outbox::open(state.path()).unwrap();
    assert!(outbox.is_empty());
    assert!(state.path().join("outcomes.broken").exists());
}

#[tokio::test]
async fn a_dead_address_is_tried_again_with_growing_pauses() {
    let state = directory();
    let socket = Coordinator::start(OPEN).await.socket();
    let began = Clock::now();
    let _agent = agent(&format!("http://{socket}"), state.path());
    sleep(Duration::from_millis(300)).await;
    let mut coordinator = Coordinator::start_on(socket, OPEN).await;
    coordinator.session().await;
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_ticket_that_is_not_believed_any_more_is_replaced_at_once() {
    let mut coordinator = Coordinator::start(Played::Welcome { epoch: 1, store: "s" }).await;
    coordinator.believe(1);
    let state = directory();
    let token = state.path().join("token");
    std::fs::write(&token, "ips-bootstrap-x\n").unwrap();
    let settings = proof::ProofSettings {
        bootstrap_token_file: Some(token.clone()),
        kubernetes_token_file: None,
    };
    let _agent = agent_with(&coordinator.address, state.path(), settings);
    let first = coordinator.session().await;
    // From now on its own key is enough.
    std::fs::remove_file(token).unwrap();
    coordinator.believe(2);
    let began = std::time::Instant::now();
    first.close(Status::unauthenticated("the ticket has ended")).await;
    coordinator.session().await;
    assert!(
        began.elapsed() < Duration::from_secs(14),
        "no refusal: {:?}",
        began.elapsed()
    );
}
