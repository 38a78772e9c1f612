//! The library through the door: the contract's shapes, duplicates, imports, tags.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::testing::{Answer, Edge, request};
use axum::body::Body;
use serde_json::{Value, json};

async fn add(edge: &Edge, body: &Value) -> Answer {
    edge.post("/api/v1/library", body.to_string()).await
}

async fn put(edge: &Edge, path: &str, body: &Value) -> Answer {
    let put = request("PUT", path).header("content-type", "application/json");
    edge.ask(put.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn images_are_added_found_by_tag_changed_and_removed() {
    let edge = Edge::start().await;
    let added = add(
        &edge,
        &json!({"name": "web", "image": "nginx:1", "tags": ["prod", "a"], "id": 77}),
    )
    .await;
    let json = added.json();
    assert_eq!(
        (added.status.as_u16(), &json["id"], &json["tags"]),
        (201, &json!(1), &json!(["a", "prod"])),
        "{json}"
    );
    assert!(added.header("warning").contains("unknown field: id"));
    assert_eq!(add(&edge, &json!({"image": "redis:7"})).await.json()["name"], "");
    let list = edge.get("/api/v1/library?limit=bad&offset=bad").await.json();
    assert_eq!(
        (
            &list["total"],
            &list["limit"],
            &list["offset"],
            &list["images"][0]["image"]
        ),
        (&json!(2), &json!(10), &json!(0), &json!("redis:7"))
    );
    let tagged = edge.get("/api/v1/library?tag=prod").await.json();
    assert_eq!(
        (&tagged["total"], &tagged["images"][0]["image"]),
        (&json!(1), &json!("nginx:1"))
    );
    assert_eq!(edge.get("/api/v1/library?tag=none").await.json()["images"], json!([]));
    let changed = put(&edge, "/api/v1/library/1", &json!({"name": "w", "image": "nginx:2"}))
        .await
        .json();
    assert_eq!((&changed["image"], &changed["tags"]), (&json!("nginx:2"), &json!([])));
    assert_eq!(edge.get("/api/v1/library?tag=prod").await.json()["total"], 0);
    for _twice in 0..2 {
        let gone = edge.delete("/api/v1/library/1").await;
        assert_eq!(
            (gone.status.as_u16(), &gone.json()["message"]),
            (200, &json!("Image ID 1 deleted"))
        );
    }
    assert_eq!(edge.delete("/api/v1/library/x").await.json()["error"], "Invalid ID");
    let missing = put(&edge, "/api/v1/library/1", &json!({"image": "a"})).await;
    assert_eq!(
        (missing.status.as_u16(), &missing.json()["error"]),
        (404, &json!("Image not found"))
    );
}

#[tokio::test]
async fn an_image_is_there_once_and_is_an_image() {
    let edge = Edge::start().await;
    add(&edge, &json!({"image": "nginx:1"})).await;
    add(&edge, &json!({"image": "redis:7"})).await;
    for answer in [
        add(&edge, &json!({"image": "nginx:1", "name": "again"})).await,
        put(&edge, "/api/v1/library/2", &json!({"image": "nginx:1"})).await,
    ] {
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (409, &json!("image"))
        );
    }
    for (body, error) in [
        (json!({}), "Image URL is required"),
        (json!({"image": " "}), "Image URL is required"),
        (json!({"image": "Upper"}), "Invalid request"),
        (json!({"image": "a,b"}), "Invalid request"),
        (json!({"image": "a", "tags": ["a b"]}), "Invalid request"),
    ] {
        let answer = add(&edge, &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (400, &json!(error)),
            "{body}"
        );
    }
    assert_eq!(edge.get("/api/v1/library").await.json()["total"], 2);
}

#[tokio::test]
async fn an_import_has_a_result_for_each_image() {
    let edge = Edge::start().await;
    add(&edge, &json!({"image": "nginx:1"})).await;
    let import = |body: Value| edge.post("/api/v1/library/import", body.to_string());
    let images = json!([{"image": "redis:7", "tags": ["cache"]}, {"image": "nginx:1"}, {"image": "Upper"}, {"image": "redis:7"}]);
    let answer = import(json!({"images": images})).await.json();
    let words: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["result"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["added", "existed", "refused", "existed"]);
    assert_eq!(
        (&answer["added"], &answer["existed"], &answer["refused"]),
        (&json!(1), &json!(2), &json!(1))
    );
    assert!(answer["results"][2]["message"].as_str().unwrap().starts_with("image: "));
    assert_eq!(edge.get("/api/v1/library?tag=cache").await.json()["total"], 1);
    let many = |count: usize| {
        let images: Vec<_> = (0..count).map(|n| json!({"image": format!("many:{n}")})).collect();
        json!({"images": images})
    };
    assert_eq!(import(many(0)).await.json()["field"], "images");
    assert_eq!(import(many(1001)).await.json()["field"], "images");
    assert_eq!(import(many(1000)).await.json()["added"], 1000);
    let unknown = import(json!({"images": [{"image": "a", "tag": "x"}]})).await;
    assert_eq!(
        (unknown.status.as_u16(), &unknown.json()["field"]),
        (400, &json!("images[0].tag"))
    );
    let page = edge.get("/api/v1/library?limit=5000").await.json();
    assert_eq!(
        (&page["limit"], page["images"].as_array().unwrap().len()),
        (&json!(1000), 1000)
    );
}
