//! `ScheduleService`: converts and calls the engine.

mod convert;
mod request;

use super::{identity, request::page, status};
use crate::{
    domain::{Invalid, schedule::ScheduleOrder},
    engine::{Engine, door::Door, views::ScheduleFilter},
};
use ips_proto::v1::{self, schedule_service_server};
use tonic::{Request, Response, Status};

/// The public service of schedules.
#[derive(Debug, Clone)]
pub struct ScheduleService {
    engine: Door,
}

impl ScheduleService {
    /// Serves what the engine does.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

async fn enable(engine: &Engine, id: String, enabled: bool) -> Result<Response<v1::Schedule>, Status> {
    let id = request::schedule_id(id).map_err(refused)?;
    let view = engine.enable_schedule(&id, enabled).await.map_err(status::of)?;
    Ok(Response::new(convert::schedule(&view)))
}

fn refused(invalid: Invalid) -> Status {
    status::of_invalid(&invalid)
}

#[tonic::async_trait]
impl schedule_service_server::ScheduleService for ScheduleService {
    async fn create_schedule(
        &self,
        request: Request<v1::CreateScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let new = request::create(request.into_inner()).map_err(refused)?;
        let view = engine.create_schedule(new).await.map_err(status::of)?;
        Ok(Response::new(convert::schedule(&view)))
    }

    async fn get_schedule(&self, request: Request<v1::GetScheduleRequest>) -> Result<Response<v1::Schedule>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::schedule_id(request.into_inner().schedule_id).map_err(refused)?;
        let view = engine.schedule(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::schedule(&view)))
    }

    async fn list_schedules(
        &self,
        request: Request<v1::ListSchedulesRequest>,
    ) -> Result<Response<v1::ListSchedulesResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = page(request.limit, request.offset, 10, 100);
        let engine = engine
            .narrowed(&request.tenant)
            .map_err(|invalid| status::of_invalid(&invalid))?;
        let filter = ScheduleFilter {
            enabled: request.enabled,
            order: ScheduleOrder::parse(&request.sort).map_err(|invalid| status::of_invalid(&invalid))?,
        };
        let found = engine.schedules(filter, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListSchedulesResponse {
            schedules: found.items.iter().map(convert::schedule).collect(),
            total: found.total,
        }))
    }

    async fn update_schedule(
        &self,
        request: Request<v1::UpdateScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let (id, change) = request::update(request.into_inner()).map_err(refused)?;
        let view = engine.update_schedule(&id, change).await.map_err(status::of)?;
        Ok(Response::new(convert::schedule(&view)))
    }

    async fn delete_schedule(
        &self,
        request: Request<v1::DeleteScheduleRequest>,
    ) -> Result<Response<v1::DeleteScheduleResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::schedule_id(request.into_inner().schedule_id).map_err(refused)?;
        let existed = engine.delete_schedule(&id).await.map_err(status::of)?;
        Ok(Response::new(v1::DeleteScheduleResponse { existed }))
    }

    async fn enable_schedule(
        &self,
        request: Request<v1::EnableScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        enable(&engine, request.into_inner().schedule_id, true).await
    }

    async fn disable_schedule(
        &self,
        request: Request<v1::DisableScheduleRequest>,
    ) -> Result<Response<v1::Schedule>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        enable(&engine, request.into_inner().schedule_id, false).await
    }

    async fn trigger_schedule(
        &self,
        request: Request<v1::TriggerScheduleRequest>,
    ) -> Result<Response<v1::TriggerScheduleResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::schedule_id(request.into_inner().schedule_id).map_err(refused)?;
        let triggered = engine.trigger_schedule(&id).await.map_err(status::of)?;
        Ok(Response::new(v1::TriggerScheduleResponse {
            task_id: triggered.task.to_string(),
            execution: Some(convert::execution(&triggered.execution)),
        }))
    }

    async fn list_executions(
        &self,
        request: Request<v1::ListExecutionsRequest>,
    ) -> Result<Response<v1::ListExecutionsResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = request::schedule_id(request.schedule_id).map_err(refused)?;
        let states = request::execution_states(&request.states).map_err(refused)?;
        let page = page(request.limit, request.offset, 10, 100);
        let found = engine.executions(&id, &states, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListExecutionsResponse {
            executions: found.items.iter().map(convert::execution).collect(),
            total: found.total,
        }))
    }

    async fn get_execution(
        &self,
        request: Request<v1::GetExecutionRequest>,
    ) -> Result<Response<v1::Execution>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = request::schedule_id(request.schedule_id).map_err(refused)?;
        let found = engine.execution(&id, request.execution_id).await;
        Ok(Response::new(convert::execution(&found.map_err(status::of)?)))
    }
}
