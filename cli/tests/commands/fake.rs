//! A coordinator that answers as it is told. Each test starts its own on a free port.

use ips_proto::v1::{self, task_event::Body, task_service_server::TaskServiceServer};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status};

/// What one connection of a watch gets.
#[derive(Clone)]
pub enum Step {
    Send(Box<v1::TaskEvent>),
    Wait(Duration),
    Fail(tonic::Code),
    /// Never ends.
    Hang,
}

#[derive(Clone, Default)]
pub struct Fake {
    /// One entry for each connection of a watch, the last one for all further.
    pub watches: Arc<Mutex<Vec<Vec<Step>>>>,
    pub created: Arc<Mutex<Vec<v1::CreateTaskRequest>>>,
    /// What copies were to clear.
    pub cleared: Arc<Mutex<Vec<Vec<String>>>>,
    pub bulk: Arc<Mutex<Vec<v1::BulkTasksRequest>>>,
    pub refusal: Arc<Mutex<Option<Status>>>,
    pub address: Arc<Mutex<Option<SocketAddr>>>,
}

impl Fake {
    pub async fn start() -> Self {
        let fake = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        *fake.address.lock().unwrap() = Some(listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder().add_service(TaskServiceServer::new(fake.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        fake
    }

    pub fn watch_with(&self, steps: Vec<Step>) {
        self.watches.lock().unwrap().push(steps);
    }

    pub fn refuse_with(&self, status: Status) {
        *self.refusal.lock().unwrap() = Some(status);
    }

    /// Runs `ips` with these arguments; never longer than a minute.
    pub async fn ips(&self, args: &[&str]) -> Finished {
        let address = self.address.lock().unwrap().unwrap();
        run(&format!("http://{address}"), args).await
    }

    fn checked<T>(&self, answer: T) -> Result<Response<T>, Status> {
        match self.refusal.lock().unwrap().clone() {
            Some(refusal) => Err(refusal),
            None => Ok(Response::new(answer)),
        }
    }
}

pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the binary on a thread of its own, so that the fake can answer.
pub async fn run(server: &str, args: &[&str]) -> Finished {
    let mut command = assert_cmd::Command::cargo_bin("ips").unwrap();
    command
        .env("IPS_SERVER", server)
        .env_remove("LANG")
        .args(args)
        .timeout(Duration::from_secs(60));
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn task(state: v1::TaskState) -> v1::Task {
    v1::Task {
        task_id: "nightly".into(),
        state: state.into(),
        images: vec![v1::TaskImage {
            reference: "nginx:1".into(),
            ..Default::default()
        }],
        progress: Some(v1::TaskProgress {
            total_nodes: 1,
            total_pulls: 1,
            succeeded_pulls: u32::from(state == v1::TaskState::Completed),
            failed_pulls: u32::from(state == v1::TaskState::Failed),
            ..Default::default()
        }),
        created_at_ms: 1_795_485_600_000,
        error_message: if state == v1::TaskState::Failed {
            "0 of 1 pulls succeeded".into()
        } else {
            String::new()
        },
        ..Default::default()
    }
}

pub fn pull(state: v1::PullState, phase: v1::PullPhase) -> v1::PullView {
    v1::PullView {
        pull_id: "p".into(),
        node_name: "node-1".into(),
        image: "nginx:1".into(),
        state: state.into(),
        phase: phase.into(),
        attempt: 1,
        ..Default::default()
    }
}

pub fn snapshot(task: v1::Task, pulls: Vec<v1::PullView>) -> Step {
    Step::Send(Box::new(v1::TaskEvent {
        version: 1,
        body: Some(Body::Snapshot(v1::TaskSnapshot {
            task: Some(task),
            pulls,
        })),
    }))
}

pub fn delta(task: Option<v1::Task>, pulls: Vec<v1::PullView>) -> Step {
    Step::Send(Box::new(v1::TaskEvent {
        version: 2,
        body: Some(Body::Delta(v1::TaskDelta { task, pulls })),
    }))
}

async fn play(steps: Vec<Step>, sender: mpsc::Sender<Result<v1::TaskEvent, Status>>) {
    for step in steps {
        let sent = match step {
            Step::Send(event) => sender.send(Ok(*event)).await,
            Step::Fail(code) => sender.send(Err(Status::new(code, "told to fail"))).await,
            Step::Wait(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Step::Hang => std::future::pending().await,
        };
        if sent.is_err() {
            return;
        }
    }
}

#[tonic::async_trait]
impl v1::task_service_server::TaskService for Fake {
    type WatchTaskStream = ReceiverStream<Result<v1::TaskEvent, Status>>;

    async fn create_task(&self, request: Request<v1::CreateTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.created.lock().unwrap().push(request.into_inner());
        self.checked(task(v1::TaskState::Pending))
    }

    async fn clone_task(&self, request: Request<v1::CloneTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let request = request.into_inner();
        self.cleared.lock().unwrap().push(request.clear);
        let overrides = request.overrides.unwrap_or_default();
        self.created.lock().unwrap().push(overrides);
        self.checked(task(v1::TaskState::Pending))
    }

    async fn preview_task(
        &self,
        _request: Request<v1::PreviewTaskRequest>,
    ) -> Result<Response<v1::TaskPreview>, Status> {
        self.checked(v1::TaskPreview::default())
    }

    async fn pause_task(&self, _request: Request<v1::PauseTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.checked(task(v1::TaskState::Paused))
    }

    async fn resume_task(&self, _request: Request<v1::ResumeTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.checked(task(v1::TaskState::Pending))
    }

    async fn retry_task(&self, _request: Request<v1::RetryTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.checked(task(v1::TaskState::Running))
    }

    async fn bulk_tasks(
        &self,
        request: Request<v1::BulkTasksRequest>,
    ) -> Result<Response<v1::BulkTasksResponse>, Status> {
        let done = v1::BulkResult {
            task_id: "a".into(),
            ok: true,
            ..Default::default()
        };
        let refused = v1::BulkResult {
            task_id: "b".into(),
            code: "failed_precondition".into(),
            message: "the task is completed and cannot be cancelled".into(),
            ..Default::default()
        };
        self.bulk.lock().unwrap().push(request.into_inner());
        self.checked(v1::BulkTasksResponse {
            results: vec![done, refused],
            succeeded: 1,
            failed: 1,
            remaining: 0,
        })
    }

    async fn get_task(&self, _request: Request<v1::GetTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.checked(task(v1::TaskState::Completed))
    }

    async fn list_tasks(
        &self,
        _request: Request<v1::ListTasksRequest>,
    ) -> Result<Response<v1::ListTasksResponse>, Status> {
        self.checked(v1::ListTasksResponse {
            tasks: vec![task(v1::TaskState::Completed)],
            total: 3,
        })
    }

    async fn list_pulls(
        &self,
        _request: Request<v1::ListPullsRequest>,
    ) -> Result<Response<v1::ListPullsResponse>, Status> {
        self.checked(v1::ListPullsResponse {
            pulls: vec![pull(v1::PullState::Succeeded, v1::PullPhase::Unspecified)],
            total: 1,
        })
    }

    async fn cancel_task(&self, _request: Request<v1::CancelTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.checked(task(v1::TaskState::Cancelled))
    }

    async fn delete_task(
        &self,
        _request: Request<v1::DeleteTaskRequest>,
    ) -> Result<Response<v1::DeleteTaskResponse>, Status> {
        self.checked(v1::DeleteTaskResponse {})
    }

    async fn watch_task(
        &self,
        _request: Request<v1::WatchTaskRequest>,
    ) -> Result<Response<Self::WatchTaskStream>, Status> {
        let mut watches = self.watches.lock().unwrap();
        let steps = if watches.len() > 1 {
            watches.remove(0)
        } else {
            watches.first().cloned().unwrap_or_default()
        };
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(play(steps, sender));
        self.checked(ReceiverStream::new(receiver))
    }
}
