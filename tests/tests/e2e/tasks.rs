//! Tasks by REST, gRPC and the command line, and the pod that they are for.

use ips_proto::v1::task_event::Body;
use ips_proto::v1::{CreateTaskRequest, TaskState, WatchTaskRequest};
use ips_tests::kubernetes::node::is_ready;
use ips_tests::wait::wait_until;
use serde_json::{Value, json};

use crate::stand::{LIMIT, Stand};

/// Where pods of others are.
const PODS: &str = "/api/v1/namespaces/default/pods";

/// A pod of an image that does nothing, once the cluster lets it be made.
pub async fn pod(stand: &Stand, name: &str, image: &str, pull_policy: &str) {
    let account = "/api/v1/namespaces/default/serviceaccounts/default";
    wait_until("the default service account", LIMIT, async || {
        stand.admin.get(account).await.is_ok()
    })
    .await;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 0, "containers": [
            {"name": "it", "image": image, "imagePullPolicy": pull_policy, "command": ["/bin/sleep", "1000000"]}]}});
    stand.admin.create(PODS, &pod).await.expect("a pod");
}

/// Waits until a pod runs, and takes it away.
pub async fn runs(stand: &Stand, name: &str) {
    starts(stand, name).await;
    remove(stand, name).await;
}

/// Takes a pod away: its sandbox goes before the kubelet does.
pub async fn remove(stand: &Stand, name: &str) {
    let path = format!("{PODS}/{name}");
    stand.admin.delete(&path).await.expect("deleted");
}

/// Waits until a pod runs.
pub async fn starts(stand: &Stand, name: &str) {
    let path = format!("{PODS}/{name}");
    let mut last = Value::Null;
    wait_until(&format!("the pod {name} to run"), LIMIT, async || {
        last = stand.admin.get(&path).await.unwrap_or_default();
        is_ready(&last)
    })
    .await;
}

/// A task by REST; containerd itself is asked whether it is true, and a pod that may not pull starts from the image.
pub async fn by_rest_for_a_pod(stand: &Stand) {
    // The node is there by the cluster's word, and its agent by the cluster's word, too.
    let node = stand.node_ready("node-1").await;
    assert_eq!(node["kubernetes"]["ready"], true, "{node}");
    assert_eq!(node["kubernetes"]["kubeletVersion"], "v1.20.2", "{node}");
    let reference = stand.registry.reference("base:v1");
    let task = stand.order(&reference, "node-1").await;
    stand.completed(&task).await;
    let truth = stand.containerd.truth().await;
    assert!(truth.image_status(&reference).await.expect("an answer").is_some());
    pod(stand, "never", &reference, "Never").await;
    runs(stand, "never").await;
}

/// The same over gRPC with the certificate that the coordinator has published, watched to its end.
pub async fn by_grpc(stand: &Stand) {
    let mut client = stand.tasks().await;
    let request = CreateTaskRequest {
        images: vec![stand.registry.reference("library:v1")],
        node_selector: [("kubernetes.io/hostname".to_owned(), "node-1".to_owned())].into(),
        ..Default::default()
    };
    let task = client.create_task(request).await.expect("a task").into_inner();
    let watch = WatchTaskRequest {
        task_id: task.task_id.clone(),
    };
    let mut events = client.watch_task(watch).await.expect("a watch").into_inner();
    let mut last = TaskState::Unspecified;
    while !matches!(last, TaskState::Completed | TaskState::Failed | TaskState::Cancelled) {
        let event = events
            .message()
            .await
            .expect("an event")
            .expect("it goes on to the end");
        let seen = match event.body.expect("a body") {
            Body::Snapshot(snapshot) => snapshot.task,
            Body::Delta(delta) => delta.task,
        };
        last = seen.map_or(last, |task| task.state());
    }
    assert_eq!(last, TaskState::Completed, "{:#}", stand.pull(&task.task_id).await);
}

/// The same by the command line.
pub async fn by_command_line(stand: &Stand) {
    let reference = stand.registry.reference("small:v1");
    let output = stand.ips(&["task", "create", "--image", &reference, "--watch"]).await;
    assert!(output.status.success(), "{output:?}");
}
