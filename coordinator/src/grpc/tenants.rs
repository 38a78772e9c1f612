//! `TenantService`: converts and calls the engine.

use super::{identity, status};
use crate::{
    domain::{
        caller::TenantId,
        tenant::{QuotasRequest, RepositoryPattern, TenantRequest, check_id},
    },
    engine::{Engine, door::Door, error::EngineError, views::TenantView},
};
use ips_proto::v1::{self, tenant_service_server};
use tonic::{Request, Response, Status};

/// The public service of tenants.
#[derive(Debug, Clone)]
pub struct TenantService {
    engine: Door,
}

impl TenantService {
    /// Serves what the engine does.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

/// What cannot be an id is no tenant's.
fn id(text: &str) -> Result<TenantId, Status> {
    check_id("id", text).map_err(|_| {
        status::of(EngineError::NotFound {
            kind: "tenant",
            id: text.to_owned(),
        })
    })
}

#[tonic::async_trait]
impl tenant_service_server::TenantService for TenantService {
    async fn get_own_tenant(&self, request: Request<v1::GetOwnTenantRequest>) -> Result<Response<v1::Tenant>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let view = engine.own_tenant().await.map_err(status::of)?;
        Ok(Response::new(tenant(&view)))
    }

    async fn list_tenants(
        &self,
        request: Request<v1::ListTenantsRequest>,
    ) -> Result<Response<v1::ListTenantsResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let views = engine.tenants().await.map_err(status::of)?;
        let tenants = views.iter().map(tenant).collect();
        Ok(Response::new(v1::ListTenantsResponse { tenants }))
    }

    async fn get_tenant(&self, request: Request<v1::GetTenantRequest>) -> Result<Response<v1::Tenant>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = id(&request.get_ref().tenant_id)?;
        let view = engine.tenant(&id).await.map_err(status::of)?;
        Ok(Response::new(tenant(&view)))
    }

    async fn create_tenant(&self, request: Request<v1::CreateTenantRequest>) -> Result<Response<v1::Tenant>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let asked = TenantRequest {
            name: Some(request.name).filter(|name| !name.is_empty()),
            node_selector: Some(request.node_selector),
            repositories: Some(request.repositories),
            quotas: request.quotas.map(quotas),
        };
        let made = engine.create_tenant(&request.tenant_id, asked).await;
        Ok(Response::new(tenant(&made.map_err(status::of)?)))
    }

    async fn update_tenant(&self, request: Request<v1::UpdateTenantRequest>) -> Result<Response<v1::Tenant>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = id(&request.tenant_id)?;
        let asked = TenantRequest {
            name: request.name,
            node_selector: request.node_selector,
            repositories: request.repositories.map(|list| list.patterns),
            quotas: request.quotas.map(quotas),
        };
        let changed = engine.update_tenant(&id, asked).await;
        Ok(Response::new(tenant(&changed.map_err(status::of)?)))
    }

    async fn delete_tenant(
        &self,
        request: Request<v1::DeleteTenantRequest>,
    ) -> Result<Response<v1::DeleteTenantResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = id(&request.get_ref().tenant_id)?;
        engine.delete_tenant(&id).await.map_err(status::of)?;
        Ok(Response::new(v1::DeleteTenantResponse {}))
    }
}

fn quotas(quotas: v1::TenantQuotas) -> QuotasRequest {
    QuotasRequest {
        open_pulls: quotas.open_pulls.map(i64::from),
        tasks_per_day: quotas.tasks_per_day.map(i64::from),
        bytes_per_day: quotas
            .bytes_per_day
            .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
    }
}

fn tenant(view: &TenantView) -> v1::Tenant {
    let (tenant, rules) = (&view.tenant, &view.tenant.rules);
    v1::Tenant {
        tenant_id: tenant.id.to_string(),
        name: tenant.name.clone(),
        node_selector: rules.node_selector.clone(),
        repositories: rules.repositories.iter().map(RepositoryPattern::to_string).collect(),
        quotas: Some(v1::TenantQuotas {
            open_pulls: rules.quotas.open_pulls,
            tasks_per_day: rules.quotas.tasks_per_day,
            bytes_per_day: rules.quotas.bytes_per_day,
        }),
        usage: Some(v1::TenantUsage {
            open_pulls: view.usage.open_pulls,
            tasks_today: view.usage.tasks_today,
            bytes_today: view.usage.bytes_today,
            day_ends_at_ms: view.day_ends_at,
        }),
        created_at_ms: tenant.created_at,
        updated_at_ms: tenant.updated_at,
    }
}
