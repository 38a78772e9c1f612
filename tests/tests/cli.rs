//! The command line against a real coordinator and a real node: what a pipeline relies on.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::process::Output;

use ips_tests::cache;
use ips_tests::containerd::ContainerdVersion::V1_7;
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use serde_json::Value;

async fn ips(stand: &Stand, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(cache::program("ips").unwrap());
    command
        .args(["--server", &stand.coordinator.grpc_url()])
        .env("IPS_TOKEN", stand.coordinator.token())
        .args(arguments)
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

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_can_gate_on_the_exit_code() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V1_7]).await;
    let (good, bad) = (
        registry.reference("library:v1"),
        registry.reference("library:no-such-tag"),
    );
    let done = ips(
        &stand,
        &["task", "create", "--image", &good, "--selector", "pool=test", "--watch"],
    )
    .await;
    assert!(done.status.success(), "{}", text(&done));
    assert!(
        text(&done).contains("node-1"),
        "it says what happens on which node: {}",
        text(&done)
    );
    let failed = ips(&stand, &["task", "create", "--image", &bad, "--watch"]).await;
    assert!(!failed.status.success(), "{}", text(&failed));
    assert!(
        text(&failed).contains("not found") || text(&failed).contains("not_found"),
        "{}",
        text(&failed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_and_nodes_are_listed_and_removed() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V1_7]).await;
    let id = stand.order(&[&registry.reference("small:v1")]).await;
    stand.completed(&id).await;
    let list = ips(&stand, &["-o", "json", "task", "ls"]).await;
    assert!(
        list.status.success() && json(&list).to_string().contains(&id),
        "{}",
        text(&list)
    );
    let get = ips(&stand, &["-o", "json", "task", "get", &id]).await;
    assert!(
        get.status.success() && json(&get).to_string().contains(&id),
        "{}",
        text(&get)
    );
    let nodes = ips(&stand, &["node", "ls"]).await;
    assert!(
        nodes.status.success() && text(&nodes).contains("node-1"),
        "{}",
        text(&nodes)
    );
    let cancel = ips(&stand, &["task", "cancel", &id]).await;
    assert!(
        !cancel.status.success(),
        "an ended task cannot be cancelled: {}",
        text(&cancel)
    );
    let removed = ips(&stand, &["task", "rm", &id]).await;
    assert!(removed.status.success(), "{}", text(&removed));
    let gone = ips(&stand, &["task", "get", &id]).await;
    assert!(!gone.status.success() && text(&gone).contains(&id), "{}", text(&gone));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_named() {
    let stand = Stand::start(&[V1_7]).await;
    for (arguments, said) in [
        (vec!["task", "create", "--image", "Upper/Case"], "images"),
        (
            vec!["task", "create", "--image", "a", "--selector", "no=such=label"],
            "selector",
        ),
        (
            vec!["task", "create", "--image", "a", "--selector", "pool=none"],
            "nodeSelector",
        ),
    ] {
        let output = ips(&stand, &arguments).await;
        assert!(!output.status.success(), "{arguments:?}");
        assert!(
            text(&output).to_lowercase().contains(&said.to_lowercase()),
            "{arguments:?}: {}",
            text(&output)
        );
    }
}
