//! `ips doctor` against real processes: well, sick in several ways, and gone.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::process::Output;
use std::time::Duration;

use ips_tests::cache;
use ips_tests::containerd::ContainerdVersion::V1_7;
use ips_tests::coordinator::Coordinator;
use ips_tests::registry::{Access, Registry};
use ips_tests::stand::Stand;
use ips_tests::wait::wait_until;
use reqwest::StatusCode;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

async fn doctor(coordinator: &Coordinator, token: &str, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(cache::program("ips").unwrap());
    command
        .args(["--server", &coordinator.grpc_url(), "doctor"])
        .args(arguments)
        .env("IPS_TOKEN", token)
        .kill_on_drop(true);
    command.output().await.unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

async fn findings(coordinator: &Coordinator) -> (Option<i32>, Value) {
    let output = doctor(coordinator, coordinator.token(), &["-o", "json"]).await;
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    for finding in report["findings"].as_array().unwrap() {
        for field in ["severity", "check", "what", "why", "advice"] {
            assert!(
                finding[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field} of {finding}"
            );
        }
    }
    (output.status.code(), report)
}

fn has(report: &Value, check: &str, severity: &str, words: &str) -> bool {
    report["findings"].as_array().unwrap().iter().any(|finding| {
        finding["check"] == check
            && finding["severity"] == severity
            && finding["what"].as_str().unwrap().contains(words)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_well_is_left_alone_and_what_is_sick_is_explained() {
    let mut stand = Stand::start(&[V1_7, V1_7]).await;
    let (code, report) = findings(&stand.coordinator).await;
    // The disk of the machine that runs the tests is its own affair.
    let others = |report: &Value| {
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["check"] != "disks")
            .count()
    };
    assert_eq!(others(&report), 0, "{report:#}");
    assert!(
        code == Some(0) || has(&report, "disks", "warning", "") || has(&report, "disks", "error", ""),
        "{report:#}"
    );
    for check in [
        "coordinator",
        "parts",
        "versions",
        "clocks",
        "nodes",
        "limits",
        "registries",
        "deliveries",
        "schedules",
    ] {
        assert!(
            report["checked"].as_array().unwrap().contains(&json!(check)),
            "{check} in {report:#}"
        );
    }

    // An agent dies, a runtime dies, a login is refused, a limit is 0, a notification goes nowhere, a schedule fails.
    stand.nodes[0].agent.kill();
    stand.nodes[1].containerd.kill();
    let locked = Registry::start(Access::Login).await.unwrap();
    let api = stand.coordinator.api();
    let secret = json!({"name": "wrong", "registry": locked.address(), "username": "u", "password": "not the one"});
    let (status, answer) = api.post("/api/v1/secrets", &secret).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let hook =
        json!({"name": "hook", "kind": "webhook", "url": "https://hooks.invalid/x", "events": ["task.completed"]});
    let (status, answer) = api.post("/api/v1/channels", &hook).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let (_, tried) = api
        .post(&format!("/api/v1/channels/{}/test", answer["id"]), &json!({}))
        .await
        .unwrap();
    assert_eq!(tried["status"], "failed", "{tried}");
    let schedule = json!({
        "name": "nightly", "cronExpr": "0 2 * * *", "taskConfig": {"images": ["a:1"], "nodeSelector": {"no": "such-node"}},
    });
    let (status, schedule) = api.post("/api/v1/scheduled-tasks", &schedule).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{schedule}");
    let path = format!("/api/v1/scheduled-tasks/{}/trigger", schedule["id"].as_str().unwrap());
    let _fails = api.post(&path, &json!({})).await.unwrap();
    let paused = json!({"clusterPulls": 0});
    let (status, _) = api
        .call(reqwest::Method::PATCH, "/api/v1/limits", Some(&paused))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK);
    wait_until("the nodes to be missed", LIMIT, async || {
        let stats = api.get("/api/v1/stats").await.unwrap();
        stats["nodes"]["ready"] == 0
    })
    .await;
    let (code, report) = findings(&stand.coordinator).await;
    for (check, severity, words) in [
        ("nodes", "warning", "node-1"),
        ("nodes", "warning", "node-2 ("),
        ("registries", "error", "wrong"),
        ("limits", "warning", "clusterPulls"),
        ("deliveries", "warning", "were given up"),
        ("schedules", "warning", "nightly"),
    ] {
        assert!(has(&report, check, severity, words), "{check} {words} in {report:#}");
    }
    assert_eq!(code, Some(2), "a refused login is an error");
    let output = doctor(&stand.coordinator, stand.coordinator.token(), &["--skip-registries"]).await;
    let said = text(&output);
    assert!(
        said.contains("Why it matters:") && said.contains("What to do:") && !said.contains("wrong at"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_less_is_told_what_was_not_checked() {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let token = json!({"name": "viewer", "role": "viewer", "scopes": ["system:read", "nodes:read"]});
    let (status, answer) = coordinator.api().post("/api/v1/tokens", &token).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let output = doctor(&coordinator, answer["token"].as_str().unwrap(), &["-o", "json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        has(&report, "nodes", "error", "no agent has ever said hello"),
        "{report:#}"
    );
    assert!(has(&report, "limits", "note", "not checked"), "{report:#}");
    assert_eq!(output.status.code(), Some(2));
    let output = doctor(&coordinator, "ips_nonsense", &[]).await;
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("ips login"), "{}", text(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_home_is_a_finding_too() {
    let mut coordinator = Coordinator::start(&[]).await.unwrap();
    let token = coordinator.token().to_owned();
    coordinator.kill();
    let output = doctor(&coordinator, &token, &["-o", "json"]).await;
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(has(&report, "coordinator", "error", "no answer"), "{report:#}");
    assert!(
        report["findings"][0]["advice"]
            .as_str()
            .unwrap()
            .contains("start the coordinator"),
        "{report:#}"
    );
}
