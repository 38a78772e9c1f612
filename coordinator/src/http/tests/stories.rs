//! What people do: create a task, see it through, cancel it, remove it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::{
        node::InventoryImage,
        outcome::{Failure, FailureReason, Success, SuccessReason},
    },
    http::testing::Edge,
};
use serde_json::json;

#[tokio::test]
async fn a_task_is_created_and_seen_through_to_its_end() {
    let edge = Edge::start().await;
    let mut good = edge.connect("node-a", "gpu").await;
    let mut bad = edge.connect("node-b", "gpu").await;
    let _other = edge.connect("node-c", "cpu").await;
    let created = edge
        .create(&json!({"images": ["localhost:5000/app"], "id": "t", "batchSize": 10, "nodeSelector": {"pool": "gpu"}}))
        .await;
    assert_eq!(
        (created.status.as_u16(), created.header("location")),
        (201, "/api/v1/tasks/t")
    );
    let json = created.json();
    assert_eq!((&json["taskId"], &json["status"]), (&json!("t"), &json!("pending")));
    assert_eq!(
        (&json["progress"]["totalNodes"], &json["progress"]["totalPulls"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        json["images"],
        json!(["localhost:5000/app"]),
        "references stay as they were written"
    );

    let start = good.started().await;
    let pulled = Success {
        reason: SuccessReason::Pulled,
        note: String::new(),
        digest_verified: false,
    };
    good.succeed(&start, pulled).await;
    let start = bad.started().await;
    let refused = Failure {
        reason: FailureReason::Unauthorized,
        message: "401 Unauthorized".into(),
    };
    bad.fail(&start, refused).await;

    let ended = edge
        .until("/api/v1/tasks/t", |task| task["finishedAt"].is_string())
        .await;
    assert_eq!(ended["status"], "failed");
    assert_eq!(ended["progress"]["percentage"], 50.0);
    assert_eq!(
        ended["nodeStatuses"],
        json!({"node-a": {"localhost:5000/app": 1}, "node-b": {"localhost:5000/app": 0}})
    );
    let failed = &ended["failedNodeDetails"][0];
    assert_eq!(
        (&failed["nodeName"], &failed["reason"]),
        (&json!("node-b"), &json!("unauthorized"))
    );
    assert_eq!(failed["message"], "401 Unauthorized");
    assert_eq!(ended["failures"][0]["pulls"], 1);

    let listed = edge.get("/api/v1/tasks").await.json();
    assert!(listed["tasks"][0].get("nodeStatuses").is_none() && listed["tasks"][0].get("failedNodeDetails").is_none());
    let pulls = edge.get("/api/v1/tasks/t/pulls?state=failed,skipped").await.json();
    assert_eq!(
        (&pulls["total"], &pulls["pulls"][0]["nodeName"]),
        (&json!(1), &json!("node-b"))
    );
    assert_eq!(pulls["pulls"][0]["failureReason"], "unauthorized");
    let pulls = edge.get("/api/v1/tasks/t/pulls?node=node-a").await.json();
    assert_eq!(
        (&pulls["pulls"][0]["state"], &pulls["pulls"][0]["successReason"]),
        (&json!("succeeded"), &json!("pulled"))
    );
    assert_eq!(pulls["pulls"][0]["bytes"]["fetched"], 100);

    let cancelled = edge.post("/api/v1/tasks/t/cancel", "").await;
    assert_eq!(
        (cancelled.status.as_u16(), cancelled.json()["code"].as_str()),
        (409, Some("failed_precondition"))
    );
    let deleted = edge.delete("/api/v1/tasks/t").await.json();
    let expected =
        json!({"taskId": "t", "status": "success", "action": "deleted", "message": "Task deleted successfully"});
    assert_eq!(deleted, expected);
    assert_eq!(edge.get("/api/v1/tasks/t").await.status, 404);
}

#[tokio::test]
async fn a_task_says_what_it_was_asked_for_and_can_be_copied() {
    let edge = Edge::start().await;
    for (name, pool) in [
        ("node-a", "gpu"),
        ("node-b", "gpu"),
        ("node-c", "cpu"),
        ("node-d", "spot"),
    ] {
        edge.connect(name, pool).await;
    }
    let created = edge
        .create(&json!({
            "images": ["a", "b"], "id": "first", "labelSelector": "pool in (gpu,cpu),pool",
            "nodeExpressions": [{"key": "pool", "operator": "NotIn", "values": ["spot"]}],
            "excludeNodes": ["node-c"], "platform": "linux/amd64", "maxNodes": "50%", "parallelism": "100%", "batchMode": "strict",
            "canary": 1, "abortFailurePercent": 20, "successThreshold": 90, "deadlineSeconds": 3600, "pullPolicy": "Always",
            "windows": [{"days": ["sat"], "start": "22:00", "end": "06:00", "timeZone": "Europe/Berlin"}],
        }))
        .await;
    assert_eq!(created.status, 201, "{}", created.text());
    let task = created.json();
    assert_eq!(task["progress"]["totalNodes"], 1, "half of the two that match: {task}");
    assert_eq!(task["progress"]["totalBatches"], 1);
    assert_eq!(task["labelSelector"], "pool in (gpu,cpu),pool,pool!=spot");
    for (field, value) in [
        ("excludeNodes", json!(["node-c"])),
        ("platform", json!("linux/amd64")),
        ("maxNodes", json!("50%")),
        ("parallelism", json!("100%")),
        ("batchMode", json!("strict")),
        ("canary", json!("1")),
        ("abortFailurePercent", json!(20)),
        ("successThreshold", json!(90)),
        ("deadlineSeconds", json!(3600)),
        ("pullPolicy", json!("Always")),
    ] {
        assert_eq!(task[field], value, "{field}: {task}");
    }
    assert_eq!(task["canaryNodes"].as_array().unwrap().len(), 1);
    assert!(task.get("nodeNames").is_none() && task.get("nodeNameCount").is_none());
    // What the registry says of its images may come in between.
    let kept = edge.get("/api/v1/tasks/first").await.json();
    for field in [
        "images",
        "labelSelector",
        "maxNodes",
        "windows",
        "parallelism",
        "batchMode",
        "canary",
        "canaryNodes",
        "abortFailurePercent",
        "successThreshold",
        "deadlineSeconds",
        "pullPolicy",
    ] {
        assert_eq!(kept[field], task[field], "{field} is kept");
    }

    let copy = edge.post("/api/v1/tasks/first/clone", "").await;
    assert_eq!(copy.status, 201, "{}", copy.text());
    let copy = copy.json();
    assert_ne!(copy["taskId"], task["taskId"]);
    for field in [
        "images",
        "labelSelector",
        "maxNodes",
        "windows",
        "successThreshold",
        "canaryNodes",
    ] {
        assert_eq!(copy[field], task[field], "{field}");
    }
    let other = edge
        .post(
            "/api/v1/tasks/first/clone",
            r#"{"id": "second", "images": ["c"], "batchSize": 1, "maxNodes": "100%"}"#,
        )
        .await;
    let (location, other) = (other.header("location").to_owned(), other.json());
    assert_eq!(location, "/api/v1/tasks/second");
    assert_eq!(
        (&other["images"], &other["progress"]["totalNodes"]),
        (&json!(["c"]), &json!(2))
    );
    assert!(other.get("parallelism").is_none(), "batchSize took its place: {other}");
    let missing = edge.post("/api/v1/tasks/none/clone", "").await;
    assert_eq!(missing.status, 404);
    let refused = edge.post("/api/v1/tasks/first/clone", r#"{"priority": 11}"#).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["field"].as_str()),
        (400, Some("priority"))
    );
    let refused = edge.post("/api/v1/tasks/first/clone", r#"{"foo": 1}"#).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["field"].as_str()),
        (400, Some("foo"))
    );
}

#[tokio::test]
async fn long_lists_of_names_are_cut_in_answers() {
    let edge = Edge::start().await;
    edge.connect("node-a", "gpu").await;
    let many: Vec<String> = (0..101).map(|n| format!("gone-{n}")).collect();
    let task = edge
        .create(&json!({"images": ["a"], "excludeNodes": many}))
        .await
        .json();
    assert_eq!(task["excludeNodes"].as_array().unwrap().len(), 100);
    assert_eq!(task["excludeNodeCount"], 101);
}

#[tokio::test]
async fn an_id_is_taken_once() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-a", "gpu").await;
    assert_eq!(edge.create(&json!({"images": ["a"], "id": "same"})).await.status, 201);
    let answer = edge.create(&json!({"images": ["b"], "id": "same"})).await;
    let json = answer.json();
    assert_eq!(
        (answer.status.as_u16(), json["code"].as_str()),
        (409, Some("already_exists"))
    );
    assert_eq!(
        (&json["error"], &json["field"]),
        (&json!("Task exists already"), &json!("id"))
    );
}

#[tokio::test]
async fn cancel_and_delete_keep_their_meanings_apart() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-a", "gpu").await;
    edge.create(&json!({"images": ["a"], "id": "t"})).await;
    let refused = edge.delete("/api/v1/tasks/t?mode=delete").await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["code"].as_str()),
        (409, Some("failed_precondition"))
    );
    let extra = edge.post("/api/v1/tasks/t/cancel", r#"{"force": true}"#).await;
    assert_eq!(
        (extra.status.as_u16(), extra.json()["field"].as_str()),
        (400, Some("force")),
        "a new route is strict"
    );
    let cancelled = edge.post("/api/v1/tasks/t/cancel", "{}").await;
    assert_eq!(
        (cancelled.status.as_u16(), cancelled.json()["status"].as_str()),
        (200, Some("cancelled"))
    );
    assert_eq!(edge.post("/api/v1/tasks/t/cancel", "").await.status, 409);
}

#[tokio::test]
async fn a_node_shows_what_it_has() {
    let edge = Edge::start().await;
    let agent = edge.connect("node-a", "gpu").await;
    let before = edge.get("/api/v1/nodes/node-a").await.json();
    assert_eq!(
        (&before["inventoryKnown"], &before["images"]),
        (&json!(false), &json!([]))
    );
    agent
        .has(InventoryImage {
            id: "sha256:1".into(),
            repo_tags: vec!["docker.io/library/nginx:1".into()],
            repo_digests: vec![],
            size_bytes: 7,
            pinned: true,
        })
        .await;
    let node = edge
        .until("/api/v1/nodes/node-a", |node| node["inventoryKnown"] == true)
        .await;
    assert_eq!(node["images"][0]["repoTags"][0], "docker.io/library/nginx:1");
    assert_eq!(
        (&node["imageCount"], &node["ready"], &node["platform"]),
        (&json!(1), &json!(true), &json!("linux/amd64"))
    );
    let listed = edge.get("/api/v1/nodes").await.json();
    assert!(listed["nodes"][0].get("images").is_none());
    assert_eq!(
        edge.get("/api/v1/stats").await.json()["nodes"],
        json!({"total": 1, "ready": 1, "coverage": 1, "connected": 1, "draining": 0})
    );
}
