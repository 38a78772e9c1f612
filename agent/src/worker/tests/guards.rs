//! Pulls that would harm their node: no room under the kubelet's threshold, and a disk that is busy. The disk is this machine's own.

use super::*;
use std::fs;
use tempfile::TempDir;

/// A node with this threshold and pressure.
fn node_with(high: u32, pressure: u32) -> (TempDir, Guard) {
    let folder = tempfile::tempdir().unwrap();
    let guard = Guard {
        kubelet_config: folder.path().join("config.yaml"),
        space_factor: 3,
        io_pressure_limit: 50,
        io_pressure_file: folder.path().join("io"),
    };
    fs::write(&guard.kubelet_config, format!("imageGCHighThresholdPercent: {high}")).unwrap();
    press(&guard, pressure);
    (folder, guard)
}

fn press(guard: &Guard, percent: u32) {
    let text = format!("some avg10={percent}.00 avg60=0.00 avg300=0.00 total=0\n");
    fs::write(&guard.io_pressure_file, text).unwrap();
}

fn sized(pull: &str, reference: &str, size: u64) -> Order {
    Order {
        size,
        ..order(pull, reference)
    }
}

#[tokio::test]
async fn an_image_without_room_is_refused_before_the_runtime_is_asked() {
    let (_folder, guard) = node_with(100, 0);
    let mut bench = bench_of(2, Arc::default(), guard);
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.worker.start(sized("large", "r/app:1", 1 << 50));
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::NoSpace);
    assert!(failure.message.contains("kubelet's 100 %"), "{failure:?}");
    assert_eq!(bench.fake.calls(), 0);
    // Neither is one of unknown size refused, nor one that fits, nor anything because of what was refused.
    for (pull, size) in [("unknown", 0), ("small", 100)] {
        bench.fake.publish(&format!("r/{pull}:1"), "amd64", &[100]);
        bench.worker.start(sized(pull, &format!("r/{pull}:1"), size));
        assert!(bench.success().await.pulled);
    }
}

#[tokio::test]
async fn what_a_pull_in_the_air_needs_is_not_promised_twice() {
    let (_folder, guard) = node_with(100, 0);
    let disk = crate::guard::disk::space(std::path::Path::new("/"));
    let mut bench = bench_of(2, Arc::default(), guard);
    bench.fake.hold();
    for name in ["first", "second"] {
        bench.fake.publish(&format!("r/{name}:1"), "amd64", &[100]);
    }
    // Each of them fits alone: half of the disk and a little more, divided by the factor.
    let size = disk.available_bytes / 3 * 5 / 8;
    bench.worker.start(sized("first", "r/first:1", size));
    bench.running(1).await;
    bench.worker.start(sized("second", "r/second:1", size));
    let failure = bench.failure().await;
    assert!(failure.message.contains("promised to other pulls"), "{failure:?}");
    assert!(bench.worker.cancel(&id("first")));
    assert_eq!(bench.failure().await.reason, FailureReason::Cancelled);
    // What was cancelled needs nothing any more.
    bench.worker.start(sized("third", "r/second:1", size));
    bench.running(1).await;
    bench.fake.open();
    assert!(bench.success().await.pulled);
}

#[tokio::test]
async fn what_is_there_already_needs_no_room() {
    let (_folder, guard) = node_with(0, 0);
    let mut bench = bench_of(2, Arc::default(), guard);
    let image = bench.fake.publish("r/app:1", "amd64", &[100, 50]);
    bench.fake.land("r/app:1", true);
    // The image is warm but for its name: another reference with the same layers.
    bench.fake.publish("r/app:1", "amd64", &[100, 50]);
    bench.worker.start(Order {
        expected: image.digests,
        policy: Policy::Always,
        ..sized("p", "r/app:1", 150)
    });
    assert!(!bench.success().await.pulled);
    bench.fake.publish("r/other:1", "amd64", &[100]);
    for (pull, size) in [("other", 100), ("unknown", 0)] {
        bench.worker.start(sized(pull, "r/other:1", size));
        assert_eq!(
            bench.failure().await.reason,
            FailureReason::NoSpace,
            "a threshold of 0 has room for nothing"
        );
    }
}

#[tokio::test]
async fn pulls_wait_for_a_busy_disk_and_say_so() {
    let (_folder, guard) = node_with(100, 90);
    let mut bench = bench_of(1, Arc::default(), guard.clone());
    bench.fake.publish("r/app:1", "amd64", &[100]);
    bench.worker.start(sized("p", "r/app:1", 100));
    until(|| {
        bench
            .view("p")
            .is_some_and(|view| view.note.contains("I/O pressure is 90 %"))
    })
    .await;
    assert_eq!(bench.fake.calls(), 0);
    press(&guard, 50);
    assert!(bench.success().await.pulled);
    press(&guard, 51);
    // Cancelling does not wait for the disk, and a deadline says what was waited for.
    bench.fake.publish("r/late:1", "amd64", &[100]);
    bench.worker.start(Order {
        deadline: Some(Duration::from_millis(200)),
        ..sized("late", "r/late:1", 100)
    });
    let failure = bench.failure().await;
    assert_eq!(failure.reason, FailureReason::TimedOut);
    assert!(failure.message.contains("I/O pressure is 51 %"), "{failure:?}");
}
