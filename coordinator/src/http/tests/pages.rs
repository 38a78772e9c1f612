//! Lists: limits are bent, filters are real.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::testing::Edge;
use serde_json::json;

#[tokio::test]
async fn empty_lists_are_lists() {
    let edge = Edge::start().await;
    let tasks = edge.get("/api/v1/tasks").await.json();
    assert_eq!(tasks, json!({"tasks": [], "total": 0, "limit": 10, "offset": 0}));
    let nodes = edge.get("/api/v1/nodes").await.json();
    assert_eq!(nodes, json!({"nodes": [], "total": 0, "limit": 100, "offset": 0}));
    assert_eq!(
        edge.get("/api/v1/stats").await.json(),
        json!({
            "nodes": {"total": 0, "ready": 0, "coverage": 0, "connected": 0, "draining": 0},
            "tasks": {"pending": 0, "running": 0, "paused": 0, "completed": 0, "failed": 0, "cancelled": 0},
            "lastDay": {"tasks": 0, "succeededPulls": 0, "failedPulls": 0, "completedNodes": 0, "failedNodes": 0,
                "bytesMoved": 0, "bytesSaved": 0},
            "throughputBytesPerSecond": 0,
        })
    );
}

#[tokio::test]
async fn tasks_are_found_sorted_and_counted() {
    let edge = Edge::start().await;
    let _agent = edge.connect("node-a", "cpu").await;
    for (id, image) in [("one", "web:1"), ("two", "db:1")] {
        assert_eq!(edge.create(&json!({"images": [image], "id": id})).await.status, 201);
    }
    let ids = async |query: &str| -> Vec<String> {
        let json = edge.get(&format!("/api/v1/tasks?{query}")).await.json();
        let tasks = json["tasks"].as_array().unwrap();
        tasks
            .iter()
            .map(|task| task["taskId"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("q=WEB").await, ["one"]);
    assert_eq!(ids("q=tw").await, ["two"]);
    assert!(ids("q=%25").await.is_empty());
    assert_eq!(ids("sort=created").await, ["one", "two"]);
    let refused = edge.get("/api/v1/tasks?sort=size").await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["field"]),
        (400, &json!("sort"))
    );
    let stats = edge.get("/api/v1/stats").await.json();
    assert_eq!(stats["lastDay"]["tasks"], 2);
    let open = &stats["tasks"];
    assert_eq!(open["pending"].as_u64().unwrap() + open["running"].as_u64().unwrap(), 2);
}

#[tokio::test]
async fn nodes_are_counted_by_what_they_have_in_common() {
    let edge = Edge::start().await;
    let mut agents = Vec::new();
    for (name, pool) in [("node-a", "cpu"), ("node-b", "gpu"), ("node-c", "gpu")] {
        agents.push(edge.connect(name, pool).await);
    }
    let groups = async |query: &str| edge.get(&format!("/api/v1/node-groups?{query}")).await.json();
    assert_eq!(
        groups("by=label:pool&names=true").await,
        json!({"by": "label:pool", "total": 3, "groupCount": 2, "groups": [
            {"value": "gpu", "nodes": 2, "names": ["node-b", "node-c"]},
            {"value": "cpu", "nodes": 1, "names": ["node-a"]},
        ]})
    );
    assert_eq!(
        groups("by=label:pool&limit=1&selector=pool!=none").await,
        json!({"by": "label:pool", "total": 3, "groupCount": 2, "groups": [{"value": "gpu", "nodes": 2}]})
    );
    assert_eq!(
        groups("by=label_keys").await["groups"],
        json!([{"value": "pool", "nodes": 3, "values": 2}])
    );
    assert_eq!(groups("by=label:zone").await["groups"], json!([{"nodes": 3}]));
    let same = [
        ("agent_version", crate::domain::version::VERSION),
        ("runtime", "containerd 1.7.24"),
        ("platform", "linux/amd64"),
        ("state", "ready"),
    ];
    for (by, value) in same {
        assert_eq!(
            groups(&format!("by={by}&q=gpu")).await,
            json!({"by": by, "total": 2, "groupCount": 1, "groups": [{"value": value, "nodes": 2}]})
        );
    }
    assert_eq!(groups("by=state&state=offline").await["groups"], json!([]));
}

#[tokio::test]
async fn limits_are_bent_into_their_range() {
    let edge = Edge::start().await;
    for (query, limit, offset) in [
        ("limit=0&offset=-5", 10, 0),
        ("limit=-7&offset=3", 10, 3),
        ("limit=1000", 100, 0),
        ("limit=7&unknown=1", 7, 0),
    ] {
        let json = edge.get(&format!("/api/v1/tasks?{query}")).await.json();
        assert_eq!(
            (&json["limit"], &json["offset"]),
            (&json!(limit), &json!(offset)),
            "{query}"
        );
    }
    assert_eq!(edge.get("/api/v1/nodes?limit=5000").await.json()["limit"], 1000);
}

#[tokio::test]
async fn tasks_are_filtered_by_status_and_nodes_by_label() {
    let edge = Edge::start().await;
    let _agents = (edge.connect("node-a", "cpu").await, edge.connect("node-b", "gpu").await);
    for id in ["one", "two"] {
        assert_eq!(edge.create(&json!({"images": ["a"], "id": id})).await.status, 201);
    }
    assert_eq!(edge.delete("/api/v1/tasks/one").await.json()["action"], "cancelled");
    let ids = async |query: &str| -> Vec<String> {
        let json = edge.get(&format!("/api/v1/tasks?{query}")).await.json();
        let tasks = json["tasks"].as_array().unwrap();
        tasks
            .iter()
            .map(|task| task["taskId"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("status=cancelled").await, ["one"]);
    assert_eq!(ids("status=pending,running").await, ["two"]);
    assert_eq!(ids("status=").await.len(), 2);
    let nodes = edge.get("/api/v1/nodes?selector=pool%3Dgpu").await.json();
    assert_eq!(
        (&nodes["total"], &nodes["nodes"][0]["name"]),
        (&json!(1), &json!("node-b"))
    );
}

#[tokio::test]
async fn nodes_are_found_by_words_and_state_and_each_has_its_pulls() {
    let edge = Edge::start().await;
    let _agents = (edge.connect("node-a", "cpu").await, edge.connect("node-b", "gpu").await);
    for id in ["first", "second"] {
        let body = json!({"images": ["a", "b"], "id": id, "nodeNames": ["node-b"]});
        assert_eq!(edge.create(&body).await.status, 201);
    }
    let names = async |query: &str| -> Vec<String> {
        let json = edge.get(&format!("/api/v1/nodes?{query}")).await.json();
        assert_eq!(json["total"], json["nodes"].as_array().unwrap().len());
        let nodes = json["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| node["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("q=NODE%20pool%3Dgpu").await, ["node-b"]);
    assert!(names("q=node-a%20gpu").await.is_empty());
    assert!(names("state=offline,draining").await.is_empty());
    for sort in ["name", "state", "disk", "pulls", "images"] {
        assert_eq!(
            names(&format!("state=ready,not_ready&sort={sort}")).await.len(),
            2,
            "{sort}"
        );
    }
    let cut = edge.get("/api/v1/nodes?limit=1&offset=1").await.json();
    assert_eq!((&cut["nodes"][0]["name"], &cut["total"]), (&json!("node-b"), &json!(2)));

    let pulls = edge.get("/api/v1/nodes/node-b/pulls").await.json();
    let tasks: Vec<_> = pulls["pulls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pull| &pull["taskId"])
        .collect();
    assert_eq!(pulls["total"], 4);
    assert_eq!(tasks[0], tasks[1], "task by task: {tasks:?}");
    let of_image = edge.get("/api/v1/nodes/node-b/pulls?image=a&limit=1").await.json();
    assert_eq!(
        (&of_image["total"], of_image["pulls"].as_array().unwrap().len()),
        (&json!(2), 1)
    );
    let ended = edge
        .get("/api/v1/nodes/node-b/pulls?state=succeeded,failed")
        .await
        .json();
    assert_eq!(ended["total"], 0);
    assert_eq!(edge.get("/api/v1/nodes/node-a/pulls").await.json()["total"], 0);
    assert_eq!(edge.get("/api/v1/nodes/node-x/pulls").await.status, 404);
}
