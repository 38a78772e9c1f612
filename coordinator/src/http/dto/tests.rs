#![allow(clippy::unwrap_used, reason = "a test may panic")]
//! What goes over the wire, word for word.
use super::{node::NodeJson, pull::PullJson, task::TaskJson};
use crate::{
    domain::{
        caller::TenantId,
        cluster::{ClusterNode, Taint},
        counts::{ByteCounts, FailureGroup, PullCounts},
        ids::{NodeName, TaskId},
        image::{ImageDigests, ImageRef, Platform, ResolvedImage},
        node::{Labels, Node, NodeCondition},
        outcome::{FailureReason, SuccessReason},
        progress::{LayerProgress, Layers, LiveProgress, PullPhase},
        pull::{Pull, PullState},
        rules::RulesRequest,
        selection::SelectionRequest,
        task::{Task, TaskImage, TaskRequest},
        task_state::TaskState,
        window::WindowRequest,
    },
    engine::views::{NodeView, PullView, TaskView},
    http::testing::pull_id,
};
use serde_json::{json, to_value};
use std::{collections::BTreeMap, sync::Arc};

const T0: i64 = 1_795_485_600_000;

fn bytes(total: u64, fetched: u64) -> ByteCounts {
    ByteCounts {
        total,
        fetched,
        already_there: 1,
        not_needed: 2,
        unpacked: 3,
    }
}

fn task() -> TaskView {
    let request = TaskRequest {
        images: vec!["docker.io/library/nginx:1.27".into(), "app".into()],
        selection: SelectionRequest {
            node_selector: BTreeMap::from([("pool".into(), "gpu".into())]),
            label_selector: Some("!spot".into()),
            max_nodes: Some("50%".into()),
            ..SelectionRequest::default()
        },
        rules: RulesRequest {
            canary: Some("1".into()),
            abort_failure_percent: Some(0),
            deadline_seconds: Some(60),
            windows: vec![WindowRequest {
                days: vec!["sat".into()],
                start: "22:00".into(),
                end: "06:00".into(),
                time_zone: "Europe/Berlin".into(),
            }],
            ..RulesRequest::default()
        },
        batch_size: Some(2),
        ..TaskRequest::default()
    };
    let resolved = ResolvedImage {
        platform: Platform {
            os: "linux".into(),
            architecture: "arm64".into(),
            variant: "v8".into(),
        },
        digests: ImageDigests {
            target: "sha256:t".into(),
            manifest: "sha256:m".into(),
            config: "sha256:c".into(),
        },
        size_bytes: 9,
    };
    let known = TaskImage {
        resolved: vec![resolved],
        error: String::new(),
    };
    let unknown = TaskImage {
        resolved: vec![],
        error: "no such host".into(),
    };
    let counts = PullCounts {
        nodes: 3,
        nodes_completed: 1,
        nodes_ended: 2,
        nodes_failed: 1,
        queued: 1,
        running: 1,
        succeeded: 2,
        failed: 1,
        skipped: 1,
        cancelled: 0,
        retries: 4,
    };
    let failure = FailureGroup {
        reason: FailureReason::RateLimited,
        pulls: 1,
        example_message: "429".into(),
        example_node: "n2".into(),
    };
    TaskView {
        task: Task {
            policy: None,
            retried_at: 0,
            id: TaskId::parse("t").unwrap(),
            tenant: TenantId::default(),
            spec: request.check().unwrap().spec,
            state: TaskState::Running,
            images: vec![known, unknown],
            counts,
            settled_bytes: ByteCounts::default(),
            failures: vec![failure],
            created_at: T0,
            started_at: T0 + 1,
            finished_at: 0,
            error_message: String::new(),
        },
        bytes: bytes(10, 4),
        throughput: 5,
        estimated_completion: Some(T0 + 60_000),
        waiting_for: "maintenance window".into(),
    }
}

fn pull(state: PullState) -> Pull {
    let image = ImageRef::parse("app").unwrap();
    let mut pull = Pull::new(
        pull_id("p"),
        TaskId::parse("t").unwrap(),
        NodeName::parse("n1").unwrap(),
        image,
        1,
    );
    pull.state = state;
    pull
}

#[test]
fn a_task() {
    let asked = json!({
        "nodeSelector": {"pool": "gpu"}, "labelSelector": "!spot", "maxNodes": "50%",
        "batchMode": "rolling", "canary": "1", "abortFailurePercent": 0, "successThreshold": 100, "deadlineSeconds": 60,
        "windows": [{"days": ["sat"], "start": "22:00", "end": "06:00", "timeZone": "Europe/Berlin"}], "pullPolicy": "IfNotPresent",
    });
    let mut expected = json!({
        "taskId": "t", "status": "running", "priority": 5, "batchSize": 2, "maxRetries": 0, "retryCount": 4,
        "retryStrategy": "linear", "retryDelay": 30, "pullTimeoutSeconds": 3600, "noProgressTimeoutSeconds": 300,
        "images": ["docker.io/library/nginx:1.27", "app"], "waitingFor": "maintenance window",
        "progress": {
            "totalNodes": 3, "completedNodes": 1, "failedNodes": 1, "currentBatch": 2, "totalBatches": 2,
            "percentage": 1.0 / 3.0 * 100.0, "totalPulls": 6, "queuedPulls": 1, "runningPulls": 1, "succeededPulls": 2,
            "failedPulls": 1, "skippedPulls": 1, "cancelledPulls": 0,
            "bytes": {"total": 10, "fetched": 4, "alreadyThere": 1, "notNeeded": 2, "unpacked": 3},
            "bytesMoved": 4, "bytesSaved": 3, "throughputBytesPerSecond": 5,
        },
        "resolvedImages": [
            {"image": "docker.io/library/nginx:1.27", "platforms": [{"platform": "linux/arm64/v8", "targetDigest": "sha256:t",
                "manifestDigest": "sha256:m", "configDigest": "sha256:c", "sizeBytes": 9}]},
            {"image": "app", "platforms": [], "error": "no such host"},
        ],
        "failures": [{"reason": "rate_limited", "pulls": 1, "exampleNode": "n2", "exampleMessage": "429"}],
        "createdAt": "2026-11-24T02:00:00.000Z", "startedAt": "2026-11-24T02:00:00.001Z",
        "estimatedCompletion": "2026-11-24T02:01:00.000Z",
    });
    expected
        .as_object_mut()
        .unwrap()
        .extend(asked.as_object().unwrap().clone());
    let found = to_value(TaskJson::from(&task())).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn a_task_with_what_its_pulls_say() {
    let mut failed = pull(PullState::Failed);
    failed.failure = Some(FailureReason::NoSpace);
    failed.message = "no space left on device".into();
    failed.finished_at = T0;
    let pulls = [failed, pull(PullState::Skipped)].map(|pull| PullView {
        pull: Arc::new(pull),
        live: None,
    });
    let found = to_value(TaskJson::from(&task()).with_pulls(&pulls)).unwrap();
    assert_eq!(
        found["nodeStatuses"],
        json!({"n1": {"app": 0}}),
        "skipped counts neither way"
    );
    let expected = json!([{"nodeName": "n1", "image": "app", "reason": "no_space", "message": "no space left on device",
        "timestamp": "2026-11-24T02:00:00.000Z"}]);
    assert_eq!(found["failedNodeDetails"], expected);
}

#[test]
fn a_pull_that_runs() {
    let mut record = pull(PullState::Pulling);
    (record.attempt, record.started_at, record.not_before) = (2, T0, T0);
    record.failure = Some(FailureReason::Network);
    record.message = "reset".into();
    let live = LiveProgress {
        attempt: 2,
        phase: PullPhase::Fetching,
        bytes: bytes(10, 4),
        layers: Layers::from_iter([LayerProgress {
            digest: "sha256:l".into(),
            index: 0,
            bytes: bytes(10, 4),
            unpacked: true,
        }]),
        note: "the registry is slow".into(),
        throughput: 6,
    };
    let view = PullView {
        pull: Arc::new(record),
        live: Some(Arc::new(live)),
    };
    let counts = json!({"total": 10, "fetched": 4, "alreadyThere": 1, "notNeeded": 2, "unpacked": 3});
    let layer = json!({"total": 10, "fetched": 4, "alreadyThere": 1, "notNeeded": 2, "unpacked": 10});
    let expected = json!({
        "pullId": "p", "taskId": "t", "nodeName": "n1", "image": "app", "state": "pulling", "phase": "fetching", "attempt": 2,
        "failureReason": "network", "message": "the registry is slow", "digestVerified": false, "bytes": counts,
        "layers": [{"digest": "sha256:l", "index": 0, "bytes": layer, "unpacked": true}],
        "throughputBytesPerSecond": 6, "startedAt": "2026-11-24T02:00:00.000Z",
    });
    assert_eq!(to_value(PullJson::from(&view)).unwrap(), expected);
}

#[test]
fn a_pull_that_waits_and_one_that_ended() {
    let mut waits = pull(PullState::Queued);
    waits.not_before = T0;
    let found = to_value(PullJson::from(&PullView {
        pull: Arc::new(waits),
        live: None,
    }))
    .unwrap();
    assert_eq!(
        (&found["state"], &found["notBefore"]),
        (&json!("queued"), &json!("2026-11-24T02:00:00.000Z"))
    );
    let mut ended = pull(PullState::Succeeded);
    (ended.success, ended.finished_at, ended.digest_verified) = (Some(SuccessReason::AlreadyPresent), T0, true);
    let digests = ImageDigests {
        config: "sha256:c".into(),
        ..ImageDigests::default()
    };
    ended.digests = digests.if_known();
    let found = to_value(PullJson::from(&PullView {
        pull: Arc::new(ended),
        live: None,
    }))
    .unwrap();
    assert_eq!(
        (&found["successReason"], &found["digests"]),
        (&json!("already_present"), &json!({"config": "sha256:c"}))
    );
    assert!(found.get("phase").is_none() && found.get("layers").is_none() && found["digestVerified"] == true);
}

fn cluster_node() -> ClusterNode {
    ClusterNode {
        name: NodeName::parse("n1").unwrap(),
        uid: "u".into(),
        labels: Labels::from_iter([("topology.kubernetes.io/zone".into(), "z1".into())]),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        ready: false,
        message: "KubeletNotReady: no network".into(),
        unschedulable: true,
        taints: vec![Taint {
            key: "gpu".into(),
            value: String::new(),
            effect: "NoSchedule".into(),
        }],
        kubelet_version: "v1.20.2".into(),
        runtime_version: "containerd://1.7.24".into(),
    }
}

#[test]
fn a_node() {
    let view = NodeView {
        node: Arc::new(Node {
            name: NodeName::parse("n1").unwrap(),
            uid: "u".into(),
            runtime_uuid: "r".into(),
            labels: Labels::from_iter([("pool".into(), "gpu".into())]),
            platform: Platform {
                os: "linux".into(),
                architecture: "amd64".into(),
                variant: String::new(),
            },
            agent_version: "0.1.0".into(),
            runtime_name: "containerd".into(),
            runtime_version: "1.7.24".into(),
            max_concurrent_pulls: 2,
            first_seen_at: T0,
            last_seen_at: T0,
        }),
        connected: true,
        not_ready: Some("the runtime does not answer".into()),
        condition: Arc::new(NodeCondition {
            runtime_message: "no socket".into(),
            image_fs_path: "/var/lib/containerd".into(),
            image_fs_used_bytes: 1,
            image_fs_capacity_bytes: 2,
            image_fs_available_bytes: 3,
            image_fs_inodes: 4,
            image_fs_inodes_free: 5,
            ..NodeCondition::default()
        }),
        running_pulls: 1,
        clock_offset_ms: -1500,
        image_count: None,
        last_seen_at: T0 + 1,
        cluster: Some(Arc::new(cluster_node())),
    };
    let expected = json!({
        "kubernetes": {"ready": false, "message": "KubeletNotReady: no network", "unschedulable": true, "zone": "z1",
            "taints": [{"key": "gpu", "value": "", "effect": "NoSchedule"}],
            "kubeletVersion": "v1.20.2", "runtimeVersion": "containerd://1.7.24"},
        "name": "n1", "uid": "u", "labels": {"pool": "gpu"}, "platform": "linux/amd64", "connected": true, "ready": false,
        "reason": "the runtime does not answer", "agentVersion": "0.1.0", "runtimeName": "containerd", "runtimeVersion": "1.7.24",
        "condition": {"runtimeReady": false, "runtimeMessage": "no socket", "imageFsPath": "/var/lib/containerd",
            "imageFsUsedBytes": 1, "imageFsCapacityBytes": 2, "imageFsAvailableBytes": 3, "imageFsInodes": 4,
            "imageFsInodesFree": 5, "draining": false},
        "runningPulls": 1, "maxConcurrentPulls": 2, "clockOffsetMs": -1500,
        "firstSeenAt": "2026-11-24T02:00:00.000Z", "lastSeenAt": "2026-11-24T02:00:00.001Z",
    });
    assert_eq!(to_value(NodeJson::from(&view)).unwrap(), expected);
}
