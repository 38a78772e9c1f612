//! Nobody sees, changes or guesses what another tenant has: every operation of the table, every role, held against a coordinator in which
//! the other tenant has nothing at all.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::live::Events;
use crate::{
    domain::{
        caller::{Role, TenantId},
        ids::TaskId,
        node::InventoryImage,
        permission::{Access, OPERATIONS},
    },
    engine::board::Delta,
    http::testing::{Agent, Answer, Edge, FIRST_PASSWORD, PASSWORD},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A coordinator with two tenants, and who asks.
struct World {
    edge: Edge,
    /// They keep their sessions.
    agents: Vec<Agent>,
    /// Of the system admin.
    chief: String,
    /// Of the people of `team-a`.
    own: Vec<(Role, String)>,
    /// Ids of what `team-b` has, by the noun in the path.
    theirs: BTreeMap<&'static str, String>,
    /// Of the admin of `team-b`.
    other: String,
}

impl World {
    /// `team-a` with its people, who may use the nodes of pool `a`.
    async fn start() -> Self {
        let edge = Edge::with_identity().await;
        let agents = vec![edge.connect("node-a", "a").await];
        let chief = edge.login("admin", PASSWORD).await.json()["token"]
            .as_str()
            .unwrap()
            .to_owned();
        for (id, selector) in [("team-a", "pool=a"), ("team-b", "")] {
            let body = json!({"id": id, "nodeSelector": selector});
            let made = edge.as_caller(&chief, "POST", "/api/v1/tenants", Some(body)).await;
            assert_eq!(made.status, 201, "{}", made.text());
        }
        let mut own = vec![];
        for role in [Role::Viewer, Role::Operator, Role::Admin] {
            own.push((role, edge.person_of("team-a", &format!("a-{role}"), role).await));
        }
        Self {
            edge,
            agents,
            chief,
            own,
            theirs: BTreeMap::new(),
            other: String::new(),
        }
    }

    /// The same, and `team-b` has one of everything.
    async fn with_theirs() -> Self {
        let mut world = Self::start().await;
        world.other = world.edge.person_of("team-b", "b-admin", Role::Admin).await;
        let agent = world.edge.connect("node-b", "b").await;
        world.agents.push(agent);
        let made = async |path: &str, body: Value| {
            let answer = world.edge.as_caller(&world.other, "POST", path, Some(body)).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text());
            answer.json()
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let secret = json!({"name": "mine", "registry": "b.example", "username": "u", "password": "canary-b"});
        let secret = made("/api/v1/secrets", secret).await;
        let channel = json!({"name": "ops", "kind": "slack", "url": "https://receiver.invalid/x"});
        let channel = made("/api/v1/channels", channel).await;
        let delivery = made(&format!("/api/v1/channels/{}/test", channel["id"]), json!({})).await;
        let entry = made("/api/v1/library", json!({"image": "b.example/app:1"})).await;
        let config = json!({"images": ["b.example/app:1"], "secretId": secret["id"]});
        let schedule = json!({"name": "nightly", "cronExpr": "0 0 1 1 *", "taskConfig": config});
        let schedule = made("/api/v1/scheduled-tasks", schedule).await;
        let path = format!("/api/v1/scheduled-tasks/{}/trigger", text(&schedule["id"]));
        made(&path, json!({})).await;
        let policy = json!({"name": "standing", "paused": true, "taskConfig": {"images": ["b.example/app:1"]}});
        let policy = made("/api/v1/policies", policy).await;
        let task = json!({"id": "theirs", "images": ["b.example/app:1"], "channels": ["ops"]});
        let task = made("/api/v1/tasks", task).await;
        let token = made("/api/v1/tokens", json!({"name": "ci"})).await;
        let me = world
            .edge
            .as_caller(&world.other, "GET", "/api/v1/me", None)
            .await
            .json();
        world.theirs = BTreeMap::from([
            ("tasks", text(&task["taskId"])),
            ("scheduled-tasks", text(&schedule["id"])),
            ("policies", text(&policy["id"])),
            ("library", text(&entry["id"])),
            ("secrets", text(&secret["id"])),
            ("channels", text(&channel["id"])),
            ("deliveries", text(&delivery["id"])),
            ("users", text(&me["id"])),
            ("tokens", text(&token["apiToken"]["id"])),
            ("tenants", "team-b".to_owned()),
            ("nodes", "node-b".to_owned()),
        ]);
        world
    }

    /// What `team-b` sees of everything that it has.
    async fn all_of_theirs(&self) -> String {
        let mut text = String::new();
        // What runs goes on meanwhile; all the rest stays as it is.
        for (path, _) in LISTS.iter().filter(|(path, _)| !path.ends_with("tasks")) {
            text += &self.edge.as_caller(&self.other, "GET", path, None).await.text();
        }
        let task = self
            .edge
            .as_caller(&self.other, "GET", "/api/v1/tasks/theirs", None)
            .await
            .json();
        assert!(
            ["pending", "running"].contains(&task["status"].as_str().unwrap()),
            "{task}"
        );
        text
    }
}

/// Lists, and by what one knows the thing of `team-b` in each.
const LISTS: [(&str, &str); 9] = [
    ("/api/v1/tasks", "theirs"),
    ("/api/v1/scheduled-tasks", "nightly"),
    ("/api/v1/policies", "standing"),
    ("/api/v1/library", "b.example"),
    ("/api/v1/secrets", "b.example"),
    ("/api/v1/channels", "\"ops\""),
    ("/api/v1/deliveries", "\"ops\""),
    ("/api/v1/users", "b-admin"),
    ("/api/v1/tokens", "\"ci\""),
];

/// Everything that a client gets, but for the id of the request and the time.
fn all_of(answer: &Answer) -> String {
    let headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    let body = answer.text().replace(answer.header("x-request-id"), "REQUEST");
    format!("{}\n{}\n\n{body}", answer.status, headers.join("\n"))
}

/// A body that breaks no rule.
fn body_for(operation: &str) -> Value {
    match operation {
        "update_user" => json!({"disabled": true}),
        "update_schedule" | "update_policy" => json!({"description": "taken over"}),
        "update_library" => json!({"image": "docker.io/library/taken:1"}),
        "update_secret" => json!({"name": "taken", "registry": "b.example", "username": "u"}),
        "update_channel" => json!({"enabled": false}),
        "update_tenant" => json!({"name": "taken"}),
        _other => json!({}),
    }
}

#[tokio::test]
async fn an_id_of_another_tenant_answers_byte_for_byte_like_one_that_nobody_has() {
    let (full, empty) = (World::with_theirs().await, World::start().await);
    let before = full.all_of_theirs().await;
    for operation in OPERATIONS.iter().filter(|it| it.rest.contains('{')) {
        let (method, pattern) = operation.rest.split_once(' ').unwrap();
        let noun = pattern.strip_prefix("/api/v1/").unwrap().split('/').next().unwrap();
        let id = full
            .theirs
            .get(noun)
            .unwrap_or_else(|| panic!("{noun}: nothing of it is made here"));
        let path = pattern
            .replace("{id}", id)
            .replace("{name}", id)
            .replace("{executionId}", "1");
        let body = matches!(method, "POST" | "PUT" | "PATCH").then(|| body_for(operation.id));
        for ((role, token), (_, same)) in full.own.iter().zip(&empty.own) {
            let theirs = full.edge.as_caller(token, method, &path, body.clone()).await;
            let nobodys = empty.edge.as_caller(same, method, &path, body.clone()).await;
            assert_eq!(all_of(&theirs), all_of(&nobodys), "{role} {}", operation.id);
            let denied = operation.permission().is_some_and(|it| *role < it.least_role());
            assert!(
                !denied || theirs.status == 403,
                "{role} {}: {}",
                operation.id,
                theirs.text()
            );
        }
    }
    let before: Vec<&str> = before.lines().collect();
    let after = full.all_of_theirs().await;
    assert_eq!(after.lines().collect::<Vec<_>>(), before, "nothing of it was changed");
}

#[tokio::test]
async fn what_another_tenant_has_cannot_be_named_in_ones_own_things() {
    let (full, empty) = (World::with_theirs().await, World::start().await);
    let secret: i64 = full.theirs["secrets"].parse().unwrap();
    let task = |more: Value| {
        let mut body = json!({"images": ["a.example/app:1"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let schedule = |config: Value| json!({"name": "n", "cronExpr": "@daily", "taskConfig": config});
    for (path, body, status) in [
        ("/api/v1/tasks", task(json!({"secretId": secret})), 400),
        ("/api/v1/tasks", task(json!({"channels": ["ops"]})), 400),
        ("/api/v1/tasks", task(json!({"nodeNames": ["node-b"]})), 400),
        ("/api/v1/tasks", task(json!({"nodeSelector": {"pool": "b"}})), 400),
        ("/api/v1/tasks/preview", task(json!({"nodeNames": ["node-b"]})), 400),
        (
            "/api/v1/tasks/preview",
            task(json!({"nodeSelector": {"pool": "b"}})),
            400,
        ),
        (
            "/api/v1/tasks/bulk",
            json!({"action": "cancel", "ids": ["theirs"]}),
            200,
        ),
        ("/api/v1/tasks/bulk", json!({"action": "cancel", "filter": {}}), 200),
        (
            "/api/v1/scheduled-tasks",
            schedule(task(json!({"secretId": secret}))),
            400,
        ),
        (
            "/api/v1/scheduled-tasks",
            schedule(task(json!({"channels": ["ops"]}))),
            400,
        ),
    ] {
        let theirs = full
            .edge
            .as_caller(&full.own[2].1, "POST", path, Some(body.clone()))
            .await;
        let nobodys = empty
            .edge
            .as_caller(&empty.own[2].1, "POST", path, Some(body.clone()))
            .await;
        assert_eq!(theirs.status, status, "{path} {body}: {}", theirs.text());
        assert_eq!(all_of(&theirs), all_of(&nobodys), "{path} {body}");
    }
    let stream = "/api/v1/events?topics=task:theirs";
    let theirs = full.edge.as_caller(&full.own[0].1, "GET", stream, None).await;
    let nobodys = empty.edge.as_caller(&empty.own[0].1, "GET", stream, None).await;
    assert_eq!((theirs.status.as_u16(), all_of(&theirs)), (404, all_of(&nobodys)));
    // The same names are free for one's own.
    let own = &full.own[2].1;
    for (path, body) in [
        (
            "/api/v1/secrets",
            json!({"name": "mine", "registry": "b.example", "username": "u", "password": "p"}),
        ),
        (
            "/api/v1/channels",
            json!({"name": "ops", "kind": "slack", "url": "https://receiver.invalid/x"}),
        ),
        ("/api/v1/library", json!({"image": "b.example/app:1"})),
    ] {
        let made = full.edge.as_caller(own, "POST", path, Some(body)).await;
        assert_eq!(made.status, 201, "{path}: {}", made.text());
    }
}

#[tokio::test]
async fn lists_and_counts_show_what_the_caller_may_see() {
    let full = World::with_theirs().await;
    let own = &full.own[2].1;
    for (path, mark) in LISTS {
        let seen = full.edge.as_caller(own, "GET", path, None).await;
        assert_eq!(seen.status, 200, "{path}");
        for hidden in [mark, "team-b"] {
            assert!(!seen.text().contains(hidden), "{path}: {}", seen.text());
        }
        let join = |tenant: &str| format!("{path}?tenant={tenant}");
        let foreign = full.edge.as_caller(own, "GET", &join("team-b"), None).await;
        let unknown = full.edge.as_caller(own, "GET", &join("nobody"), None).await;
        assert_eq!(
            (foreign.status.as_u16(), &foreign.json()["field"]),
            (400, &json!("tenant")),
            "{path}"
        );
        assert_eq!(all_of(&foreign), all_of(&unknown), "{path}");
        let same = full.edge.as_caller(own, "GET", &join("team-a"), None).await;
        assert_eq!(same.status, 200, "{path}: {}", same.text());
        // Who sees everything, and of that what belongs to one.
        let all = full.edge.as_caller(&full.chief, "GET", path, None).await.text();
        let of_b = full
            .edge
            .as_caller(&full.chief, "GET", &join("team-b"), None)
            .await
            .text();
        let of_a = full
            .edge
            .as_caller(&full.chief, "GET", &join("team-a"), None)
            .await
            .text();
        assert!(all.contains(mark) && of_b.contains(mark), "{path}: {all} {of_b}");
        assert!(!of_a.contains(mark), "{path}: {of_a}");
    }
    let nodes = full.edge.as_caller(own, "GET", "/api/v1/nodes", None).await.json();
    assert_eq!(
        (&nodes["total"], &nodes["nodes"][0]["name"]),
        (&json!(1), &json!("node-a"))
    );
    let path = "/api/v1/node-groups?by=label:pool&names=true";
    let groups = full.edge.as_caller(own, "GET", path, None).await.json();
    assert_eq!(
        groups["groups"],
        json!([{"value": "a", "nodes": 1, "names": ["node-a"]}])
    );
    let stats = full.edge.as_caller(own, "GET", "/api/v1/stats", None).await.json();
    assert_eq!(stats["nodes"]["total"], 1);
    let stats = full
        .edge
        .as_caller(&full.chief, "GET", "/api/v1/stats", None)
        .await
        .json();
    assert_eq!(stats["nodes"]["total"], 2);
    assert_eq!(
        full.edge
            .as_caller(own, "GET", "/api/v1/nodes/node-b", None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_stream_tells_nothing_of_others() {
    let full = World::with_theirs().await;
    let path = "/api/v1/events?topics=tasks,nodes";
    let mut own = Events::open_as(&full.edge, &full.own[0].1, path, None).await;
    let mut theirs = Events::open_as(&full.edge, &full.other, path, None).await;
    let snapshot = own.next().await.unwrap();
    let topics = &snapshot.data["topics"];
    assert_eq!(
        (
            &topics["tasks"]["total"],
            topics["nodes"]["nodes"].as_array().unwrap().len()
        ),
        (&json!(0), 1)
    );
    theirs.next().await.unwrap();
    let cancelled = full
        .edge
        .as_caller(&full.other, "POST", "/api/v1/tasks/theirs/cancel", None)
        .await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text());
    let gone = |tenant: &str| (TenantId::from_stored(tenant), TaskId::parse("theirs").unwrap());
    full.edge.state.engine.board().publish(Delta {
        removed_tasks: vec![gone("team-b")],
        ..Delta::default()
    });
    theirs.until(|event| event.data["removedTasks"][0] == "theirs").await;
    // What comes next for the other tenant is its own: nothing of that was in between.
    let body = json!({"id": "ours", "images": ["a.example/app:1"]});
    let made = full
        .edge
        .as_caller(&full.own[1].1, "POST", "/api/v1/tasks", Some(body))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    loop {
        let event = own.next().await.unwrap();
        assert!(!event.data.to_string().contains("theirs"), "{}", event.data);
        assert!(!event.data.to_string().contains("node-b"), "{}", event.data);
        if event.data["tasks"][0]["taskId"] == "ours" {
            break;
        }
    }
    let resumed = Events::open_as(&full.edge, &full.own[0].1, path, Some(&snapshot.id))
        .await
        .next()
        .await
        .unwrap();
    assert_eq!(resumed.name, "delta");
    assert!(!resumed.data.to_string().contains("theirs"), "{}", resumed.data);
}

#[tokio::test]
async fn an_inventory_shows_the_repositories_that_a_tenant_may_use() {
    let full = World::start().await;
    let agent = full.edge.connect("node-c", "a").await;
    let image = InventoryImage {
        id: "sha256:1".into(),
        repo_tags: vec!["a.example/team-a/app:1".into(), "b.example/app:1".into()],
        repo_digests: vec![],
        size_bytes: 5,
        pinned: false,
    };
    agent.has(image).await;
    let body = json!({"repositories": ["a.example/team-a/*"]});
    let changed = full
        .edge
        .as_caller(&full.chief, "PUT", "/api/v1/tenants/team-a", Some(body))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let path = "/api/v1/nodes/node-c";
    for _ in 0..100 {
        let all = full.edge.as_caller(&full.chief, "GET", path, None).await.json();
        if all["images"][0]["repoTags"]
            .as_array()
            .is_some_and(|tags| tags.len() == 2)
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let seen = full.edge.as_caller(&full.own[0].1, "GET", path, None).await;
    assert!(seen.text().contains("a.example/team-a/app:1"), "{}", seen.text());
    assert!(!seen.text().contains("b.example"), "{}", seen.text());
    let listed = full
        .edge
        .as_caller(&full.own[0].1, "GET", "/api/v1/nodes", None)
        .await
        .json();
    assert!(
        listed["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|node| node.get("imageCount").is_none()),
        "{listed}"
    );
    // A preview of what it may not use says so and nothing of what is there.
    let body = json!({"images": ["b.example/app:1"]});
    let preview = full
        .edge
        .as_caller(&full.own[1].1, "POST", "/api/v1/tasks/preview", Some(body))
        .await;
    assert_eq!(
        (preview.status.as_u16(), &preview.json()["field"]),
        (400, &json!("images[0]"))
    );
}

#[tokio::test]
async fn a_role_counts_within_its_tenant() {
    let full = World::with_theirs().await;
    let own = &full.own[2].1;
    // An admin makes users in its own tenant and in no other.
    let user = |tenant: &str| json!({"username": format!("new-{tenant}"), "password": FIRST_PASSWORD, "role": "admin", "tenant": tenant});
    let made = full
        .edge
        .as_caller(own, "POST", "/api/v1/users", Some(user("team-a")))
        .await;
    assert_eq!((made.status.as_u16(), &made.json()["tenant"]), (201, &json!("team-a")));
    for tenant in ["team-b", "nobody", "default"] {
        let refused = full
            .edge
            .as_caller(own, "POST", "/api/v1/users", Some(user(tenant)))
            .await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["field"]),
            (400, &json!("tenant")),
            "{tenant}"
        );
    }
    let refused = full
        .edge
        .as_caller(&full.chief, "POST", "/api/v1/users", Some(user("nobody")))
        .await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["field"]),
        (400, &json!("tenant"))
    );
    let above = json!({"username": "x", "password": FIRST_PASSWORD, "role": "system-admin"});
    assert_eq!(
        full.edge
            .as_caller(own, "POST", "/api/v1/users", Some(above))
            .await
            .status,
        403
    );
    // Every operation of the table, for somebody who is admin of a tenant only.
    for operation in OPERATIONS {
        let system_only = operation
            .permission()
            .is_some_and(|it| it.least_role() == Role::SystemAdmin);
        if !system_only || operation.access == Access::Public {
            continue;
        }
        let (method, path) = operation.rest.split_once(' ').unwrap();
        let body = matches!(method, "POST" | "PUT" | "PATCH").then(|| json!({}));
        let refused = full
            .edge
            .as_caller(own, method, &path.replace("{id}", "team-a"), body)
            .await;
        assert_eq!(refused.status, 403, "{}", operation.id);
    }
    let seen = full.edge.as_caller(own, "GET", "/api/v1/tenant", None).await.json();
    assert_eq!(
        (&seen["id"], &seen["nodeSelector"]),
        (&json!("team-a"), &json!("pool=a"))
    );
}
