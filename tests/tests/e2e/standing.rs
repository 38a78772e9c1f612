//! A standing policy on the cluster: a node that joins later is warm before a pod asks, and what is removed there comes back.

use ips_tests::wait::wait_until;
use serde_json::json;

use crate::joined::{Joined, POOL};
use crate::stand::{LIMIT, Stand};

/// Makes the policy while no node matches it; gives back its id.
pub async fn ordered(stand: &Stand) -> String {
    let images = [
        stand.registry.reference("base:v1"),
        stand.registry.reference("small:v1"),
    ];
    let body = json!({"name": "base", "taskConfig": {"images": images, "nodeSelector": {"pool": POOL}}});
    let (status, made) = stand.api().post("/api/v1/policies", &body).await.expect("an answer");
    assert_eq!(status, 201, "{made:#}");
    assert_eq!(made["nodes"], 0, "{made:#}");
    made["id"].as_str().expect("an id").to_owned()
}

/// Waits until both images are warm by the policy's word.
async fn warm(stand: &Stand, policy: &str, node: &str) {
    let path = format!("/api/v1/policies/{policy}/coverage?node={node}&state=warm");
    wait_until(&format!("both images to be warm on {node}"), LIMIT, async || {
        stand.api().get(&path).await.unwrap_or_default()["total"] == 2
    })
    .await;
}

/// Nobody has ordered anything for the node.
pub async fn kept(stand: &Stand, policy: &str, node: &Joined) {
    warm(stand, policy, node.name).await;
    let truth = node.containerd.truth().await;
    let reference = stand.registry.reference("base:v1");
    assert!(truth.image_status(&reference).await.expect("an answer").is_some());

    // What the kubelet's garbage collection does.
    truth.remove_image(&reference).await.expect("removed");
    wait_until("the image to come back", LIMIT, async || {
        matches!(truth.image_status(&reference).await, Ok(Some(_)))
    })
    .await;
    warm(stand, policy, node.name).await;
}
