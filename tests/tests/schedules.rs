//! Schedules over real processes: they fire by themselves, and no kill makes them fire twice or not at all.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::V2_1;
use ips_tests::coordinator::Coordinator;
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use ips_tests::wait::{wait_for, wait_until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/scheduled-tasks";
const LIMIT: Duration = Duration::from_secs(60);

async fn create(coordinator: &Coordinator, body: &Value) -> String {
    let (status, schedule) = coordinator.api().post(PATH, body).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{schedule}");
    schedule["id"].as_str().unwrap().to_owned()
}

async fn executions(coordinator: &Coordinator, id: &str) -> Vec<Value> {
    let path = format!("{PATH}/{id}/executions?limit=100");
    let page = coordinator.api().get(&path).await.unwrap_or_default();
    page["executions"].as_array().cloned().unwrap_or_default()
}

fn with<'a>(found: &'a [Value], status: &str) -> Vec<&'a Value> {
    found.iter().filter(|execution| execution["status"] == status).collect()
}

/// Waits until so many executions are in the state.
async fn until(coordinator: &Coordinator, id: &str, status: &str, count: usize) -> Vec<Value> {
    wait_for(&format!("{count} executions that are {status}"), LIMIT, async || {
        let found = executions(coordinator, id).await;
        (with(&found, status).len() >= count).then_some(found)
    })
    .await
}

async fn disable(coordinator: &Coordinator, id: &str) {
    let path = format!("{PATH}/{id}/disable");
    let (status, body) = coordinator.api().call(Method::PUT, &path, None).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
}

/// Tasks that schedules started.
async fn started(coordinator: &Coordinator) -> Vec<String> {
    let page = coordinator.api().get("/api/v1/tasks?limit=100").await.unwrap();
    let ids = page["tasks"].as_array().unwrap().iter();
    ids.map(|task| task["taskId"].as_str().unwrap().to_owned())
        .filter(|id| id.starts_with("sched-"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_warms_the_node_by_itself_again_and_again() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V2_1]).await;
    let reference = registry.reference("small:v1");
    let body = json!({"name": "often", "cronExpr": "@every 2s", "taskConfig": {"images": [reference]}});
    let id = create(&stand.coordinator, &body).await;
    let found = until(&stand.coordinator, &id, "success", 2).await;
    let dues: BTreeSet<_> = found
        .iter()
        .map(|run| run["dueAt"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(dues.len(), found.len(), "{found:#?}");
    let schedule = stand.coordinator.api().get(&format!("{PATH}/{id}")).await.unwrap();
    assert!(
        schedule["lastExecutionAt"].is_string() && schedule["nextExecutionAt"].is_string(),
        "{schedule}"
    );
    let metrics = stand.coordinator.metrics().await.unwrap();
    assert!(metrics.contains("ips_active_scheduled_tasks 1"), "{metrics}");
    disable(&stand.coordinator, &id).await;
    let metrics = stand.coordinator.metrics().await.unwrap();
    assert!(metrics.contains("ips_active_scheduled_tasks 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_around_the_firing_start_nothing_twice_and_lose_nothing() {
    let registry = Registry::shared().await;
    let mut stand = Stand::start(&[V2_1]).await;
    let reference = registry.reference("small:v1");
    let body = json!({"name": "often", "cronExpr": "@every 1s", "overlapPolicy": "allow", "taskConfig": {"images": [reference]}});
    let id = create(&stand.coordinator, &body).await;
    // Each kill comes at another time after a second begins, so that some fall into a firing.
    for kill in 0..6_u64 {
        until(&stand.coordinator, &id, "success", 1).await;
        let millis = u64::from(millis_of_the_second());
        tokio::time::sleep(Duration::from_millis(1000 - millis % 1000 + kill * 3)).await;
        stand.coordinator.kill();
        stand.coordinator.restart().await.unwrap();
    }
    stand.ready().await;
    disable(&stand.coordinator, &id).await;
    wait_until("the end of all runs", LIMIT, async || {
        let found = executions(&stand.coordinator, &id).await;
        !found.is_empty() && with(&found, "running").is_empty()
    })
    .await;
    let found = executions(&stand.coordinator, &id).await;
    let dues: BTreeSet<_> = found
        .iter()
        .map(|run| run["dueAt"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(dues.len(), found.len(), "no due time ran twice: {found:#?}");
    let named: BTreeSet<_> = found
        .iter()
        .map(|run| run["taskId"].as_str().unwrap().to_owned())
        .collect();
    let started: BTreeSet<_> = started(&stand.coordinator).await.into_iter().collect();
    assert_eq!(started, named, "each run has its task, and there are no others");
    assert_eq!(with(&found, "success").len(), found.len(), "{found:#?}");
}

fn millis_of_the_second() -> u32 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .subsec_millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_missed_are_left_out_or_made_up_for_once() {
    let mut coordinator = Coordinator::start(&["--missed-run-after", "1s"]).await.unwrap();
    // Nobody is there to pull: each run fails at once, which is enough to see it.
    let body = |missed: &str| json!({"name": missed, "cronExpr": "@every 6s", "missedRuns": missed, "taskConfig": {"images": ["a:1"]}});
    let skip = create(&coordinator, &body("skip")).await;
    let once = create(&coordinator, &body("run_once")).await;
    coordinator.kill();
    // Two runs are missed; the coordinator comes back more than a second after the last and before the next.
    tokio::time::sleep(Duration::from_secs(14)).await;
    coordinator.restart().await.unwrap();
    let skipped = until(&coordinator, &skip, "skipped", 1).await;
    let text = with(&skipped, "skipped")[0]["errorMessage"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        text.starts_with("Missed ") && text.ends_with(" while no coordinator was there, skipped"),
        "{text}"
    );
    let made_up = until(&coordinator, &once, "failed", 1).await;
    assert!(with(&made_up, "skipped").is_empty(), "{made_up:#?}");
    assert_eq!(
        made_up.last().unwrap()["errorMessage"],
        "nodeSelector: matches none of 0 nodes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_too_long_is_cancelled_and_the_next_one_waits_for_nobody() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    proxy.set(Faults {
        blob_bytes_per_second: Some(64 << 10),
        ..Faults::default()
    });
    let stand = Stand::start(&[V2_1]).await;
    let reference = proxy.reference("library:v1");
    let body =
        json!({"name": "slow", "cronExpr": "@yearly", "timeoutSeconds": 3, "taskConfig": {"images": [reference]}});
    let id = create(&stand.coordinator, &body).await;
    let trigger = format!("{PATH}/{id}/trigger");
    let (status, first) = stand
        .coordinator
        .api()
        .call(Method::POST, &trigger, None)
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{first}");
    let (status, refused) = stand
        .coordinator
        .api()
        .call(Method::POST, &trigger, None)
        .await
        .unwrap();
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    let found = until(&stand.coordinator, &id, "timeout", 1).await;
    let ended = with(&found, "timeout")[0];
    assert_eq!(ended["errorMessage"], "Task execution timed out");
    assert!(ended["durationSeconds"].as_f64().unwrap() >= 3.0, "{ended}");
    let task = stand.coordinator.task(first["taskId"].as_str().unwrap()).await.unwrap();
    assert_eq!(task["status"], "cancelled");
    let (status, second) = stand
        .coordinator
        .api()
        .call(Method::POST, &trigger, None)
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{second}");
}
