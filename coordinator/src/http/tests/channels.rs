//! Channels over REST: made, shown without their secrets, changed, tried, removed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::testing::Edge;
use serde_json::{Value, json};

fn slack() -> Value {
    json!({
        "name": "ops", "kind": "slack", "url": "https://hooks.slack.example/services/canary-path",
        "events": ["task.failed"], "language": "zh",
    })
}

#[tokio::test]
async fn a_channel_lives_and_never_shows_its_secrets() {
    let edge = Edge::start().await;
    let made = edge.send_json("POST", "/api/v1/channels", &slack()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("location"), "/api/v1/channels/1");
    let shown = json!({
        "id": 1, "name": "ops", "kind": "slack", "enabled": true, "language": "zh", "events": ["task.failed"],
        "host": "https://hooks.slack.example", "hasSecret": false, "readable": true,
        "createdAt": made.json()["createdAt"], "updatedAt": made.json()["updatedAt"],
    });
    assert_eq!(made.json(), shown);
    let again = edge.send_json("POST", "/api/v1/channels", &slack()).await;
    assert_eq!((again.status.as_u16(), &again.json()["field"]), (409, &json!("name")));
    let mail = json!({
        "name": "mail", "kind": "email",
        "email": {"host": "smtp.example.com", "username": "u", "password": "canary-password", "from": "a@b.example", "to": ["c@d.example"]},
    });
    let made = edge.send_json("POST", "/api/v1/channels", &mail).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["email"]["port"], 587);
    let changed = json!({"enabled": false, "events": []});
    let changed = edge.send_json("PUT", "/api/v1/channels/1", &changed).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["enabled"]),
        (200, &json!(false))
    );
    let list = edge.get("/api/v1/channels").await;
    assert_eq!(
        (&list.json()["total"], &list.json()["channels"][0]["name"]),
        (&json!(2), &json!("mail"))
    );
    for answer in [&made, &changed, &list] {
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    assert_eq!(edge.delete("/api/v1/channels/1").await.status, 204);
    assert_eq!(edge.get("/api/v1/channels/1").await.status, 404);
    assert_eq!(edge.delete("/api/v1/channels/1").await.status, 204);
}

#[tokio::test]
async fn bad_channels_are_refused_by_field_without_their_values() {
    let edge = Edge::start().await;
    for (change, field) in [
        (json!({"kind": "pager"}), "kind"),
        (json!({"name": ""}), "name"),
        (json!({"url": "http://127.0.0.1/canary"}), "url"),
        (json!({"url": 424_242}), "url"),
        (json!({"secret": "canary"}), "secret"),
        (json!({"events": ["task.failed", "task.paused"]}), "events[1]"),
        (json!({"language": "de"}), "language"),
        (json!({"colour": "red"}), "colour"),
        (json!({"email": {"host": "h"}}), "email"),
    ] {
        let mut body = slack();
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = edge.send_json("POST", "/api/v1/channels", &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (400, &json!(field)),
            "{}",
            answer.text()
        );
        assert!(
            !answer.text().contains("canary") && !answer.text().contains("424242"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(edge.get("/api/v1/channels").await.json()["total"], 0);
}

#[tokio::test]
async fn a_trial_is_in_the_log_and_can_be_replayed() {
    let edge = Edge::start().await;
    let mut body = slack();
    // A name that nobody has.
    body["url"] = json!("https://receiver.invalid/canary-path");
    assert_eq!(edge.send_json("POST", "/api/v1/channels", &body).await.status, 201);
    let tried = edge.send_json("POST", "/api/v1/channels/1/test", &json!({})).await;
    let json = tried.json();
    assert_eq!(
        (&json["status"], &json["event"], &json["about"]),
        (&json!("failed"), &json!("test"), &json!("ops"))
    );
    assert!(!tried.text().contains("canary"), "{}", tried.text());
    let log = edge.get("/api/v1/channels/1/deliveries?status=failed").await.json();
    assert_eq!((&log["total"], &log["deliveries"][0]["id"]), (&json!(1), &json["id"]));
    assert_eq!(edge.get("/api/v1/deliveries?about=other").await.json()["total"], 0);
    assert_eq!(edge.get("/api/v1/deliveries?status=lost").await.status, 400);
    let path = format!("/api/v1/deliveries/{}/replay", json["id"].as_str().unwrap());
    let queued = edge.send_json("POST", &path, &json!({})).await;
    assert_eq!(
        (queued.status.as_u16(), &queued.json()["status"]),
        (200, &json!("queued"))
    );
    assert_eq!(edge.send_json("POST", &path, &json!({})).await.status, 409);
    assert_eq!(edge.get("/api/v1/channels/9/deliveries").await.status, 404);
    assert_eq!(
        edge.send_json("POST", "/api/v1/deliveries/nope/replay", &json!({}))
            .await
            .status,
        404
    );
}
