//! You can see it: bytes that never run backwards, that add up, and that are containerd's own.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::containerd::Truth;
use ips_tests::events::{Event, Events};
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::{Digests, Registry};
use ips_tests::stand::{Stand, TASK_LIMIT};
use rstest::rstest;
use serde_json::Value;

/// The smallest of the large layers, 71 MB, takes some four seconds: time for at least five reports.
const RATE: u64 = 16 << 20;
/// Reports are at most this much behind: coalesced at two a second, twice on the way.
const BEHIND: Duration = Duration::from_millis(2500);

/// What containerd said about a layer's ingest, and when.
type Samples = BTreeMap<String, Vec<(Instant, u64)>>;

/// Asks containerd itself for its ingests until the task is dropped.
async fn sample(truth: Truth, samples: std::sync::Arc<std::sync::Mutex<Samples>>) {
    loop {
        let ingests = truth.ingests().await.unwrap_or_default();
        for ingest in ingests.into_values() {
            if let Some(digest) = ingest.name.strip_prefix("layer-") {
                samples
                    .lock()
                    .unwrap()
                    .entry(digest.to_owned())
                    .or_default()
                    .push((Instant::now(), ingest.offset));
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything that the stream says about one pull.
#[derive(Default)]
struct History {
    fetched: BTreeMap<String, Vec<(Instant, u64)>>,
    unpacked_layers: BTreeSet<usize>,
    phases: Vec<String>,
    last: Value,
}

impl History {
    /// Takes one report of the pull, and asserts what must hold for each.
    fn take(&mut self, pull: &Value, digests: &Digests) {
        let attempt = pull["attempt"].as_u64().unwrap_or_default();
        assert!(attempt <= 1, "no attempt failed here: {pull:#}");
        for part in ["fetched", "unpacked"] {
            let value = |pull: &Value| pull["bytes"][part].as_u64().unwrap_or_default();
            assert!(
                value(pull) >= value(&self.last),
                "{part} ran backwards: {:#} {pull:#}",
                self.last
            );
        }
        let part = |name: &str| pull["bytes"][name].as_u64().unwrap_or_default();
        assert!(
            part("fetched") + part("alreadyThere") + part("notNeeded") <= digests.layer_bytes(),
            "{pull:#}"
        );
        self.take_layers(pull);
        let phase = pull["phase"].as_str().unwrap_or_default();
        if !phase.is_empty() && self.phases.last().is_none_or(|last| last != phase) {
            self.phases.push(phase.to_owned());
        }
        self.last = pull.clone();
    }

    fn take_layers(&mut self, pull: &Value) {
        let Some(layers) = pull["layers"].as_array().filter(|layers| !layers.is_empty()) else {
            return;
        };
        self.unpacked_layers
            .insert(layers.iter().filter(|layer| layer["unpacked"] == true).count());
        for layer in layers {
            let offset = layer["bytes"]["fetched"].as_u64().unwrap_or_default();
            let seen = self
                .fetched
                .entry(layer["digest"].as_str().unwrap().to_owned())
                .or_default();
            assert!(
                seen.last().is_none_or(|(_, last)| *last <= offset),
                "a layer ran backwards: {layer:#}"
            );
            if seen.last().is_none_or(|(_, last)| *last != offset) {
                seen.push((Instant::now(), offset));
            }
        }
    }
}

async fn follow(events: &mut Events, id: &str, digests: &Digests) -> History {
    let mut history = History::default();
    let ended = |event: &Event| {
        event
            .tasks()
            .iter()
            .any(|task| task["taskId"] == id && task["status"] != "running" && task["status"] != "pending")
    };
    loop {
        let event = events.next(TASK_LIMIT).await.expect("the next event");
        for pull in event.pulls().iter().filter(|pull| pull["taskId"] == id) {
            history.take(pull, digests);
        }
        if ended(&event) {
            return history;
        }
    }
}

/// Each offset shown lies between what containerd said a little earlier and what it says now.
fn assert_containerds_own(shown: &[(Instant, u64)], samples: &[(Instant, u64)]) {
    for (time, offset) in shown {
        let Some(newest) = samples
            .iter()
            .filter(|(at, _)| at <= time)
            .map(|(_, offset)| *offset)
            .max()
        else {
            continue;
        };
        let oldest = samples
            .iter()
            .filter(|(at, _)| *at + BEHIND <= *time)
            .map(|(_, offset)| *offset)
            .max()
            .unwrap_or(0);
        let still_fetching = samples.last().is_some_and(|(at, _)| at > time);
        assert!(*offset >= oldest, "{offset} is shown long after {oldest}");
        assert!(
            !still_fetching || *offset <= newest,
            "{offset} is shown before containerd has got further than {newest}"
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_large_image_is_watched_from_the_first_byte_to_the_last_layer(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
) {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    proxy.set(Faults {
        blob_bytes_per_second: Some(RATE),
        ..Faults::default()
    });
    let digests = registry.client().digests("toolchain:v1").await.unwrap();
    let stand = Stand::start(&[version]).await;
    let samples = std::sync::Arc::default();
    let sampler = tokio::spawn(sample(
        stand.nodes[0].containerd.truth().await,
        std::sync::Arc::clone(&samples),
    ));

    let id = stand.order(&[&proxy.reference("toolchain:v1")]).await;
    let mut events = Events::open(&stand.coordinator.api(), &format!("task:{id}"), None)
        .await
        .unwrap();
    let history = follow(&mut events, &id, &digests).await;
    sampler.abort();
    stand.completed(&id).await;

    let samples: Samples = samples.lock().unwrap().clone();
    for layer in digests.layers.iter().filter(|layer| layer.size > 50_000_000) {
        let shown = &history.fetched[&layer.digest];
        let between = shown
            .iter()
            .filter(|(_, offset)| *offset > 0 && *offset < layer.size)
            .count();
        assert!(
            between >= 5,
            "only {between} offsets of {} bytes: {shown:?}",
            layer.size
        );
        assert_containerds_own(shown, &samples[&layer.digest]);
    }
    assert!(
        history.unpacked_layers.len() >= 3,
        "unpacking shows each layer: {:?}",
        history.unpacked_layers
    );
    assert!(
        history.phases.iter().any(|phase| phase == "unpacking"),
        "{:?}",
        history.phases
    );

    let pull = stand.pull(&id, "node-1").await;
    assert_eq!(pull["bytes"]["fetched"], digests.layer_bytes(), "{pull:#}");
    assert_eq!(pull["bytes"]["unpacked"], digests.layer_bytes(), "{pull:#}");
}
