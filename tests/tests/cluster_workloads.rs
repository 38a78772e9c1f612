//! Policies that follow the workloads of a real API server: what those run is warm before their pods ask, also after their image changed.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::{Duration, Instant};

use ips_tests::containerd::ContainerdVersion;
use ips_tests::coordinator::Coordinator;
use ips_tests::kubernetes::{Call, Kubernetes, node};
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, TASK_LIMIT};
use ips_tests::wait::{wait_for, wait_until};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Longest wait for what takes milliseconds on a quiet machine.
const LIMIT: Duration = Duration::from_secs(30);
const ACCOUNT: &str = "system:serviceaccount:default:follower";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";

fn rules(workloads: bool) -> Value {
    let verbs = json!(["list", "watch"]);
    let mut rules = vec![json!({"apiGroups": [""], "resources": ["nodes"], "verbs": verbs})];
    if workloads {
        rules.push(
            json!({"apiGroups": ["apps"], "resources": ["deployments", "daemonsets", "statefulsets"], "verbs": verbs}),
        );
        rules.push(json!({"apiGroups": ["batch"], "resources": ["cronjobs"], "verbs": verbs}));
    }
    rules.into()
}

/// A coordinator that watches this cluster and may do what its base allows, with or without workloads.
async fn following(kubernetes: &Kubernetes, may_see_workloads: bool) -> Coordinator {
    let config = kubernetes.account("follower", &rules(may_see_workloads)).await;
    let config = config.expect("an account").display().to_string();
    let admin = kubernetes.admin();
    for name in ["shop", "other"] {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        admin
            .create("/api/v1/namespaces", &namespace)
            .await
            .expect("a namespace");
    }
    let arguments = ["--kubernetes", "on", "--kubeconfig", &config];
    Coordinator::start(&arguments).await.expect("a coordinator")
}

fn pod(images: &[&str], selector: &Value) -> Value {
    let container = |(at, image): (usize, &&str)| json!({"name": format!("c{at}"), "image": image});
    let containers: Vec<Value> = images.iter().enumerate().map(container).collect();
    json!({"metadata": {"labels": {"app": "x"}}, "spec": {"nodeSelector": selector, "containers": containers}})
}

fn deployment(name: &str, images: &[&str], selector: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {"tier": "web"}},
        "spec": {"replicas": 10_000, "selector": {"matchLabels": {"app": "x"}}, "template": pod(images, selector)}})
}

async fn policy(coordinator: &Coordinator, workloads: Value) -> String {
    let body = json!({"name": "shop", "workloads": workloads, "taskConfig": {"images": []}});
    let (status, made) = coordinator
        .api()
        .post("/api/v1/policies", &body)
        .await
        .expect("an answer");
    assert_eq!(status, StatusCode::CREATED, "{made:#}");
    made["id"].as_str().expect("an id").to_owned()
}

async fn show(coordinator: &Coordinator, id: &str) -> Value {
    let path = format!("/api/v1/policies/{id}");
    coordinator.api().get(&path).await.expect("the policy")
}

fn condition<'a>(policy: &'a Value, kind: &str) -> &'a Value {
    let all = policy["conditions"].as_array().expect("conditions");
    all.iter().find(|it| it["type"] == kind).unwrap_or(&Value::Null)
}

fn images(policy: &Value) -> Vec<&str> {
    let all = policy["images"].as_array().expect("images");
    all.iter().filter_map(|it| it["image"].as_str()).collect()
}

/// Waits until the policy is shown as the test says.
async fn shown(coordinator: &Coordinator, id: &str, what: &str, test: impl Fn(&Value) -> bool) -> Value {
    wait_for(what, LIMIT, async || {
        let policy = show(coordinator, id).await;
        test(&policy).then_some(policy)
    })
    .await
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn what_a_deployment_runs_is_warm_where_it_may_run_and_its_next_image_is_followed() {
    let registry = Registry::shared().await;
    let (small, library) = (registry.reference("small:v1"), registry.reference("library:v1"));
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let admin = kubernetes.admin();
    for (name, pool) in [("node-1", "gpu"), ("node-2", "cpu")] {
        let mut object = node(name);
        object["metadata"]["labels"]["pool"] = json!(pool);
        admin.create("/api/v1/nodes", &object).await.expect("a node");
    }
    let coordinator = following(&kubernetes, true).await;
    let gpu = Node::start("node-1", &coordinator, ContainerdVersion::V1_7)
        .await
        .expect("a node");
    let cpu = Node::start("node-2", &coordinator, ContainerdVersion::V2_1)
        .await
        .expect("a node");
    let on_gpu = json!({"pool": "gpu"});
    admin
        .create(DEPLOYMENTS, &deployment("web", &[&small], &on_gpu))
        .await
        .expect("made");
    let elsewhere = deployment("web", &[&library], &json!({}));
    let other = "/apis/apps/v1/namespaces/other/deployments";
    admin.create(other, &elsewhere).await.expect("made");

    let id = policy(&coordinator, json!({"namespaces": ["shop"], "selector": "tier=web"})).await;
    let warm = shown(&coordinator, &id, "what the deployment runs to be warm", |it| {
        it["coverage"]["warm"] == 1
    })
    .await;
    assert_eq!(images(&warm), [small.as_str()], "the other namespace is not followed");
    assert_eq!(
        warm["coverage"]["total"], 1,
        "its pods may be on one node alone: {warm:#}"
    );
    assert_eq!(warm["images"][0]["nodeSelectors"], json!([on_gpu]), "{warm:#}");
    assert_eq!(condition(&warm, "Followed")["status"], "True", "{warm:#}");
    let digests = registry.client().digests("small:v1").await.expect("digests");
    gpu.assert_warm(&small, &digests).await;
    cpu.assert_absent(&small).await;

    // A rollout: another image, and everywhere.
    let changed = Instant::now();
    let patch = json!({"spec": {"template": {"spec": {"nodeSelector": null,
        "containers": [{"name": "c0", "image": library, "imagePullPolicy": "Always"}]}}}});
    admin
        .patch(&format!("{DEPLOYMENTS}/web"), &patch)
        .await
        .expect("patched");
    let wants = shown(&coordinator, &id, "the new image to be wanted", |it| {
        images(it) == [library.as_str()]
    })
    .await;
    println!(
        "another image of a deployment was followed after {:?}",
        changed.elapsed()
    );
    assert!(changed.elapsed() < Duration::from_secs(5), "{:?}", changed.elapsed());
    let always = condition(&wants, "AlwaysPulled");
    assert_eq!(
        (&always["status"], &always["reason"]),
        (&json!("True"), &json!("RegistryOnPath")),
        "{wants:#}"
    );
    assert!(
        always["message"].as_str().unwrap().contains("Deployment shop/web"),
        "{always}"
    );
    wait_until("the new image to be warm on both", TASK_LIMIT, async || {
        show(&coordinator, &id).await["coverage"]["warm"] == 2
    })
    .await;
    let digests = registry.client().digests("library:v1").await.expect("digests");
    cpu.assert_warm(&library, &digests).await;

    // Every kind, CronJobs in the version that this old cluster has.
    let job = json!({"apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": {"name": "nightly", "labels": {"tier": "web"}},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never",
            "containers": [{"name": "c", "image": small}]}}}}}});
    admin
        .create("/apis/batch/v1beta1/namespaces/shop/cronjobs", &job)
        .await
        .expect("a cron job");
    shown(&coordinator, &id, "the cron job to be followed", |it| {
        images(it) == [library.as_str(), small.as_str()]
    })
    .await;
    admin.delete(&format!("{DEPLOYMENTS}/web")).await.expect("deleted");
    shown(&coordinator, &id, "the deployment to be forgotten", |it| {
        images(it) == [small.as_str()]
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a Kubernetes API server: make test-kube"]
async fn nothing_is_listed_before_somebody_follows_and_a_missing_right_is_said_and_got_over() {
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    let coordinator = following(&kubernetes, false).await;
    let is_workload =
        |call: &Call| call.user == ACCOUNT && ["deployments", "cronjobs"].contains(&call.resource.as_str());
    let node_calls = |call: &Call| call.user == ACCOUNT && call.resource == "nodes";
    kubernetes.call("the nodes to be listed", node_calls).await;
    assert!(
        !kubernetes.calls().expect("the calls").iter().any(is_workload),
        "nobody follows workloads"
    );

    let id = policy(&coordinator, json!({"kinds": ["DaemonSet"]})).await;
    let away = shown(&coordinator, &id, "the missing right to be said", |it| {
        let followed = condition(it, "Followed");
        followed["reason"] == "NotWatched" && followed["message"].as_str().unwrap_or_default().contains("forbidden")
    })
    .await;
    assert_eq!(condition(&away, "Followed")["status"], "False", "{away:#}");
    let (status, body) = coordinator.readiness().await.expect("an answer");
    assert!(
        status == 200 && body["warnings"].to_string().contains("workloads"),
        "{body}"
    );

    kubernetes.allow("follower", &rules(true)).await.expect("allowed");
    shown(&coordinator, &id, "the workloads to be known", |it| {
        condition(it, "Followed")["reason"] == "NoWorkloads"
    })
    .await;
    wait_until("the warning to be gone", LIMIT, async || {
        let (_, body) = coordinator.readiness().await.expect("an answer");
        !body["warnings"].to_string().contains("workloads")
    })
    .await;

    // More images than a policy can have: the first ones are kept, and it is said.
    let admin = kubernetes.admin();
    for at in 0..6 {
        let names: Vec<String> = (0..20).map(|n| format!("registry.invalid/app-{at}-{n}:v1")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut set = deployment(&format!("set-{at}"), &names, &json!({}));
        set["kind"] = json!("DaemonSet");
        set["spec"].as_object_mut().unwrap().remove("replicas");
        let path = "/apis/apps/v1/namespaces/shop/daemonsets";
        admin.create(path, &set).await.expect("a daemon set");
    }
    let full = shown(&coordinator, &id, "the limit to be said", |it| {
        condition(it, "Matched")["reason"] == "TooManyImages"
            && condition(it, "Followed")["message"] == "6 workloads with 120 images"
    })
    .await;
    assert_eq!(images(&full).len(), 50, "{full:#}");

    let (status, refused) = coordinator
        .api()
        .post(
            "/api/v1/policies",
            &json!({"name": "x", "workloads": {"kinds": ["Pod"]}, "taskConfig": {"images": []}}),
        )
        .await
        .expect("an answer");
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused.to_string().contains("workloads.kinds[0]"), "{refused}");
}
