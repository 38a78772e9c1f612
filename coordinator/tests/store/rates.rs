//! How fast 50,000 pulls are accepted and ended. By hand: `cargo test --release --workspace --test store rates -- --ignored --nocapture`.

use crate::stand::{Stand, pulls_on, task};
use ips_coordinator::{
    domain::{outcome::SuccessReason, pull::PullState},
    store::Changes,
};
use ips_tests::database::Kind::{self, MariaDb, Postgres, Sqlite};
use rstest::rstest;
use std::time::Instant;

/// Pulls that end in one step of the engine.
const STEP: usize = 1_000;

#[rstest]
#[tokio::test]
#[ignore = "a measurement"]
async fn rates(#[values(Sqlite, Postgres, MariaDb)] kind: Kind) {
    let stand = Stand::start(kind).await;
    let store = stand.open().await;
    let task = task("one", 1);
    let nodes = (0..25_000).map(|n| format!("node-{n:05}")).collect::<Vec<_>>();
    let mut pulls = pulls_on(&task, nodes.iter().map(String::as_str));
    let started = Instant::now();
    store.insert_task(&task, None, &pulls).await.unwrap();
    println!("{kind:?}: {} pulls accepted in {:?}", pulls.len(), started.elapsed());
    for (from, to) in [
        ((PullState::Queued, 0), (PullState::Dispatched, 1)),
        ((PullState::Dispatched, 1), (PullState::Succeeded, 1)),
    ] {
        let started = Instant::now();
        for step in pulls.chunks_mut(STEP) {
            let mut changes = Changes::default();
            for pull in step {
                (pull.state, pull.attempt) = to;
                pull.success = (to.0 == PullState::Succeeded).then_some(SuccessReason::Pulled);
                pull.bytes.total = 123_456_789;
                changes.pull(from, pull.clone());
            }
            store.commit(&changes).await.unwrap();
        }
        let rate = pulls.len() as f64 / started.elapsed().as_secs_f64();
        println!("{kind:?}: {} in steps of {STEP}: {rate:.0} a second", to.0.as_str());
    }
}
