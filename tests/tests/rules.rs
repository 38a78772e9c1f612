//! What people tell a task and the operator tells the cluster, on real nodes: canary, pause, retry, deadline, windows, limits.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use http::{Method, StatusCode};
use ips_tests::containerd::ContainerdVersion::{V1_6, V1_7, V2_1};
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use serde_json::{Value, json};

const SHORTLY: Duration = Duration::from_secs(20);

/// Every blob stands still at its beginning.
fn standstill() -> Faults {
    Faults {
        blob_stalls_after: Some(0),
        ..Faults::default()
    }
}

/// A call that must succeed.
async fn call(stand: &Stand, method: Method, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = stand.coordinator.api().call(method, path, body.as_ref()).await.unwrap();
    assert!(status.is_success(), "{status} {answer:#}");
    answer
}

async fn act(stand: &Stand, id: &str, action: &str) -> Value {
    call(stand, Method::POST, &format!("/api/v1/tasks/{id}/{action}"), None).await
}

async fn states(stand: &Stand, id: &str) -> Vec<String> {
    let pulls = stand.coordinator.pulls(id).await.unwrap();
    pulls
        .iter()
        .map(|pull| pull["state"].as_str().unwrap().to_owned())
        .collect()
}

fn count(states: &[String], wanted: &[&str]) -> usize {
    states.iter().filter(|state| wanted.contains(&state.as_str())).count()
}

async fn waits_for(stand: &Stand, id: &str, words: &str) {
    wait_until(&format!("the task to wait for {words:?}"), SHORTLY, async || {
        let task = stand.coordinator.task(id).await.unwrap();
        task["waitingFor"].as_str().is_some_and(|why| why.contains(words))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_canary_spares_the_other_nodes_and_a_retry_goes_on_from_there() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[V1_6, V1_7, V2_1]).await;
    let reference = proxy.reference("small:v1");
    proxy.set(Faults {
        manifest_status: Some(404),
        only_containerd: true,
        ..Faults::default()
    });
    let id = stand.order_with(json!({"images": [reference], "canary": 1})).await;
    let task = stand.failed(&id).await;
    assert!(
        task["errorMessage"].as_str().unwrap().starts_with("the canary failed"),
        "{task:#}"
    );
    let ended = states(&stand, &id).await;
    assert_eq!((count(&ended, &["failed"]), count(&ended, &["cancelled"])), (1, 2));

    proxy.set(Faults::default());
    act(&stand, &id, "retry").await;
    stand.completed(&id).await;
    let digests = registry.client().digests("small:v1").await.unwrap();
    for node in &stand.nodes {
        node.assert_warm(&reference, &digests).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_task_starts_nothing_more_also_after_a_crash_until_it_is_resumed() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let mut stand = Stand::start(&[V1_7]).await;
    proxy.set(standstill());
    let images = ["library:v1", "small:v1", "multi:v1"].map(|image| proxy.reference(image));
    let id = stand.order_with(json!({"images": images})).await;
    wait_until("two pulls to run", SHORTLY, async || {
        count(&states(&stand, &id).await, &["dispatched", "pulling"]) == 2
    })
    .await;
    assert_eq!(act(&stand, &id, "pause").await["status"], "paused");
    proxy.set(Faults::default());
    wait_until("what ran to end", Duration::from_secs(120), async || {
        count(&states(&stand, &id).await, &["succeeded"]) == 2
    })
    .await;
    stand.coordinator.kill();
    stand.coordinator.restart().await.unwrap();
    stand.ready().await;
    waits_for(&stand, &id, "paused").await;
    assert_eq!(count(&states(&stand, &id).await, &["queued"]), 1);
    act(&stand, &id, "resume").await;
    stand.completed(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_set_while_pulls_run_and_are_there_after_a_crash() {
    let registry = Registry::shared().await;
    let mut stand = Stand::start(&[V1_6, V2_1]).await;
    let set = async |stand: &Stand, limits: Value| call(stand, Method::PUT, "/api/v1/limits", Some(limits)).await;
    set(&stand, json!({"clusterPulls": 0})).await;
    let id = stand.order(&[&registry.reference("small:v1")]).await;
    waits_for(&stand, &id, "clusterPulls is 0").await;
    stand.coordinator.kill();
    stand.coordinator.restart().await.unwrap();
    stand.ready().await;
    waits_for(&stand, &id, "clusterPulls is 0").await;
    let host = registry.address();
    set(
        &stand,
        json!({"clusterPulls": 50, "registries": [{"host": host, "pulls": 0}]}),
    )
    .await;
    waits_for(&stand, &id, "its limit is 0").await;
    set(&stand, json!({"clusterPulls": 50})).await;
    stand.completed(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_stops_what_runs_on_the_nodes() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[V2_1]).await;
    proxy.set(standstill());
    let reference = proxy.reference("small:v1");
    let id = stand
        .order_with(json!({"images": [reference], "deadlineSeconds": 3}))
        .await;
    let task = stand.failed(&id).await;
    assert!(
        task["errorMessage"].as_str().unwrap().contains("deadline of 3 s"),
        "{task:#}"
    );
    // The agent answers when containerd's call has ended.
    stand
        .pull_is("the agent to let go", &id, "node-1", |pull| {
            pull["state"] == "cancelled"
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_outside_its_window_waits_and_says_until_when() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V2_1]).await;
    // Tomorrow's name in every zone that matters here, so the window is closed for hours.
    let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let in_three_days = days[((now / 86_400 + 4 + 3) % 7) as usize];
    let window = json!({"days": [in_three_days], "start": "10:00", "end": "11:00"});
    let id = stand
        .order_with(json!({"images": [registry.reference("small:v1")], "windows": [window]}))
        .await;
    waits_for(&stand, &id, "the next one opens").await;
    assert_eq!(states(&stand, &id).await, ["queued"]);
    let (status, _) = stand.coordinator.cancel_task(&id).await.unwrap();
    assert_eq!(status, StatusCode::OK);
}
