//! Pins and removals on a runtime in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use super::*;
use crate::{
    node::{Condition, Inventory},
    runtime::{RuntimeIdentity, fake::Fake},
};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

const APP: &str = "r.example/app:1";

struct Bench {
    fake: Fake,
    keeper: Keeper,
    node: watch::Sender<NodeState>,
    images: watch::Sender<Arc<Inventory>>,
    stop: CancellationToken,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A node with containerd of this version and one image of 150 bytes.
fn bench(version: &str, budget: u64) -> Bench {
    let fake = Fake::new();
    fake.publish(APP, "amd64", &[100, 50]);
    fake.land(APP, true);
    let node = watch::Sender::new(NodeState {
        runtime: Some(RuntimeIdentity {
            name: "containerd".into(),
            version: version.into(),
            uuid: String::new(),
        }),
        condition: Condition::default(),
    });
    let images = watch::Sender::new(Arc::new(Inventory::default().after(fake.images()).unwrap()));
    let keeper = Keeper::new(Arc::new(fake.clone()), node.subscribe(), budget);
    let stop = CancellationToken::new();
    tokio::spawn(keeper.clone().run(images.subscribe(), stop.clone()));
    Bench {
        fake,
        keeper,
        node,
        images,
        stop,
    }
}

impl Bench {
    async fn report(&self, test: impl Fn(&PinReport) -> bool) -> PinReport {
        let mut reports = self.keeper.pins();
        let found = timeout(Duration::from_secs(10), reports.wait_for(|report| test(report)))
            .await
            .expect("the report in time")
            .unwrap()
            .clone();
        PinReport::clone(&found)
    }

    async fn remove(&self, reference: &str, dry_run: bool) -> Removal {
        let mut news = self.keeper.news();
        news.borrow_and_update();
        self.keeper.remove("order".into(), reference.into(), dry_run);
        timeout(Duration::from_secs(10), news.changed())
            .await
            .expect("an answer")
            .unwrap();
        self.keeper.take_removed().remove(0)
    }
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), wait)
        .await
        .expect("the condition in time");
}

#[tokio::test]
async fn a_pin_is_set_comes_back_when_it_is_erased_and_goes_when_nobody_wants_it() {
    let bench = bench("1.7.24", 1000);
    sleep(Duration::from_millis(20)).await;
    assert!(bench.fake.pinned().is_empty(), "nobody has said what is to be pinned");
    bench.fake.pin_by_others("r.example/theirs:1");
    bench.keeper.want_pins(vec![APP.into()]);
    let report = bench.report(|report| report.pinned > 0).await;
    assert!(
        report.honoured && report.pins[0].state == PinState::Pinned,
        "{report:?}"
    );
    assert_eq!(bench.fake.pinned().get(APP), Some(&true));
    bench.fake.erase_pin(APP);
    until(|| bench.fake.pinned().contains_key(APP)).await;
    bench.keeper.want_pins(vec![]);
    until(|| !bench.fake.pinned().contains_key(APP)).await;
    assert_eq!(bench.fake.pinned().len(), 1, "the pin of others stays");
}

#[tokio::test]
async fn an_image_is_pinned_when_it_comes_and_the_budget_is_said() {
    let bench = bench("2.1.9", 150);
    bench.keeper.want_pins(vec![APP.into(), "r.example/late:1".into()]);
    bench
        .report(|report| report.pins.iter().any(|pin| pin.state == PinState::Absent))
        .await;
    bench.fake.publish("r.example/late:1", "amd64", &[1]);
    bench.fake.land("r.example/late:1", true);
    let next = bench.images.borrow().after(bench.fake.images()).unwrap();
    bench.images.send_replace(Arc::new(next));
    let report = bench
        .report(|report| report.pins.iter().all(|pin| pin.state != PinState::Absent))
        .await;
    assert_eq!((report.pinned, report.budget), (150, 150));
    assert_eq!(report.pins[1].state, PinState::OverBudget, "{report:?}");
}

#[tokio::test]
async fn a_full_disk_releases_pins_and_an_old_runtime_has_none() {
    let bench = bench("1.7.24", 1000);
    bench.keeper.want_pins(vec![APP.into()]);
    bench.report(|report| report.pinned > 0).await;
    bench.node.send_modify(|node| {
        node.condition.space.capacity_bytes = 100;
        node.condition.space.available_bytes = 1;
    });
    let report = bench.report(|report| report.pins[0].state == PinState::Released).await;
    assert!(
        report.pins[0].message.contains("92 %") && bench.fake.pinned().is_empty(),
        "{report:?}"
    );
    bench
        .node
        .send_modify(|node| node.runtime.as_mut().unwrap().version = "1.6.20".into());
    let report = bench.report(|report| !report.honoured && report.known).await;
    assert!(report.message.contains("1.7 or newer"), "{report:?}");
    assert_eq!(report.pins[0].state, PinState::NotHonoured);
}

#[tokio::test]
async fn what_somebody_needs_is_not_removed() {
    let bench = bench("1.7.24", 1000);
    let id = bench.fake.images()[0].id.clone();
    for used in [APP, id.as_str()] {
        bench.fake.uses(used);
        assert_eq!(bench.remove(APP, false).await.result, Removed::InUse, "{used}");
        bench.fake.no_container();
    }
    bench.fake.pin_by_others(APP);
    assert_eq!(bench.remove(APP, false).await.result, Removed::Pinned);
    bench.fake.erase_pin(APP);
    bench.keeper.want_pins(vec![APP.into()]);
    assert_eq!(bench.remove(APP, false).await.result, Removed::Pinned, "wanted pinned");
    bench.keeper.want_pins(vec![]);
    bench.fake.sandboxes_are(APP);
    assert_eq!(bench.remove(APP, false).await.result, Removed::Sandbox);
    bench.fake.publish("r.example/k8s/pause:3.9", "amd64", &[1]);
    bench.fake.land("r.example/k8s/pause:3.9", true);
    assert_eq!(
        bench.remove("r.example/k8s/pause:3.9", false).await.result,
        Removed::Sandbox
    );
    assert_eq!(bench.remove("r.example/nothing:1", false).await.result, Removed::Absent);
    assert_eq!(bench.fake.images().len(), 2, "all of it is still there");
    bench.fake.go_away();
    assert_eq!(bench.remove(APP, false).await.result, Removed::Failed);
}

#[tokio::test]
async fn what_nobody_needs_goes_and_other_names_keep_their_image() {
    let bench = bench("1.7.24", 1000);
    assert_eq!(bench.remove(APP, true).await.result, Removed::WouldRemove);
    assert_eq!(bench.fake.images().len(), 1, "a dry run removes nothing");
    bench.fake.tag(APP, "r.example/app:2");
    let removed = bench.remove(APP, false).await;
    assert!(
        removed.result == Removed::Removed && removed.message.contains("app:2"),
        "{removed:?}"
    );
    assert_eq!(bench.fake.images()[0].tags, ["r.example/app:2"]);
    assert_eq!(bench.remove("r.example/app:2", false).await.result, Removed::Removed);
    assert!(bench.fake.images().is_empty());
    assert_eq!(bench.remove(APP, false).await.result, Removed::Absent);
}
