//! `PolicyService`: converts and calls the engine.

mod convert;
mod request;

use super::{identity, request::page, status};
use crate::{
    domain::Invalid,
    engine::{Engine, door::Door},
};
use ips_proto::v1::{self, policy_service_server};
use tonic::{Request, Response, Status};

/// The public service of standing policies.
#[derive(Debug, Clone)]
pub struct PolicyService {
    engine: Door,
}

impl PolicyService {
    /// Serves what the engine does.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

fn refused(invalid: Invalid) -> Status {
    status::of_invalid(&invalid)
}

#[tonic::async_trait]
impl policy_service_server::PolicyService for PolicyService {
    async fn create_policy(&self, request: Request<v1::CreatePolicyRequest>) -> Result<Response<v1::Policy>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let dry_run = request.dry_run;
        let new = request::create(request).map_err(refused)?;
        let view = if dry_run {
            engine.preview_policy(new).await.map_err(status::of)?.view
        } else {
            engine.create_policy(new).await.map_err(status::of)?
        };
        Ok(Response::new(convert::policy(&view)))
    }

    async fn get_policy(&self, request: Request<v1::GetPolicyRequest>) -> Result<Response<v1::Policy>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::policy_id(request.into_inner().policy_id).map_err(refused)?;
        let view = engine.policy(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::policy(&view)))
    }

    async fn list_policies(
        &self,
        request: Request<v1::ListPoliciesRequest>,
    ) -> Result<Response<v1::ListPoliciesResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = page(request.limit, request.offset, 10, 100);
        let engine = engine.narrowed(&request.tenant).map_err(refused)?;
        let found = engine.policies(page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListPoliciesResponse {
            policies: found.items.iter().map(convert::policy).collect(),
            total: found.total,
        }))
    }

    async fn update_policy(&self, request: Request<v1::UpdatePolicyRequest>) -> Result<Response<v1::Policy>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let (id, change) = request::update(request.into_inner()).map_err(refused)?;
        let view = engine.update_policy(&id, change).await.map_err(status::of)?;
        Ok(Response::new(convert::policy(&view)))
    }

    async fn delete_policy(
        &self,
        request: Request<v1::DeletePolicyRequest>,
    ) -> Result<Response<v1::DeletePolicyResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::policy_id(request.into_inner().policy_id).map_err(refused)?;
        engine.delete_policy(&id).await.map_err(status::of)?;
        Ok(Response::new(v1::DeletePolicyResponse {}))
    }

    async fn pause_policy(&self, request: Request<v1::PausePolicyRequest>) -> Result<Response<v1::Policy>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = request::policy_id(request.policy_id).map_err(refused)?;
        let view = engine.pause_policy(&id, &request.reason).await.map_err(status::of)?;
        Ok(Response::new(convert::policy(&view)))
    }

    async fn resume_policy(&self, request: Request<v1::ResumePolicyRequest>) -> Result<Response<v1::Policy>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = request::policy_id(request.into_inner().policy_id).map_err(refused)?;
        let view = engine.resume_policy(&id).await.map_err(status::of)?;
        Ok(Response::new(convert::policy(&view)))
    }

    async fn get_policy_coverage(
        &self,
        request: Request<v1::GetPolicyCoverageRequest>,
    ) -> Result<Response<v1::GetPolicyCoverageResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = page(request.limit, request.offset, 100, 1000);
        let (id, filter) = request::coverage(request).map_err(refused)?;
        let found = engine.policy_coverage(&id, &filter, page).await.map_err(status::of)?;
        Ok(Response::new(convert::coverage(&found)))
    }
}
