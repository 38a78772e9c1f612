//! Credentials through the door: the contract's shapes, each limit, and a password that is nowhere to be found again.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::outcome::{Success, SuccessReason},
    http::testing::{Answer, Edge, request},
};
use axum::body::Body;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

fn secret(name: &str, registry: &str) -> Value {
    json!({"name": name, "registry": registry, "username": "robot", "password": "canary-4711"})
}

async fn put(edge: &Edge, path: &str, body: &Value) -> Answer {
    let put = request("PUT", path).header("content-type", "application/json");
    edge.ask(put.body(Body::from(body.to_string())).unwrap()).await
}

async fn create(edge: &Edge, name: &str, registry: &str) -> i64 {
    let answer = edge.post("/api/v1/secrets", secret(name, registry).to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_credential_is_saved_listed_changed_and_removed_without_its_password() {
    let edge = Edge::start().await;
    let created = edge
        .post("/api/v1/secrets", secret("harbor", "Harbor.corp/team-a/").to_string())
        .await;
    assert_eq!(
        (created.status.as_u16(), created.header("location")),
        (201, "/api/v1/secrets/1")
    );
    let json = created.json();
    assert_eq!(
        (&json["id"], &json["registry"], &json["readable"]),
        (&json!(1), &json!("harbor.corp/team-a"), &json!(true))
    );
    create(&edge, "second", "b.corp").await;
    let page = edge.get("/api/v1/secrets?page=2&pageSize=1").await;
    let json = page.json();
    assert_eq!(
        (&json["total"], &json["page"], &json["pageSize"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert_eq!(json["secrets"][0]["name"], "harbor", "newest first");
    let without = json!({"name": "renamed", "registry": "harbor.corp", "username": "other"});
    let changed = put(&edge, "/api/v1/secrets/1", &without).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["name"]),
        (200, &json!("renamed"))
    );
    let got = edge.get("/api/v1/secrets/1").await;
    assert_eq!((got.status.as_u16(), &got.json()["username"]), (200, &json!("other")));
    for answer in [&created, &page, &changed, &got] {
        assert!(!answer.text().contains("canary") && !answer.text().contains("password"));
    }
    for _twice in 0..2 {
        let gone = edge.delete("/api/v1/secrets/1").await;
        assert_eq!((gone.status.as_u16(), gone.text().as_str()), (204, ""));
    }
    assert_eq!(edge.get("/api/v1/secrets/1").await.json()["error"], "Secret not found");
    assert_eq!(
        create(&edge, "third", "c.corp").await,
        3,
        "a number is never used again"
    );
    assert_eq!(
        Edge::start().await.get("/api/v1/secrets").await.json()["secrets"],
        json!([])
    );
}

#[rstest]
#[case("name", json!(""))]
#[case("name", json!("x".repeat(129)))]
#[case("registry", json!("no host"))]
#[case("username", json!("a:b"))]
#[case("username", json!("x".repeat(257)))]
#[case("password", json!(""))]
#[case("password", json!("x".repeat(16 * 1024 + 1)))]
#[case("password", json!(47_114_711))]
#[case("password", json!(["canary-4711"]))]
#[tokio::test]
async fn a_field_that_breaks_a_rule_is_named_and_a_password_not_repeated(#[case] field: &str, #[case] value: Value) {
    let edge = Edge::start().await;
    let mut body = secret("a", "a.corp");
    body[field] = value;
    let answer = edge.post("/api/v1/secrets", body.to_string()).await;
    let json = answer.json();
    assert_eq!(
        (answer.status.as_u16(), json["field"].as_str()),
        (400, Some(field)),
        "{json}"
    );
    let text = answer.text();
    assert!(!text.contains("canary") && !text.contains("4711"), "{text}");
    assert_eq!(edge.get("/api/v1/secrets").await.json()["total"], 0);
}

#[tokio::test]
async fn names_are_unique_and_ids_are_numbers() {
    let edge = Edge::start().await;
    let id = create(&edge, "a", "a.corp").await;
    create(&edge, "b", "b.corp").await;
    let again = edge.post("/api/v1/secrets", secret("a", "c.corp").to_string()).await;
    assert_eq!((again.status.as_u16(), &again.json()["field"]), (409, &json!("name")));
    let renamed = put(&edge, &format!("/api/v1/secrets/{id}"), &secret("b", "a.corp")).await;
    assert_eq!(renamed.status, 409);
    for (path, status) in [("x", 400), ("1.5", 400), ("0", 404), ("-1", 404), ("99", 404)] {
        let answer = edge.get(&format!("/api/v1/secrets/{path}")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
    }
    assert_eq!(edge.get("/api/v1/secrets/x").await.json()["error"], "Invalid secret ID");
    assert_eq!(edge.delete("/api/v1/secrets/x").await.status, 400);
    assert_eq!(
        put(&edge, "/api/v1/secrets/99", &secret("z", "z.corp")).await.status,
        404
    );
}

#[tokio::test]
async fn a_password_does_not_follow_its_credential_to_another_host() {
    let edge = Edge::start().await;
    let id = create(&edge, "a", "a.corp").await;
    let path = format!("/api/v1/secrets/{id}");
    let moved = json!({"name": "a", "registry": "evil.corp", "username": "robot"});
    let answer = put(&edge, &path, &moved).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["field"]),
        (400, &json!("password"))
    );
    assert_eq!(edge.get(&path).await.json()["registry"], "a.corp");
    assert_eq!(put(&edge, &path, &secret("a", "evil.corp")).await.status, 200);
}

#[tokio::test]
async fn a_task_gets_the_login_for_its_image_and_no_other_one() {
    let edge = Edge::start().await;
    let mut agent = edge.connect("node-1", "cpu").await;
    let a = create(&edge, "a", "a.corp").await;
    let team = create(&edge, "team", "a.corp/team").await;
    let other = create(&edge, "other", "other.corp").await;
    let body = json!({"images": ["a.corp/team/app:1"], "secretIds": [a, team, other]});
    let created = edge.create(&body).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let json = created.json();
    assert_eq!(
        (&json["secretId"], &json["secretIds"], &json["secretName"]),
        (&json!(a), &json!([a, team, other]), &json!("a"))
    );
    let start = agent.started().await;
    let login = start.login.clone().unwrap();
    assert_eq!(
        (login.server.as_str(), login.password.expose_secret()),
        ("https://a.corp", "canary-4711")
    );
    assert!(!format!("{start:?}").contains("canary"));
    let success = Success {
        reason: SuccessReason::Pulled,
        note: String::new(),
        digest_verified: false,
    };
    agent.succeed(&start, success.clone()).await;
    edge.create(&json!({"images": ["nobody.corp/app:1"], "secretId": a}))
        .await;
    let anonymous = agent.started().await;
    assert_eq!(anonymous.login, None, "not for this registry");
}

#[tokio::test]
async fn a_login_that_a_task_brings_along_is_its_own_and_goes_with_it() {
    let edge = Edge::start().await;
    let mut agent = edge.connect("node-1", "cpu").await;
    let body = json!({"images": ["a.corp/app:1"], "registry": "a.corp", "username": "me", "password": "canary-4711", "id": "own"});
    let created = edge.create(&body).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let json = created.json();
    assert_eq!((&json["registry"], &json["username"]), (&json!("a.corp"), &json!("me")));
    assert!(json.get("secretId").is_none() && !created.text().contains("canary"));
    assert_eq!(edge.get("/api/v1/secrets").await.json()["total"], 0, "it is in no list");
    assert_eq!(edge.get("/api/v1/secrets/1").await.status, 404);
    assert_eq!(edge.delete("/api/v1/secrets/1").await.status, 204);
    let named = edge.create(&json!({"images": ["a.corp/app:1"], "secretId": 1})).await;
    assert_eq!(named.json()["field"], "secretId", "another task cannot name it");
    let start = agent.started().await;
    assert_eq!(start.login.as_ref().unwrap().username, "me");
    let clone = edge.post("/api/v1/tasks/own/clone", r#"{"id": "copy"}"#).await;
    assert_eq!(clone.status, 201, "{}", clone.text());
    let success = Success {
        reason: SuccessReason::Pulled,
        note: String::new(),
        digest_verified: false,
    };
    agent.succeed(&start, success.clone()).await;
    let copied = agent.started().await;
    assert_eq!(copied.login, start.login, "a copy has a login of its own");
    agent.succeed(&copied, success).await;
    edge.until("/api/v1/tasks/copy", |task| task["status"] == "completed")
        .await;
    assert_eq!(edge.delete("/api/v1/tasks/copy").await.status, 200);
    edge.until("/api/v1/tasks/own", |task| task["status"] == "completed")
        .await;
    assert_eq!(edge.delete("/api/v1/tasks/own").await.status, 200);
    assert!(edge.state.engine.whole().has_no_logins());
}

#[rstest]
#[case(json!({"secretId": 1, "registry": "a.corp"}), "Authentication method conflict", "Cannot use both secretId and manual credentials")]
#[case(json!({"registry": "a.corp"}), "Private registry credentials incomplete", "When registry is provided, both username and password are required")]
#[case(json!({"registry": "a.corp", "username": "u"}), "Private registry credentials incomplete", "When registry is provided, both username and password are required")]
#[case(json!({"password": "p"}), "Private registry credentials incomplete", "When username or password is provided, registry is required")]
#[tokio::test]
async fn the_originals_words_are_kept(#[case] fields: Value, #[case] error: &str, #[case] details: &str) {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    let mut body = fields;
    body["images"] = json!(["a.corp/app:1"]);
    let answer = edge.create(&body).await;
    let json = answer.json();
    assert_eq!(
        (answer.status.as_u16(), json["error"].as_str(), json["details"].as_str()),
        (400, Some(error), Some(details))
    );
}

#[tokio::test]
async fn credentials_that_are_not_there_or_rivals_are_refused_before_anything_is_saved() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    let (one, two) = (
        create(&edge, "one", "a.corp/x").await,
        create(&edge, "two", "a.corp/x/").await,
    );
    for (fields, words) in [
        (json!({"secretId": 99}), vec!["credential 99 does not exist"]),
        (json!({"secretIds": [one, 99]}), vec!["credential 99 does not exist"]),
        (json!({"secretIds": [one, two]}), vec!["\"one\"", "\"two\"", "a.corp/x"]),
        (json!({"secretId": -1}), vec!["greater than 0"]),
        (json!({"secretIds": [one, one]}), vec!["stands twice"]),
    ] {
        let mut body = fields;
        body["images"] = json!(["a.corp/app:1"]);
        let answer = edge.create(&body).await;
        assert_eq!(answer.status, 400, "{body}");
        let details = answer.json()["details"].to_string().replace('\\', "");
        words
            .iter()
            .for_each(|word| assert!(details.contains(word), "{details}"));
    }
    assert_eq!(edge.get("/api/v1/tasks").await.json()["total"], 0);
    for nothing in [
        json!({"secretId": 0}),
        json!({"secretId": null, "registry": "", "password": ""}),
    ] {
        let mut body = nothing;
        body["images"] = json!(["a.corp/app:1"]);
        assert_eq!(edge.create(&body).await.status, 201, "{body}");
    }
}

#[tokio::test]
async fn a_credential_that_an_open_task_names_stays() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    let id = create(&edge, "a", "a.corp").await;
    edge.create(&json!({"images": ["a.corp/app:1"], "secretId": id, "id": "nightly"}))
        .await;
    let path = format!("/api/v1/secrets/{id}");
    let refused = edge.delete(&path).await;
    assert_eq!(refused.status, 409);
    assert!(refused.json()["details"].as_str().unwrap().contains("task nightly"));
    edge.post("/api/v1/tasks/nightly/cancel", "").await;
    assert_eq!(edge.delete(&path).await.status, 204, "the task has ended");
    let shown = edge.get("/api/v1/tasks/nightly").await.json();
    assert_eq!(shown["secretName"], "a", "and still says what it used");
}

#[tokio::test]
async fn trying_one_says_what_happened() {
    let edge = Edge::start().await;
    let id = create(&edge, "a", "a.corp").await;
    let answer = edge.post(&format!("/api/v1/secrets/{id}/test"), "").await;
    let json = answer.json();
    assert_eq!((answer.status.as_u16(), &json["result"]), (200, &json!("refused")));
    assert!(json["message"].as_str().unwrap().contains("a.corp"));
    assert_eq!(edge.post("/api/v1/secrets/99/test", "").await.status, 404);
}
