//! Figures of attempts, calls and sessions, and the page that describes them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use super::*;
use crate::{
    pull::{AttemptId, Digests, Order, Policy},
    runtime::{
        ImageRuntime as _,
        fake::{Fake, node},
    },
    worker::{Deliver, Observer, WorkerSettings},
};
use std::{collections::BTreeMap, fs, path::PathBuf};
use tokio::{sync::mpsc, time::timeout};

fn order(reference: &str) -> Order {
    Order {
        id: AttemptId {
            pull: "p".into(),
            number: 1,
        },
        reference: reference.into(),
        expected: Digests::default(),
        credential: None,
        deadline: None,
        no_progress: None,
        size: 0,
        policy: Policy::IfNotPresent,
        traceparent: String::new(),
    }
}

fn sources(worker: Worker) -> (Sources, watch::Sender<LinkState>) {
    let link = watch::Sender::new(LinkState::Closed("not yet".into()));
    let sources = Sources {
        node: watch::Sender::new(NodeState::unknown()).subscribe(),
        link: link.subscribe(),
        images: watch::Sender::new(Arc::new(Inventory::default())).subscribe(),
        worker,
    };
    (sources, link)
}

#[tokio::test]
async fn an_attempt_is_counted_with_its_phases_and_its_calls() {
    let metrics = Arc::new(Metrics::new().unwrap());
    let (told, mut outcomes) = mpsc::unbounded_channel();
    let deliver: Deliver = Arc::new(move |outcome| told.send(outcome).unwrap_or(()));
    let counted = Arc::clone(&metrics);
    let settings = WorkerSettings {
        slots: 1,
        no_progress: Duration::from_secs(60),
        platform: node(),
        credentials: Arc::default(),
        guard: crate::guard::Guard::default(),
        observer: Observer::new(move |attempt| counted.attempt_ended(attempt)),
    };
    let fake = Fake::new();
    fake.publish("registry.example/app:1", "amd64", &[100, 50]);
    let runtime = Arc::new(Measured::new(Arc::new(fake), Arc::clone(&metrics)));
    runtime.identity().await.unwrap();
    let worker = Worker::new(runtime, settings, deliver);
    worker.start(order("registry.example/app:1"));
    let outcome = timeout(Duration::from_secs(10), outcomes.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(
        !outcome.phases.is_empty() || matches!(outcome.ending, Ending::Failure(_)),
        "{outcome:?}"
    );
    let (sources, _link) = sources(worker);
    let text = String::from_utf8(metrics.render(&sources).unwrap()).unwrap();
    let ended: u64 = text
        .lines()
        .filter(|line| line.starts_with("ips_agent_pulls_total{"))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(ended, 1, "{text}");
    for line in [
        "ips_agent_runtime_seconds_count{operation=\"pull\"} 1",
        "ips_agent_connected 0",
        "ips_agent_runtime_ready 0",
        "ips_agent_running_pulls 0",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("registry.example"), "no image is a label");
}

#[tokio::test]
async fn sessions_and_their_ends_are_counted() {
    let metrics = Arc::new(Metrics::new().unwrap());
    let link = watch::Sender::new(LinkState::Closed("not yet".into()));
    let stop = CancellationToken::new();
    let following = tokio::spawn(Arc::clone(&metrics).follow(link.subscribe(), stop.clone()));
    for round in 1..=3 {
        link.send_replace(LinkState::Open);
        until(|| metrics.sessions.get() == round).await;
        link.send_replace(LinkState::Closed("broke".into()));
        until(|| metrics.session_losses.get() == round).await;
    }
    stop.cancel();
    following.await.unwrap();
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(10), wait)
        .await
        .expect("the condition in time");
}

/// The table of docs/observability.md is made of the figures.
#[tokio::test]
async fn the_page_has_every_figure() {
    let metrics = Metrics::new().unwrap();
    metrics.runtime_calls.with_label_values(&["pull"]);
    metrics.runtime_errors.with_label_values(&["pull", "away"]);
    let mut figures: BTreeMap<String, (String, String, String)> = BTreeMap::new();
    for family in metrics.registry.gather() {
        if !family.name().starts_with("ips_") {
            continue;
        }
        let labels = family.get_metric()[0].get_label().iter();
        let labels: Vec<String> = labels.map(|label| format!("`{}`", label.name())).collect();
        let kind = format!("{:?}", family.get_field_type()).to_lowercase();
        figures.insert(
            family.name().to_owned(),
            (kind, labels.join(", "), family.help().to_owned()),
        );
    }
    let mut table = "| figure | type | labels | meaning |\n|---|---|---|---|\n".to_owned();
    for (name, (kind, labels, help)) in figures {
        table.push_str(&format!("| `{name}` | {kind} | {labels} | {help} |\n"));
    }
    let (begin, end) = ("<!-- figures of the agent -->\n", "<!-- end -->");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/observability.md");
    let page = fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(begin).unwrap();
    let (kept, tail) = rest.split_once(end).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{head}{begin}{table}{end}{tail}")).unwrap();
        return;
    }
    assert!(
        kept == table,
        "docs/observability.md is out of date; run the test again with UPDATE_GOLDEN=1"
    );
}
