//! REST and gRPC refuse the same things in the same words, and show the same figures.

use crate::{agent::Agent, stand::Stand};
use ips_proto::v1;
use serde_json::{Value, json};
use tonic::{Code, Status};

fn request() -> v1::CreateTaskRequest {
    v1::CreateTaskRequest {
        images: vec!["nginx:1".into()],
        ..Default::default()
    }
}

fn with(change: fn(&mut v1::CreateTaskRequest)) -> v1::CreateTaskRequest {
    let mut request = request();
    change(&mut request);
    request
}

/// The same wrong request for both doors.
fn wrong_requests() -> Vec<(Value, v1::CreateTaskRequest)> {
    let many: Vec<String> = (0..51).map(|n| format!("nginx:{n}")).collect();
    vec![
        (json!({"images": []}), with(|r| r.images.clear())),
        (json!({"images": [""]}), with(|r| r.images = vec![String::new()])),
        (
            json!({"images": ["Upper:1"]}),
            with(|r| r.images = vec!["Upper:1".into()]),
        ),
        (
            json!({"images": ["a:1", "a b"]}),
            with(|r| r.images = vec!["a:1".into(), "a b".into()]),
        ),
        (
            json!({"images": many}),
            with(|r| r.images = (0..51).map(|n| format!("nginx:{n}")).collect()),
        ),
        (
            json!({"images": ["nginx:1"], "batchSize": 0}),
            with(|r| r.batch_size = Some(0)),
        ),
        (
            json!({"images": ["nginx:1"], "batchSize": 101}),
            with(|r| r.batch_size = Some(101)),
        ),
        (
            json!({"images": ["nginx:1"], "priority": 11}),
            with(|r| r.priority = 11),
        ),
        (
            json!({"images": ["nginx:1"], "maxRetries": 6}),
            with(|r| r.max_retries = 6),
        ),
        (
            json!({"images": ["nginx:1"], "retryDelay": 301}),
            with(|r| r.retry_delay_seconds = 301),
        ),
        (
            json!({"images": ["nginx:1"], "pullTimeoutSeconds": 86401}),
            with(|r| r.pull_timeout_seconds = 86401),
        ),
        (
            json!({"images": ["nginx:1"], "noProgressTimeoutSeconds": 86401}),
            with(|r| r.no_progress_timeout_seconds = 86401),
        ),
        (
            json!({"images": ["nginx:1"], "id": "UPPER"}),
            with(|r| r.task_id = "UPPER".into()),
        ),
        (
            json!({"images": ["nginx:1"], "nodeSelector": {"-bad": "x"}}),
            with(|r| drop(r.node_selector.insert("-bad".into(), "x".into()))),
        ),
        (
            json!({"images": ["nginx:1"], "nodeSelector": {"no": "such"}}),
            with(|r| drop(r.node_selector.insert("no".into(), "such".into()))),
        ),
        (
            json!({"images": ["nginx:1"], "labelSelector": "pool in (a"}),
            with(|r| r.label_selector = "pool in (a".into()),
        ),
        (
            json!({"images": ["nginx:1"], "nodeExpressions": [{"key": "a", "operator": "Lt"}]}),
            with(|r| {
                r.node_expressions = vec![v1::NodeExpression {
                    key: "a".into(),
                    operator: "Lt".into(),
                    values: vec![],
                }]
            }),
        ),
        (
            json!({"images": ["nginx:1"], "nodeNames": ["nobody"]}),
            with(|r| r.node_names = vec!["nobody".into()]),
        ),
        (
            json!({"images": ["nginx:1"], "excludeNodes": ["node-1"]}),
            with(|r| r.exclude_nodes = vec!["node-1".into()]),
        ),
        (
            json!({"images": ["nginx:1"], "maxNodes": "101%"}),
            with(|r| r.max_nodes = "101%".into()),
        ),
        (
            json!({"images": ["nginx:1"], "maxNodes": 0}),
            with(|r| r.max_nodes = "0".into()),
        ),
        (
            json!({"images": ["nginx:1"], "platform": "linux"}),
            with(|r| r.platform = "linux".into()),
        ),
        (
            json!({"images": ["nginx:1"], "parallelism": "0%"}),
            with(|r| r.parallelism = "0%".into()),
        ),
        (
            json!({"images": ["nginx:1"], "parallelism": 1, "batchSize": 1}),
            with(|r| {
                r.parallelism = "1".into();
                r.batch_size = Some(1);
            }),
        ),
        (
            json!({"images": ["nginx:1"], "batchMode": "strict"}),
            with(|r| r.batch_mode = v1::BatchMode::Strict.into()),
        ),
        (
            json!({"images": ["nginx:1"], "canary": "101%"}),
            with(|r| r.canary = "101%".into()),
        ),
        (
            json!({"images": ["nginx:1"], "abortFailurePercent": 100}),
            with(|r| r.abort_failure_percent = Some(100)),
        ),
        (
            json!({"images": ["nginx:1"], "successThreshold": 0}),
            with(|r| r.success_threshold = Some(0)),
        ),
        (
            json!({"images": ["nginx:1"], "deadlineSeconds": 2_592_001}),
            with(|r| r.deadline_seconds = Some(2_592_001)),
        ),
        (
            json!({"images": ["nginx:1"], "windows": [{"start": "01:00", "end": "02:00", "timeZone": "Mars/Base"}]}),
            with(|r| {
                r.windows = vec![v1::MaintenanceWindow {
                    start: "01:00".into(),
                    end: "02:00".into(),
                    time_zone: "Mars/Base".into(),
                    days: vec![],
                }]
            }),
        ),
    ]
}

#[tokio::test]
async fn both_doors_refuse_a_wrong_request_in_the_same_words() {
    let stand = Stand::start().await;
    let _agent = Agent::connect(&stand, "node-1").await;
    let mut tasks = stand.tasks().await;
    for (body, request) in wrong_requests() {
        let (status, rest) = stand.rest("POST", "/api/v1/tasks", Some(&body)).await;
        let refusal = tasks.create_task(request).await.unwrap_err();
        assert_eq!((status, refusal.code()), (400, Code::InvalidArgument), "{body}: {rest}");
        assert_eq!(rest["details"], refusal.message(), "{body}");
        assert!(
            refusal.message().starts_with(rest["field"].as_str().unwrap()),
            "{body}: {rest}"
        );
        assert!(!refusal.details().is_empty(), "{body}");
    }
    let (_, list) = stand.rest("GET", "/api/v1/tasks", None).await;
    assert_eq!(list["total"], 0, "nothing was half created");
}

#[tokio::test]
async fn both_doors_know_the_same_missing_duplicate_and_ended_things() {
    let stand = Stand::start().await;
    let mut agent = Agent::connect(&stand, "node-1").await;
    let (mut tasks, mut nodes) = (stand.tasks().await, stand.nodes().await);
    let task_id = || "missing".to_owned();
    let missing: [Status; 5] = [
        tasks
            .get_task(v1::GetTaskRequest { task_id: task_id() })
            .await
            .unwrap_err(),
        tasks
            .cancel_task(v1::CancelTaskRequest { task_id: task_id() })
            .await
            .unwrap_err(),
        tasks
            .delete_task(v1::DeleteTaskRequest { task_id: task_id() })
            .await
            .unwrap_err(),
        tasks
            .watch_task(v1::WatchTaskRequest { task_id: task_id() })
            .await
            .unwrap_err(),
        nodes
            .get_node(v1::GetNodeRequest { name: "missing".into() })
            .await
            .unwrap_err(),
    ];
    missing
        .iter()
        .for_each(|status| assert_eq!(status.code(), Code::NotFound, "{status}"));
    assert_eq!(stand.rest("GET", "/api/v1/tasks/missing", None).await.0, 404);

    let named = v1::CreateTaskRequest {
        task_id: "nightly".into(),
        ..request()
    };
    tasks.create_task(named.clone()).await.unwrap();
    let duplicate = tasks.create_task(named).await.unwrap_err();
    assert_eq!(duplicate.code(), Code::AlreadyExists);
    let again = json!({"images": ["nginx:1"], "id": "nightly"});
    assert_eq!(stand.rest("POST", "/api/v1/tasks", Some(&again)).await.0, 409);

    let open = tasks
        .delete_task(v1::DeleteTaskRequest {
            task_id: "nightly".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(open.code(), Code::FailedPrecondition);
    let start = agent.started().await;
    agent.succeed(&start).await;
    ended(&stand, "nightly").await;
    let late = tasks
        .cancel_task(v1::CancelTaskRequest {
            task_id: "nightly".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(late.code(), Code::FailedPrecondition);
    assert_eq!(stand.rest("POST", "/api/v1/tasks/nightly/cancel", None).await.0, 409);
    tasks
        .delete_task(v1::DeleteTaskRequest {
            task_id: "nightly".into(),
        })
        .await
        .unwrap();
    assert_eq!(stand.rest("GET", "/api/v1/tasks/nightly", None).await.0, 404);
}

#[tokio::test]
async fn both_doors_show_the_same_task_pulls_and_nodes() {
    let stand = Stand::start().await;
    let mut agent = Agent::connect(&stand, "node-1").await;
    let mut tasks = stand.tasks().await;
    let created = tasks
        .create_task(v1::CreateTaskRequest {
            request_id: "r-1".into(),
            ..request()
        })
        .await
        .unwrap()
        .into_inner();
    let repeated = tasks
        .create_task(v1::CreateTaskRequest {
            request_id: "r-1".into(),
            ..request()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        created.task_id, repeated.task_id,
        "creating is idempotent by its request id"
    );
    let start = agent.started().await;
    agent.succeed(&start).await;
    let rest = ended(&stand, &created.task_id).await;
    let task = tasks
        .get_task(v1::GetTaskRequest {
            task_id: created.task_id.clone(),
        })
        .await
        .unwrap()
        .into_inner();
    let progress = task.progress.unwrap();
    assert_eq!(
        (task.state(), rest["status"].as_str().unwrap()),
        (v1::TaskState::Completed, "completed")
    );
    assert_eq!(rest["progress"]["succeededPulls"], progress.succeeded_pulls);
    assert_eq!(rest["progress"]["bytes"]["fetched"], progress.bytes.unwrap().fetched);
    assert_eq!(rest["retryCount"], task.retry_count);

    let pulls = tasks
        .list_pulls(v1::ListPullsRequest {
            task_id: created.task_id.clone(),
            ..Default::default()
        })
        .await;
    let pulls = pulls.unwrap().into_inner();
    let (_, rest) = stand
        .rest("GET", &format!("/api/v1/tasks/{}/pulls", created.task_id), None)
        .await;
    assert_eq!((pulls.total, rest["total"].as_u64().unwrap()), (1, 1));
    assert_eq!(rest["pulls"][0]["pullId"], pulls.pulls[0].pull_id);
    assert_eq!(pulls.pulls[0].success_reason(), v1::SuccessReason::Pulled);

    let failed = vec![v1::TaskState::Failed.into()];
    let list = tasks
        .list_tasks(v1::ListTasksRequest {
            states: failed,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((list.total, list.tasks.len()), (0, 0), "the filter filters");

    let node = stand
        .nodes()
        .await
        .get_node(v1::GetNodeRequest { name: "node-1".into() })
        .await
        .unwrap()
        .into_inner();
    let (_, rest) = stand.rest("GET", "/api/v1/nodes/node-1", None).await;
    let shown = node.node.unwrap();
    assert_eq!(
        (rest["name"].as_str(), rest["ready"].as_bool()),
        (Some(shown.name.as_str()), Some(shown.ready))
    );
    assert_eq!(rest["inventoryKnown"], node.inventory_known);
}

#[tokio::test]
async fn health_and_reflection_are_on() {
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let stand = Stand::start().await;
    for service in ["", "ips.v1.TaskService", "ips.v1.NodeService", "ips.v1.AgentService"] {
        let request = HealthCheckRequest {
            service: service.into(),
        };
        let health = HealthClient::new(stand.channel().await)
            .check(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(health.status(), ServingStatus::Serving, "{service:?}");
    }
    let request = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let mut client = ServerReflectionClient::new(stand.channel().await);
    let mut answers = client
        .server_reflection_info(tokio_stream::once(request))
        .await
        .unwrap()
        .into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) = answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list of services");
    };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["ips.v1.TaskService", "ips.v1.NodeService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

/// Waits for the end of a task, as REST tells it.
async fn ended(stand: &Stand, id: &str) -> Value {
    for _ in 0..500 {
        let (_, task) = stand.rest("GET", &format!("/api/v1/tasks/{id}"), None).await;
        if ["completed", "failed", "cancelled"].contains(&task["status"].as_str().unwrap_or_default()) {
            return task;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("task {id} did not end");
}
