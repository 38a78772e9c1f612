//! Traces of a real coordinator and a real agent at a real receiver: one trace from the call to the last phase of the pull, and none where nobody
//! wants one.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::time::{Duration, Instant};

use ips_tests::containerd::ContainerdOptions;
use ips_tests::containerd::ContainerdVersion::V1_7;
use ips_tests::coordinator::Coordinator;
use ips_tests::http;
use ips_tests::otlp::{Collector, SeenSpan};
use ips_tests::registry::Registry;
use ips_tests::simulated::{Rule, Simulator};
use ips_tests::stand::{Node, Stand};
use ips_tests::wait::{wait_for, wait_until};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

async fn create(coordinator: &Coordinator, traceparent: &str, body: &Value) {
    let answer = http::client()
        .post(format!("{}/api/v1/tasks?token=canary-query", coordinator.url()))
        .bearer_auth(coordinator.token())
        .header("traceparent", traceparent)
        .json(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
}

fn one<'a>(spans: &'a [SeenSpan], name: &str) -> &'a SeenSpan {
    let found: Vec<&SeenSpan> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

async fn stand(collector: &Collector) -> Stand {
    let endpoint = collector.endpoint();
    let arguments = ["--otlp-endpoint", endpoint.as_str()];
    let coordinator = Coordinator::start(&arguments).await.unwrap();
    let node = Node::start_with("node-1", &coordinator, V1_7, ContainerdOptions::default(), &arguments);
    let stand = Stand {
        nodes: vec![node.await.unwrap()],
        coordinator,
    };
    stand.ready().await;
    stand
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_call_to_the_phases_of_the_pull() {
    let registry = Registry::shared().await;
    let collector = Collector::start().await.unwrap();
    let stand = stand(&collector).await;
    let task = json!({"id": "traced", "images": [registry.reference("library:v1")]});
    create(&stand.coordinator, &format!("00-{TRACE}-{CALLER}-01"), &task).await;
    stand.completed("traced").await;
    let spans = wait_for("the whole trace", LIMIT, async || {
        let spans = collector.trace(TRACE);
        let has = |name: &str| spans.iter().any(|span| span.name == name);
        let all = ["POST /api/v1/tasks", "task", "pull", "queue", "agent pull", "verify"];
        all.iter().all(|name| has(name)).then_some(spans)
    })
    .await;

    let api = one(&spans, "POST /api/v1/tasks");
    assert_eq!(api.parent, CALLER, "the caller's span");
    let task = one(&spans, "task");
    assert_eq!(task.parent, api.id);
    let pull = one(&spans, "pull");
    assert_eq!(pull.parent, task.id);
    assert_eq!(one(&spans, "queue").parent, pull.id);
    let agent = one(&spans, "agent pull");
    assert_eq!(agent.parent, pull.id);
    for span in [api, task, pull] {
        assert_eq!(span.service, "ips-coordinator");
    }
    assert_eq!(agent.service, "ips-agent");
    assert_eq!(agent.attributes["ips.result"], "pulled");
    assert_eq!(pull.attributes["ips.node"], "node-1");
    assert_eq!(task.attributes["ips.task.state"], "completed");
    assert!(agent.attributes["ips.bytes.fetched"].parse::<u64>().unwrap() > 0);

    let phases: Vec<&SeenSpan> = spans.iter().filter(|span| span.parent == agent.id).collect();
    let has = |name: &str| phases.iter().any(|span| span.name == name);
    // A quick registry is done between two looks of the agent.
    assert!(
        has("resolve") && has("verify") && (has("fetch") || has("unpack")),
        "{phases:#?}"
    );
    let inside = |span: &SeenSpan| span.times.0 >= agent.times.0 && span.times.1 <= agent.times.1;
    assert!(phases.iter().all(|span| inside(span)), "{phases:#?}");
    // Neither the query nor the token.
    let text = collector.text();
    assert!(!text.contains("canary-query") && !text.contains(stand.coordinator.token()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_was_killed_goes_on_with_the_same_trace() {
    let collector = Collector::start().await.unwrap();
    let mut coordinator = Coordinator::start(&["--otlp-endpoint", &collector.endpoint()])
        .await
        .unwrap();
    let agents = Simulator::start(coordinator.grpc_url(), 1, Duration::ZERO)
        .await
        .unwrap();
    agents.behave(vec![Rule::hold("")]).await.unwrap();
    ready(&coordinator, 1).await;
    let task = json!({"id": "killed", "images": [agents.reference("app")]});
    create(&coordinator, &format!("00-{TRACE}-{CALLER}-01"), &task).await;
    wait_until("the pull to run", LIMIT, async || {
        coordinator
            .task("killed")
            .await
            .is_ok_and(|task| task["progress"]["runningPulls"] == 1)
    })
    .await;
    coordinator.kill();
    coordinator.restart().await.unwrap();
    ready(&coordinator, 1).await;
    agents
        .behave(vec![Rule::end("", Duration::ZERO, Duration::ZERO)])
        .await
        .unwrap();
    let spans = wait_for("the rest of the trace", LIMIT, async || {
        let spans = collector.trace(TRACE);
        let has = |name: &str| spans.iter().any(|span| span.name == name);
        (has("pull") && has("task")).then_some(spans)
    })
    .await;
    assert_eq!(one(&spans, "pull").parent, one(&spans, "task").id);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_wants_to_see_is_not_sent() {
    let collector = Collector::start().await.unwrap();
    let endpoint = collector.endpoint();
    let coordinator = Coordinator::start(&["--otlp-endpoint", &endpoint, "--trace-sample", "0"])
        .await
        .unwrap();
    let agents = Simulator::start(coordinator.grpc_url(), 1, Duration::ZERO)
        .await
        .unwrap();
    agents
        .behave(vec![Rule::end("", Duration::ZERO, Duration::ZERO)])
        .await
        .unwrap();
    ready(&coordinator, 1).await;
    let images = json!([agents.reference("app")]);
    // The caller says no; nobody says anything; the caller says nonsense; the caller says yes.
    create(
        &coordinator,
        &format!("00-{TRACE}-{CALLER}-00"),
        &json!({"id": "no", "images": images}),
    )
    .await;
    coordinator
        .create_task(&json!({"id": "silent", "images": images}))
        .await
        .unwrap();
    create(&coordinator, "00-xyz", &json!({"id": "nonsense", "images": images})).await;
    create(
        &coordinator,
        &format!("00-{TRACE}-{CALLER}-01"),
        &json!({"id": "yes", "images": images}),
    )
    .await;
    wait_until("the one trace", LIMIT, async || {
        collector.spans().iter().any(|span| span.name == "task")
    })
    .await;
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
    assert_eq!(one(&spans, "task").attributes["ips.task.id"], "yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_up_nobody() {
    // Nobody listens at port 1.
    let mut coordinator = Coordinator::start(&["--otlp-endpoint", "http://127.0.0.1:1"])
        .await
        .unwrap();
    let agents = Simulator::start(coordinator.grpc_url(), 200, Duration::ZERO)
        .await
        .unwrap();
    agents
        .behave(vec![Rule::end("", Duration::ZERO, Duration::ZERO)])
        .await
        .unwrap();
    ready(&coordinator, 200).await;
    let images: Vec<String> = (0..40).map(|n| agents.reference(&format!("app-{n}"))).collect();
    let before = coordinator.process().resident_bytes().unwrap();
    let id = coordinator.create_task(&json!({"images": images})).await.unwrap();
    wait_until("8,000 pulls to end", Duration::from_secs(120), async || {
        coordinator
            .task(&id)
            .await
            .is_ok_and(|task| task["status"] == "completed")
    })
    .await;
    let grown = coordinator.process().resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 100 << 20, "{grown} bytes more");
    let began = Instant::now();
    assert!(coordinator.terminate().await.success());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

async fn ready(coordinator: &Coordinator, nodes: usize) {
    wait_until("the nodes", LIMIT, async || {
        let stats = coordinator.api().get("/api/v1/stats").await.unwrap_or_default();
        stats["nodes"]["ready"] == nodes
    })
    .await;
}
