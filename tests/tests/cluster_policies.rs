//! Policies that objects of a real API server declare, by a coordinator with exactly the rights that the manifests give.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::Duration;

use ips_tests::containerd::ContainerdVersion;
use ips_tests::coordinator::Coordinator;
use ips_tests::declared::{self, cluster, condition, events, is_accepted, keeping, status_writes};
use ips_tests::kubernetes::{Kubectl, Kubernetes};
use ips_tests::product::source;
use ips_tests::registry::Registry;
use ips_tests::simulated::{Rule, Simulator};
use ips_tests::stand::Node;
use ips_tests::wait::{wait_for, wait_until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);
const OBJECTS: &str = "/apis/ips.dev/v1alpha1/namespaces/team-a/prewarmpolicies";

fn policy(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "ips.dev/v1alpha1", "kind": "PrewarmPolicy", "metadata": {"name": name}, "spec": spec})
}

fn of_images(images: &[&str]) -> Value {
    json!({"taskConfig": {"images": images}})
}

/// Waits until the status of an object is as the test says.
async fn status(kubernetes: &Kubernetes, name: &str, what: &str, test: impl FnMut(&Value) -> bool) -> Value {
    declared::status(kubernetes, &format!("{OBJECTS}/{name}"), what, test).await
}

async fn policies(coordinator: &Coordinator) -> Vec<Value> {
    let page = coordinator
        .api()
        .get("/api/v1/policies?limit=100")
        .await
        .expect("the policies");
    page["policies"].as_array().cloned().unwrap()
}

async fn is_gone(kubernetes: &Kubernetes, name: &str) {
    declared::is_gone(kubernetes, &format!("{OBJECTS}/{name}")).await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_declared_policy_is_kept_shown_changed_and_ended() {
    let registry = Registry::shared().await;
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let coordinator = keeping(&kubernetes, "*=default").await;
    let node = Node::start("node-1", &coordinator, ContainerdVersion::V1_7)
        .await
        .expect("a node");
    let (small, multi) = (registry.reference("small:v1"), registry.reference("multi:v1"));
    admin
        .create(OBJECTS, &policy("base", of_images(&[&small])))
        .await
        .expect("an object");
    let warm = status(&kubernetes, "base", "to be warm", |status| status["coverage"] == "100%").await;
    assert_eq!(condition(&warm, "Warm")["status"], "True", "{warm:#}");
    assert_eq!(
        (&warm["nodes"], &warm["tenant"], &warm["total"]),
        (&json!(1), &json!("default"), &json!(1))
    );
    let digests = registry.client().digests("small:v1").await.unwrap();
    node.assert_warm(&small, &digests).await;

    // As kubectl shows it, and REST.
    let shown = kubernetes
        .kubectl(Kubectl::Oldest, &["get", "prewarmpolicies", "-n", "team-a"])
        .await
        .unwrap();
    let row: Vec<&str> = shown.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..5], ["base", "100%", "1", "Accepted", "True"], "{shown}");
    let known = &policies(&coordinator).await[0];
    assert_eq!(
        (&known["declaredBy"], &known["name"]),
        (&json!("team-a/base"), &json!("team-a/base"))
    );
    let path = format!("/api/v1/policies/{}", warm["policyId"].as_str().unwrap());
    let change = json!({"description": "by hand"});
    for (method, path, body) in [
        (Method::PUT, path.clone(), Some(&change)),
        (Method::POST, format!("{path}/pause"), None),
        (Method::DELETE, path.clone(), None),
    ] {
        let (status, refused) = coordinator.api().call(method, &path, body).await.expect("an answer");
        assert_eq!(status, StatusCode::CONFLICT, "{refused}");
        assert!(refused.to_string().contains("PrewarmPolicy team-a/base"), "{refused}");
    }
    let (resumed, _) = coordinator
        .api()
        .call(Method::POST, &format!("{path}/resume"), None)
        .await
        .unwrap();
    assert_eq!(resumed, StatusCode::OK);

    // As `kubectl describe` shows them.
    wait_until("the events", LIMIT, async || {
        let told = events(&kubernetes, "team-a", "base").await;
        ["Accepted", "Warm"]
            .iter()
            .all(|reason| told.iter().any(|it| it["reason"] == *reason))
    })
    .await;

    let change = json!({"spec": of_images(&[&small, &multi])});
    admin.patch(&format!("{OBJECTS}/base"), &change).await.expect("changed");
    let both = |status: &Value| status["observedGeneration"] == 2 && status["warm"] == 2;
    status(&kubernetes, "base", "both to be warm", both).await;

    // At most one write a second, and none when nothing has changed.
    let writes = || status_writes(&kubernetes, "prewarmpolicies");
    let before = writes();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(writes(), before);

    admin.delete(&format!("{OBJECTS}/base")).await.expect("deleted");
    is_gone(&kubernetes, "base").await;
    assert!(policies(&coordinator).await.is_empty());
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn wrong_fields_are_refused_by_the_server_or_told_by_a_condition() {
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let coordinator = keeping(&kubernetes, "elsewhere=default").await;
    let task = |field: &str, value: Value| json!({"taskConfig": {"images": ["a"], field: value}});
    let by_server = [
        json!({}),
        json!({"taskConfig": {}}),
        json!({"taskConfig": {"images": []}}),
        json!({"taskConfig": {"images": ["a", "a"]}}),
        json!({"taskConfig": {"images": ["a b"]}}),
        json!({"taskConfig": {"images": "a"}}),
        task("maxRetries", json!(6)),
        task("parallelism", json!("ten")),
        task("batchMode", json!("wild")),
        task("nodeExpressions", json!([{"key": "a", "operator": "Near"}])),
        task("windows", json!([{"start": "22:00"}])),
        json!({"taskConfig": {"images": ["a"], "batchSize": 1, "parallelism": 2}}),
        json!({"taskConfig": {"images": ["a"]}, "tagFollowing": {"mode": "schedule"}}),
        json!({"taskConfig": {"images": ["a"]}, "tagFollowing": {"cronExpr": "@daily"}}),
        json!({"taskConfig": {"images": ["a"]}, "paused": "yes"}),
    ];
    for spec in by_server {
        let (status, answer) = admin
            .call(Method::POST, OBJECTS, Some(&policy("wrong", spec.clone())))
            .await
            .expect("an answer");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{spec}: {answer}");
    }

    // A namespace without a tenant, until it has one.
    admin
        .create(OBJECTS, &policy("early", of_images(&["a:1"])))
        .await
        .expect("an object");
    let reason = |reason: &'static str| move |status: &Value| condition(status, "Accepted")["reason"] == reason;
    let early = status(&kubernetes, "early", "NoTenant", reason("NoTenant")).await;
    assert!(
        condition(&early, "Accepted")["message"]
            .as_str()
            .unwrap()
            .contains("team-a")
    );
    assert!(policies(&coordinator).await.is_empty());
    let (made, answer) = coordinator
        .api()
        .post("/api/v1/tenants", &json!({"id": "team-a"}))
        .await
        .unwrap();
    assert_eq!(made, StatusCode::CREATED, "{answer}");
    let accepted = status(&kubernetes, "early", "to be accepted", is_accepted).await;
    assert_eq!(accepted["tenant"], "team-a");

    for (name, spec, field) in [
        ("reference", of_images(&["a:1:2:3"]), "spec.taskConfig.images[0]: "),
        (
            "selector",
            task("labelSelector", json!("pool in (")),
            "spec.taskConfig.labelSelector: ",
        ),
        ("credential", task("secretId", json!(77)), "spec.taskConfig.secretId: "),
        (
            "timetable",
            json!({"taskConfig": {"images": ["a"]}, "tagFollowing": {"mode": "alert", "cronExpr": "often"}}),
            "spec.tagFollowing.cronExpr: ",
        ),
    ] {
        admin.create(OBJECTS, &policy(name, spec)).await.expect("an object");
        let told = status(&kubernetes, name, "InvalidField", reason("InvalidField")).await;
        let message = condition(&told, "Accepted")["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(field), "{message}");
        assert!(told["policyId"].is_null(), "{told:#}");
    }

    // The name is free again when the other policy has gone.
    let body = json!({"name": "taken", "taskConfig": {"images": ["a:1"]}, "paused": true});
    let (status_code, other) = coordinator.api().post("/api/v1/policies", &body).await.unwrap();
    assert_eq!(status_code, StatusCode::CREATED, "{other}");
    let early = status(&kubernetes, "early", "to be accepted", is_accepted).await;
    assert_eq!(
        early["tenant"], "team-a",
        "a policy of another tenant is in nobody's way"
    );
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn a_coordinator_that_was_away_catches_up_and_a_policy_that_is_deleted_in_the_middle_stops_what_it_ordered() {
    let kubernetes = cluster().await;
    let admin = kubernetes.admin();
    let mut coordinator = keeping(&kubernetes, "*=default").await;
    let agents = Simulator::start(coordinator.grpc_url(), 3, Duration::ZERO)
        .await
        .expect("agents");
    let held = agents.reference("held/app");
    agents.behave(vec![Rule::hold("held/")]).await.expect("told");
    for name in ["stays", "deleted", "while-away"] {
        admin
            .create(OBJECTS, &policy(name, of_images(&[&held])))
            .await
            .expect("an object");
        status(&kubernetes, name, "to be accepted", is_accepted).await;
    }
    agents
        .until("pulls to run", LIMIT, |figures| figures.starts.count >= 3)
        .await
        .expect("they run");
    let before = policies(&coordinator).await;
    assert_eq!(before.len(), 3);

    // In mid-warm-up; the two others want the image still.
    admin.delete(&format!("{OBJECTS}/deleted")).await.expect("deleted");
    is_gone(&kubernetes, "deleted").await;
    assert_eq!(policies(&coordinator).await.len(), 2);

    // Killed, and the object is deleted and another one made meanwhile.
    coordinator.kill();
    admin.delete(&format!("{OBJECTS}/while-away")).await.expect("deleted");
    let waits = admin
        .get(&format!("{OBJECTS}/while-away"))
        .await
        .expect("it waits for its policy");
    assert!(waits["metadata"]["deletionTimestamp"].is_string(), "{waits:#}");
    admin
        .create(OBJECTS, &policy("new", of_images(&[&held])))
        .await
        .expect("an object");
    coordinator.restart().await.expect("it comes back");
    is_gone(&kubernetes, "while-away").await;
    status(&kubernetes, "new", "to be accepted", is_accepted).await;
    let names = wait_for("two policies", LIMIT, async || {
        let found = policies(&coordinator).await;
        let names: Vec<String> = found
            .iter()
            .map(|it| it["declaredBy"].as_str().unwrap().to_owned())
            .collect();
        (names.len() == 2).then_some(names)
    })
    .await;
    assert!(
        names.contains(&"team-a/stays".to_owned()) && names.contains(&"team-a/new".to_owned()),
        "{names:?}"
    );
    for name in ["stays", "new"] {
        admin.delete(&format!("{OBJECTS}/{name}")).await.expect("deleted");
        is_gone(&kubernetes, name).await;
    }
    wait_until("every task to be stopped", LIMIT, async || {
        let page = coordinator
            .api()
            .get("/api/v1/tasks?limit=100")
            .await
            .expect("the tasks");
        let tasks = page["tasks"].as_array().cloned().unwrap();
        tasks.iter().all(|task| task["status"] == "cancelled")
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn kinds_that_are_not_installed_are_told_and_taken_up_when_they_come() {
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    for file in ["namespace", "coordinator-rbac"] {
        let file = source(&format!("deploy/base/{file}.yaml")).display().to_string();
        kubernetes
            .kubectl(Kubectl::Oldest, &["apply", "-f", &file])
            .await
            .expect("applied");
    }
    let coordinator = keeping(&kubernetes, "*=default").await;
    let told = async || coordinator.readiness().await.expect("an answer").1["warnings"].to_string();
    wait_until("the coordinator to say so", LIMIT, async || {
        let told = told().await;
        told.contains("PrewarmPolicies") && told.contains("PrewarmTasks")
    })
    .await;
    let file = source("deploy/base/crds.yaml").display().to_string();
    kubernetes
        .kubectl(Kubectl::Oldest, &["apply", "-f", &file])
        .await
        .expect("applied");
    wait_until("the warning to be gone", LIMIT, async || {
        !told().await.contains("Prewarm")
    })
    .await;
}
