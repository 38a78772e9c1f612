//! `TaskService`: converts and calls the engine.

use super::{
    convert, identity, request, status,
    watch::{EventStream, Watch},
};
use crate::{
    domain::{Invalid, ids::PolicyId, permission::Permission, task::TaskOverrides},
    engine::{Engine, door::Door},
    identity::Identity,
};
use ips_proto::v1::{self, task_service_server};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// The public service of tasks.
#[derive(Debug, Clone)]
pub struct TaskService {
    engine: Door,
    identity: Identity,
    shutdown: CancellationToken,
}

impl TaskService {
    /// Serves what the engine does. Watches end when `shutdown` is cancelled, and their clients come back to the next coordinator; and
    /// when identity refuses their caller.
    pub fn new(engine: Engine, identity: Identity, shutdown: CancellationToken) -> Self {
        Self {
            engine: engine.into(),
            identity,
            shutdown,
        }
    }
}

fn refused(invalid: Invalid) -> Status {
    status::of_invalid(&invalid)
}

#[tonic::async_trait]
impl task_service_server::TaskService for TaskService {
    type WatchTaskStream = EventStream;

    async fn create_task(&self, request: Request<v1::CreateTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let new = request::task(request.into_inner()).and_then(crate::domain::task::TaskRequest::check);
        let view = engine.create_task(new.map_err(refused)?).await.map_err(status::of)?;
        Ok(Response::new(convert::task(&view)))
    }

    async fn clone_task(&self, request: Request<v1::CloneTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = request::task_id(request.task_id).map_err(refused)?;
        let overrides = TaskOverrides {
            changes: request::task(request.overrides.unwrap_or_default()).map_err(refused)?,
            clear: request.clear,
        };
        let view = engine.clone_task(&id, overrides).await.map_err(status::of)?;
        Ok(Response::new(convert::task(&view)))
    }

    async fn preview_task(
        &self,
        request: Request<v1::PreviewTaskRequest>,
    ) -> Result<Response<v1::TaskPreview>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let v1::PreviewTaskRequest { task, clone_of, clear } = request.into_inner();
        let asked = request::task(task.unwrap_or_default()).map_err(refused)?;
        let preview = if clone_of.is_empty() {
            engine.preview_task(&asked.check().map_err(refused)?).await
        } else {
            let id = request::task_id(clone_of).map_err(refused)?;
            let overrides = TaskOverrides { changes: asked, clear };
            engine.preview_clone(&id, overrides).await
        };
        Ok(Response::new(convert::preview(&preview.map_err(status::of)?)))
    }

    async fn pause_task(&self, request: Request<v1::PauseTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::task_id(request.into_inner().task_id).map_err(refused)?;
        let view = engine.pause_task(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::task(&view)))
    }

    async fn resume_task(&self, request: Request<v1::ResumeTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::task_id(request.into_inner().task_id).map_err(refused)?;
        let view = engine.resume_task(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::task(&view)))
    }

    async fn retry_task(&self, request: Request<v1::RetryTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::task_id(request.into_inner().task_id).map_err(refused)?;
        let view = engine.retry_task(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::task(&view)))
    }

    async fn bulk_tasks(
        &self,
        request: Request<v1::BulkTasksRequest>,
    ) -> Result<Response<v1::BulkTasksResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let asked = request::bulk(request.into_inner()).map_err(refused)?;
        let outcome = engine.bulk(asked).await.map_err(status::of)?;
        Ok(Response::new(convert::bulk(&outcome)))
    }

    async fn get_task(&self, request: Request<v1::GetTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::task_id(request.into_inner().task_id).map_err(refused)?;
        let view = engine.task(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::task(&view)))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::ListTasksRequest>,
    ) -> Result<Response<v1::ListTasksResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let mut filter = request::task_filter(&request.states, &request.q, &request.sort).map_err(refused)?;
        filter.policy = (!request.policy_id.is_empty()).then(|| PolicyId::from_stored(request.policy_id));
        let page = request::page(request.limit, request.offset, 10, 100);
        let engine = engine
            .narrowed(&request.tenant)
            .map_err(|invalid| status::of_invalid(&invalid))?;
        let found = engine.tasks(&filter, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListTasksResponse {
            tasks: found.items.iter().map(convert::task).collect(),
            total: found.total,
        }))
    }

    async fn list_pulls(
        &self,
        request: Request<v1::ListPullsRequest>,
    ) -> Result<Response<v1::ListPullsResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = request::task_id(request.task_id).map_err(refused)?;
        let filter = request::pull_filter(request.node_name, request.image, &request.states).map_err(refused)?;
        let page = request::page(request.limit, request.offset, 100, 1000);
        let found = engine.pulls(&id, &filter, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListPullsResponse {
            pulls: found.items.iter().map(convert::pull).collect(),
            total: found.total,
        }))
    }

    async fn cancel_task(&self, request: Request<v1::CancelTaskRequest>) -> Result<Response<v1::Task>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::task_id(request.into_inner().task_id).map_err(refused)?;
        let view = engine.cancel_task(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::task(&view)))
    }

    async fn delete_task(
        &self,
        request: Request<v1::DeleteTaskRequest>,
    ) -> Result<Response<v1::DeleteTaskResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::task_id(request.into_inner().task_id).map_err(refused)?;
        engine.delete_task(&id).await.map_err(status::of)?;
        Ok(Response::new(v1::DeleteTaskResponse {}))
    }

    async fn watch_task(&self, request: Request<v1::WatchTaskRequest>) -> Result<Response<EventStream>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let caller = identity::caller(&request)?;
        let id = request::task_id(request.into_inner().task_id).map_err(refused)?;
        let watch = Watch::begin(engine, id, self.shutdown.clone()).await;
        let watch = watch.map_err(status::of)?;
        let asked = self.identity.clone();
        let refused = async move { asked.until_refused(caller, Permission::TasksRead).await };
        Ok(Response::new(identity::until(refused, watch.into_stream())))
    }
}
