//! The public gRPC services with a real node behind them, and the metrics that a watched task leaves.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests stop at the first surprise"
)]

use ips_proto::v1::task_event::Body;
use ips_proto::v1::task_service_client::TaskServiceClient;
use ips_proto::v1::{CreateTaskRequest, ListPullsRequest, PullState, TaskState, WatchTaskRequest};
use ips_tests::containerd::ContainerdVersion::V1_6;
use ips_tests::registry::Registry;
use ips_tests::stand::Stand;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_created_once_by_its_request_id_and_watched_to_its_end() {
    let registry = Registry::shared().await;
    let stand = Stand::start(&[V1_6]).await;
    let mut client = TaskServiceClient::new(stand.coordinator.grpc().await);
    let request = CreateTaskRequest {
        images: vec![registry.reference("library:v1")],
        request_id: "deploy-17".to_owned(),
        ..Default::default()
    };
    let task = client.create_task(request.clone()).await.unwrap().into_inner();
    let again = client.create_task(request).await.unwrap().into_inner();
    assert_eq!(task.task_id, again.task_id, "creating is idempotent by the request id");

    let watch = WatchTaskRequest {
        task_id: task.task_id.clone(),
    };
    let mut events = client.watch_task(watch).await.unwrap().into_inner();
    let (mut version, mut last) = (0, TaskState::Unspecified);
    while let Some(event) = events.message().await.unwrap() {
        assert!(event.version >= version, "versions never decrease");
        version = event.version;
        let seen = match event.body.expect("a body") {
            Body::Snapshot(snapshot) => snapshot.task,
            Body::Delta(delta) => delta.task,
        };
        last = seen.map_or(last, |task| task.state());
        if matches!(last, TaskState::Completed | TaskState::Failed | TaskState::Cancelled) {
            break;
        }
    }
    assert_eq!(last, TaskState::Completed);
    let list = ListPullsRequest {
        task_id: task.task_id,
        ..Default::default()
    };
    let pulls = client.list_pulls(list).await.unwrap().into_inner().pulls;
    assert_eq!(
        pulls.iter().map(|pull| pull.state()).collect::<Vec<_>>(),
        [PullState::Succeeded]
    );

    let metrics = stand.coordinator.metrics().await.unwrap();
    for name in [
        "ips_pulls_total",
        "ips_tasks_total",
        "ips_bytes_fetched_total",
        "ips_sessions 1",
    ] {
        assert!(metrics.contains(name), "{name} is missing in\n{metrics}");
    }
}
