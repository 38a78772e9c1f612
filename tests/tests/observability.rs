//! What is published about real processes, and the files that are made of it: dashboard and rules name only figures that exist, and the rules
//! pass their own tests.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ips_tests::cache;
use ips_tests::containerd::ContainerdOptions;
use ips_tests::containerd::ContainerdVersion::V1_7;
use ips_tests::coordinator::Coordinator;
use ips_tests::http::{self, Api};
use ips_tests::ports::Port;
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand};
use ips_tests::wait::wait_until;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/observability")
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

/// Names of figures in a text, without what a histogram adds to its own.
fn figures(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c: char| !is_name(c));
    let ours = words.filter(|word| (word.starts_with("ips_") || word.starts_with("process_")) && !word.contains(':'));
    ours.map(|word| {
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| word.strip_suffix(end));
        base.unwrap_or(word).to_owned()
    })
    .collect()
}

/// Names of the figures that a process publishes.
fn published(metrics: &str) -> BTreeSet<String> {
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().cloned().unwrap_or_default());
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let variables = variables.filter_map(|variable| variable["query"]["query"].as_str().map(str::to_owned));
    targets
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .chain(variables)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_and_rules_name_figures_that_real_processes_publish() {
    let registry = Registry::shared().await;
    let port = Port::reserve().unwrap();
    let metrics_address = format!("127.0.0.1:{}", port.number());
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let arguments = ["--metrics-address", metrics_address.as_str()];
    let node = Node::start_with("node-1", &coordinator, V1_7, ContainerdOptions::default(), &arguments);
    let stand = Stand {
        nodes: vec![node.await.unwrap()],
        coordinator,
    };
    stand.ready().await;
    let limits = json!({"zonePulls": 5, "zoneLabel": "pool", "registryDefault": {"pulls": 7}});
    let (status, answer) = stand
        .coordinator
        .api()
        .call(Method::PATCH, "/api/v1/limits", Some(&limits))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{answer}");
    let id = stand.order(&[&registry.reference("small:v1")]).await;
    stand.completed(&id).await;
    let bad = stand.order(&[&registry.reference("small:no-such-tag")]).await;
    stand.failed(&bad).await;
    let mut client = ips_proto::v1::node_service_client::NodeServiceClient::new(stand.coordinator.grpc().await);
    client.get_stats(ips_proto::v1::GetStatsRequest {}).await.unwrap();

    let agent = http::client()
        .get(format!("http://{metrics_address}/metrics"))
        .send()
        .await
        .unwrap();
    let agent = agent.text().await.unwrap();
    wait_until("a sample with the registry", Duration::from_secs(20), async || {
        let text = stand.coordinator.metrics().await.unwrap();
        text.contains("ips_registry_pull_limit{") && text.contains("ips_zone_pull_limit{zone=\"test\"} 5")
    })
    .await;
    let coordinator = stand.coordinator.metrics().await.unwrap();
    let known: BTreeSet<String> = published(&coordinator).union(&published(&agent)).cloned().collect();

    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    for expression in expressions(&dashboard) {
        for figure in figures(&expression) {
            assert!(
                known.contains(&figure),
                "{figure} of {expression} is not published; known: {known:#?}"
            );
        }
    }
    let rules = read("rules.yaml");
    let lines = rules
        .lines()
        .filter(|line| !line.trim_start().starts_with("- record:") && !line.contains("description:"));
    for figure in figures(&lines.collect::<Vec<_>>().join("\n")) {
        assert!(known.contains(&figure), "{figure} of rules.yaml is not published");
    }
    // What was done is counted, at both ends.
    for line in [
        "ips_logins_total{result=\"ok\"}",
        "ips_pulls_total{reason=\"not_found\",state=\"failed\"} 1",
        "ips_nodes{state=\"ready\"} 1",
        "ips_agents{version=\"0.1.0\"} 1",
        "ips_ready 1",
        "ips_dispatch_wait_seconds_count 2",
        "ips_pull_phase_seconds_count{phase=\"verifying\",result=\"succeeded\"}",
        "ips_grpc_request_total{code=\"0\",method=\"NodeService.GetStats\"} 1",
        "ips_database_seconds_count{operation=\"commit\"}",
    ] {
        assert!(coordinator.contains(line), "{line} is missing in\n{coordinator}");
    }
    for line in [
        "ips_agent_pulls_total{reason=\"pulled\",result=\"succeeded\"} 1",
        "ips_agent_pulls_total{reason=\"not_found\",result=\"failed\"} 1",
        "ips_agent_connected 1",
        "ips_agent_sessions_total 1",
        "ips_agent_runtime_ready 1",
        "ips_agent_runtime_seconds_count{operation=\"pull\"} 2",
    ] {
        assert!(agent.contains(line), "{line} is missing in\n{agent}");
    }
    for text in [&coordinator, &agent] {
        assert!(
            !text.contains("small:v1") && !text.contains(&id),
            "no image and no task is a label"
        );
    }
}

#[test]
fn the_dashboard_is_one() {
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    assert!(dashboard["schemaVersion"].as_i64().unwrap() >= 36);
    assert!(dashboard["uid"].is_string() && dashboard["title"].is_string() && dashboard["id"].is_null());
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let place = &panel["gridPos"];
        let edge = place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap();
        assert!(edge <= 24 && place["h"].as_u64().unwrap() > 0, "{panel:#}");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel:#}");
        assert!(
            ["row", "timeseries", "stat"].contains(&panel["type"].as_str().unwrap()),
            "{panel:#}"
        );
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert!(
                target["refId"].is_string() && target["datasource"]["uid"] == "${datasource}",
                "{target:#}"
            );
        }
    }
}

#[test]
fn the_rules_pass_their_own_tests() {
    let promtool = cache::promtool().unwrap();
    for arguments in [["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]] {
        let output = Command::new(&promtool)
            .args(arguments)
            .current_dir(folder())
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
    // No alert is without a test of its own.
    let tests = read("rules_test.yaml");
    for alert in read("rules.yaml")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: ").map(str::to_owned))
    {
        assert!(tests.contains(&format!("alertname: {alert}")), "{alert} has no test");
    }
    // Every expression of the dashboard is one that Prometheus can read.
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let expressions = expressions(&dashboard)
        .into_iter()
        .filter(|expression| !expression.starts_with("label_values"));
    let rules: Vec<Value> = expressions
        .enumerate()
        .map(|(index, expression)| {
            let expression = expression
                .replace("$__rate_interval", "5m")
                .replace("$agent_job", ".*")
                .replace("$job", ".*");
            json!({"record": format!("dashboard:expression:{index}"), "expr": expression})
        })
        .collect();
    let file = std::env::temp_dir().join(format!("ips-dashboard-{}.yaml", std::process::id()));
    fs::write(
        &file,
        json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string(),
    )
    .unwrap();
    let output = Command::new(&promtool)
        .args(["check", "rules"])
        .arg(&file)
        .output()
        .unwrap();
    fs::remove_file(&file).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_can_be_changed_while_it_runs_by_a_system_admin_alone() {
    let coordinator = Coordinator::start(&["--log-format", "json"]).await.unwrap();
    let api = coordinator.api();
    let chatter = "answered a request";
    let count = || coordinator.log().matches(chatter).filter(|_| true).count();
    api.get("/api/v1/limits").await.unwrap();
    let before = count();
    api.get("/api/v1/limits").await.unwrap();
    assert_eq!(count(), before, "reads are not logged at info");
    let viewer = viewer(&api, &coordinator).await;
    let level = |filter: &str| json!({"filter": filter});
    let (status, _) = viewer
        .call(Method::PUT, "/api/v1/log-level", Some(&level("debug")))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, answer) = api
        .call(Method::PUT, "/api/v1/log-level", Some(&level("info,=")))
        .await
        .unwrap();
    assert_eq!(
        (status, &answer["field"]),
        (StatusCode::BAD_REQUEST, &json!("filter")),
        "{answer}"
    );
    let (status, answer) = api
        .call(Method::PUT, "/api/v1/log-level", Some(&level("debug")))
        .await
        .unwrap();
    assert_eq!(
        (status, &answer["logFilter"]),
        (StatusCode::OK, &json!("debug")),
        "{answer}"
    );
    let before = count();
    api.get("/api/v1/limits").await.unwrap();
    wait_until("reads to be logged", Duration::from_secs(10), async || count() > before).await;
    let line = coordinator
        .log()
        .lines()
        .rfind(|line| line.contains(chatter))
        .unwrap()
        .to_owned();
    assert!(
        serde_json::from_str::<Value>(&line).is_ok(),
        "one object a line: {line}"
    );
    // Whoever may look sees it, and the audit knows who did it.
    assert_eq!(viewer.get("/api/v1/system").await.unwrap()["logFilter"], "debug");
    wait_until("the audit", Duration::from_secs(10), async || {
        let found = api.get("/api/v1/audit?operation=set_log_level").await.unwrap();
        found["total"] == 3
    })
    .await;
    // The command line does the same.
    let output = tokio::process::Command::new(cache::program("ips").unwrap())
        .args([
            "--server",
            &coordinator.grpc_url(),
            "system",
            "log-level",
            "warn",
            "-o",
            "json",
        ])
        .env("IPS_TOKEN", coordinator.token())
        .output()
        .await
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&said["logFilter"], &said["ready"]), (&json!("warn"), &json!(true)));
}

async fn viewer(api: &Api, coordinator: &Coordinator) -> Api {
    let token = json!({"name": "viewer", "role": "viewer"});
    let (status, answer) = api.post("/api/v1/tokens", &token).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    Api::with_token(coordinator.url(), answer["token"].as_str().unwrap())
}
