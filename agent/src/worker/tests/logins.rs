//! A login reaches the runtime, and nothing else.

use super::*;
use crate::pull::Credential;

const CANARY: &str = "c4nary-Pass/word+1";

fn login(password: &str) -> Credential {
    Credential {
        server_address: "https://r.example".into(),
        username: "me".into(),
        password: password.into(),
    }
}

fn with_login(pull: &str, password: &str) -> Order {
    Order {
        credential: Some(login(password)),
        ..order(pull, "r.example/app:1")
    }
}

#[tokio::test]
async fn the_runtime_gets_the_login_of_the_order_and_none_without_one() {
    let mut bench = bench(2);
    bench.fake.publish("r.example/app:1", "amd64", &[100]);
    bench.fake.publish("r.example/other:1", "amd64", &[100]);
    bench.worker.start(with_login("p", CANARY));
    bench.success().await;
    bench.worker.start(order("q", "r.example/other:1"));
    bench.success().await;
    assert_eq!(bench.fake.logins(), [Some(login(CANARY)), None]);
}

#[tokio::test]
async fn a_warm_image_needs_no_login() {
    let mut bench = bench(2);
    bench.fake.publish("r.example/app:1", "amd64", &[100]);
    bench.fake.land("r.example/app:1", true);
    bench.worker.start(with_login("p", "wrong"));
    assert!(!bench.success().await.pulled);
    assert!(bench.fake.logins().is_empty());
}

#[tokio::test]
async fn a_runtime_that_echoes_the_login_gives_nothing_away() {
    let mut bench = bench(2);
    let refused = "Unknown: failed to authorize: 401 Unauthorized";
    bench
        .fake
        .behave("r.example/app:1", Behaviour::Echo(refused.to_owned()));
    bench.worker.start(with_login("p", CANARY));
    let outcome = bench.outcome().await;
    let Ending::Failure(failure) = &outcome.ending else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.reason, FailureReason::Unauthorized);
    assert_eq!(failure.message, format!("{refused} (sent …, Authorization: Basic …)"));
    let kept = serde_json::to_string(&outcome).unwrap();
    assert!(!kept.contains(CANARY), "{kept}");
}

#[tokio::test]
async fn what_is_printed_of_an_order_has_no_login_in_it() {
    let shown = format!("{:?}", with_login("p", CANARY));
    assert!(!shown.contains(CANARY) && shown.contains("hidden"), "{shown}");
}

/// Decision 6: equal logins share a call, others wait their turn, and an order without a login is not equal to one with.
#[tokio::test]
async fn an_order_without_a_login_waits_for_one_with() {
    let mut bench = bench(2);
    bench.fake.behave(
        "r.example/app:1",
        Behaviour::Fail("pull access denied: 401 Unauthorized".into()),
    );
    bench.fake.hold();
    bench.worker.start(with_login("one", "a"));
    bench.running(1).await;
    bench.worker.start(order("two", "r.example/app:1"));
    bench.worker.start(with_login("three", "a"));
    until(|| bench.view("three").is_some()).await;
    assert!(bench.view("two").is_none(), "it is not on board");
    bench.fake.open();
    for _ in 0..3 {
        assert_eq!(bench.failure().await.reason, FailureReason::Unauthorized);
    }
    assert_eq!(bench.fake.logins(), [Some(login("a")), None]);
}

#[tokio::test]
async fn cancelling_one_of_two_with_a_login_leaves_the_call_running() {
    let mut bench = bench(2);
    bench.fake.publish("r.example/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(with_login("one", CANARY));
    bench.running(1).await;
    bench.worker.start(with_login("two", CANARY));
    until(|| bench.view("two").is_some()).await;
    assert!(bench.worker.cancel(&id("one")));
    assert_eq!(bench.failure().await.reason, FailureReason::Cancelled);
    bench.fake.open();
    assert!(bench.success().await.pulled);
    assert_eq!((bench.fake.calls(), bench.fake.dropped()), (1, 0));
}
