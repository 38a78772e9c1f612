//! Bad input at a running coordinator: a clear 4xx, never a 500, and nothing half-created.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use ips_tests::containerd::ContainerdVersion::V2_1;
use ips_tests::coordinator::Coordinator;
use ips_tests::stand::Stand;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn fifty_one_images() -> Vec<String> {
    (0..51).map(|number| format!("registry.test/image:{number}")).collect()
}

/// Bodies that must be refused, with the field that must be named.
fn bodies() -> Vec<(Value, &'static str)> {
    let image = "registry.test/image:1";
    vec![
        (json!({}), "images"),
        (json!({"images": []}), "images"),
        (json!({"images": [""]}), "images"),
        (json!({"images": ["Upper/Case"]}), "images"),
        (json!({"images": ["a b"]}), "images"),
        (json!({"images": ["a:tag:tag"]}), "images"),
        (json!({"images": ["a@sha256:short"]}), "images"),
        (json!({"images": [image, image]}), "images"),
        (json!({"images": fifty_one_images()}), "images"),
        (json!({"images": image}), "images"),
        (json!({"images": [7]}), "images"),
        (json!({"images": [image], "batchSize": 0}), "batchSize"),
        (json!({"images": [image], "batchSize": 101}), "batchSize"),
        (json!({"images": [image], "batchSize": "ten"}), "batchSize"),
        (json!({"images": [image], "batchSize": 1.5}), "batchSize"),
        (json!({"images": [image], "priority": 11}), "priority"),
        (json!({"images": [image], "maxRetries": 6}), "maxRetries"),
        (json!({"images": [image], "retryDelay": 301}), "retryDelay"),
        (json!({"images": [image], "retryStrategy": "random"}), "retryStrategy"),
        (json!({"images": [image], "nodeSelector": {"a b": "c"}}), "nodeSelector"),
        (json!({"images": [image], "nodeSelector": {"-a": "c"}}), "nodeSelector"),
        (json!({"images": [image], "nodeSelector": {"a": "c d"}}), "nodeSelector"),
        (json!({"images": [image], "nodeSelector": ["a=b"]}), "nodeSelector"),
        (json!({"images": [image], "id": "Not Allowed"}), "id"),
        (json!({"images": [image], "secretId": 1}), "secretId"),
        (
            json!({"images": [image], "webhookUrl": "http://169.254.169.254/"}),
            "webhookUrl",
        ),
        (
            json!({"images": [image], "registry": "r.test", "username": "u"}),
            "password",
        ),
        (
            json!({"images": [image], "secretId": 1, "registry": "r.test", "username": "u", "password": "p"}),
            "secretId",
        ),
        (json!({"images": [image], "parallelism": "101%"}), "parallelism"),
        (json!({"images": [image], "canary": "0%"}), "canary"),
        (json!({"images": [image], "maxNodes": 0}), "maxNodes"),
        (json!([]), "body"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_task_is_refused_by_field_and_nothing_is_created() {
    let stand = Stand::start(&[V2_1]).await;
    let api = stand.coordinator.api();
    for (body, field) in bodies() {
        let (status, answer) = api.post("/api/v1/tasks", &body).await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer:#}");
        let named = answer["field"].as_str().unwrap_or_default();
        assert!(
            named.starts_with(field),
            "{body} names {named}, not {field}: {answer:#}"
        );
        assert!(
            answer["details"].as_str().is_some_and(|details| !details.is_empty()),
            "{body}: {answer:#}"
        );
    }
    let large = json!({"images": ["registry.test/image:1"], "padding": "x".repeat(10 << 20)});
    let (status, _) = api.post("/api/v1/tasks", &large).await.unwrap();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(api.get("/api/v1/tasks").await.unwrap()["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_404_that_names_it() {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let api = coordinator.api();
    for (method, path) in [
        (Method::GET, "/api/v1/tasks/no-such-task"),
        (Method::DELETE, "/api/v1/tasks/no-such-task"),
        (Method::POST, "/api/v1/tasks/no-such-task/cancel"),
        (Method::GET, "/api/v1/tasks/no-such-task/pulls"),
        (Method::GET, "/api/v1/nodes/no-such-node"),
        (Method::GET, "/api/v1/no-such-route"),
    ] {
        let (status, answer) = api.call(method.clone(), path, None).await.unwrap();
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}: {answer:#}");
        assert!(answer["error"].is_string(), "{method} {path}: {answer:#}");
    }
    let (status, answer) = api
        .call(Method::GET, "/api/v1/tasks?status=sleeping", None)
        .await
        .unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer:#}");
    assert!(
        answer["details"]
            .as_str()
            .is_some_and(|details| details.contains("running")),
        "{answer:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_ones_own_is_taken_once() {
    let stand = Stand::start(&[V2_1]).await;
    let body = json!({"images": ["127.0.0.1:1/app"], "id": "nightly-1"});
    assert_eq!(stand.order_with(body.clone()).await, "nightly-1");
    let (status, answer) = stand.coordinator.api().post("/api/v1/tasks", &body).await.unwrap();
    assert_eq!(
        (status, answer["code"].as_str()),
        (StatusCode::CONFLICT, Some("already_exists")),
        "{answer:#}"
    );
    assert_eq!(stand.coordinator.api().get("/api/v1/tasks").await.unwrap()["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_address_is_refused_while_identity_is_off() {
    let program = ips_tests::cache::program("ips-coordinator").unwrap();
    let mut command = tokio::process::Command::new(program);
    command
        .args(["--identity", "off", "--http-address", "0.0.0.0:0"])
        .args(["--database", "sqlite::memory:"])
        .kill_on_drop(true);
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("--http-address") && said.contains("0.0.0.0:0"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
}
