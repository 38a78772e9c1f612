//! Standing policies on the cluster: a node that joins later is warm before a pod asks, what is removed there comes back, pins hold where
//! the runtime can hold them, and what pods need is never purged.

use std::time::{Duration, Instant};

use ips_tests::containerd::Truth;
use ips_tests::wait::{wait_for, wait_until};
use serde_json::{Value, json};

use crate::joined::{Joined, POOL};
use crate::stand::{LIMIT, Stand};
use crate::tasks::{pod, remove, runs, starts};

/// How soon a lost pin is back.
const SOON: Duration = Duration::from_secs(5);

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

/// Removed a second time within a day, also under another leader, it is left alone with the reason.
pub async fn left_alone(stand: &Stand, policy: &str, node: &Joined) {
    warm(stand, policy, node.name).await;
    let truth = node.containerd.truth().await;
    let reference = stand.registry.reference("base:v1");
    truth.remove_image(&reference).await.expect("removed");
    let path = format!("/api/v1/policies/{policy}/coverage?node={}&state=paused", node.name);
    let cell = wait_for("the image to be left alone", LIMIT, async || {
        let coverage = stand.api().get(&path).await.ok()?;
        coverage["cells"].as_array()?.first().cloned()
    })
    .await;
    assert_eq!(
        (&cell["image"], &cell["reason"]),
        (&json!(reference), &json!("evicted_twice")),
        "{cell:#}"
    );
    assert!(truth.image_status(&reference).await.expect("an answer").is_none());
}

/// A policy by the command line, which waits for it as a pipeline does; a pod that may not pull starts from what it has warmed.
pub async fn by_command_line(stand: &Stand) {
    let image = stand.registry.client().push("base-v2", "ordered:v1").await;
    image.expect("an image");
    let reference = stand.registry.reference("ordered:v1");
    let selector = "kubernetes.io/hostname=node-1";
    for arguments in [
        &[
            "policy",
            "create",
            "ordered",
            "--image",
            &reference,
            "--selector",
            selector,
        ][..],
        &["policy", "wait", "ordered", "--coverage", "100%", "--timeout", "2m"],
    ] {
        let output = stand.ips(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    pod(stand, "ordered", &reference, "Never").await;
    runs(stand, "ordered").await;
}

/// What became of one image on one node when it was to go.
async fn purged(stand: &Stand, image: &str, node: &str) -> Value {
    let body = json!({"images": [image], "nodeNames": [node]});
    let (status, outcome) = stand.api().post("/api/v1/purges", &body).await.expect("an answer");
    assert_eq!(status, 200, "{outcome:#}");
    outcome["results"][0].clone()
}

/// What a pod runs from stays, and so does what holds pods together; what nobody needs any more goes.
pub async fn in_use(stand: &Stand) {
    let reference = stand.registry.reference("ordered:v1");
    pod(stand, "user", &reference, "Never").await;
    starts(stand, "user").await;
    let removed = stand.ips(&["policy", "rm", "ordered"]).await;
    assert!(removed.status.success(), "{removed:?}");
    let kept = purged(stand, &reference, "node-1").await;
    assert_eq!(kept["result"], "in_use", "{kept:#}");
    let sandbox = purged(stand, &stand.registry.reference("pause:v1"), "node-1").await;
    assert!(
        matches!(sandbox["result"].as_str(), Some("in_use" | "sandbox" | "pinned")),
        "{sandbox:#}"
    );
    remove(stand, "user").await;
    wait_until("the image to be free", LIMIT, async || {
        purged(stand, &reference, "node-1").await["result"] == "removed"
    })
    .await;
}

async fn is_pinned(truth: &Truth, reference: &str) -> bool {
    let image = truth.image_status(reference).await.expect("an answer");
    let listed = truth.images().await.expect("the images");
    image.is_some_and(|image| listed.iter().any(|one| one.id == image.id && one.pinned))
}

/// On containerd 2.1 CRI shows the pin of a policy, again within seconds when a pull has erased it, and no more without the policy; the node
/// with containerd 1.6 says that it honours none.
pub async fn pinned(stand: &Stand, old: &Joined, new: &Joined) {
    let reference = stand.registry.reference("small:v1");
    let nodes = [old.name, new.name];
    let body = json!({"name": "pinned", "taskConfig": {"images": [reference], "nodeNames": nodes, "pin": true}});
    let (status, made) = stand.api().post("/api/v1/policies", &body).await.expect("an answer");
    assert_eq!(status, 201, "{made:#}");
    let truth = new.containerd.truth().await;
    wait_until("the image to be pinned", LIMIT, async || {
        is_pinned(&truth, &reference).await
    })
    .await;
    truth.pull(&reference).await.expect("pulled");
    let began = Instant::now();
    wait_until("the pin to be back", LIMIT, async || {
        is_pinned(&truth, &reference).await
    })
    .await;
    assert!(began.elapsed() < SOON, "the pin was back after {:?}", began.elapsed());
    let says = |honoured: bool| move |node: &Value| node["pins"]["honoured"] == honoured;
    stand.node_is("without pins", old.name, says(false)).await;

    let id = made["id"].as_str().expect("an id");
    let removed = stand.ips(&["policy", "rm", id]).await;
    assert!(removed.status.success(), "{removed:?}");
    wait_until("the pin to go with its policy", LIMIT, async || {
        !is_pinned(&truth, &reference).await
    })
    .await;
}
