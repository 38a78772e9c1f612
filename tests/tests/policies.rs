//! Standing policies on real nodes: what joins later is warm before anybody asks, what is removed comes back once, tags that move are followed
//! or told, a policy that goes takes its orders with it, two of them share what both want, and a coordinator that is killed in the middle
//! goes on.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::ContainerdVersion::{self, V1_6, V1_7, V2_1};
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::{Access, Registry};
use ips_tests::stand::{Node, Stand, TASK_LIMIT};
use ips_tests::wait::{wait_for, wait_until};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

/// Longest time until a cron time has come and what is due then is done.
const NEXT_MINUTE: Duration = Duration::from_secs(120);

/// What keeps images on every node of the stand.
fn body(name: &str, images: &[&str]) -> Value {
    json!({"name": name, "taskConfig": {"images": images, "nodeSelector": {"pool": "test"}}})
}

/// Makes a policy and gives its id.
async fn policy(stand: &Stand, name: &str, images: &[&str]) -> String {
    made(stand, body(name, images)).await
}

/// The same of a body.
async fn made(stand: &Stand, body: Value) -> String {
    let (status, made) = stand.coordinator.api().post("/api/v1/policies", &body).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{made:#}");
    made["id"].as_str().unwrap().to_owned()
}

/// Waits until an image on a node stands like this, and gives the cell.
async fn cell(stand: &Stand, id: &str, node: &str, state: &str) -> Value {
    let path = format!("/api/v1/policies/{id}/coverage?node={node}&state={state}");
    wait_for(&format!("the image on {node} to be {state}"), TASK_LIMIT, async || {
        let coverage = stand.coordinator.api().get(&path).await.ok()?;
        coverage["cells"].as_array()?.first().cloned()
    })
    .await
}

/// Tasks that a policy has ordered, newest first.
async fn tasks(stand: &Stand) -> Vec<Value> {
    let page = stand.coordinator.api().get("/api/v1/tasks?limit=100").await.unwrap();
    page["tasks"].as_array().cloned().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_removed_comes_back_and_the_second_time_is_left_with_the_reason(
    #[values(V1_6, V1_7, V2_1)] version: ContainerdVersion,
) {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[version]).await;
    let reference = registry.reference("small:v1");
    let digests = registry.client().digests("small:v1").await.unwrap();
    let id = policy(&stand, "base", &[&reference]).await;
    cell(&stand, &id, "node-1", "warm").await;
    stand.nodes[0].assert_warm(&reference, &digests).await;

    // What kubelet's garbage collection does.
    let truth = stand.nodes[0].containerd.truth().await;
    truth.remove_image(&reference).await.unwrap();
    wait_until("the image to come back", TASK_LIMIT, async || {
        tasks(&stand).await.len() == 2
    })
    .await;
    cell(&stand, &id, "node-1", "warm").await;
    stand.nodes[0].assert_warm(&reference, &digests).await;

    truth.remove_image(&reference).await.unwrap();
    let paused = cell(&stand, &id, "node-1", "paused").await;
    assert_eq!(paused["reason"], "evicted_twice", "{paused:#}");
    assert!(
        paused["message"].as_str().unwrap().contains("twice within 24 h"),
        "{paused:#}"
    );
    stand.nodes[0].assert_absent(&reference).await;
    assert_eq!(tasks(&stand).await.len(), 2, "nothing more was ordered");

    let path = format!("/api/v1/policies/{id}/resume");
    let (status, _) = stand.coordinator.api().post(&path, &json!({})).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    cell(&stand, &id, "node-1", "warm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_later_and_a_coordinator_that_is_killed_in_the_middle() {
    let registry = Registry::shared().await;
    let mut stand = Stand::start(&[V1_7]).await;
    let (small, large) = (registry.reference("small:v1"), registry.reference("library:v1"));
    let id = policy(&stand, "base", &[&small, &large]).await;
    wait_until("something to be ordered", Duration::from_secs(30), async || {
        !tasks(&stand).await.is_empty()
    })
    .await;
    stand.coordinator.kill();
    stand.coordinator.restart().await.unwrap();
    stand.ready().await;
    let path = format!("/api/v1/policies/{id}");
    let covered = async || {
        let policy = stand.coordinator.api().get(&path).await.unwrap_or_default();
        policy["coverage"]["ratio"] == 1.0 && policy["nodes"] == 1
    };
    wait_until("the policy to be true", TASK_LIMIT, covered).await;
    let before = tasks(&stand).await;
    assert_eq!(before.len(), 1, "the task of before the kill went on: {before:#?}");
    assert_eq!(before[0]["policyId"], id.as_str(), "{before:#?}");

    let node = Node::start("node-2", &stand.coordinator, V2_1).await.unwrap();
    stand.nodes.push(node);
    wait_until(
        "the new node to be ordered something",
        Duration::from_secs(30),
        async || tasks(&stand).await.len() > 1,
    )
    .await;
    wait_until("both images to be warm", TASK_LIMIT, async || {
        let path = format!("/api/v1/policies/{id}/coverage?node=node-2&state=warm");
        stand.coordinator.api().get(&path).await.unwrap_or_default()["total"] == 2
    })
    .await;
    let digests = registry.client().digests("small:v1").await.unwrap();
    stand.nodes[1].assert_warm(&small, &digests).await;
}

/// Calls an action of a policy that must be taken.
async fn act(stand: &Stand, method: Method, path: &str) {
    let (status, answer) = stand.coordinator.api().call(method, path, None).await.unwrap();
    assert!(status.is_success(), "{path}: {status} {answer:#}");
}

/// Whether a condition of a policy holds, and what it says.
async fn condition(stand: &Stand, id: &str, kind: &str) -> Option<Value> {
    let policy = stand
        .coordinator
        .api()
        .get(&format!("/api/v1/policies/{id}"))
        .await
        .ok()?;
    let conditions = policy["conditions"].as_array()?.iter();
    conditions
        .into_iter()
        .find(|it| it["type"] == kind && it["status"] == "True")
        .cloned()
}

/// At its time a policy looks where the tag stands: one takes nodes there, the other tells and leaves them alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moves_is_followed_at_its_time_or_only_told() {
    let registry = Registry::start(Access::Open).await.unwrap();
    let client = registry.client();
    let old = client.push("small", "followed:v1").await.unwrap();
    client.push("small", "watched:v1").await.unwrap();
    let stand = Stand::start(&[V1_7]).await;
    let (followed, watched) = (registry.reference("followed:v1"), registry.reference("watched:v1"));
    let mut following = body("following", &[&followed]);
    following["tagFollowing"] = json!({"mode": "schedule", "cronExpr": "* * * * *"});
    let mut alerting = body("alerting", &[&watched]);
    alerting["tagFollowing"] = json!({"mode": "alert", "cronExpr": "* * * * *"});
    let (following, alerting) = (made(&stand, following).await, made(&stand, alerting).await);
    for id in [&following, &alerting] {
        cell(&stand, id, "node-1", "warm").await;
    }
    stand.nodes[0].assert_warm(&followed, &old).await;

    let new = client.move_tag("multi", "followed:v1").await.unwrap();
    client.move_tag("multi", "watched:v1").await.unwrap();
    let moved = wait_for("somebody to be told", NEXT_MINUTE, async || {
        condition(&stand, &alerting, "TagMoved").await
    })
    .await;
    assert!(moved["message"].as_str().unwrap().contains(&new.target), "{moved:#}");
    let truth = stand.nodes[0].containerd.truth().await;
    wait_until("the node to follow", NEXT_MINUTE, async || {
        let image = truth.image_status(&followed).await.ok().flatten();
        image.is_some_and(|image| image.repo_digests.iter().any(|digest| digest.ends_with(&new.target)))
    })
    .await;
    cell(&stand, &following, "node-1", "warm").await;
    stand.nodes[0].assert_warm(&followed, &new).await;
    stand.nodes[0].assert_warm(&watched, &old).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_goes_in_mid_warm_up_takes_its_orders_with_it() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    let stand = Stand::start(&[V1_7]).await;
    let (small, large) = (registry.reference("small:v1"), proxy.reference("library:v1"));
    proxy.set(Faults {
        blob_stalls_after: Some(1 << 20),
        spare_blobs_below: 1 << 20,
        ..Faults::default()
    });
    let id = policy(&stand, "base", &[&small, &large]).await;
    let path = format!("/api/v1/policies/{id}/coverage?node=node-1&state=warm");
    wait_until("the small image to be warm", TASK_LIMIT, async || {
        stand.coordinator.api().get(&path).await.unwrap_or_default()["total"] == 1
    })
    .await;
    let task = tasks(&stand).await[0]["taskId"].as_str().unwrap().to_owned();
    stand
        .pull_is("the large image to be pulled", &task, "node-1", |pull| {
            pull["image"] == large.as_str() && pull["state"] == "pulling"
        })
        .await;

    act(&stand, Method::DELETE, &format!("/api/v1/policies/{id}")).await;
    let ended = stand.ended(&task).await;
    assert_eq!(ended["status"], "cancelled", "{ended:#}");
    proxy.set(Faults::default());
    let digests = registry.client().digests("small:v1").await.unwrap();
    stand.nodes[0].assert_warm(&small, &digests).await;
    stand.nodes[0].assert_absent(&large).await;
    assert_eq!(tasks(&stand).await.len(), 1, "nothing more was ordered");
}

/// One of two policies lets an image go that the other one keeps: it is pulled once, and stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_policy_lets_go_and_another_keeps_stays() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V2_1]).await;
    let (both, own) = (registry.reference("small:v1"), registry.reference("base:v1"));
    let keeps = policy(&stand, "keeps", &[&both]).await;
    let leaves = policy(&stand, "leaves", &[&both, &own]).await;
    for id in [&keeps, &leaves] {
        let path = format!("/api/v1/policies/{id}");
        wait_until("the policy to be true", TASK_LIMIT, async || {
            let policy = stand.coordinator.api().get(&path).await.unwrap_or_default();
            policy["coverage"]["ratio"] == 1.0 && policy["nodes"] == 1
        })
        .await;
    }
    let mut fetched = vec![];
    for task in tasks(&stand).await {
        let pulls = stand.coordinator.pulls(task["taskId"].as_str().unwrap()).await.unwrap();
        let pulled = pulls.into_iter().filter(|pull| pull["successReason"] == "pulled");
        fetched.extend(pulled.map(|pull| pull["image"].as_str().unwrap().to_owned()));
    }
    fetched.sort();
    let mut once = vec![both.clone(), own.clone()];
    once.sort();
    assert_eq!(fetched, once, "each image was fetched once");
    let before = tasks(&stand).await.len();

    act(&stand, Method::POST, &format!("/api/v1/policies/{leaves}/pause")).await;
    let purge = json!({"policyId": leaves});
    let (status, outcome) = stand.coordinator.api().post("/api/v1/purges", &purge).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{outcome:#}");
    let results = outcome["results"].as_array().unwrap();
    let result_of = |image: &str| results.iter().find(|it| it["image"] == image).unwrap()["result"].clone();
    assert_eq!(
        (result_of(&both), result_of(&own)),
        (json!("wanted"), json!("removed")),
        "{outcome:#}"
    );
    let digests = registry.client().digests("small:v1").await.unwrap();
    stand.nodes[0].assert_warm(&both, &digests).await;
    stand.nodes[0].assert_absent(&own).await;
    assert_eq!(tasks(&stand).await.len(), before, "nothing was brought back");
}
