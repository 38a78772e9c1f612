//! What holds for every answer: request ids, headers, who may ask, what a bug looks like.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::{
    error::ApiError,
    finish, guard,
    testing::{Answer, Edge, request},
};
use axum::{Router, body::Body, routing::get};
use rstest::rstest;
use std::time::Duration;
use tower::ServiceExt;

#[tokio::test]
async fn every_answer_has_an_id_and_keeps_a_harmless_one() {
    let edge = Edge::start().await;
    assert_eq!(edge.get("/health").await.header("x-request-id").len(), 36);
    let with = |id: &str| {
        request("GET", "/nothing")
            .header("x-request-id", id)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(edge.ask(with("build-7.a_b")).await.json()["requestId"], "build-7.a_b");
    for bad in ["a b", "<script>", &"x".repeat(65)] {
        assert_ne!(edge.ask(with(bad)).await.header("x-request-id"), bad);
    }
}

#[tokio::test]
async fn browsers_are_told_what_not_to_do() {
    let edge = Edge::start().await;
    for path in ["/api/v1/stats", "/nothing", "/health", "/"] {
        let answer = edge.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
    }
    assert_eq!(edge.get("/api/v1/stats").await.header("cache-control"), "no-store");
}

#[rstest]
#[case("evil.example")]
#[case("evil.example:8080")]
#[case("127.0.0.1.evil.example")]
#[case("192.168.1.7:8080")]
#[tokio::test]
async fn a_foreign_host_name_is_refused(#[case] host: &str) {
    let edge = Edge::start().await;
    for path in ["/api/v1/tasks", "/", "/metrics", "/api/v1/events?topics=tasks"] {
        let request = http::Request::get(path)
            .header("host", host)
            .body(Body::empty())
            .unwrap();
        let answer = edge.ask(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (403, Some("forbidden")),
            "{path}"
        );
    }
    let nameless = http::Request::get("/health").body(Body::empty()).unwrap();
    assert_eq!(edge.ask(nameless).await.status, 403);
}

#[rstest]
#[case::program(&[], 404)]
#[case::own_page(&[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:5173")], 404)]
#[case::typed(&[("sec-fetch-site", "none")], 404)]
#[case::other_site(&[("sec-fetch-site", "cross-site")], 403)]
#[case::other_port(&[("sec-fetch-site", "same-site")], 403)]
#[case::old_browser_own(&[("origin", "http://localhost:8080")], 404)]
#[case::old_browser_other(&[("origin", "http://localhost:9999")], 403)]
#[case::sandboxed(&[("origin", "null")], 403)]
#[tokio::test]
async fn a_page_of_another_origin_changes_nothing(#[case] headers: &[(&str, &str)], #[case] expected: u16) {
    let edge = Edge::start().await;
    for (method, path) in [("POST", "/api/v1/tasks/nope/cancel"), ("DELETE", "/api/v1/tasks/nope")] {
        let mut request = request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = edge.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, expected, "{method}");
    }
}

#[tokio::test]
async fn a_bug_is_a_500_that_says_nothing_but_its_id() {
    async fn panics() -> &'static str {
        panic!("secret of the house")
    }
    async fn fails() -> Result<(), ApiError> {
        Err(ApiError::internal("secret of the house"))
    }
    let edge = Edge::start().await;
    let router = Router::new()
        .route("/api/v1/stats", get(panics))
        .route("/api/v1/nodes", get(fails));
    let router = finish(router, edge.state.clone());
    for path in ["/api/v1/stats", "/api/v1/nodes"] {
        let request = request("GET", path)
            .header("x-request-id", "r1")
            .body(Body::empty())
            .unwrap();
        let answer = Answer::read(router.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(answer.status, 500);
        let expected = serde_json::json!({"error": "Internal server error", "code": "internal", "requestId": "r1"});
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_ends() {
    use axum::middleware::from_fn;
    let limit = from_fn(|request, next| guard::limited(Duration::from_millis(10), request, next));
    let slow = get(std::future::pending::<&'static str>).layer(limit);
    let router = Router::new()
        .route("/slow", slow)
        .layer(from_fn(crate::http::error::render));
    let request = request("GET", "/slow").body(Body::empty()).unwrap();
    let answer = Answer::read(router.oneshot(request).await.unwrap()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["code"].as_str()),
        (503, Some("unavailable"))
    );
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let edge = Edge::start().await;
    edge.get("/api/v1/tasks/one").await;
    edge.get("/api/v1/tasks/two").await;
    edge.get("/nothing").await;
    let text = edge.get("/metrics").await.text();
    let counted = r#"ips_api_request_total{endpoint="/api/v1/tasks/{id}",method="GET",status_code="404"} 2"#;
    assert!(text.contains(counted), "{text}");
    assert!(
        text.contains(r#"ips_api_request_total{endpoint="",method="GET",status_code="404"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn probes_have_a_port_of_their_own() {
    let edge = Edge::start().await;
    let probes = crate::http::probes(edge.state.clone());
    let ask = async |path: &str| {
        let request = http::Request::get(path)
            .header("host", "10.1.2.3:9090")
            .body(Body::empty())
            .unwrap();
        Answer::read(probes.clone().oneshot(request).await.unwrap()).await
    };
    assert_eq!(ask("/healthz").await.json()["status"], "healthy");
    assert_eq!(ask("/readyz").await.json()["status"], "ready");
    assert!(ask("/metrics").await.text().contains("ips_sessions"));
    assert_eq!(ask("/api/v1/tasks").await.status, 404);
    edge.state.shutdown.cancel();
    let stopping = ask("/readyz").await;
    assert_eq!(stopping.status, 503);
    assert_eq!(stopping.json()["reasons"][0], "the coordinator is stopping");
}
