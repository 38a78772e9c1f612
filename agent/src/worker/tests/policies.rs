//! What the pull policies mean on a node: the table of `pull::policy`, with a runtime behind it.

use super::*;

fn always(pull: &str, reference: &str) -> Order {
    Order {
        policy: Policy::Always,
        ..order(pull, reference)
    }
}

#[tokio::test]
async fn always_leaves_a_warm_image_with_the_expected_digest_alone() {
    let mut bench = bench(2);
    let image = bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.land("r/app:1", true);
    bench.worker.start(Order {
        expected: image.digests,
        ..always("p", "r/app:1")
    });
    let success = bench.success().await;
    assert!(!success.pulled && success.digest_verified, "{success:?}");
    assert_eq!(bench.fake.calls(), 0);
}

#[tokio::test]
async fn always_asks_the_registry_where_no_digest_is_known() {
    let mut bench = bench(2);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.land("r/app:1", true);
    bench.worker.start(always("p", "r/app:1"));
    let outcome = bench.outcome().await;
    let Ending::Success(success) = outcome.ending else {
        panic!("{outcome:?}")
    };
    assert!(success.pulled && success.note.contains("here already"), "{success:?}");
    assert_eq!((outcome.bytes.total, outcome.bytes.fetched), (100, 0));
    assert_eq!(bench.fake.calls(), 1);
}

#[tokio::test]
async fn a_tag_that_moved_is_fetched_by_always_and_left_alone_by_if_not_present() {
    let mut bench = bench(2);
    let old = bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.fake.land("r/app:1", true);
    bench.fake.publish("r/app:1", "amd64", &[70]);

    bench.worker.start(order("present", "r/app:1"));
    let success = bench.success().await;
    assert!(!success.pulled && success.note.contains("not verified"), "{success:?}");

    bench.worker.start(always("always", "r/app:1"));
    let outcome = bench.outcome().await;
    let Ending::Success(success) = outcome.ending else {
        panic!("{outcome:?}")
    };
    let old = old.digests.target.unwrap();
    assert!(
        success.pulled && success.note == format!("replaces {old}"),
        "{success:?}"
    );
    assert_eq!((outcome.bytes.total, outcome.bytes.fetched), (70, 70));
}

#[tokio::test]
async fn another_digest_than_the_expected_one_is_replaced_under_both_policies() {
    for policy in [Policy::IfNotPresent, Policy::Always] {
        let mut bench = bench(2);
        bench.fake.publish("r/app:1", "amd64", &[100]);
        bench.fake.land("r/app:1", true);
        let new = bench.fake.publish("r/app:1", "amd64", &[70]);
        bench.worker.start(Order {
            policy,
            expected: new.digests,
            ..order("p", "r/app:1")
        });
        let success = bench.success().await;
        assert!(success.pulled && success.digest_verified, "{policy:?}: {success:?}");
    }
}

#[tokio::test]
async fn a_tag_that_moved_past_the_expected_digest_fails_under_both_policies() {
    for policy in [Policy::IfNotPresent, Policy::Always] {
        let mut bench = bench(2);
        let old = bench.fake.publish("r/app:1", "amd64", &[100]);
        bench.fake.publish("r/app:1", "amd64", &[70]);
        bench.worker.start(Order {
            policy,
            expected: old.digests,
            ..order("p", "r/app:1")
        });
        assert_eq!(bench.failure().await.reason, FailureReason::TagMoved, "{policy:?}");
    }
}
