//! The description: the checked-in document is the generated one, and routes, document and `docs/api.md` name the same operations.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::{
    api, openapi,
    testing::{Edge, request},
};
use axum::body::Body;
use std::{collections::BTreeSet, fs, path::PathBuf};

fn docs(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file)
}

fn described() -> BTreeSet<(String, String)> {
    let document = api().1;
    let json: serde_json::Value = serde_json::from_str(&openapi::text(&document)).unwrap();
    let mut operations = BTreeSet::new();
    for (path, methods) in json["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            operations.insert((method.to_uppercase(), path.clone()));
        }
    }
    operations
}

#[test]
fn the_checked_in_document_is_the_generated_one() {
    let generated = openapi::text(&api().1) + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(docs("openapi.json"), &generated).unwrap();
    }
    let kept = fs::read_to_string(docs("openapi.json")).unwrap_or_default();
    assert!(
        kept == generated,
        "docs/openapi.json is out of date; run the test again with UPDATE_GOLDEN=1"
    );
}

/// Rows of the table under "Routes" in docs/api.md, such as "| `GET /health`, `GET /healthz` | … |".
fn written() -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(docs("api.md")).unwrap();
    let table = text.split("\n## Routes\n").nth(1).unwrap().split("\n#").next().unwrap();
    let cells = table.lines().filter_map(|line| line.split('|').nth(1));
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    quoted
        .filter_map(|operation| operation.split_once(' '))
        .map(|(method, path)| (method.to_owned(), path.split('?').next().unwrap().to_owned()))
        .collect()
}

#[test]
fn document_and_prose_name_the_same_routes() {
    assert_eq!(described(), written());
}

#[tokio::test]
async fn every_described_route_is_in_the_table_and_its_path_knows_no_other_method() {
    let edge = Edge::start().await;
    let operations = described();
    let paths: BTreeSet<_> = operations.iter().map(|(_, path)| path).collect();
    for path in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let concrete = path
                .replace("{id}", "nope")
                .replace("{name}", "nope")
                .replace("{executionId}", "nope");
            let answer = edge.ask(request(method, &concrete).body(Body::empty()).unwrap()).await;
            let is_missing = answer.status == 404 && answer.json()["error"] == "Not Found";
            let is_described = operations.contains(&(method.to_owned(), path.clone()));
            assert_eq!(is_missing, !is_described, "{method} {path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn the_document_and_its_browser_are_served_offline() {
    let edge = Edge::start().await;
    let document = edge.get("/api/v1/openapi.json").await;
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.json()["info"]["title"], "IPS");
    let browser = edge.get("/api/v1/docs/").await;
    assert_eq!(browser.status, 200);
    assert!(!browser.text().contains("https://"), "nothing is loaded from elsewhere");
    assert!(browser.header("content-security-policy").contains("script-src 'self'"));
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert_eq!(edge.get(&format!("/api/v1/docs/{file}")).await.status, 200, "{file}");
    }
    let initializer = edge.get("/api/v1/docs/swagger-initializer.js").await.text();
    assert!(initializer.contains("/api/v1/openapi.json"), "{initializer}");
}
