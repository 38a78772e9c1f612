//! Notifications over real processes: whatever kills the coordinator, each task that ended is told of, under one id.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use ips_tests::coordinator::Coordinator;
use ips_tests::simulated::{Rule, Simulator};
use ips_tests::wait::wait_until;
use serde_json::{Value, json};

const TASKS: usize = 40;
const LIMIT: Duration = Duration::from_secs(90);

/// A receiver that refuses every third message.
#[derive(Default)]
struct Receiver {
    count: AtomicUsize,
    /// Ids of deliveries by task.
    taken: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

async fn hook(State(receiver): State<Arc<Receiver>>, Json(body): Json<Value>) -> StatusCode {
    if receiver.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    assert_eq!(body["event"], "task.completed", "{body}");
    let task = body["task"]["taskId"].as_str().unwrap().to_owned();
    let id = body["id"].as_str().unwrap().to_owned();
    receiver.taken.lock().unwrap().entry(task).or_default().insert(id);
    StatusCode::OK
}

async fn receiver() -> (Arc<Receiver>, String) {
    let receiver = Arc::new(Receiver::default());
    let router = Router::new()
        .route("/hook", post(hook))
        .with_state(Arc::clone(&receiver));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (receiver, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kill_loses_a_notification_and_none_gets_two_ids() {
    let (receiver, url) = receiver().await;
    let mut coordinator = Coordinator::start(&["--notify-allow", "127.0.0.0/8"]).await.unwrap();
    let agents = Simulator::start(coordinator.grpc_url(), 2, Duration::ZERO)
        .await
        .unwrap();
    agents
        .behave(vec![Rule::end(
            "",
            Duration::from_millis(1),
            Duration::from_millis(2000),
        )])
        .await
        .unwrap();
    wait_until("both nodes", LIMIT, async || {
        coordinator
            .api()
            .get("/api/v1/stats")
            .await
            .is_ok_and(|stats| stats["nodes"]["ready"] == 2)
    })
    .await;
    for number in 0..TASKS {
        let body = json!({
            "id": format!("t{number}"), "webhookUrl": url,
            "images": [agents.reference(&format!("app{number}"))],
        });
        coordinator.create_task(&body).await.unwrap();
    }
    for pause in [150, 400, 900] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        coordinator.kill();
        coordinator.restart().await.unwrap();
    }
    wait_until("every task to be told of", LIMIT, async || {
        receiver.taken.lock().unwrap().len() == TASKS
    })
    .await;
    let taken = receiver.taken.lock().unwrap().clone();
    assert!(taken.values().all(|ids| ids.len() == 1), "{taken:?}");
    wait_until("the log to say so", LIMIT, async || {
        let log = coordinator
            .api()
            .get("/api/v1/deliveries?status=delivered&limit=1000")
            .await;
        log.is_ok_and(|log| log["total"] == TASKS)
    })
    .await;
    let log = coordinator.api().get("/api/v1/deliveries").await.unwrap();
    assert_eq!(log["total"], TASKS, "one delivery for each");
}
