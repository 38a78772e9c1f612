//! Who may call what: the table against the routes, the handlers and every role, and what those are told who may not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::{
        caller::Role,
        permission::{Access, OPERATIONS, Operation},
    },
    http::{
        api, openapi,
        testing::{Answer, Edge, request},
    },
};
use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// Name, method and path of every operation of the document.
fn described() -> BTreeSet<(String, String)> {
    let json: Value = serde_json::from_str(&openapi::text(&api().1)).unwrap();
    let mut operations = BTreeSet::new();
    for (path, methods) in json["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            operations.insert((id.to_owned(), format!("{} {path}", method.to_uppercase())));
        }
    }
    operations
}

#[test]
fn the_table_names_every_route_and_no_other() {
    let rest = OPERATIONS.iter().filter(|it| !it.rest.is_empty());
    let table: BTreeSet<_> = rest.map(|it| (it.id.to_owned(), it.rest.to_owned())).collect();
    assert_eq!(table, described());
}

/// The text of a handler's parameters, by its name.
fn handlers() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("#[utoipa::path(").skip(1) {
            let signature = part.split("async fn ").nth(1).unwrap().split(" {\n").next().unwrap();
            let (name, parameters) = signature.split_once('(').unwrap();
            found.push((name.to_owned(), parameters.to_owned()));
        }
    }
    found
}

#[test]
fn every_handler_takes_its_caller_unless_it_is_public() {
    let handlers = handlers();
    assert!(handlers.len() >= OPERATIONS.iter().filter(|it| !it.rest.is_empty()).count());
    for (name, parameters) in handlers {
        let operation = OPERATIONS.iter().find(|it| it.id == name).unwrap();
        let is_open = operation.access == Access::Public || operation.id == "metrics";
        let takes = parameters.contains("caller: Caller");
        assert_eq!(takes, !is_open, "{name}({parameters}");
    }
}

impl Edge {
    /// Asks as whoever has this token.
    pub(in crate::http) async fn as_caller(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let request = request(method, path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_string().into()),
            None => request.body(Body::empty()),
        };
        self.ask(request.unwrap()).await
    }

    /// Logs in and gives back the whole answer.
    pub(in crate::http) async fn login(&self, name: &str, password: &str) -> Answer {
        self.send_json(
            "POST",
            "/api/v1/login",
            &json!({"username": name, "password": password}),
        )
        .await
    }
}

fn concrete(operation: &Operation) -> (&str, String) {
    let (method, path) = operation.rest.split_once(' ').unwrap();
    let path = path
        .replace("{id}", "999")
        .replace("{name}", "nope")
        .replace("{executionId}", "999");
    (method, path)
}

fn body_of(method: &str) -> Option<Value> {
    matches!(method, "POST" | "PUT" | "PATCH").then(|| json!({}))
}

#[tokio::test]
async fn without_a_token_nothing_answers_but_what_is_public() {
    let edge = Edge::with_identity().await;
    for operation in OPERATIONS.iter().filter(|it| !it.rest.is_empty()) {
        let (method, path) = concrete(operation);
        let body = body_of(method).unwrap_or_default();
        let answer = edge.send_json(method, &path, &body).await;
        let is_refused = answer.status == 401 && answer.json()["error"] == "Authorization header required";
        assert_eq!(
            is_refused,
            operation.access != Access::Public,
            "{}: {}",
            operation.id,
            answer.text()
        );
        if is_refused {
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert_eq!(answer.json()["code"], "unauthenticated");
        }
    }
    // What is the same in every installation is a file; what does not exist says so.
    assert_eq!(edge.get("/api/v1/openapi.json").await.status, 200);
    assert_eq!(edge.get("/api/v1/docs/").await.status, 200);
    assert_eq!(edge.get("/api/v1/nothing").await.status, 404);
    assert_eq!(edge.delete("/health").await.status, 404);
}

#[tokio::test]
async fn every_role_may_call_what_the_table_says_and_nothing_else() {
    let edge = Edge::with_identity().await;
    for role in Role::ALL {
        let token = edge.person(&format!("the-{role}"), role).await;
        for operation in OPERATIONS.iter().filter(|it| !it.rest.is_empty()) {
            let Access::Needs(permission) = operation.access else {
                continue;
            };
            if operation.id == "logout" {
                continue;
            }
            let (method, path) = concrete(operation);
            if operation.id == "events" {
                // A stream that has begun does not end; a wrong topic does.
                let answer = edge
                    .as_caller(&token, method, &format!("{path}?topics=nope"), None)
                    .await;
                assert_eq!(
                    answer.status == 403,
                    role < permission.least_role(),
                    "{role} {}",
                    operation.id
                );
                continue;
            }
            let answer = edge.as_caller(&token, method, &path, body_of(method)).await;
            let denied = answer.status == 403 && answer.json()["error"] == "Permission denied: insufficient role";
            assert_ne!(answer.status, 401, "{role} {}: {}", operation.id, answer.text());
            assert_eq!(
                denied,
                role < permission.least_role(),
                "{role} {}: {}",
                operation.id,
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn clients_of_the_original_find_the_words_that_they_know() {
    let edge = Edge::with_identity().await;
    let ask = async |value: &str| {
        let request = request("GET", "/api/v1/tasks").header(header::AUTHORIZATION, value);
        edge.ask(request.body(Body::empty()).unwrap()).await
    };
    let basic = ask("Basic YTpi").await;
    assert_eq!(
        (basic.status.as_u16(), &basic.json()["error"]),
        (401, &json!("Authorization header must be Bearer token"))
    );
    let wrong = ask("Bearer x.y.z").await;
    assert_eq!(
        (wrong.status.as_u16(), &wrong.json()["error"]),
        (401, &json!("Invalid token: invalid token"))
    );
    let login = edge.login("admin", "wrong").await;
    assert_eq!(
        (login.status.as_u16(), &login.json()["error"]),
        (401, &json!("invalid username or password"))
    );
    for body in [
        json!({}),
        json!({"username": "admin"}),
        json!({"username": "", "password": ""}),
    ] {
        assert_eq!(
            edge.send_json("POST", "/api/v1/login", &body).await.status,
            400,
            "{body}"
        );
    }
    let done = edge.login("admin", crate::http::testing::PASSWORD).await.json();
    assert!(done["token"].is_string() && done["refreshToken"].is_string());
    assert_eq!(
        (&done["expiresIn"], &done["user"]["username"]),
        (&json!(3600), &json!("admin"))
    );
    assert_eq!(
        (&done["user"]["role"], &done["user"]["id"]),
        (&json!("system-admin"), &json!(1))
    );
    let text = done.to_string();
    assert!(!text.contains("argon2") && !text.contains(crate::http::testing::PASSWORD));
}

#[tokio::test]
async fn a_first_password_opens_nothing_but_its_change() {
    let edge = Edge::with_identity().await;
    let admin = edge.login("admin", crate::http::testing::FIRST_PASSWORD).await;
    assert_eq!(admin.status, 401, "the stand has changed it");
    let fresh = Edge::at_first_start().await;
    let first = fresh.login("admin", crate::http::testing::FIRST_PASSWORD).await.json();
    let token = first["token"].as_str().unwrap();
    let refused = fresh.as_caller(token, "GET", "/api/v1/tasks", None).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["code"]),
        (403, &json!("password_change_required"))
    );
    let other = json!({"role": "viewer"});
    let refused = fresh.as_caller(token, "PUT", "/api/v1/users/1", Some(other)).await;
    assert_eq!(refused.json()["code"], "password_change_required");
    let me = fresh.as_caller(token, "GET", "/api/v1/me", None).await.json();
    assert_eq!(me["mustChangePassword"], true);
}

#[tokio::test]
async fn probes_tell_reasons_to_whoever_logged_in_alone() {
    let edge = Edge::with_identity().await;
    let token = edge.person("ana", Role::Viewer).await;
    edge.state.shutdown.cancel();
    let stranger = edge.get("/readyz").await;
    assert_eq!((stranger.status.as_u16(), stranger.json().get("reasons")), (503, None));
    let known = edge.as_caller(&token, "GET", "/readyz", None).await;
    assert_eq!(known.json()["reasons"], json!(["the coordinator is stopping"]));
}

#[tokio::test]
async fn the_caller_and_the_operation_go_along_with_every_answer() {
    use crate::domain::caller::Caller;
    let edge = Edge::with_identity().await;
    let token = edge.person("ana", Role::Viewer).await;
    for (method, path, id) in [
        ("GET", "/api/v1/tasks", "list_tasks"),
        ("POST", "/api/v1/tasks", "create_task"),
    ] {
        let request = request(method, path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let answer = edge.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.extensions().get::<Caller>().unwrap().name.as_ref(), "ana");
        assert_eq!(answer.extensions().get::<&'static Operation>().unwrap().id, id);
    }
    let body = json!({"username": "ana", "password": crate::http::testing::PASSWORD}).to_string();
    let request = request("POST", "/api/v1/login").header(header::CONTENT_TYPE, "application/json");
    let answer = edge.send(request.body(body.into()).unwrap()).await;
    assert_eq!(
        answer.extensions().get::<Caller>().unwrap().name.as_ref(),
        "ana",
        "who logged in"
    );
}

#[tokio::test]
async fn another_site_may_not_log_anybody_in() {
    let edge = Edge::with_identity().await;
    let body = json!({"username": "admin", "password": crate::http::testing::PASSWORD}).to_string();
    for (site, status) in [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 200),
        ("none", 200),
    ] {
        let request = request("POST", "/api/v1/login")
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = edge.ask(request.body(body.clone().into()).unwrap()).await;
        assert_eq!(answer.status, status, "{site}");
    }
    // With a log-in any name of the host will do: there is a proxy in front of it.
    let request = Request::builder().uri("/api/v1/tasks").header(header::HOST, "ips.corp");
    assert_eq!(edge.ask(request.body(Body::empty()).unwrap()).await.status, 401);
}
