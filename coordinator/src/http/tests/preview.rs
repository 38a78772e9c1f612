//! What a task would do, and nothing of it done.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::{
    domain::{
        credential::Logins,
        image::{ImageDigests, ImageRef, Platform, ResolvedImage},
        node::InventoryImage,
        unresolved::{Unresolved, UnresolvedReason},
    },
    engine::resolver::{ImageResolver, Resolving},
    http::testing::Edge,
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Knows `app`, has never heard of `gone`, wants a login for `private`, and cannot be reached for anything else.
#[derive(Default)]
struct Library {
    asked: AtomicUsize,
}

impl ImageResolver for Library {
    fn resolve<'a>(&'a self, image: &'a ImageRef, platforms: &'a [Platform], _: &'a dyn Logins) -> Resolving<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let refused = |reason| {
            Err(Unresolved {
                reason,
                message: format!("words about {image}"),
            })
        };
        let answer = match image.as_str() {
            "app" => Ok(platforms.iter().map(app).collect()),
            "gone" => refused(UnresolvedReason::NotFound),
            "private" => refused(UnresolvedReason::Unauthorized),
            _other => refused(UnresolvedReason::Unknown),
        };
        Box::pin(async { answer })
    }
}

fn app(platform: &Platform) -> ResolvedImage {
    ResolvedImage {
        platform: platform.clone(),
        digests: ImageDigests {
            target: "sha256:index".into(),
            manifest: "sha256:manifest".into(),
            config: "sha256:config".into(),
        },
        size_bytes: 1000,
    }
}

fn has(id: &str, tag: &str) -> InventoryImage {
    InventoryImage {
        id: id.into(),
        repo_tags: vec![tag.into()],
        repo_digests: vec![],
        size_bytes: 1,
        pinned: false,
    }
}

async fn edge() -> (Edge, Arc<Library>) {
    let library = Arc::new(Library::default());
    let edge = Edge::with_registry(Arc::clone(&library) as Arc<dyn ImageResolver>).await;
    (edge, library)
}

async fn preview(edge: &Edge, body: Value) -> Value {
    let answer = edge.send_json("POST", "/api/v1/tasks/preview", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_preview_says_what_is_there_what_is_missing_and_whose_disk_is_too_small() {
    let (edge, _library) = edge().await;
    let same = edge.connect("node-a", "gpu").await;
    same.has(has("sha256:config", "other/name:1")).await;
    same.has_room(10).await;
    let namesake = edge.connect("node-b", "gpu").await;
    namesake.has(has("sha256:old", "docker.io/library/app:latest")).await;
    namesake.has_room(2999).await;
    let unknown = edge.connect("node-c", "gpu").await;
    unknown.has_room(3000).await;
    for node in ["node-a", "node-b", "node-c"] {
        edge.until(&format!("/api/v1/nodes/{node}"), |node| {
            node["condition"]["imageFsCapacityBytes"].as_u64() > Some(0)
        })
        .await;
    }
    let found = preview(&edge, json!({"images": ["app", "gone", "private", "away"]})).await;
    assert_eq!(
        (&found["nodeCount"], &found["offlineCount"], &found["pulls"]),
        (&json!(3), &json!(0), &json!(12))
    );
    assert_eq!(found["nodes"][0], json!({"name": "node-a", "ready": true}));
    assert_eq!(
        (&found["bytesToMove"], &found["bytesPresent"]),
        (&json!(2000), &json!(1000))
    );
    let app = json!({"image": "app", "verdict": "resolved", "platforms": [{"platform": "linux/amd64", "sizeBytes": 1000,
        "digests": {"target": "sha256:index", "manifest": "sha256:manifest", "config": "sha256:config"},
        "nodes": 3, "presentNodes": 1, "unknownNodes": 1, "bytesToMove": 2000}]});
    assert_eq!(found["images"][0], app, "by digest and not by name");
    for (index, (image, verdict)) in [("gone", "not_found"), ("private", "unauthorized"), ("away", "unknown")]
        .iter()
        .enumerate()
    {
        let shown = &found["images"][index + 1];
        assert_eq!((&shown["image"], &shown["verdict"]), (&json!(image), &json!(verdict)));
        assert_eq!(shown["error"], format!("words about {image}"));
    }
    let lacking = json!([{"name": "node-b", "neededBytes": 3000, "availableBytes": 2999}]);
    assert_eq!(
        found["disk"],
        json!({"factor": 3, "lacking": lacking, "lackingCount": 1, "unknownCount": 0})
    );
}

#[tokio::test]
async fn a_dry_run_says_the_same_saves_nothing_and_asks_once_for_each_image() {
    let (edge, library) = edge().await;
    let _agent = edge.connect("node-a", "gpu").await;
    let _other = edge.connect("node-b", "cpu").await;
    let body = json!({"images": ["app", "gone"], "nodeSelector": {"pool": "gpu"}});
    let expected = preview(&edge, body.clone()).await;
    assert_eq!(library.asked.load(Ordering::SeqCst), 2);
    let mut dry = body;
    dry["dryRun"] = json!(true);
    let answer = edge.create(&dry).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
    assert_eq!(edge.get("/api/v1/tasks").await.json()["total"], 0);

    edge.create(&json!({"images": ["app"], "id": "t"})).await;
    let body = json!({"images": ["gone"], "dryRun": true});
    let answer = edge.send_json("POST", "/api/v1/tasks/t/clone", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        (&answer.json()["nodeCount"], &answer.json()["images"][0]["image"]),
        (&json!(2), &json!("gone"))
    );
    assert_eq!(edge.get("/api/v1/tasks").await.json()["total"], 1);
}

#[tokio::test]
async fn a_copy_has_the_default_again_where_its_body_says_null() {
    let (edge, _library) = edge().await;
    let _agent = edge.connect("node-a", "gpu").await;
    let _other = edge.connect("node-b", "cpu").await;
    let window = json!({"start": "22:00", "end": "06:00"});
    let body =
        json!({"images": ["app"], "id": "t", "nodeSelector": {"pool": "gpu"}, "priority": 9, "windows": [window]});
    assert_eq!(edge.create(&body).await.status, 201);
    let copied = async |body: Value| {
        let answer = edge.send_json("POST", "/api/v1/tasks/t/clone", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    };
    let same = copied(json!({"id": null, "webhookUrl": null, "priority": 8})).await;
    assert_eq!(
        (&same["priority"], &same["progress"]["totalNodes"]),
        (&json!(8), &json!(1))
    );
    assert_eq!(same["windows"].as_array().map(Vec::len), Some(1), "{same:#}");
    let bare = copied(json!({"nodeSelector": null, "priority": null, "windows": null})).await;
    assert_eq!(
        (&bare["priority"], &bare["progress"]["totalNodes"]),
        (&json!(5), &json!(2))
    );
    assert_eq!(bare["windows"].as_array().map_or(0, Vec::len), 0, "{bare:#}");
    let answer = edge
        .send_json("POST", "/api/v1/tasks/t/clone", &json!({"colour": null}))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["field"].as_str()),
        (400, Some("colour"))
    );
}

#[tokio::test]
async fn a_preview_refuses_what_create_refuses() {
    let (edge, library) = edge().await;
    let _agent = edge.connect("node-a", "gpu").await;
    for (body, field) in [
        (json!({"images": []}), "images"),
        (json!({"images": ["app"], "nodeNames": ["nobody"]}), "nodeNames"),
        (
            json!({"images": ["app"], "nodeSelector": {"pool": "none"}}),
            "nodeSelector",
        ),
        (json!({"images": ["app"], "foo": 1}), "foo"),
    ] {
        let answer = edge.send_json("POST", "/api/v1/tasks/preview", &body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["field"].as_str()),
            (400, Some(field))
        );
    }
    assert_eq!(library.asked.load(Ordering::SeqCst), 0);
}
