//! Schedules: REST and gRPC refuse the same things in the same words, and show the same figures.

use crate::{agent::Agent, stand::Stand};
use ips_proto::v1;
use serde_json::{Value, json};
use tonic::Code;

const PATH: &str = "/api/v1/scheduled-tasks";

fn request() -> v1::CreateScheduleRequest {
    v1::CreateScheduleRequest {
        name: "nightly".into(),
        cron_expr: "0 2 * * *".into(),
        task_config: Some(v1::CreateTaskRequest {
            images: vec!["nginx:1".into()],
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn body() -> Value {
    json!({"name": "nightly", "cronExpr": "0 2 * * *", "taskConfig": {"images": ["nginx:1"]}})
}

/// The same wrong request for both doors.
fn wrong_requests() -> Vec<(Value, v1::CreateScheduleRequest)> {
    let both = |change: fn(&mut Value), other: fn(&mut v1::CreateScheduleRequest)| {
        let (mut body, mut request) = (body(), request());
        change(&mut body);
        other(&mut request);
        (body, request)
    };
    vec![
        both(|b| b["name"] = json!(""), |r| r.name.clear()),
        both(
            |b| b["description"] = json!("x".repeat(4001)),
            |r| r.description = "x".repeat(4001),
        ),
        both(|b| b["cronExpr"] = json!(""), |r| r.cron_expr.clear()),
        both(
            |b| b["cronExpr"] = json!("0 0 30 2 *"),
            |r| r.cron_expr = "0 0 30 2 *".into(),
        ),
        both(
            |b| b["timeZone"] = json!("Mars/Base"),
            |r| r.time_zone = "Mars/Base".into(),
        ),
        both(
            |b| b["timeoutSeconds"] = json!(2_592_001),
            |r| r.timeout_seconds = 2_592_001,
        ),
        both(|b| b["taskConfig"] = json!(null), |r| r.task_config = None),
        both(
            |b| b["taskConfig"]["images"] = json!(["Upper"]),
            |r| r.task_config.as_mut().unwrap().images = vec!["Upper".into()],
        ),
        both(
            |b| b["taskConfig"]["batchSize"] = json!(101),
            |r| r.task_config.as_mut().unwrap().batch_size = Some(101),
        ),
        both(
            |b| b["taskConfig"]["id"] = json!("mine"),
            |r| r.task_config.as_mut().unwrap().task_id = "mine".into(),
        ),
    ]
}

#[tokio::test]
async fn both_doors_refuse_a_wrong_schedule_in_the_same_words() {
    let stand = Stand::start().await;
    let mut schedules = stand.schedules().await;
    for (body, request) in wrong_requests() {
        let (status, rest) = stand.rest("POST", PATH, Some(&body)).await;
        let refusal = schedules.create_schedule(request).await.unwrap_err();
        assert_eq!((status, refusal.code()), (400, Code::InvalidArgument), "{body}: {rest}");
        assert_eq!(rest["details"], refusal.message(), "{body}");
        assert!(!refusal.details().is_empty(), "{body}");
    }
    assert_eq!(stand.rest("GET", PATH, None).await.1["total"], 0);
}

#[tokio::test]
async fn both_doors_show_and_change_the_same_schedule() {
    let stand = Stand::start().await;
    let mut schedules = stand.schedules().await;
    let new = v1::CreateScheduleRequest {
        time_zone: "Asia/Tokyo".into(),
        overlap_policy: v1::OverlapPolicy::Replace.into(),
        missed_runs: v1::MissedRuns::RunOnce.into(),
        timeout_seconds: 60,
        ..request()
    };
    let made = schedules.create_schedule(new).await.unwrap().into_inner();
    let schedule_id = made.schedule_id.clone();
    let path = format!("{PATH}/{schedule_id}");
    let (_, rest) = stand.rest("GET", &path, None).await;
    assert_eq!(
        (&rest["overlapPolicy"], &rest["missedRuns"], &rest["timeoutSeconds"]),
        (&json!("replace"), &json!("run_once"), &json!(60))
    );
    assert_eq!(
        (
            made.next_executions_ms.len(),
            rest["nextExecutions"].as_array().unwrap().len()
        ),
        (5, 5)
    );
    assert_eq!(made.task_config.as_ref().unwrap().priority, 5);

    let (_, changed) = stand.rest("PUT", &path, Some(&json!({"cronExpr": "@hourly"}))).await;
    let get = v1::GetScheduleRequest {
        schedule_id: schedule_id.clone(),
    };
    let shown = schedules.get_schedule(get).await.unwrap().into_inner();
    assert_eq!(changed["cronExpr"], shown.cron_expr);
    let change = v1::UpdateScheduleRequest {
        schedule_id: schedule_id.clone(),
        description: Some("words".into()),
        timeout_seconds: Some(0),
        ..Default::default()
    };
    let changed = schedules.update_schedule(change).await.unwrap().into_inner();
    assert_eq!(
        (
            changed.cron_expr.as_str(),
            changed.description.as_str(),
            changed.timeout_seconds
        ),
        ("@hourly", "words", 0)
    );
    let id = || schedule_id.clone();
    let off = v1::DisableScheduleRequest { schedule_id: id() };
    let off = schedules.disable_schedule(off).await.unwrap().into_inner();
    assert!(!off.enabled && off.next_executions_ms.is_empty());
    let on = v1::EnableScheduleRequest { schedule_id: id() };
    assert!(schedules.enable_schedule(on).await.unwrap().into_inner().enabled);
    let list = schedules
        .list_schedules(v1::ListSchedulesRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((list.total, list.schedules.len()), (1, 1));
    for existed in [true, false] {
        let delete = v1::DeleteScheduleRequest { schedule_id: id() };
        let gone = schedules.delete_schedule(delete).await.unwrap().into_inner();
        assert_eq!(gone.existed, existed);
    }
    assert_eq!(stand.rest("GET", &path, None).await.0, 404);
}

#[tokio::test]
async fn both_doors_know_the_same_missing_and_impossible_things() {
    let stand = Stand::start().await;
    let mut schedules = stand.schedules().await;
    let id = || "sched-none".to_owned();
    let missing = [
        schedules
            .get_schedule(v1::GetScheduleRequest { schedule_id: id() })
            .await
            .unwrap_err(),
        schedules
            .update_schedule(v1::UpdateScheduleRequest {
                schedule_id: id(),
                ..Default::default()
            })
            .await
            .unwrap_err(),
        schedules
            .enable_schedule(v1::EnableScheduleRequest { schedule_id: id() })
            .await
            .unwrap_err(),
        schedules
            .disable_schedule(v1::DisableScheduleRequest { schedule_id: id() })
            .await
            .unwrap_err(),
        schedules
            .trigger_schedule(v1::TriggerScheduleRequest { schedule_id: id() })
            .await
            .unwrap_err(),
        schedules
            .get_execution(v1::GetExecutionRequest {
                schedule_id: id(),
                execution_id: 7,
            })
            .await
            .unwrap_err(),
    ];
    missing
        .iter()
        .for_each(|status| assert_eq!(status.code(), Code::NotFound, "{status}"));
    let made = schedules.create_schedule(request()).await.unwrap().into_inner();
    let path = format!("{PATH}/{}/trigger", made.schedule_id);
    let (status, rest) = stand.rest("POST", &path, None).await;
    let trigger = v1::TriggerScheduleRequest {
        schedule_id: made.schedule_id,
    };
    let refused = schedules.trigger_schedule(trigger).await.unwrap_err();
    assert_eq!((status, refused.code()), (409, Code::FailedPrecondition));
    assert_eq!(rest["details"], "nodeSelector: matches none of 0 nodes");
    assert_eq!(rest["details"], refused.message());
}

#[tokio::test]
async fn both_doors_show_the_same_history_and_its_end_by_itself() {
    let stand = Stand::start().await;
    let mut agent = Agent::connect(&stand, "node-1").await;
    let mut schedules = stand.schedules().await;
    let made = schedules.create_schedule(request()).await.unwrap().into_inner();
    let schedule_id = || made.schedule_id.clone();
    let trigger = v1::TriggerScheduleRequest {
        schedule_id: schedule_id(),
    };
    let triggered = schedules.trigger_schedule(trigger).await.unwrap().into_inner();
    let execution = triggered.execution.unwrap();
    assert_eq!(execution.state(), v1::ExecutionState::Running);
    assert_eq!(execution.task_id, triggered.task_id);
    let start = agent.started().await;
    agent.succeed(&start).await;
    let path = format!("{PATH}/{}/executions", made.schedule_id);
    let mut rest = Value::Null;
    for _ in 0..500 {
        rest = stand.rest("GET", &path, None).await.1;
        if rest["executions"][0]["status"] == "success" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(rest["executions"][0]["status"], "success", "{rest}");
    let list = v1::ListExecutionsRequest {
        schedule_id: schedule_id(),
        states: vec![v1::ExecutionState::Success.into()],
        ..Default::default()
    };
    let list = schedules.list_executions(list).await.unwrap().into_inner();
    let shown = &list.executions[0];
    assert_eq!(
        (list.total, rest["executions"][0]["id"].as_i64()),
        (1, Some(shown.execution_id))
    );
    assert_eq!(rest["executions"][0]["durationSeconds"], shown.duration_seconds);
    let get = v1::GetExecutionRequest {
        schedule_id: schedule_id(),
        execution_id: shown.execution_id,
    };
    assert_eq!(&schedules.get_execution(get).await.unwrap().into_inner(), shown);
}
