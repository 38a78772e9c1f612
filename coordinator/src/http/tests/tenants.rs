//! Tenants over REST: made, shown with what they use, changed, removed; and their rules and quotas, which hold.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::{
        caller::Role,
        outcome::{Success, SuccessReason},
    },
    http::testing::{Answer, Edge},
};
use serde_json::{Value, json};

fn pulled() -> Success {
    Success {
        reason: SuccessReason::Pulled,
        note: String::new(),
        digest_verified: false,
    }
}

async fn set(edge: &Edge, change: Value) {
    let changed = edge.send_json("PUT", "/api/v1/tenants/default", &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
}

async fn task(edge: &Edge, id: &str, image: &str) -> Answer {
    edge.create(&json!({"id": id, "images": [image]})).await
}

#[tokio::test]
async fn a_tenant_lives_and_goes_when_it_owns_nothing() {
    let edge = Edge::with_identity().await;
    let chief = edge.person("chief", Role::SystemAdmin).await;
    let ask = async |method: &str, path: &str, body: Option<Value>| edge.as_caller(&chief, method, path, body).await;
    let all = ask("GET", "/api/v1/tenants", None).await.json();
    assert_eq!(all["tenants"].as_array().unwrap().len(), 1, "{all}");
    assert_eq!(
        (&all["tenants"][0]["id"], &all["tenants"][0]["quotas"]),
        (&json!("default"), &json!({}))
    );
    let body = json!({
        "id": "team-a", "name": "Team A", "nodeSelector": "pool in (a),!spot", "repositories": ["registry.example/team-a/*"],
        "quotas": {"openPulls": 5, "tasksPerDay": 10, "bytesPerDay": 1_000_000_000_000_i64},
    });
    let made = ask("POST", "/api/v1/tenants", Some(body.clone())).await;
    assert_eq!(
        (made.status.as_u16(), made.header("location")),
        (201, "/api/v1/tenants/team-a"),
        "{}",
        made.text()
    );
    for (key, value) in body.as_object().unwrap() {
        assert_eq!(&made.json()[key], value);
    }
    assert_eq!(made.json()["usage"]["tasksToday"], 0);
    assert_eq!(ask("POST", "/api/v1/tenants", Some(body)).await.status, 409);
    let change = json!({"quotas": {"openPulls": 7}});
    let changed = ask("PUT", "/api/v1/tenants/team-a", Some(change)).await.json();
    assert_eq!(
        (&changed["quotas"], &changed["name"]),
        (&json!({"openPulls": 7}), &json!("Team A"))
    );
    for (bad, field) in [
        (json!({"id": "Team"}), "id"),
        (json!({}), "id"),
        (json!({"id": "x", "repositories": ["*"]}), "repositories[0]"),
        (json!({"id": "x", "nodeSelector": "a in ("}), "nodeSelector"),
        (json!({"id": "x", "quotas": {"openPulls": -1}}), "quotas.openPulls"),
        (json!({"id": "x", "colour": "red"}), "colour"),
    ] {
        let refused = ask("POST", "/api/v1/tenants", Some(bad)).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["field"]),
            (400, &json!(field)),
            "{}",
            refused.text()
        );
    }
    // It goes when it owns nothing, and its id never comes again.
    let _boss = edge.person_of("team-a", "boss", Role::Admin).await;
    let refused = ask("DELETE", "/api/v1/tenants/team-a", None).await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["details"], "the tenant still has 1 user");
    let users = ask("GET", "/api/v1/users?tenant=team-a", None).await.json();
    let path = format!("/api/v1/users/{}", users[0]["id"]);
    assert_eq!(ask("DELETE", &path, None).await.status, 200);
    assert_eq!(ask("DELETE", "/api/v1/tenants/team-a", None).await.status, 204);
    for (method, path, body, status) in [
        ("GET", "/api/v1/tenants/team-a", None, 404),
        ("PUT", "/api/v1/tenants/team-a", Some(json!({})), 404),
        ("DELETE", "/api/v1/tenants/team-a", None, 404),
        ("GET", "/api/v1/tenants/NOT-ONE", None, 404),
        ("POST", "/api/v1/tenants", Some(json!({"id": "team-a"})), 409),
        ("DELETE", "/api/v1/tenants/default", None, 409),
    ] {
        let answer = ask(method, path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text());
    }
}

#[tokio::test]
async fn rules_hold_for_tasks_schedules_credentials_and_the_library() {
    let edge = Edge::start().await;
    let _a = edge.connect("node-a", "a").await;
    let _b = edge.connect("node-b", "b").await;
    let schedule = json!({"name": "n", "cronExpr": "@daily", "taskConfig": {"images": ["other.example/app:1"]}});
    let before = edge
        .send_json("POST", "/api/v1/scheduled-tasks", &schedule)
        .await
        .json();
    set(
        &edge,
        json!({"nodeSelector": "pool=a", "repositories": ["registry.example/team/*"]}),
    )
    .await;
    let made = task(&edge, "t", "registry.example/team/app:1").await;
    assert_eq!(
        (made.status.as_u16(), &made.json()["progress"]["totalNodes"]),
        (201, &json!(1)),
        "{}",
        made.text()
    );
    let words =
        "\"other.example/app:1\" matches none of the repositories that the tenant may use: registry.example/team/*";
    for (method, path, body, field) in [
        (
            "POST",
            "/api/v1/tasks",
            json!({"images": ["registry.example/team/app:1", "other.example/app:1"]}),
            "images[1]",
        ),
        (
            "POST",
            "/api/v1/tasks/preview",
            json!({"images": ["other.example/app:1"]}),
            "images[0]",
        ),
        (
            "POST",
            "/api/v1/tasks/t/clone",
            json!({"images": ["other.example/app:1"]}),
            "images[0]",
        ),
        (
            "POST",
            "/api/v1/scheduled-tasks",
            schedule.clone(),
            "taskConfig.images[0]",
        ),
        (
            "POST",
            "/api/v1/library",
            json!({"image": "other.example/app:1"}),
            "image",
        ),
    ] {
        let refused = edge.send_json(method, path, &body).await;
        let json = refused.json();
        assert_eq!(
            (refused.status.as_u16(), &json["field"]),
            (400, &json!(field)),
            "{}",
            refused.text()
        );
        assert!(json["details"].as_str().unwrap().contains(words), "{json}");
    }
    let secret = json!({"name": "s", "registry": "other.example", "username": "u", "password": "p"});
    let refused = edge.send_json("POST", "/api/v1/secrets", &secret).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["field"]),
        (400, &json!("registry"))
    );
    let outside = json!({"images": ["registry.example/team/app:1"], "nodeSelector": {"pool": "b"}});
    let refused = edge.create(&outside).await;
    assert!(refused.text().contains("matches none of 1 nodes"), "{}", refused.text());
    // What was saved before the rules is held to them when it is due.
    let path = format!("/api/v1/scheduled-tasks/{}/trigger", before["id"].as_str().unwrap());
    let refused = edge.send_json("POST", &path, &json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("other.example/app:1"), "{}", refused.text());
}

#[tokio::test]
async fn tasks_by_the_day_are_refused_above_the_quota_and_counted_once() {
    let edge = Edge::start().await;
    // Its pulls wait, so that a task can go as soon as it was cancelled.
    edge.connect("node-a", "a").await.leaves().await;
    set(&edge, json!({"quotas": {"tasksPerDay": 2}})).await;
    assert_eq!(task(&edge, "one", "a:1").await.status, 201);
    assert_eq!(task(&edge, "one", "a:1").await.status, 409, "which counts nothing");
    assert_eq!(task(&edge, "two", "a:1").await.status, 201);
    let refused = task(&edge, "three", "a:1").await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["code"]),
        (429, &json!("quota_exceeded"))
    );
    assert!(
        refused.text().contains("quota tasksPerDay is used up until"),
        "{}",
        refused.text()
    );
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    // Removing tasks gives nothing back.
    edge.send_json("POST", "/api/v1/tasks/one/cancel", &json!({})).await;
    assert_eq!(edge.delete("/api/v1/tasks/one?mode=delete").await.status, 200);
    assert_eq!(task(&edge, "three", "a:1").await.status, 429);
    let usage = edge.get("/api/v1/tenant").await.json()["usage"].clone();
    assert_eq!(usage["tasksToday"], 2, "{usage}");
    set(&edge, json!({"quotas": {"tasksPerDay": 3}})).await;
    assert_eq!(task(&edge, "three", "a:1").await.status, 201);
    // Many at once do not pass it together.
    set(&edge, json!({"quotas": {"tasksPerDay": 5}})).await;
    let ids: Vec<String> = (0..6).map(|n| format!("many-{n}")).collect();
    let many = ids.iter().map(|id| task(&edge, id, "a:1"));
    let accepted = futures::future::join_all(many).await;
    assert_eq!(accepted.iter().filter(|it| it.status == 201).count(), 2);
}

#[tokio::test]
async fn open_pulls_are_held_to_the_quota_while_they_run() {
    let edge = Edge::start().await;
    let mut agent = edge.connect("node-a", "a").await;
    set(&edge, json!({"quotas": {"openPulls": 1}})).await;
    edge.create(&json!({"id": "t", "images": ["a:1", "b:1"]})).await;
    let first = agent.started().await;
    assert_eq!(edge.get("/api/v1/tenant").await.json()["usage"]["openPulls"], 1);
    edge.create(&json!({"id": "waits", "images": ["c:1"]})).await;
    edge.until("/api/v1/tasks/waits", |it| {
        it["waitingFor"]
            .as_str()
            .is_some_and(|why| why.contains("quota openPulls of 1 is used up"))
    })
    .await;
    agent.succeed(&first, pulled()).await;
    let second = agent.started().await;
    // A larger quota lets go on at once, 0 holds everything.
    set(&edge, json!({"quotas": {"openPulls": 2}})).await;
    let third = agent.started().await;
    assert_ne!(second.pull, third.pull);
    set(&edge, json!({"quotas": {"openPulls": 0}})).await;
    agent.succeed(&second, pulled()).await;
    agent.succeed(&third, pulled()).await;
    edge.until("/api/v1/tasks/waits", |it| it["status"] == "completed")
        .await;
}

#[tokio::test]
async fn bytes_by_the_day_end_what_may_start_and_what_is_accepted() {
    let edge = Edge::start().await;
    let mut agent = edge.connect("node-a", "a").await;
    // Each pull of the test fetches 100 bytes.
    set(&edge, json!({"quotas": {"openPulls": 1, "bytesPerDay": 150}})).await;
    edge.create(&json!({"id": "t", "images": ["a:1", "b:1", "c:1"]})).await;
    for _ in 0..2 {
        let start = agent.started().await;
        agent.succeed(&start, pulled()).await;
    }
    edge.until("/api/v1/tasks/t", |it| {
        it["waitingFor"]
            .as_str()
            .is_some_and(|why| why.contains("quota bytesPerDay is used up until"))
    })
    .await;
    let tenant = edge.get("/api/v1/tenant").await.json();
    assert_eq!(tenant["usage"]["bytesToday"], 200, "{tenant}");
    let refused = task(&edge, "more", "d:1").await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["code"]),
        (429, &json!("quota_exceeded"))
    );
    set(&edge, json!({"quotas": {"bytesPerDay": 201}})).await;
    let start = agent.started().await;
    agent.succeed(&start, pulled()).await;
    edge.until("/api/v1/tasks/t", |it| it["status"] == "completed").await;
}
