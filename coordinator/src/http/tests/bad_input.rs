//! Bad input: a 4xx whose message names the field and the rule, never a 500, nothing half-created.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::testing::{Edge, request};
use axum::body::Body;
use rstest::rstest;
use serde_json::{Value, json};

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"images": ["nginx:1"]});
    body[field] = value;
    body
}

#[rstest]
#[case::no_images(json!({}), "images", "1 to 50")]
#[case::empty_images(with("images", json!([])), "images", "1 to 50")]
#[case::too_many(with("images", json!((0..51).map(|n| format!("a:{n}")).collect::<Vec<_>>())), "images", "found 51")]
#[case::empty_reference(with("images", json!(["a", ""])), "images[1]", "empty")]
#[case::upper_case(with("images", json!(["Nginx"])), "images[0]", "lower case")]
#[case::twice(with("images", json!(["a", "a"])), "images[1]", "twice")]
#[case::images_text(with("images", json!("nginx")), "images", "expected an array")]
#[case::images_null(with("images", json!(null)), "images", "expected an array")]
#[case::image_number(with("images", json!(["a", 7])), "images[1]", "expected a string")]
#[case::batch_zero(with("batchSize", json!(0)), "batchSize", "1 to 100")]
#[case::batch_over(with("batchSize", json!(101)), "batchSize", "1 to 100")]
#[case::batch_text(with("batchSize", json!("ten")), "batchSize", "expected an integer")]
#[case::batch_fraction(with("batchSize", json!(1.5)), "batchSize", "expected an integer")]
#[case::batch_bool(with("batchSize", json!(true)), "batchSize", "expected an integer")]
#[case::priority(with("priority", json!(11)), "priority", "1 to 10")]
#[case::retries(with("maxRetries", json!(-1)), "maxRetries", "0 to 5")]
#[case::delay(with("retryDelay", json!(301)), "retryDelay", "1 to 300")]
#[case::strategy(with("retryStrategy", json!("random")), "retryStrategy", "linear, exponential")]
#[case::deadline(with("pullTimeoutSeconds", json!(0)), "pullTimeoutSeconds", "1 to 86400")]
#[case::standstill(with("noProgressTimeoutSeconds", json!(90000)), "noProgressTimeoutSeconds", "1 to 86400")]
#[case::selector_key(with("nodeSelector", json!({"a b": "c"})), "nodeSelector", "\"a b\"")]
#[case::selector_value(with("nodeSelector", json!({"a": 7})), "nodeSelector.a", "expected a string")]
#[case::selector_list(with("nodeSelector", json!(["a"])), "nodeSelector", "expected an object")]
#[case::id(with("id", json!("Nightly/1")), "id", "a-z")]
#[case::label_selector(with("labelSelector", json!("pool>1")), "labelSelector", "not supported")]
#[case::label_selector_value(with("labelSelector", json!("pool in (a b)")), "labelSelector", "',' or ')'")]
#[case::label_selector_number(with("labelSelector", json!(1)), "labelSelector", "expected a string")]
#[case::expression(with("nodeExpressions", json!([{"key": "a", "operator": "Gt", "values": ["1"]}])), "nodeExpressions[0].operator", "In, NotIn")]
#[case::expression_values(with("nodeExpressions", json!([{"key": "a", "operator": "In"}])), "nodeExpressions[0].values", "at least one")]
#[case::expression_field(with("nodeExpressions", json!([{"key": "a", "op": "In"}])), "nodeExpressions[0].op", "unknown field")]
#[case::unknown_name(with("nodeNames", json!(["node-1", "node-2"])), "nodeNames", "\"node-2\" is not a known node")]
#[case::bad_name(with("nodeNames", json!(["Node 1"])), "nodeNames[0]", "DNS-1123")]
#[case::bad_exclusion(with("excludeNodes", json!(["n", "n"])), "excludeNodes[1]", "stands twice")]
#[case::all_excluded(with("excludeNodes", json!(["node-1"])), "nodeSelector", "matches none of 1 nodes")]
#[case::no_nodes(with("maxNodes", json!(0)), "maxNodes", "1% to 100%")]
#[case::zero_percent(with("maxNodes", json!("0%")), "maxNodes", "1% to 100%")]
#[case::over_percent(with("maxNodes", json!("101%")), "maxNodes", "1% to 100%")]
#[case::too_many_nodes(with("maxNodes", json!(100_001)), "maxNodes", "1 to 100000")]
#[case::negative_nodes(with("maxNodes", json!(-1)), "maxNodes", "1 to 100000")]
#[case::nodes_bool(with("maxNodes", json!(true)), "maxNodes", "expected an integer or a percentage")]
#[case::nodes_fraction(with("maxNodes", json!(1.5)), "maxNodes", "expected an integer or a percentage")]
#[case::platform(with("platform", json!("linux")), "platform", "os/architecture")]
#[case::parallelism_zero(with("parallelism", json!(0)), "parallelism", "1 to 100000")]
#[case::parallelism_percent(with("parallelism", json!("101%")), "parallelism", "1% to 100%")]
#[case::parallelism_and_batch(json!({"images": ["a"], "parallelism": 1, "batchSize": 1}), "parallelism", "beside batchSize")]
#[case::canary(with("canary", json!("0%")), "canary", "1% to 100%")]
#[case::batch_mode(with("batchMode", json!("loose")), "batchMode", "rolling, strict")]
#[case::strict_alone(with("batchMode", json!("strict")), "batchMode", "needs batchSize or parallelism")]
#[case::abort(with("abortFailurePercent", json!(100)), "abortFailurePercent", "0 to 99")]
#[case::abort_negative(with("abortFailurePercent", json!(-1)), "abortFailurePercent", "0 to 99")]
#[case::threshold_zero(with("successThreshold", json!(0)), "successThreshold", "1 to 100")]
#[case::threshold_over(with("successThreshold", json!(101)), "successThreshold", "1 to 100")]
#[case::task_deadline_zero(with("deadlineSeconds", json!(0)), "deadlineSeconds", "1 to 2592000")]
#[case::task_deadline_over(with("deadlineSeconds", json!(2_592_001)), "deadlineSeconds", "1 to 2592000")]
#[case::windows(with("windows", json!(vec![json!({"start": "01:00", "end": "02:00"}); 21])), "windows", "at most 20")]
#[case::window_start(with("windows", json!([{"end": "02:00"}])), "windows[0].start", "00:00 to 23:59")]
#[case::window_end(with("windows", json!([{"start": "02:00", "end": "24:00"}])), "windows[0].end", "00:00 to 23:59")]
#[case::window_day(with("windows", json!([{"days": ["Mon"], "start": "01:00", "end": "02:00"}])), "windows[0].days[0]", "mon, tue")]
#[case::window_zone(with("windows", json!([{"start": "01:00", "end": "02:00", "timeZone": "Mars/Base"}])), "windows[0].timeZone", "IANA")]
#[case::window_field(with("windows", json!([{"from": "01:00"}])), "windows[0].from", "unknown field")]
#[case::pull_policy(with("pullPolicy", json!("Never")), "pullPolicy", "IfNotPresent, Always")]
#[case::no_object(json!([1, 2]), "body", "expected an object")]
#[case::nothing_matches(with("nodeSelector", json!({"pool": "none"})), "nodeSelector", "matches none of 1 nodes")]
#[tokio::test]
async fn a_field_that_breaks_a_rule_is_named(#[case] body: Value, #[case] field: &str, #[case] rule: &str) {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    let answer = edge.create(&body).await;
    let json = answer.json();
    assert_eq!(answer.status, 400, "{json}");
    assert_eq!(
        (json["error"].as_str(), json["code"].as_str()),
        (Some("Invalid request"), Some("invalid_argument"))
    );
    assert_eq!(json["field"], field, "{json}");
    let details = json["details"].as_str().unwrap();
    assert!(details.starts_with(field) && details.contains(rule), "{details}");
    assert!(!details.contains("at line"), "positions help nobody here: {details}");
    assert_eq!(json["requestId"], answer.header("x-request-id"));
    assert_eq!(
        edge.get("/api/v1/tasks").await.json()["total"],
        0,
        "nothing may be half-created"
    );
}

#[rstest]
#[case("webhookUrl", json!("ftp://example.org"), "webhookUrl")]
#[case("webhookUrl", json!("http://10.0.0.1/canary"), "webhookUrl")]
#[case("webhookUrl", json!("http://user:canary@example.org/"), "webhookUrl")]
#[case("channels", json!(["nobody"]), "channels[0]")]
#[tokio::test]
async fn who_cannot_be_told_is_refused_by_name(#[case] field: &str, #[case] value: Value, #[case] named: &str) {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    let answer = edge.create(&with(field, value)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["field"], named);
    assert!(!answer.text().contains("canary"), "addresses are not repeated");
    // What clients of the original send for "none" is none.
    for nothing in [json!(null), json!("")] {
        assert_eq!(edge.create(&with("webhookUrl", nothing)).await.status, 201);
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored_and_named_in_a_header() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    let answer = edge
        .create(&json!({"images": ["a"], "parallel": 3, "we\"ird\nünit": {}, "priority": 0, "retryDelay": 0, "retryStrategy": ""}))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let warnings: Vec<_> = answer
        .headers
        .get_all("warning")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(
        warnings,
        [
            "299 - \"unknown field: parallel\"",
            "299 - \"unknown field: we?ird??nit\""
        ]
    );
    let json = answer.json();
    assert_eq!((&json["priority"], &json["retryDelay"]), (&json!(5), &json!(30)));
}

#[rstest]
#[case::empty("", "not valid JSON")]
#[case::broken("{\"images\": [", "not valid JSON")]
#[case::trailing("{\"images\": [\"a\"]} x", "not valid JSON")]
#[case::not_utf8("{\"images\": [\"\u{fffd}\"", "not valid JSON")]
#[tokio::test]
async fn what_is_no_json_is_said_to_be_none(#[case] body: &'static str, #[case] rule: &str) {
    let edge = Edge::start().await;
    let answer = edge.post("/api/v1/tasks", body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["field"], "body");
    assert!(
        answer.json()["details"].as_str().unwrap().contains(rule),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_field_that_stands_twice_is_refused() {
    let edge = Edge::start().await;
    let answer = edge
        .post("/api/v1/tasks", r#"{"images": ["a"], "priority": 1, "priority": 9}"#)
        .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("duplicate field `priority`"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_too_large() {
    let edge = Edge::start().await;
    let body = format!("{{\"images\": [\"{}\"]}}", "a".repeat(10 << 20));
    let answer = edge.post("/api/v1/tasks", body).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["code"], "too_large");
    assert!(answer.json()["details"].as_str().unwrap().contains("1048576"));
    // Exactly the limit is read, and found wanting for another reason.
    let body = r#"{"images":["a"],"batchSize":0}"#.to_owned() + &" ".repeat((1 << 20) - 30);
    assert_eq!(body.len(), 1 << 20);
    assert_eq!(edge.post("/api/v1/tasks", body).await.json()["field"], "batchSize");
}

#[rstest]
#[case("application/x-www-form-urlencoded")]
#[case("text/plain")]
#[case("multipart/form-data; boundary=x")]
#[case("")]
#[tokio::test]
async fn only_json_is_taken(#[case] content_type: &str) {
    let edge = Edge::start().await;
    for path in ["/api/v1/tasks", "/api/v1/tasks/x/cancel"] {
        let request = request("POST", path).header("content-type", content_type);
        let answer = edge.ask(request.body(Body::from(r#"{"images":["a"]}"#)).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (415, Some("unsupported_media_type"))
        );
    }
    let bare = edge
        .ask(request("POST", "/api/v1/tasks").body(Body::empty()).unwrap())
        .await;
    assert_eq!(bare.status, 415);
}

#[rstest]
#[case("/api/v1/tasks?limit=ten", "limit")]
#[case("/api/v1/tasks?offset=1.5", "offset")]
#[case("/api/v1/tasks?status=done", "status")]
#[case("/api/v1/tasks?status=running,Pending", "status")]
#[case("/api/v1/nodes?selector=a%3E1", "selector")]
#[case("/api/v1/node-groups", "by")]
#[case("/api/v1/node-groups?by=label:", "by")]
#[case("/api/v1/node-groups?by=state&names=yes", "names")]
#[case("/api/v1/node-groups?by=state&limit=x", "limit")]
#[case("/api/v1/nodes?limit=x", "limit")]
#[case("/api/v1/nodes?state=up", "state")]
#[case("/api/v1/nodes?sort=-name", "sort")]
#[case("/api/v1/scheduled-tasks?enabled=1", "enabled")]
#[case("/api/v1/scheduled-tasks?sort=name", "sort")]
#[case("/api/v1/tasks/x/pulls?state=done", "state")]
#[case("/api/v1/events", "topics")]
#[case("/api/v1/events?topics=pods", "topics")]
#[tokio::test]
async fn parameters_are_named(#[case] path: &str, #[case] field: &str) {
    let edge = Edge::start().await;
    let answer = edge.get(path).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["field"].as_str()),
        (400, Some(field)),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn an_unknown_status_is_told_the_known_ones() {
    let edge = Edge::start().await;
    let details = edge.get("/api/v1/tasks?status=done").await.json()["details"].to_string();
    for word in ["pending", "running", "paused", "completed", "failed", "cancelled"] {
        assert!(details.contains(word), "{details}");
    }
}

#[rstest]
#[case("GET", "/api/v1/tasks/nope", "Task not found")]
#[case("GET", "/api/v1/tasks/NOT%20AN%20ID", "Task not found")]
#[case("DELETE", "/api/v1/tasks/nope", "Task not found")]
#[case("DELETE", "/api/v1/tasks/nope?mode=delete", "Task not found")]
#[case("POST", "/api/v1/tasks/nope/cancel", "Task not found")]
#[case("GET", "/api/v1/tasks/nope/pulls", "Task not found")]
#[case("GET", "/api/v1/events?topics=task:nope", "Task not found")]
#[case("GET", "/api/v1/nodes/nope", "Node not found")]
#[case("GET", "/api/v1/nodes/NO_NODE", "Node not found")]
#[case("GET", "/api/v1/nothing", "Not Found")]
#[case("GET", "/api", "Not Found")]
#[case("PUT", "/api/v1/tasks", "Not Found")]
#[case("POST", "/api/v1/stats", "Not Found")]
#[case("POST", "/", "Not Found")]
#[case("GET", "/nothing", "Not Found")]
#[tokio::test]
async fn what_is_not_there_is_not_found(#[case] method: &str, #[case] path: &str, #[case] error: &str) {
    let edge = Edge::start().await;
    let answer = edge.ask(request(method, path).body(Body::empty()).unwrap()).await;
    let json = answer.json();
    assert_eq!(
        (answer.status.as_u16(), json["code"].as_str()),
        (404, Some("not_found")),
        "{json}"
    );
    assert_eq!(json["error"], error);
    if error.starts_with("Task") {
        assert!(json["taskId"].is_string(), "{json}");
    }
}

#[tokio::test]
async fn an_unknown_mode_of_delete_changes_nothing() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    edge.create(&json!({"images": ["a"], "id": "t"})).await;
    let answer = edge.delete("/api/v1/tasks/t?mode=erase").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["field"].as_str()),
        (400, Some("mode"))
    );
    assert_ne!(edge.get("/api/v1/tasks/t").await.json()["status"], "cancelled");
}
