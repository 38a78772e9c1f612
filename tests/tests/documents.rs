//! What docs/api.md tells people to type is typed here: every block of commands, in order, against a real coordinator with two real nodes.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::path::Path;
use std::time::Duration;

use ips_tests::containerd::ContainerdOptions;
use ips_tests::containerd::ContainerdVersion::{V1_7, V2_1};
use ips_tests::coordinator::Coordinator;
use ips_tests::fault_proxy::{FaultProxy, Faults};
use ips_tests::registry::Registry;
use ips_tests::stand::{Node, Stand};
use ips_tests::{cache, login, product};

/// All examples together.
const LIMIT: Duration = Duration::from_secs(300);

/// What the examples must have done, by the audit's names and doors.
const DONE: [&str; 22] = [
    "rest login",
    "rest create_token",
    "rest create_task",
    "rest pause_task",
    "rest resume_task",
    "rest cancel_task",
    "rest retry_task",
    "rest bulk_tasks",
    "rest update_limits",
    "rest create_secret",
    "rest test_secret",
    "rest delete_secret",
    "rest create_schedule",
    "rest trigger_schedule",
    "rest disable_schedule",
    "rest delete_schedule",
    "rest create_policy",
    "rest pause_policy",
    "rest purge_images",
    "rest delete_policy",
    "grpc login",
    "grpc create_task",
];

/// The blocks of commands in a document.
fn blocks(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(product::source(document)).expect("the document");
    let mut blocks = Vec::new();
    let mut open = None;
    for line in text.lines() {
        match (&mut open, line) {
            (None, "```sh") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), line) => *block += &format!("{line}\n"),
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "{document} has a block without an end");
    blocks
}

async fn stand(ca: &Path, coordinator: Coordinator) -> Stand {
    let ca = ca.display().to_string();
    let start = async |name, version| {
        let options = ContainerdOptions::default();
        Node::start_with(name, &coordinator, version, options, &["--ca-file", &ca]).await
    };
    let (first, second) = tokio::join!(start("node-1", V1_7), start("node-2", V2_1));
    let nodes = vec![first.expect("a node"), second.expect("a node")];
    let stand = Stand { nodes, coordinator };
    stand.ready().await;
    stand
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_api_works_as_it_stands() {
    let registry = Registry::shared().await;
    let proxy = FaultProxy::start(registry.address()).await.unwrap();
    proxy.set(Faults {
        blob_bytes_per_second: Some(4 << 20),
        ..Faults::default()
    });
    let coordinator = Coordinator::start(&["--tls", "always"]).await.expect("the coordinator");
    let ca = coordinator.ca_file().expect("its certificates");
    let stand = stand(&ca, coordinator).await;

    let blocks = blocks("docs/api.md");
    let mut script = String::from("set -euo pipefail\n");
    for (number, block) in blocks.iter().enumerate() {
        script += &format!("echo \"==> block {number}\" >&2\n{block}");
    }
    let path = std::env::var("PATH").expect("a PATH");
    let mut bash = tokio::process::Command::new("bash");
    bash.args(["-c", &script])
        .env("PATH", format!("{}:{path}", cache::grpcurl().unwrap().display()))
        .env("IPS", stand.coordinator.url())
        .env("GRPC", stand.coordinator.grpc_url().trim_start_matches("https://"))
        .env("PASSWORD", login::PASSWORD)
        .env("CA", &ca)
        .env("IMAGE", registry.reference("small:v1"))
        .env("LARGE", proxy.reference("library:v1"))
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, bash.output())
        .await
        .expect("an end in time")
        .expect("bash");
    let said = [&output.stderr, &output.stdout].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "{}", said.join("\n"));
    println!("{}", said.join("\n"));

    let audit = stand.coordinator.api().get("/api/v1/audit?result=ok&limit=1000").await;
    let records = audit.expect("the audit")["records"]
        .as_array()
        .cloned()
        .expect("records");
    let done: Vec<String> = records
        .iter()
        .map(|record| format!("{} {}", record["door"], record["operation"]).replace('"', ""))
        .collect();
    let lacking: Vec<_> = DONE
        .iter()
        .filter(|wanted| !done.iter().any(|one| one == *wanted))
        .collect();
    assert!(lacking.is_empty(), "no example does {lacking:?}; they did {done:?}");
}

#[test]
fn both_languages_have_the_same_examples() {
    let english = blocks("docs/api.md");
    assert!(english.len() >= 10, "{} blocks", english.len());
    assert_eq!(english, blocks("docs/api.zh-CN.md"));
}
