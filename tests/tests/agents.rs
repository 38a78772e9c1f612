//! Agents join, leave and come back with real programs: bootstrap tokens, keys, tickets, and what a revoked one may do.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::time::Duration;

use ips_tests::agent::{Agent, AgentOptions};
use ips_tests::cache;
use ips_tests::coordinator::Coordinator;
use ips_tests::simulated::{Rule, Simulator};
use ips_tests::wait::wait_until;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

/// Runs `ips-coordinator agents …` beside the coordinator.
async fn command(coordinator: &Coordinator, arguments: &[&str]) -> Output {
    let database = format!("sqlite:{}", coordinator.home().join("ips.db").display());
    let mut command = tokio::process::Command::new(cache::program("ips-coordinator").unwrap());
    command
        .arg("agents")
        .args(arguments)
        .args(["--database", &database])
        .kill_on_drop(true);
    command.output().await.unwrap()
}

async fn node(coordinator: &Coordinator, name: &str) -> (StatusCode, Value) {
    let path = format!("/api/v1/nodes/{name}");
    coordinator.api().call(Method::GET, &path, None).await.unwrap()
}

async fn until_connected(coordinator: &Coordinator, name: &str, connected: bool) {
    let what = format!("{name} to be connected: {connected}");
    wait_until(&what, LIMIT, async || {
        node(coordinator, name).await.1["connected"] == connected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_without_a_credential_is_nobody() {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let mut options = AgentOptions::bare("node-1", coordinator.grpc_url());
    options.bootstrap_token = String::new();
    let mut agent = Agent::start(options).await.unwrap();
    wait_until("the agent to say what is missing", LIMIT, async || {
        agent.log().contains("--bootstrap-token-file")
    })
    .await;
    assert_eq!(node(&coordinator, "node-1").await.0, StatusCode::NOT_FOUND);
    // A wrong one is no better.
    agent.kill();
    agent.options().bootstrap_token = "ips-bootstrap-wrong".to_owned();
    agent.restart().await.unwrap();
    wait_until("the agent to be refused", LIMIT, async || {
        agent.log().contains("the bootstrap token is none")
    })
    .await;
    assert!(!agent.log().contains("ips-bootstrap-wrong"));
    assert_eq!(node(&coordinator, "node-1").await.0, StatusCode::NOT_FOUND);
    let (_, audit) = coordinator
        .api()
        .call(Method::GET, "/api/v1/audit?result=denied", None)
        .await
        .unwrap();
    assert!(audit.to_string().contains("\"agent\""), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_joins_by_a_token_stays_without_it_and_is_forgotten() {
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let made = command(
        &coordinator,
        &["token", "create", "--name", "rack-7", "--expires-in", "1h"],
    )
    .await;
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(made.status.success() && token.starts_with("ips-bootstrap-"));
    let mut options = AgentOptions::bare("node-1", coordinator.grpc_url());
    options.bootstrap_token = token.clone();
    let mut agent = Agent::start(options).await.unwrap();
    until_connected(&coordinator, "node-1", true).await;
    let key = agent.state_folder().join("node-key.json");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    let listed = command(&coordinator, &["token", "ls"]).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("rack-7") && !listed.contains(&token), "{listed}");
    assert!(command(&coordinator, &["token", "rm", "1"]).await.status.success());
    assert!(!command(&coordinator, &["token", "rm", "1"]).await.status.success());
    // Its key is enough, and an agent that takes its name with a key of its own gets nothing.
    agent.kill();
    agent.options().bootstrap_token = String::new();
    agent.restart().await.unwrap();
    until_connected(&coordinator, "node-1", true).await;
    let thief = Agent::start(AgentOptions::bare("node-1", coordinator.grpc_url()))
        .await
        .unwrap();
    wait_until("the thief to be refused", LIMIT, async || {
        thief.log().contains("another key is bound to node-1")
    })
    .await;
    drop(thief);

    assert!(command(&coordinator, &["forget", "node-1"]).await.status.success());
    until_connected(&coordinator, "node-1", false).await;
    wait_until("the agent to be refused", LIMIT, async || {
        agent.log().contains("needs a bootstrap token")
    })
    .await;
    assert!(!command(&coordinator, &["forget", "node-1"]).await.status.success());
    // The next token lets it in again.
    agent.kill();
    agent.options().bootstrap_token = ips_tests::login::BOOTSTRAP_TOKEN.to_owned();
    agent.restart().await.unwrap();
    until_connected(&coordinator, "node-1", true).await;
    let log = [agent.log(), coordinator.log()].concat();
    let kept: Value = serde_json::from_slice(&std::fs::read(&key).unwrap()).unwrap();
    for secret in [&token, kept["key"].as_str().unwrap()] {
        assert!(!log.contains(secret), "a secret was logged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_let_a_fleet_come_back_without_another_question() {
    let mut coordinator = Coordinator::start(&[]).await.unwrap();
    let fleet = Simulator::start(coordinator.grpc_url(), 300, Duration::ZERO)
        .await
        .unwrap();
    fleet
        .until("all to join", LIMIT, |seen| seen.open == 300)
        .await
        .unwrap();
    coordinator.kill();
    fleet.reset().await.unwrap();
    coordinator.restart().await.unwrap();
    let seen = fleet
        .until("all to come back", LIMIT, |seen| seen.welcomes.count >= 300)
        .await
        .unwrap();
    assert_eq!(seen.open, 300);
}

/// What an upgrade looks like to a coordinator that was replaced first, and to one that comes last: agents of the version before and of the one
/// after, under the same names. Pulls of the older ones are taken up by the newer.
#[tokio::test(flavor = "multi_thread")]
async fn agents_of_neighbouring_versions_work_and_take_over_from_each_other() {
    const NODES: u64 = 20;
    let coordinator = Coordinator::start(&[]).await.unwrap();
    let fleet = async |version: String| {
        Simulator::start_as(&version, coordinator.grpc_url(), NODES as usize, Duration::ZERO)
            .await
            .unwrap()
    };
    let [major, minor] = [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR")];
    let minor: u32 = minor.parse().unwrap();
    let before = fleet(format!("{major}.{}.9", minor.saturating_sub(1))).await;
    let joined = before.until("all to join", LIMIT, |seen| seen.open == NODES);
    joined.await.unwrap();
    before.behave(vec![Rule::hold("held")]).await.unwrap();
    let task = json!({"images": [before.reference("held")], "retryDelay": 1});
    let task = coordinator.create_task(&task).await.unwrap();
    let running = before.until("all to pull", LIMIT, |seen| seen.first_reports.count == NODES);
    running.await.unwrap();
    drop(before);

    let newer = format!("{major}.{}.0", minor + 1);
    let after = fleet(newer.clone()).await;
    let soon = Duration::from_millis(50);
    after.behave(vec![Rule::end("", soon, soon)]).await.unwrap();
    wait_until("the task to end", LIMIT, async || {
        coordinator.task(&task).await.unwrap()["status"] == "completed"
    })
    .await;
    let seen = after.figures().await.unwrap();
    assert_eq!(seen.starts.count, NODES, "each pull was ordered once more: {seen:?}");
    assert_eq!(coordinator.task(&task).await.unwrap()["retryCount"], 0);
    assert_eq!(node(&coordinator, "node-00000").await.1["agentVersion"], newer);
    drop(after);

    let stranger = fleet(format!("{major}.{}.0", minor + 2)).await;
    let refused = stranger.until("all to be refused", LIMIT, |seen| seen.lost.count >= NODES);
    let refused = refused.await.unwrap();
    assert_eq!(refused.open, 0, "{refused:?}");
    for named in ["minor versions may be at most one apart", env!("CARGO_PKG_VERSION")] {
        assert!(refused.last_reason.contains(named), "{}", refused.last_reason);
    }
}
