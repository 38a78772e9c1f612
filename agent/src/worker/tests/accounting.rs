//! What the sampler makes of a pull that is watched from outside.

use super::*;
use crate::pull::{ByteCounts, Phase};

/// Starts a held pull whose documents are readable.
async fn watched(bench: &Bench, sizes: &[u64], known: bool) -> crate::runtime::fake::Published {
    let published = bench.fake.publish("r/app:1", "amd64", sizes);
    bench.fake.hold();
    let expected = if known {
        published.digests.clone()
    } else {
        Digests::default()
    };
    bench.worker.start(Order {
        expected,
        ..order("p", "r/app:1")
    });
    bench.running(1).await;
    bench.fake.resolve(&published);
    published
}

async fn shows(bench: &Bench, phase: Phase, expected: ByteCounts) {
    let is_shown = || {
        bench
            .view("p")
            .is_some_and(|view| view.phase == phase && view.bytes == expected)
    };
    let wait = timeout(Duration::from_secs(5), until(is_shown));
    assert!(wait.await.is_ok(), "{:?}", bench.view("p"));
}

#[tokio::test]
async fn bytes_layers_and_phases_follow_the_content_store() {
    let mut bench = bench(2);
    let image = watched(&bench, &[100, 50], true).await;
    let (layers, chain) = (&image.layers, &image.chain);
    bench.fake.ingest(&layers[0].0, 40);
    shows(
        &bench,
        Phase::Fetching,
        ByteCounts {
            total: 150,
            fetched: 40,
            ..ByteCounts::default()
        },
    )
    .await;
    bench.fake.finish_blob(&layers[0].0, 100);
    bench.fake.commit(&chain[0]);
    let first = ByteCounts {
        total: 150,
        fetched: 100,
        unpacked: 100,
        ..ByteCounts::default()
    };
    shows(&bench, Phase::Fetching, first).await;
    bench.fake.finish_blob(&layers[1].0, 50);
    let all = ByteCounts {
        total: 150,
        fetched: 150,
        unpacked: 100,
        ..ByteCounts::default()
    };
    shows(&bench, Phase::Unpacking, all).await;
    bench.fake.open();
    let outcome = bench.outcome().await;
    assert_eq!(outcome.bytes, ByteCounts { unpacked: 150, ..all });
    assert_eq!(outcome.layers.iter().filter(|layer| layer.unpacked).count(), 2);
}

#[tokio::test]
async fn the_manifest_is_found_without_any_digest() {
    let mut bench = bench(2);
    let image = watched(&bench, &[100], false).await;
    bench.fake.ingest(&image.layers[0].0, 30);
    shows(
        &bench,
        Phase::Fetching,
        ByteCounts {
            total: 100,
            fetched: 30,
            ..ByteCounts::default()
        },
    )
    .await;
    bench.fake.open();
    let outcome = bench.outcome().await;
    assert_eq!(outcome.digests, image.digests);
}

#[tokio::test]
async fn what_was_there_before_is_told_apart() {
    let mut bench = bench(2);
    let image = bench.fake.publish("r/app:1", "amd64", &[100, 50, 30, 20]);
    // The base has its snapshot but no blob, the second its blob, the third a part.
    bench.fake.commit(&image.chain[0]);
    bench.fake.finish_blob(&image.layers[1].0, 50);
    bench.fake.ingest(&image.layers[2].0, 10);
    bench.fake.hold();
    bench.worker.start(Order {
        expected: image.digests.clone(),
        ..order("p", "r/app:1")
    });
    bench.running(1).await;
    bench.fake.resolve(&image);
    bench.fake.ingest(&image.layers[2].0, 15);
    let part = ByteCounts {
        total: 200,
        fetched: 5,
        already_there: 60,
        not_needed: 100,
        unpacked: 100,
    };
    shows(&bench, Phase::Fetching, part).await;
    bench.fake.open();
    let end = ByteCounts {
        total: 200,
        fetched: 40,
        already_there: 60,
        not_needed: 100,
        unpacked: 200,
    };
    assert_eq!(bench.outcome().await.bytes, end);
}

#[tokio::test]
async fn progress_never_decreases_when_an_ingest_starts_again() {
    let mut bench = bench(2);
    let image = watched(&bench, &[100], true).await;
    bench.fake.ingest(&image.layers[0].0, 80);
    let seen = ByteCounts {
        total: 100,
        fetched: 80,
        ..ByteCounts::default()
    };
    shows(&bench, Phase::Fetching, seen).await;
    bench.fake.ingest(&image.layers[0].0, 5);
    sleep(Duration::from_millis(600)).await;
    assert_eq!(bench.view("p").unwrap().bytes, seen);
    bench.fake.open();
    bench.success().await;
}
