//! Orders in, reports out.

use super::*;
use crate::runtime::RuntimeIdentity;
use ips_proto::v1::{
    CancelPull, Drain, FailureReason, PinState, PullAttempt, Refuse, RemovalResult, RemoveImage, SendInventory,
    SetPins, outcome::Result as End,
};

const OPEN: Played = Played::Welcome { epoch: 1, store: "s1" };

fn cancel(pull: &str) -> Say {
    let attempt = Some(PullAttempt {
        pull_id: pull.into(),
        attempt: 1,
    });
    Say::CancelPull(CancelPull {
        attempt,
        reason: "test".into(),
    })
}

#[tokio::test]
async fn an_order_gives_progress_and_an_outcome() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    let image = agent.fake.publish("r/app:1", "amd64", &[100, 50]);
    agent.fake.hold();
    let mut session = coordinator.session().await;
    session.order("p", "r/app:1").await;
    while agent.fake.running() == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    agent.fake.ingest(&image.layers[0].0, 40);
    agent.fake.resolve(&image);
    // What arrives is looked up a few times a second: the first report with layers may not show it yet.
    let with_bytes = |body| {
        let Body::Progress(progress) = body else { return None };
        let mut pulls = progress.pulls.into_iter();
        pulls.find(|pull| pull.layers.len() == 2 && pull.bytes.is_some_and(|bytes| bytes.fetched > 0))
    };
    let progress = session.hear(with_bytes).await;
    assert_eq!((progress.layer_count, progress.bytes.unwrap().fetched), (2, 40));
    agent.fake.open();
    let outcome = session.hear_outcome().await;
    assert!(matches!(outcome.result, Some(End::Success(_))));
    assert_eq!(outcome.bytes.unwrap().fetched, 150);
}

#[tokio::test]
async fn an_order_for_a_finished_attempt_repeats_its_outcome() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    agent.fake.publish("r/app:1", "amd64", &[100]);
    let mut session = coordinator.session().await;
    for _ in 0..2 {
        session.order("p", "r/app:1").await;
        assert!(matches!(session.hear_outcome().await.result, Some(End::Success(_))));
    }
    assert_eq!(agent.fake.calls(), 1);
}

#[tokio::test]
async fn every_cancel_is_answered() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    agent.fake.hold();
    let mut session = coordinator.session().await;
    session.order("known", "r/app:1").await;
    while agent.fake.running() == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    for pull in ["known", "unknown"] {
        session.say(cancel(pull)).await;
        let outcome = session.hear_outcome().await;
        assert_eq!(outcome.attempt.unwrap().pull_id, pull);
        let Some(End::Failure(failure)) = outcome.result else {
            panic!("a failure")
        };
        assert_eq!(failure.reason(), FailureReason::Cancelled);
        assert!(!failure.retryable);
    }
}

#[tokio::test]
async fn a_refused_report_is_forgotten() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    let mut session = coordinator.session().await;
    agent.outbox.put(outcome("p"));
    let attempt = session.hear_outcome().await.attempt;
    session
        .say(Say::Refuse(Refuse {
            attempt,
            reason: "no such pull".into(),
        }))
        .await;
    let mut changes = agent.outbox.watch();
    while !agent.outbox.is_empty() {
        changes.changed().await.unwrap();
    }
}

#[tokio::test]
async fn malformed_orders_are_survived() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    agent.fake.publish("r/app:1", "amd64", &[100]);
    let mut session = coordinator.session().await;
    session.say(Say::StartPull(Default::default())).await;
    session.say(Say::CancelPull(Default::default())).await;
    session.say(Say::Acknowledge(Default::default())).await;
    session.say(Say::RemoveImage(Default::default())).await;
    session.order("", "r/app:1").await;
    session.order("good", "r/app:1").await;
    assert_eq!(session.hear_outcome().await.attempt.unwrap().pull_id, "good");
}

#[tokio::test]
async fn the_inventory_is_whole_when_asked_and_otherwise_a_delta() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    let mut session = coordinator.session().await;
    let first = Inventory::default().after(vec![image("a"), image("b")]).unwrap();
    agent.images.send_replace(Arc::new(first.clone()));
    let heard = session.hear_inventory().await;
    assert!(heard.whole && heard.images.len() == 2 && heard.generation == 1);
    let second = first.after(vec![image("b"), image("c")]).unwrap();
    agent.images.send_replace(Arc::new(second.clone()));
    let heard = session.hear_inventory().await;
    assert!(!heard.whole);
    assert_eq!(
        (heard.images[0].id.as_str(), heard.removed_ids.as_slice()),
        ("c", ["a".to_owned()].as_slice())
    );
    assert_eq!(heard.hash, second.hash);
    session.say(Say::SendInventory(SendInventory {})).await;
    let heard = session.hear_inventory().await;
    assert!(heard.whole && heard.images.len() == 2 && heard.generation == 2);
    session.close(Status::unavailable("stopping")).await;
    let again = coordinator.session().await;
    assert_eq!(
        (again.hello.inventory_generation, again.hello.inventory_hash),
        (2, second.hash)
    );
}

#[tokio::test]
async fn drain_is_confirmed_by_a_heartbeat() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    let mut session = coordinator.session().await;
    session.say(Say::Drain(Drain { reason: "test".into() })).await;
    let draining = |body| {
        let Body::Heartbeat(beat) = body else { return None };
        beat.condition.filter(|condition| condition.draining).map(|_| ())
    };
    session.hear(draining).await;
    assert!(agent.worker.is_draining());
}

#[tokio::test]
async fn pins_and_removals_are_answered() {
    let state = directory();
    let mut coordinator = Coordinator::start(OPEN).await;
    let agent = agent(&coordinator.address, state.path());
    agent.fake.publish("r.example/app:1", "amd64", &[100]);
    agent.fake.land("r.example/app:1", true);
    agent.node.send_modify(|node| {
        node.condition.away = None;
        node.runtime = Some(RuntimeIdentity {
            version: "1.7.24".into(),
            ..RuntimeIdentity::default()
        });
    });
    let images = Inventory::default().after(agent.fake.images()).unwrap();
    agent.images.send_replace(Arc::new(images));
    let mut session = coordinator.session().await;
    let references = vec!["r.example/app:1".to_owned()];
    session.say(Say::SetPins(SetPins { references })).await;
    let pins = |body| if let Body::Pins(pins) = body { Some(pins) } else { None };
    let pins = session.hear(pins).await;
    assert!(pins.honoured && pins.pins[0].state() == PinState::Pinned, "{pins:?}");
    for (reference, result) in [
        ("r.example/app:1", RemovalResult::Pinned),
        ("r.example/none:1", RemovalResult::Absent),
    ] {
        let order = RemoveImage {
            order_id: reference.into(),
            reference: reference.into(),
            dry_run: false,
        };
        session.say(Say::RemoveImage(order)).await;
        let removed = |body| {
            if let Body::ImageRemoved(removed) = body {
                Some(removed)
            } else {
                None
            }
        };
        let removed = session.hear(removed).await;
        assert_eq!((removed.order_id.as_str(), removed.result()), (reference, result));
    }
}
