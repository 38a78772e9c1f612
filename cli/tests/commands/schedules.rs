//! `ips schedule …` against a coordinator that remembers what it is asked and answers as it is told.

use crate::fake::{Finished, run};
use ips_proto::v1::{self, schedule_service_server::ScheduleServiceServer};
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

#[derive(Clone, Default)]
struct Fake {
    created: Arc<Mutex<Vec<v1::CreateScheduleRequest>>>,
    updated: Arc<Mutex<Vec<v1::UpdateScheduleRequest>>>,
    listed: Arc<Mutex<Vec<v1::ListExecutionsRequest>>>,
    refusal: Arc<Mutex<Option<Status>>>,
    address: Arc<Mutex<Option<SocketAddr>>>,
}

impl Fake {
    async fn start() -> Self {
        let fake = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        *fake.address.lock().unwrap() = Some(listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder().add_service(ScheduleServiceServer::new(fake.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        fake
    }

    async fn ips(&self, args: &[&str]) -> Finished {
        let address = self.address.lock().unwrap().unwrap();
        run(&format!("http://{address}"), args).await
    }

    fn answer<T>(&self, answer: T) -> Result<Response<T>, Status> {
        match self.refusal.lock().unwrap().clone() {
            Some(refusal) => Err(refusal),
            None => Ok(Response::new(answer)),
        }
    }
}

fn schedule() -> v1::Schedule {
    v1::Schedule {
        schedule_id: "sched-1".into(),
        name: "nightly".into(),
        cron_expr: "0 2 * * *".into(),
        time_zone: "Europe/Berlin".into(),
        enabled: true,
        task_config: Some(v1::CreateTaskRequest {
            images: vec!["nginx:1".into()],
            priority: 5,
            batch_size: Some(3),
            node_selector: [("pool".to_owned(), "gpu".to_owned())].into(),
            ..Default::default()
        }),
        overlap_policy: v1::OverlapPolicy::Skip.into(),
        missed_runs: v1::MissedRuns::Skip.into(),
        next_executions_ms: vec![1_795_485_600_000],
        ..Default::default()
    }
}

fn execution(state: v1::ExecutionState) -> v1::Execution {
    v1::Execution {
        execution_id: 7,
        schedule_id: "sched-1".into(),
        task_id: "sched-2".into(),
        state: state.into(),
        started_at_ms: 1_795_485_600_000,
        finished_at_ms: 1_795_485_690_000,
        duration_seconds: 90.0,
        error_message: "Underlying task failed".into(),
        ..Default::default()
    }
}

#[tonic::async_trait]
impl v1::schedule_service_server::ScheduleService for Fake {
    async fn create_schedule(
        &self,
        request: Request<v1::CreateScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        self.created.lock().unwrap().push(request.into_inner());
        self.answer(schedule())
    }

    async fn get_schedule(&self, _request: Request<v1::GetScheduleRequest>) -> Result<Response<v1::Schedule>, Status> {
        self.answer(schedule())
    }

    async fn list_schedules(
        &self,
        _request: Request<v1::ListSchedulesRequest>,
    ) -> Result<Response<v1::ListSchedulesResponse>, Status> {
        self.answer(v1::ListSchedulesResponse {
            schedules: vec![schedule()],
            total: 3,
        })
    }

    async fn update_schedule(
        &self,
        request: Request<v1::UpdateScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        self.updated.lock().unwrap().push(request.into_inner());
        self.answer(schedule())
    }

    async fn delete_schedule(
        &self,
        request: Request<v1::DeleteScheduleRequest>,
    ) -> Result<Response<v1::DeleteScheduleResponse>, Status> {
        let existed = request.into_inner().schedule_id == "sched-1";
        self.answer(v1::DeleteScheduleResponse { existed })
    }

    async fn enable_schedule(
        &self,
        _request: Request<v1::EnableScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        self.answer(schedule())
    }

    async fn disable_schedule(
        &self,
        _request: Request<v1::DisableScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        self.answer(schedule())
    }

    async fn trigger_schedule(
        &self,
        _request: Request<v1::TriggerScheduleRequest>,
    ) -> Result<Response<v1::TriggerScheduleResponse>, Status> {
        self.answer(v1::TriggerScheduleResponse {
            task_id: "sched-2".into(),
            execution: Some(execution(v1::ExecutionState::Running)),
        })
    }

    async fn list_executions(
        &self,
        request: Request<v1::ListExecutionsRequest>,
    ) -> Result<Response<v1::ListExecutionsResponse>, Status> {
        self.listed.lock().unwrap().push(request.into_inner());
        self.answer(v1::ListExecutionsResponse {
            executions: vec![execution(v1::ExecutionState::Failed)],
            total: 1,
        })
    }

    async fn get_execution(
        &self,
        _request: Request<v1::GetExecutionRequest>,
    ) -> Result<Response<v1::Execution>, Status> {
        self.answer(execution(v1::ExecutionState::Timeout))
    }
}

#[tokio::test]
async fn every_option_of_create_arrives() {
    let fake = Fake::start().await;
    let args = [
        "schedule",
        "create",
        "nightly",
        "--cron",
        "0 2 * * *",
        "--image",
        "nginx:1",
        "-i",
        "redis:7",
        "--time-zone",
        "Europe/Berlin",
        "--description",
        "every night",
        "--disabled",
        "--overlap",
        "queue",
        "--timeout",
        "2h",
        "--missed",
        "run-once",
        "--priority",
        "9",
        "--batch-size",
        "4",
        "-l",
        "pool=gpu",
    ];
    let finished = fake.ips(&args).await;
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (0, "schedule/sched-1 created\n"),
        "{}",
        finished.stderr
    );
    let expected = v1::CreateScheduleRequest {
        name: "nightly".into(),
        description: "every night".into(),
        cron_expr: "0 2 * * *".into(),
        time_zone: "Europe/Berlin".into(),
        enabled: Some(false),
        task_config: Some(v1::CreateTaskRequest {
            images: vec!["nginx:1".into(), "redis:7".into()],
            priority: 9,
            batch_size: Some(4),
            label_selector: "pool=gpu".into(),
            ..Default::default()
        }),
        overlap_policy: v1::OverlapPolicy::Queue.into(),
        timeout_seconds: 7200,
        missed_runs: v1::MissedRuns::RunOnce.into(),
    };
    assert_eq!(*fake.created.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn an_update_names_what_was_given_and_keeps_the_rest_of_the_task() {
    let fake = Fake::start().await;
    fake.ips(&["schedule", "update", "sched-1", "--cron", "@hourly", "--timeout", "0"])
        .await;
    let expected = v1::UpdateScheduleRequest {
        schedule_id: "sched-1".into(),
        cron_expr: Some("@hourly".into()),
        timeout_seconds: Some(0),
        ..Default::default()
    };
    assert_eq!(fake.updated.lock().unwrap().pop().unwrap(), expected);
    let finished = fake.ips(&["schedule", "update", "sched-1", "--priority", "9"]).await;
    assert_eq!(finished.stdout, "schedule/sched-1 updated\n", "{}", finished.stderr);
    let task = fake.updated.lock().unwrap().pop().unwrap().task_config.unwrap();
    assert_eq!(
        (task.priority, task.batch_size, task.images),
        (9, Some(3), vec!["nginx:1".to_owned()])
    );
    assert_eq!(task.node_selector["pool"], "gpu");
    fake.ips(&["schedule", "update", "sched-1", "-l", "zone=a"]).await;
    let task = fake.updated.lock().unwrap().pop().unwrap().task_config.unwrap();
    assert_eq!((task.label_selector.as_str(), task.node_selector.len()), ("zone=a", 0));
}

#[tokio::test]
async fn an_update_clears_what_is_named_and_sets_what_is_given() {
    let fake = Fake::start().await;
    let args = [
        "schedule",
        "update",
        "sched-1",
        "--clear",
        "batch-size,selector",
        "--canary",
        "1",
    ];
    let finished = fake.ips(&args).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let task = fake.updated.lock().unwrap().pop().unwrap().task_config.unwrap();
    assert_eq!((task.batch_size, task.canary.as_str()), (None, "1"));
    assert!(task.node_selector.is_empty());
    assert_eq!(task.images, ["nginx:1"], "the rest stays");
    let finished = fake.ips(&["schedule", "update", "sched-1", "--clear", "image"]).await;
    assert_eq!(finished.code, 2, "{}", finished.stderr);
}

#[tokio::test]
async fn answers_are_for_people_programs_and_shells() {
    let fake = Fake::start().await;
    let list = fake.ips(&["schedule", "ls"]).await;
    assert!(list.stdout.starts_with("ID        NAME      CRON"), "{}", list.stdout);
    assert_eq!(list.stderr, "1 of 3 schedules; see --limit and --offset\n");
    let names = fake.ips(&["schedule", "ls", "-o", "name"]).await;
    assert_eq!(names.stdout, "schedule/sched-1\n");
    let shown = fake.ips(&["schedule", "get", "sched-1"]).await.stdout;
    assert!(shown.contains("0 2 * * * (Europe/Berlin)"), "{shown}");
    let json: Value =
        serde_json::from_str(&fake.ips(&["schedule", "get", "sched-1", "-o", "json"]).await.stdout).unwrap();
    assert_eq!(
        (&json["taskConfig"]["batchSize"], &json["nextExecutionAt"]),
        (&3.into(), &"2026-11-24T02:00:00.000Z".into())
    );
    for (verb, said) in [("enable", "enabled"), ("disable", "disabled")] {
        let done = fake.ips(&["schedule", verb, "sched-1"]).await;
        assert_eq!(done.stdout, format!("schedule/sched-1 {said}\n"));
    }
    assert_eq!(
        fake.ips(&["schedule", "trigger", "sched-1"]).await.stdout,
        "task/sched-2 created\n"
    );
    let history = fake
        .ips(&["schedule", "executions", "sched-1", "--status", "failed,timeout"])
        .await;
    assert!(
        history.stdout.contains("failed") && history.stdout.contains("1m30s"),
        "{}",
        history.stdout
    );
    let asked = fake.listed.lock().unwrap().pop().unwrap();
    assert_eq!(
        asked.states,
        [v1::ExecutionState::Failed, v1::ExecutionState::Timeout].map(i32::from)
    );
    let one = fake.ips(&["schedule", "executions", "sched-1", "7"]).await.stdout;
    assert!(one.contains("timeout"), "{one}");
    assert_eq!(
        fake.ips(&["schedule", "rm", "sched-1"]).await.stdout,
        "schedule/sched-1 deleted\n"
    );
}

#[tokio::test]
async fn what_cannot_be_done_is_one_line() {
    let fake = Fake::start().await;
    let gone = fake.ips(&["schedule", "rm", "sched-9"]).await;
    assert_eq!(
        (gone.code, gone.stderr.as_str()),
        (1, "error: not found: scheduled task \"sched-9\" not found\n")
    );
    *fake.refusal.lock().unwrap() = Some(Status::failed_precondition("Previous task still running"));
    let skipped = fake.ips(&["schedule", "trigger", "sched-1"]).await;
    assert_eq!(
        (skipped.code, skipped.stderr.as_str()),
        (1, "error: not possible now: Previous task still running\n")
    );
    for args in [
        &["schedule", "create", "nightly", "--image", "a"][..],
        &["schedule", "create", "nightly", "--cron", "@daily"],
        &[
            "schedule",
            "create",
            "nightly",
            "--cron",
            "@daily",
            "--image",
            "a",
            "--overlap",
            "pile",
        ],
        &[
            "schedule",
            "create",
            "nightly",
            "--cron",
            "@daily",
            "--image",
            "a",
            "--timeout",
            "soon",
        ],
        &["schedule", "executions", "sched-1", "seven"],
        &["schedule", "rm"],
    ] {
        let finished = fake.ips(args).await;
        assert_eq!(finished.code, 2, "{args:?}: {}", finished.stderr);
    }
}
