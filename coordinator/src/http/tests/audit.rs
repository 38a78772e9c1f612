//! The audit over REST: every change, log-in and refusal has its record, reads have none, and nothing that was sent is in it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::caller::Role,
    engine::audit::{AuditSettings, Scribe},
    http::testing::{Edge, PASSWORD},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The edge with a scribe, and the tokens of an admin and a viewer.
async fn start() -> (Edge, String, String) {
    let edge = Edge::with_identity().await;
    let scribe = Scribe::new(edge.state.engine.whole(), AuditSettings::default());
    tokio::spawn(scribe.run(CancellationToken::new()));
    let admin = edge.person("alice", Role::SystemAdmin).await;
    let viewer = edge.person("victor", Role::Viewer).await;
    (edge, admin, viewer)
}

/// Waits until so many records match.
async fn records(edge: &Edge, token: &str, query: &str, count: usize) -> Vec<Value> {
    let path = format!("/api/v1/audit?{query}");
    for _ in 0..250 {
        let json = edge.as_caller(token, "GET", &path, None).await.json();
        let found = json["records"].as_array().unwrap().clone();
        let total = usize::try_from(json["total"].as_u64().unwrap()).unwrap();
        // Records come in between the counting and the reading of a page.
        if total >= count {
            assert_eq!((found.len(), total), (count, count), "{json}");
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no {count} records of {query}");
}

#[tokio::test]
async fn changes_log_ins_and_refusals_are_recorded_and_reads_are_not() {
    let (edge, admin, viewer) = start().await;
    let secret = json!({"name": "harbor", "registry": "harbor.corp", "username": "u", "password": "canary-password"});
    let made = edge
        .as_caller(&admin, "POST", "/api/v1/secrets", Some(secret.clone()))
        .await;
    assert_eq!(made.status, 201);
    assert_eq!(
        edge.as_caller(&admin, "POST", "/api/v1/secrets", Some(secret.clone()))
            .await
            .status,
        409
    );
    assert_eq!(
        edge.as_caller(&viewer, "POST", "/api/v1/secrets", Some(secret))
            .await
            .status,
        403
    );
    assert_eq!(
        edge.as_caller(&viewer, "GET", "/api/v1/secrets", None).await.status,
        200
    );
    assert_eq!(
        edge.as_caller("forged", "GET", "/api/v1/tasks/nightly", None)
            .await
            .status,
        401
    );
    assert_eq!(
        edge.as_caller(&admin, "POST", "/api/v1/tasks/nightly/cancel", None)
            .await
            .status,
        404
    );
    assert_eq!(edge.login("alice", "canary-guess").await.status, 401);
    assert_eq!(edge.login("alice", PASSWORD).await.status, 200);

    let all = records(&edge, &admin, "", 7).await;
    let short = |it: &Value| {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        format!(
            "{} {} {} {} {}",
            text("subject"),
            text("operation"),
            text("resource"),
            text("result"),
            it["status"]
        )
    };
    let mut said: Vec<String> = all.iter().map(short).collect();
    said.reverse();
    assert_eq!(
        said,
        [
            "alice create_secret secrets/1 ok 201",
            "alice create_secret secrets refused 409",
            "victor create_secret secrets denied 403",
            "unknown get_task tasks/nightly denied 401",
            "alice cancel_task tasks/nightly refused 404",
            "unknown login login denied 401",
            "alice login login ok 200",
        ]
    );
    assert!(all.iter().all(|it| it["door"] == "rest" && it["tenant"] == "default"));
    assert!(!Value::from(all).to_string().contains("canary"));
    assert_eq!(
        made.header("x-request-id"),
        records(&edge, &admin, "resource=secrets/1", 1).await[0]["requestId"]
    );
}

#[tokio::test]
async fn records_are_filtered_and_exported_whole() {
    let (edge, admin, viewer) = start().await;
    for number in 0..3 {
        let body = json!({"image": format!("a:{number}")});
        assert_eq!(
            edge.as_caller(&admin, "POST", "/api/v1/library", Some(body))
                .await
                .status,
            201
        );
    }
    assert_eq!(
        edge.as_caller(&admin, "DELETE", "/api/v1/library/2", None).await.status,
        200
    );
    assert_eq!(
        edge.as_caller(&viewer, "DELETE", "/api/v1/library/1", None)
            .await
            .status,
        403
    );
    records(&edge, &admin, "", 5).await;
    records(&edge, &admin, "subject=victor", 1).await;
    records(&edge, &admin, "operation=add_to_library", 3).await;
    records(&edge, &admin, "resource=library/2", 2).await;
    records(&edge, &admin, "resource=library", 5).await;
    records(&edge, &admin, "result=denied,failed", 1).await;
    records(&edge, &admin, "to=2020-01-01T00:00:00Z", 0).await;
    records(&edge, &admin, "from=2020-01-01T00:00:00%2B02:00", 5).await;
    for bad in ["result=lost", "from=yesterday", "limit=ten"] {
        let answer = edge
            .as_caller(&admin, "GET", &format!("/api/v1/audit?{bad}"), None)
            .await;
        assert_eq!(answer.status, 400, "{bad}");
    }
    let lines = edge
        .as_caller(&admin, "GET", "/api/v1/audit/export?operation=add_to_library", None)
        .await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let ids: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    assert!(ids.len() == 3 && ids.is_sorted_by_key(Value::to_string), "oldest first");
    let csv = edge
        .as_caller(&admin, "GET", "/api/v1/audit/export?format=csv", None)
        .await
        .text();
    assert_eq!(csv.lines().count(), 6);
    assert!(csv.starts_with("id,time,tenant,subject,"), "{csv}");
    assert_eq!(
        edge.as_caller(&admin, "GET", "/api/v1/audit/export?format=xml", None)
            .await
            .status,
        400
    );
    assert_eq!(edge.as_caller(&viewer, "GET", "/api/v1/audit", None).await.status, 403);
}
