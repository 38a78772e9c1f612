//! `SystemService`: converts and calls the engine.

use super::{identity, status};
use crate::{
    domain::replica::SeenReplica,
    engine::{
        Engine,
        door::Door,
        system::{PartView, SystemView},
    },
};
use ips_proto::v1::{self, system_service_server};
use tonic::{Request, Response, Status};

/// The public service of the coordinator itself.
#[derive(Debug, Clone)]
pub struct SystemService {
    engine: Door,
}

impl SystemService {
    /// Serves what the engine knows.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

#[tonic::async_trait]
impl system_service_server::SystemService for SystemService {
    async fn get_system(&self, request: Request<v1::GetSystemRequest>) -> Result<Response<v1::SystemStatus>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        Ok(Response::new(system(&engine.system().await)))
    }

    async fn set_log_level(
        &self,
        request: Request<v1::SetLogLevelRequest>,
    ) -> Result<Response<v1::SystemStatus>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let filter = request.into_inner().filter;
        let view = engine.set_log_filter(&filter).await.map_err(status::of)?;
        Ok(Response::new(system(&view)))
    }
}

fn system(view: &SystemView) -> v1::SystemStatus {
    let part = |part: &PartView| v1::SystemPart {
        name: part.name.to_owned(),
        ok: part.ok,
        message: part.message.clone(),
    };
    let replica = |seen: &SeenReplica| v1::Replica {
        id: seen.replica.id.clone(),
        address: seen.replica.address.clone(),
        leads: seen.leads,
        seen_at_ms: seen.seen_at,
    };
    v1::SystemStatus {
        version: view.version.to_owned(),
        time_ms: view.time,
        started_at_ms: view.started_at,
        ready: view.reasons().is_empty(),
        parts: view.parts.iter().map(part).collect(),
        log_filter: view.log_filter.clone(),
        kept: Some(v1::Kept {
            tasks_ms: view.kept.tasks_ms,
            tasks: view.kept.tasks,
            executions_ms: view.kept.executions_ms,
            executions: view.kept.executions,
            deliveries_ms: view.kept.deliveries_ms,
            audit_ms: view.kept.audit_ms,
            missed_run_ms: view.kept.missed_run_ms,
        }),
        epoch: view.epoch,
        replicas: view.replicas.iter().map(replica).collect(),
    }
}
