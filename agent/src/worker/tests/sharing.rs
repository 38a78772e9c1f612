//! One runtime pull for all who want the same, and never more than there are slots.

use super::*;
use crate::pull::Credential;

fn login(password: &str) -> Option<Credential> {
    let (server_address, username) = ("https://r.example".into(), "me".into());
    Some(Credential {
        server_address,
        username,
        password: password.into(),
    })
}

#[tokio::test]
async fn equal_orders_share_one_call() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(Order {
        credential: login("a"),
        ..order("one", "r/app:1")
    });
    bench.worker.start(Order {
        credential: login("a"),
        ..order("two", "r/app:1")
    });
    until(|| bench.view("one").is_some() && bench.view("two").is_some()).await;
    bench.fake.open();
    let mut ids = [bench.outcome().await.id, bench.outcome().await.id];
    ids.sort();
    assert_eq!(ids, [id("one"), id("two")]);
    assert_eq!(bench.fake.calls(), 1);
}

#[tokio::test]
async fn cancelling_one_of_two_leaves_the_call_running() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(order("one", "r/app:1"));
    bench.running(1).await;
    bench.worker.start(order("two", "r/app:1"));
    until(|| bench.view("two").is_some()).await;
    assert!(bench.worker.cancel(&id("one")));
    assert_eq!(bench.failure().await.reason, FailureReason::Cancelled);
    assert_eq!(bench.fake.running(), 1);
    bench.fake.open();
    assert!(bench.success().await.pulled);
    assert_eq!((bench.fake.calls(), bench.fake.dropped()), (1, 0));
}

#[tokio::test]
async fn another_credential_waits_and_then_finds_the_image() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(Order {
        credential: login("a"),
        ..order("one", "r/app:1")
    });
    bench.running(1).await;
    bench.worker.start(Order {
        credential: login("b"),
        ..order("two", "r/app:1")
    });
    sleep(Duration::from_millis(100)).await;
    assert_eq!(bench.fake.running(), 1);
    bench.fake.open();
    let mut outcomes = [bench.outcome().await, bench.outcome().await];
    outcomes.sort_by(|a, b| a.id.cmp(&b.id));
    let pulled = |outcome: &Outcome| matches!(outcome.ending, Ending::Success(Success { pulled: true, .. }));
    assert_eq!(outcomes.each_ref().map(pulled), [true, false]);
    assert_eq!(bench.fake.calls(), 1);
}

#[tokio::test]
async fn another_credential_pulls_itself_when_the_first_failed() {
    let mut bench = bench(2);
    bench.fake.behave("r/app:1", Behaviour::Fail("401 Unauthorized".into()));
    bench.fake.hold();
    bench.worker.start(Order {
        credential: login("a"),
        ..order("one", "r/app:1")
    });
    bench.running(1).await;
    bench.worker.start(Order {
        credential: login("b"),
        ..order("two", "r/app:1")
    });
    bench.fake.open();
    for _ in 0..2 {
        assert_eq!(bench.failure().await.reason, FailureReason::Unauthorized);
    }
    assert_eq!(bench.fake.calls(), 2);
}

#[tokio::test]
async fn no_more_calls_than_slots() {
    let mut bench = bench(2);
    bench.fake.hold();
    for at in 0..5 {
        bench.fake.publish(&format!("r/app:{at}"), "amd64", &[100]);
        bench.worker.start(order(&format!("p{at}"), &format!("r/app:{at}")));
    }
    bench.running(2).await;
    bench.fake.open();
    for _ in 0..5 {
        bench.success().await;
    }
    assert_eq!((bench.fake.calls(), bench.fake.most()), (5, 2));
}

#[tokio::test]
async fn the_same_attempt_twice_means_nothing_new() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(order("p", "r/app:1"));
    bench.running(1).await;
    bench.worker.start(order("p", "r/app:1"));
    bench.fake.open();
    bench.success().await;
    sleep(Duration::from_millis(50)).await;
    assert!(bench.outcomes.try_recv().is_err());
    assert_eq!(bench.fake.calls(), 1);
}

#[tokio::test]
async fn a_newer_attempt_takes_over_the_call_of_the_older() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(order("p", "r/app:1"));
    bench.running(1).await;
    let newer = AttemptId {
        pull: "p".into(),
        number: 2,
    };
    bench.worker.start(Order {
        id: newer.clone(),
        ..order("p", "r/app:1")
    });
    let first = bench.outcome().await;
    assert_eq!(first.id, id("p"));
    assert!(matches!(
        first.ending,
        Ending::Failure(Failure {
            reason: FailureReason::Cancelled,
            ..
        })
    ));
    bench.fake.open();
    assert_eq!(bench.outcome().await.id, newer);
    assert_eq!((bench.fake.calls(), bench.fake.dropped()), (1, 0));
}
