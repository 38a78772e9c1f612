//! `make demo`: a real registry, two real nodes, one task over the API, live bars, and in the end what each node's own
//! containerd says beside what the registry says. Exits with 0 only if all of it is true.
#![allow(clippy::print_stdout, reason = "the demo talks to a person")]

mod report;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use ips_tests::cache;
use ips_tests::containerd::ContainerdVersion;
use ips_tests::layout::images;
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// What is warmed on every node.
const IMAGES: [&str; 3] = [images::TOOLCHAIN, images::SMALL, images::MULTI];
/// The nodes, as they stand on Debian 13 and on Debian testing.
const NODES: [ContainerdVersion; 2] = [ContainerdVersion::V1_7, ContainerdVersion::V2_1];

#[tokio::main]
async fn main() -> ExitCode {
    let stopped = async {
        let mut terminate = signal(SignalKind::terminate()).ok()?;
        tokio::select! {
            _ = terminate.recv() => Some(()),
            result = tokio::signal::ctrl_c() => result.ok(),
        }
    };
    // Whichever ends first, everything that the demo has started is stopped and removed on the way out.
    tokio::select! {
        result = run() => match result {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("the demo cannot go on: {error:#}");
                ExitCode::FAILURE
            }
        },
        _ = stopped => {
            println!("\nstopped; everything that the demo started is removed");
            ExitCode::from(130)
        }
    }
}

async fn run() -> Result<bool> {
    println!("==> a registry with real images, and two nodes with a containerd and an agent each");
    let registry = Registry::filled().await?;
    let stand = Stand::start(&NODES).await;
    let references = IMAGES.map(|image| registry.reference(&format!("{image}:v1")));
    for node in &stand.nodes {
        println!(
            "    {}: containerd {}",
            node.agent.node(),
            node.containerd.truth().await.version().await?
        );
    }
    println!("    console: {}", stand.coordinator.api().url("/"));

    println!(
        "==> POST /api/v1/tasks: {} images on every node with pool=test",
        IMAGES.len()
    );
    let id = stand
        .coordinator
        .create_task(&json!({"images": references, "nodeSelector": {"pool": "test"}}))
        .await?;
    let succeeded = watch(&stand, &id).await?;
    if std::env::var_os("IPS_DEMO_REMOVE").is_some() {
        println!("==> removing one image behind the agent's back");
        stand.nodes[0]
            .containerd
            .truth()
            .await
            .remove_image(&references[0])
            .await?;
    }

    println!("==> what each node's own containerd says, beside the registry");
    let warm = report::print(&registry, &stand, &IMAGES).await?;
    report::look_further(&stand, &id)?;
    if std::env::var_os("KEEP").is_some() {
        println!("==> everything keeps running; Ctrl-C ends it");
        std::future::pending::<()>().await;
    }
    Ok(succeeded && warm)
}

/// Lets the command line show the bars; its exit code tells whether the task succeeded.
async fn watch(stand: &Stand, id: &str) -> Result<bool> {
    let mut command = tokio::process::Command::new(cache::program("ips")?);
    command
        .args(["--server", &stand.coordinator.grpc_url(), "task", "watch", id])
        .env("IPS_TOKEN", stand.coordinator.token())
        .kill_on_drop(true);
    let status = command.status().await.context("running ips task watch")?;
    // The bars end when the task does; the API has the last word.
    let task = tokio::time::timeout(Duration::from_secs(300), stand.ended(id))
        .await
        .context("the task does not end")?;
    let completed = task["status"] == "completed" && task["progress"]["failedPulls"] == 0;
    if !completed {
        println!("task {id} is {}: {}", task["status"], task["failures"]);
    }
    Ok(status.success() && completed)
}
