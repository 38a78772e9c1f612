//! Each way in which an attempt can end.

use super::*;

#[tokio::test]
async fn a_pull_that_lands_is_verified_and_accounted_for() {
    let mut bench = bench(2);
    let published = bench.fake.publish("r/app:1", "amd64", &[100, 50]);
    bench.worker.start(Order {
        expected: published.digests.clone(),
        ..order("p", "r/app:1")
    });
    let outcome = bench.outcome().await;
    let success = Success {
        pulled: true,
        note: String::new(),
        digest_verified: true,
    };
    assert_eq!(outcome.ending, Ending::Success(success));
    assert_eq!(outcome.digests, published.digests);
    assert_eq!(
        (outcome.bytes.total, outcome.bytes.fetched, outcome.bytes.unpacked),
        (150, 150, 150)
    );
    assert!(outcome.finished_at_ms >= outcome.started_at_ms);
    until(|| bench.worker.in_flight().is_empty()).await;
}

#[tokio::test]
async fn a_warm_image_is_left_alone() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100, 50]);
    bench.fake.land("r/app:1", true);
    bench.worker.start(order("p", "r/app:1"));
    let outcome = bench.outcome().await;
    let note = "digest not verified against the registry".to_owned();
    assert_eq!(
        outcome.ending,
        Ending::Success(Success {
            pulled: false,
            note,
            digest_verified: false
        })
    );
    assert_eq!((outcome.bytes.total, outcome.bytes.already_there), (150, 150));
    assert_eq!(bench.fake.calls(), 0);
}

#[tokio::test]
async fn what_is_there_is_accounted_for_even_without_its_manifest() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100, 50]);
    bench.fake.land("r/app:1", true);
    bench.fake.lose_manifests();
    bench.worker.start(order("p", "r/app:1"));
    let bytes = bench.outcome().await.bytes;
    assert_eq!((bytes.total, bytes.not_needed, bytes.fetched), (150, 150, 0));
}

#[tokio::test]
async fn fetched_but_not_unpacked_is_not_warm() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.land("r/app:1", false);
    bench.worker.start(order("p", "r/app:1"));
    let outcome = bench.outcome().await;
    assert!(matches!(outcome.ending, Ending::Success(Success { pulled: true, .. })));
    assert_eq!((outcome.bytes.already_there, outcome.bytes.unpacked), (100, 100));
}

#[tokio::test]
async fn an_image_that_stays_packed_is_never_green() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.behave("r/app:1", Behaviour::LandWithoutUnpacking);
    bench.worker.start(order("p", "r/app:1"));
    assert_eq!(bench.failure().await.reason, FailureReason::Runtime);
}

#[tokio::test]
async fn an_image_of_another_architecture_fails() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "arm64", &[100]);
    bench.worker.start(order("p", "r/app:1"));
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::WrongPlatform);
    assert!(
        failure.message.contains("linux/arm64") && failure.message.contains("linux/amd64"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_moved_tag_fails_with_both_digests() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    let expected = Digests {
        target: Some("sha256:old".into()),
        ..Digests::default()
    };
    bench.worker.start(Order {
        expected,
        ..order("p", "r/app:1")
    });
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::TagMoved);
    assert!(failure.message.contains("sha256:old"), "{failure:?}");
}

#[tokio::test]
async fn the_runtimes_words_are_classified_and_cleaned() {
    let mut bench = bench(2);
    let text = "Unknown: failed: https://me:s3cret@r.example/x?token=1: 429 Too Many Requests";
    bench.fake.behave("r/app:1", Behaviour::Fail(text.into()));
    bench.worker.start(order("p", "r/app:1"));
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::RateLimited);
    assert!(
        !failure.message.contains("s3cret") && !failure.message.contains("token=1"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_stalled_pull_times_out_and_its_call_is_cancelled() {
    let mut bench = bench(2);
    bench.fake.behave("r/app:1", Behaviour::Hang);
    bench.worker.start(Order {
        no_progress: Some(Duration::from_millis(400)),
        ..order("p", "r/app:1")
    });
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::TimedOut);
    assert!(failure.message.starts_with("no byte for 0.4 s"), "{failure:?}");
    bench.running(0).await;
    assert_eq!(bench.fake.dropped(), 1);
}

#[tokio::test]
async fn bytes_that_move_keep_an_attempt_alive_but_not_beyond_its_deadline() {
    let mut bench = bench(2);
    let published = bench.fake.publish("r/app:1", "amd64", &[1000]);
    bench.fake.hold();
    bench.worker.start(Order {
        // Far longer than a busy machine keeps this process waiting: in a pause between two samples nothing is seen to move.
        no_progress: Some(Duration::from_secs(3)),
        deadline: Some(Duration::from_secs(6)),
        expected: published.digests.clone(),
        ..order("p", "r/app:1")
    });
    bench.running(1).await;
    bench.fake.resolve(&published);
    let fake = bench.fake.clone();
    let drip = tokio::spawn(async move {
        for offset in 1..1000 {
            fake.ingest(&published.layers[0].0, offset);
            sleep(Duration::from_millis(50)).await;
        }
    });
    let failure = bench.failure().await;
    drip.abort();
    assert_eq!(failure.reason, FailureReason::TimedOut);
    assert!(failure.message.contains("deadline"), "{failure:?}");
}

#[tokio::test]
async fn a_runtime_that_comes_back_is_asked_again_in_the_same_attempt() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(order("p", "r/app:1"));
    bench.running(1).await;
    bench.fake.go_away();
    until(|| {
        bench
            .view("p")
            .is_some_and(|view| view.note == "waiting for containerd")
    })
    .await;
    bench.fake.come_back();
    bench.fake.open();
    assert!(bench.success().await.pulled);
    assert_eq!(bench.fake.calls(), 2);
}

#[tokio::test]
async fn a_runtime_that_stays_away_fails_the_attempt_as_its_own_fault() {
    let mut bench = bench(2);
    bench.fake.go_away();
    bench.worker.start(Order {
        no_progress: Some(Duration::from_millis(300)),
        ..order("p", "r/app:1")
    });
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::Runtime);
    assert!(
        failure.reason.is_retryable() && failure.message.contains("not reachable"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn cancelling_ends_the_call_and_always_gives_an_outcome() {
    let mut bench = bench(1);
    bench.fake.hold();
    bench.worker.start(order("p", "r/app:1"));
    bench.running(1).await;
    bench.worker.start(order("waits", "r/other:1"));
    for pull in ["waits", "p"] {
        assert!(bench.worker.cancel(&id(pull)));
        let outcome = timeout(Duration::from_secs(1), bench.outcomes.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(outcome.id, id(pull));
        assert!(matches!(
            outcome.ending,
            Ending::Failure(Failure {
                reason: FailureReason::Cancelled,
                ..
            })
        ));
    }
    bench.running(0).await;
    assert_eq!((bench.fake.calls(), bench.fake.dropped()), (1, 1));
    assert!(!bench.worker.cancel(&id("unknown")));
}

#[tokio::test]
async fn draining_finishes_what_runs_and_drops_what_waits() {
    let mut bench = bench(1);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.hold();
    bench.worker.start(order("runs", "r/app:1"));
    bench.running(1).await;
    bench.worker.start(order("waits", "r/other:1"));
    until(|| bench.view("waits").is_some()).await;
    bench.worker.drain();
    bench.worker.start(order("late", "r/third:1"));
    until(|| bench.worker.in_flight() == [id("runs")]).await;
    bench.fake.open();
    timeout(Duration::from_secs(5), bench.worker.idle()).await.unwrap();
    assert_eq!(bench.outcome().await.id, id("runs"));
    assert!(bench.outcomes.try_recv().is_err());
}
