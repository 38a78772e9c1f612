//! Scheduled tasks over REST, as the contract has them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::testing::{Answer, Edge, request};
use axum::{body::Body, http::header};
use rstest::rstest;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/scheduled-tasks";

fn nightly() -> Value {
    json!({"name": "nightly", "cronExpr": "0 2 * * *", "taskConfig": {"images": ["nginx:1"], "batchSize": 10}})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = nightly();
    match field.split_once('.') {
        Some((outer, inner)) => body[outer][inner] = value,
        None => body[field] = value,
    }
    body
}

async fn create(edge: &Edge, body: &Value) -> Answer {
    edge.post(PATH, body.to_string()).await
}

async fn made(edge: &Edge, body: &Value) -> String {
    let answer = create(edge, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn put(edge: &Edge, path: &str, body: &Value) -> Answer {
    let request = request("PUT", path).header(header::CONTENT_TYPE, "application/json");
    edge.ask(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn switch(edge: &Edge, id: &str, verb: &str) -> Answer {
    edge.ask(
        request("PUT", &format!("{PATH}/{id}/{verb}"))
            .body(Body::empty())
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn a_schedule_is_made_shown_changed_switched_and_removed() {
    let edge = Edge::start().await;
    let mut body = with("timeZone", json!("Europe/Berlin"));
    body["description"] = json!("every night");
    let created = create(&edge, &body).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let json = created.json();
    let id = json["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("sched-") && id.len() == 30, "{id}");
    assert_eq!(created.header("location"), format!("{PATH}/{id}"));
    for (field, value) in [
        ("enabled", json!(true)),
        ("overlapPolicy", json!("skip")),
        ("missedRuns", json!("skip")),
        ("timeoutSeconds", json!(0)),
        ("createdBy", json!("")),
        ("timeZone", json!("Europe/Berlin")),
        ("description", json!("every night")),
    ] {
        assert_eq!(json[field], value, "{field}");
    }
    assert_eq!(json["taskConfig"]["batchSize"], 10);
    assert_eq!(json["taskConfig"]["priority"], 5);
    assert_eq!(json["nextExecutions"].as_array().unwrap().len(), 5);
    assert_eq!(json["nextExecutionAt"], json["nextExecutions"][0]);
    assert!(json.get("lastExecutionAt").is_none());

    let path = format!("{PATH}/{id}");
    let changed = put(&edge, &path, &json!({"cronExpr": "@hourly", "enabled": false})).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed = changed.json();
    assert_eq!(
        (&changed["cronExpr"], &changed["enabled"]),
        (&json!("@hourly"), &json!(false))
    );
    assert_eq!(
        (&changed["name"], &changed["timeZone"]),
        (&json!("nightly"), &json!("Europe/Berlin"))
    );
    assert_eq!(changed["nextExecutions"], json!([]), "it is off");
    assert_eq!(edge.get(&path).await.json(), changed);

    let on = switch(&edge, &id, "enable").await;
    let said = json!({"taskId": id, "status": "success", "message": "Scheduled task enabled successfully"});
    assert_eq!((on.status.as_u16(), on.json()), (200, said));
    assert_eq!(switch(&edge, &id, "enable").await.status, 200, "twice is no error");
    let off = switch(&edge, &id, "disable").await;
    assert_eq!(off.json()["message"], "Scheduled task disabled successfully");
    let gone = edge.delete(&path).await;
    let said = json!({"taskId": id, "status": "success", "message": "Scheduled task deleted successfully"});
    assert_eq!((gone.status.as_u16(), gone.json()), (200, said));
    assert_eq!(edge.delete(&path).await.status, 200, "also when there is none");
}

#[tokio::test]
async fn null_puts_the_default_back_where_the_original_had_no_field_and_says_nothing_elsewhere() {
    let edge = Edge::start().await;
    let mut body = with("timeZone", json!("Europe/Berlin"));
    body["missedRuns"] = json!("run_once");
    body["overlapPolicy"] = json!("queue");
    body["description"] = json!("every night");
    let path = format!("{PATH}/{}", made(&edge, &body).await);
    let nothing =
        json!({"name": null, "description": null, "overlapPolicy": null, "timeoutSeconds": null, "taskConfig": null});
    let same = put(&edge, &path, &nothing).await.json();
    assert_eq!(
        (&same["description"], &same["overlapPolicy"], &same["timeZone"]),
        (&json!("every night"), &json!("queue"), &json!("Europe/Berlin"))
    );
    let cleared = put(
        &edge,
        &path,
        &json!({"timeZone": null, "missedRuns": null, "description": ""}),
    )
    .await;
    assert_eq!(cleared.status, 200, "{}", cleared.text());
    let cleared = cleared.json();
    assert_eq!(
        (&cleared["timeZone"], &cleared["missedRuns"], &cleared["description"]),
        (&json!("UTC"), &json!("skip"), &json!(""))
    );
}

#[tokio::test]
async fn false_stays_false() {
    let edge = Edge::start().await;
    let id = made(&edge, &with("enabled", json!(false))).await;
    assert_eq!(edge.get(&format!("{PATH}/{id}")).await.json()["enabled"], false);
}

#[rstest]
#[case::no_name(with("name", json!(null)), "name", "required")]
#[case::empty_name(with("name", json!("")), "name", "1 to 255")]
#[case::long_name(with("name", json!("x".repeat(256))), "name", "1 to 255")]
#[case::long_description(with("description", json!("x".repeat(4001))), "description", "at most 4000")]
#[case::no_cron(with("cronExpr", json!(null)), "cronExpr", "required")]
#[case::empty_cron(with("cronExpr", json!("")), "cronExpr", "empty")]
#[case::bad_cron(with("cronExpr", json!("61 * * * *")), "cronExpr", "0 to 59")]
#[case::six_fields(with("cronExpr", json!("0 0 2 * * *")), "cronExpr", "5 fields")]
#[case::never(with("cronExpr", json!("0 0 30 2 *")), "cronExpr", "never due")]
#[case::zone(with("timeZone", json!("Mars/Base")), "timeZone", "IANA")]
#[case::overlap(with("overlapPolicy", json!("pile-up")), "overlapPolicy", "skip, allow, queue, replace")]
#[case::missed(with("missedRuns", json!("all")), "missedRuns", "skip, run_once")]
#[case::timeout_below(with("timeoutSeconds", json!(-1)), "timeoutSeconds", "0 to 2592000")]
#[case::timeout_above(with("timeoutSeconds", json!(2_592_001)), "timeoutSeconds", "0 to 2592000")]
#[case::enabled_type(with("enabled", json!("no")), "enabled", "boolean")]
#[case::no_task(with("taskConfig", json!(null)), "taskConfig", "required")]
#[case::no_images(with("taskConfig.images", json!([])), "taskConfig.images", "1 to 50")]
#[case::too_many(with("taskConfig.images", json!((0..51).map(|n| format!("a:{n}")).collect::<Vec<_>>())), "taskConfig.images", "found 51")]
#[case::image(with("taskConfig.images", json!(["Upper"])), "taskConfig.images[0]", "lower case")]
#[case::image_type(with("taskConfig.images", json!([7])), "taskConfig.images[0]", "expected a string")]
#[case::batch_below(with("taskConfig.batchSize", json!(0)), "taskConfig.batchSize", "1 to 100")]
#[case::batch_above(with("taskConfig.batchSize", json!(101)), "taskConfig.batchSize", "1 to 100")]
#[case::priority(with("taskConfig.priority", json!(11)), "taskConfig.priority", "1 to 10")]
#[case::retries(with("taskConfig.maxRetries", json!(6)), "taskConfig.maxRetries", "0 to 5")]
#[case::delay(with("taskConfig.retryDelay", json!(301)), "taskConfig.retryDelay", "1 to 300")]
#[case::strategy(with("taskConfig.retryStrategy", json!("random")), "taskConfig.retryStrategy", "linear, exponential")]
#[case::selector(with("taskConfig.nodeSelector", json!({"a b": "c"})), "taskConfig.nodeSelector", "\"a b\"")]
#[case::dry_run(with("taskConfig.dryRun", json!(true)), "taskConfig.dryRun", "leave it out")]
#[case::credential(with("taskConfig.secretId", json!(7)), "taskConfig.secretId", "credential 7 does not exist")]
#[case::id(with("taskConfig.id", json!("mine")), "taskConfig.id", "every run")]
#[tokio::test]
async fn a_field_that_breaks_a_rule_is_named_and_nothing_is_saved(
    #[case] body: Value,
    #[case] field: &str,
    #[case] rule: &str,
) {
    let edge = Edge::start().await;
    let answer = create(&edge, &body).await;
    let json = answer.json();
    assert_eq!(answer.status, 400, "{json}");
    assert_eq!(json["field"], field, "{json}");
    let details = json["details"].as_str().unwrap();
    assert!(details.starts_with(field) && details.contains(rule), "{details}");
    assert_eq!(edge.get(PATH).await.json()["total"], 0);

    let id = made(&edge, &nightly()).await;
    let path = format!("{PATH}/{id}");
    let before = edge.get(&path).await.json();
    // What must be there when a schedule is made may be absent when it is changed.
    if !rule.contains("required") {
        let change = put(&edge, &path, &body).await;
        assert_eq!((change.status.as_u16(), &change.json()["field"]), (400, &json!(field)));
    }
    assert_eq!(edge.get(&path).await.json(), before);
}

#[rstest]
#[case("name", json!("x".repeat(255)))]
#[case("description", json!("x".repeat(4000)))]
#[case("timeoutSeconds", json!(0))]
#[case("timeoutSeconds", json!(2_592_000))]
#[case("taskConfig.images", json!((0..50).map(|n| format!("a:{n}")).collect::<Vec<_>>()))]
#[case("taskConfig.batchSize", json!(1))]
#[case("taskConfig.batchSize", json!(100))]
#[case("taskConfig.priority", json!(10))]
#[case("taskConfig.maxRetries", json!(5))]
#[case("taskConfig.retryDelay", json!(300))]
#[case("overlapPolicy", json!("replace"))]
#[case("overlapPolicy", json!(""))]
#[case("missedRuns", json!("run_once"))]
#[case("cronExpr", json!("@every 1h30m"))]
#[case("cronExpr", json!("CRON_TZ=Asia/Tokyo 30 6 * * mon"))]
#[tokio::test]
async fn values_at_their_limits_are_taken(#[case] field: &str, #[case] value: Value) {
    let edge = Edge::start().await;
    made(&edge, &with(field, value)).await;
}

#[tokio::test]
async fn unknown_fields_are_named_with_their_path() {
    let edge = Edge::start().await;
    let mut body = with("taskConfig.parallel", json!(3));
    body["colour"] = json!("red");
    let answer = create(&edge, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let warnings: Vec<_> = answer.headers.get_all("warning").iter().collect();
    assert_eq!(
        warnings,
        [
            "299 - \"unknown field: colour\"",
            "299 - \"unknown field: taskConfig.parallel\""
        ]
    );
    let refused = create(&edge, &with("taskConfig.webhookUrl", json!("http://127.0.0.1/"))).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["field"]),
        (400, &json!("taskConfig.webhookUrl"))
    );
    let refused = create(&edge, &with("taskConfig.channels", json!(["nobody"]))).await;
    assert_eq!(refused.json()["field"], "taskConfig.channels[0]");
}

#[tokio::test]
async fn what_is_not_there_is_said_as_the_contract_has_it() {
    let edge = Edge::start().await;
    let missing = edge.get(&format!("{PATH}/sched-none")).await;
    let json = missing.json();
    assert_eq!(missing.status, 404);
    assert_eq!(
        (&json["error"], &json["taskId"]),
        (&json!("Scheduled task not found"), &json!("sched-none"))
    );
    assert_eq!(put(&edge, &format!("{PATH}/sched-none"), &json!({})).await.status, 404);
    for verb in ["enable", "disable"] {
        assert_eq!(switch(&edge, "sched-none", verb).await.status, 404, "{verb}");
    }
    assert_eq!(edge.post(&format!("{PATH}/sched-none/trigger"), "").await.status, 404);
    let none = edge.get(&format!("{PATH}/sched-none/executions")).await;
    assert_eq!(
        (none.status.as_u16(), none.json()),
        (200, json!({"executions": [], "total": 0, "limit": 10, "offset": 0}))
    );
    let number = edge.get(&format!("{PATH}/sched-none/executions/7")).await;
    assert_eq!(
        (
            number.status.as_u16(),
            &number.json()["error"],
            &number.json()["executionId"]
        ),
        (404, &json!("Execution not found"), &json!(7))
    );
    let word = edge.get(&format!("{PATH}/sched-none/executions/seven")).await;
    assert_eq!(
        (word.status.as_u16(), &word.json()["error"]),
        (400, &json!("Invalid execution ID"))
    );
    let status = edge.get(&format!("{PATH}/sched-none/executions?status=done")).await;
    assert_eq!(
        (status.status.as_u16(), &status.json()["field"]),
        (400, &json!("status"))
    );
}

#[tokio::test]
async fn a_run_by_hand_shows_in_the_history_of_its_schedule_alone() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-1", "cpu").await;
    let id = made(&edge, &nightly()).await;
    let other = made(&edge, &nightly()).await;
    let started = edge.post(&format!("{PATH}/{id}/trigger"), "").await;
    assert_eq!(started.status, 200, "{}", started.text());
    let json = started.json();
    assert_eq!(
        (&json["status"], &json["message"]),
        (&json!("success"), &json!("Scheduled task triggered successfully"))
    );
    let task = edge
        .get(&format!("/api/v1/tasks/{}", json["taskId"].as_str().unwrap()))
        .await;
    assert_eq!(task.json()["batchSize"], 10);
    let again = edge.post(&format!("{PATH}/{id}/trigger"), "").await;
    assert_eq!(again.status, 409);
    assert_eq!(
        again.json()["details"],
        "Previous task still running, skipped this execution"
    );

    let page = edge.get(&format!("{PATH}/{id}/executions")).await.json();
    assert_eq!(page["total"], 2);
    let running = edge.get(&format!("{PATH}/{id}/executions?status=running")).await.json();
    let execution = &running["executions"][0];
    assert_eq!(
        (&execution["taskId"], &execution["status"]),
        (&json["taskId"], &json!("running"))
    );
    assert!(execution.get("dueAt").is_none() && execution.get("finishedAt").is_none());
    let number = execution["id"].as_i64().unwrap();
    let own = edge.get(&format!("{PATH}/{id}/executions/{number}")).await;
    assert_eq!(&own.json(), execution);
    let foreign = edge.get(&format!("{PATH}/{other}/executions/{number}")).await;
    assert_eq!(foreign.status, 404, "the schedule in the path counts");
    assert!(edge.get(&format!("{PATH}/{id}")).await.json()["lastExecutionAt"].is_string());

    switch(&edge, &other, "disable").await;
    let off = edge.post(&format!("{PATH}/{other}/trigger"), "").await;
    assert_eq!(off.status, 409);
    assert!(off.json()["details"].as_str().unwrap().contains("disabled"));
}

#[tokio::test]
async fn a_credential_that_a_schedule_names_is_shown_sent_back_and_kept() {
    let edge = Edge::start().await;
    let secret = json!({"name": "harbor", "registry": "r.corp", "username": "robot", "password": "p"});
    let made_secret = edge.post("/api/v1/secrets", secret.to_string()).await;
    assert_eq!(made_secret.status, 201, "{}", made_secret.text());
    let number = made_secret.json()["id"].clone();
    let id = made(&edge, &with("taskConfig.secretId", number.clone())).await;
    let path = format!("{PATH}/{id}");
    let config = edge.get(&path).await.json()["taskConfig"].clone();
    assert_eq!((&config["secretId"], &config["secretIds"]), (&number, &json!([number])));
    let back = put(&edge, &path, &json!({"taskConfig": config})).await;
    assert_eq!((back.status.as_u16(), &back.json()["taskConfig"]), (200, &config));
    let refused = edge.delete(&format!("/api/v1/secrets/{number}")).await;
    assert_eq!(refused.status, 409);
    let details = refused.json()["details"].as_str().unwrap().to_owned();
    assert!(details.contains(&id), "{details}");
    edge.delete(&path).await;
    assert_eq!(edge.delete(&format!("/api/v1/secrets/{number}")).await.status, 204);
    let mut own = nightly();
    for (field, value) in [("registry", "r.corp"), ("username", "robot"), ("password", "p")] {
        own["taskConfig"][field] = json!(value);
    }
    let refused = create(&edge, &own).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["field"]),
        (400, &json!("taskConfig.registry"))
    );
}

#[tokio::test]
async fn lists_are_newest_first_and_paged_as_those_of_tasks() {
    let edge = Edge::start().await;
    assert_eq!(
        edge.get(PATH).await.json(),
        json!({"tasks": [], "total": 0, "limit": 10, "offset": 0})
    );
    let mut ids = vec![];
    for _ in 0..3 {
        ids.push(made(&edge, &nightly()).await);
    }
    for (query, limit, count) in [
        ("limit=1", 1, 1),
        ("limit=100", 100, 3),
        ("limit=101", 100, 3),
        ("limit=0", 10, 3),
    ] {
        let page = edge.get(&format!("{PATH}?{query}")).await.json();
        let shown = page["tasks"].as_array().unwrap().len();
        assert_eq!(
            (page["limit"].as_i64(), shown, &page["total"]),
            (Some(limit), count, &json!(3)),
            "{query}"
        );
    }
    assert_eq!(edge.get(&format!("{PATH}?limit=ten")).await.status, 400);
    let all = edge.get(&format!("{PATH}?offset=1")).await.json();
    assert_eq!(all["tasks"].as_array().unwrap().len(), 2);
}
