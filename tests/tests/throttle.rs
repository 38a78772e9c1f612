//! A registry that answers 429 above so many pulls, and sixty nodes that would pull two hundred at once: the coordinator finds out what
//! the registry bears and keeps to it, and nothing fails for it.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::coordinator::Coordinator;
use ips_tests::simulated::{Behaviour, Rule, Simulator};
use serde_json::json;
use tokio::time::{interval, sleep};

const NODES: usize = 60;
const BEARS: usize = 20;
/// Time to find out, and time that is looked at after that.
const FIND_OUT: Duration = Duration::from_secs(12);
const LOOKS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_bears_twenty_pulls_gets_about_twenty() {
    let coordinator = Coordinator::start(&["--max-concurrent-pulls", "200"]).await.unwrap();
    let agents = Simulator::start(coordinator.grpc_url(), NODES, Duration::ZERO)
        .await
        .unwrap();
    agents
        .until("all sessions", Duration::from_secs(30), |figures| {
            figures.open == NODES as u64
        })
        .await
        .unwrap();
    let rule = Rule::end("", Duration::from_millis(400), Duration::from_millis(600));
    let behaviour = Behaviour {
        rules: vec![rule],
        bears: Some(BEARS),
    };
    agents.behave_as(behaviour).await.unwrap();
    let images: Vec<String> = (0..40).map(|n| agents.reference(&format!("app-{n}"))).collect();
    let id = coordinator.create_task(&json!({"images": images})).await.unwrap();

    sleep(FIND_OUT).await;
    let before = agents.figures().await.unwrap();
    let mut ticks = interval(Duration::from_millis(100));
    let mut served = Vec::new();
    for _ in 0..LOOKS {
        ticks.tick().await;
        served.push(agents.figures().await.unwrap().served as f64);
    }
    let after = agents.figures().await.unwrap();
    let task = coordinator.task(&id).await.unwrap();
    assert_eq!(task["status"], "running", "{task:#}");
    let mean = served.iter().sum::<f64>() / LOOKS as f64;
    assert!(
        mean >= 0.8 * BEARS as f64,
        "{mean} of {BEARS} are served on average: {served:?}"
    );
    let refused = after.refused.count - before.refused.count;
    let started = after.starts.count - before.starts.count;
    assert!(refused * 20 <= started, "{refused} of {started} pulls were turned away");
    let limits = coordinator.api().get("/api/v1/limits").await.unwrap();
    let limit = limits["state"]["registries"][0]["adaptiveLimit"].as_f64().unwrap();
    assert!((0.8 * BEARS as f64..=1.2 * BEARS as f64).contains(&limit), "{limits:#}");
    assert_eq!(task["progress"]["failedPulls"], 0, "{task:#}");
    assert_eq!(task["retryCount"], 0, "being turned away costs no retry");
    let (status, _) = coordinator.cancel_task(&id).await.unwrap();
    assert!(status.is_success());
}
