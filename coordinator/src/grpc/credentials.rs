//! `CredentialService`: converts and calls the engine. Passwords come in and never go out.

use super::{identity, request, status};
use crate::{
    domain::{
        Invalid,
        credential::{self, CredentialId, CredentialRequest},
    },
    engine::{Engine, door::Door, error::EngineError, views::CredentialView},
};
use ips_proto::v1::{self, credential_service_server};
use tonic::{Request, Response, Status};

/// The public service of credentials.
#[derive(Debug, Clone)]
pub struct CredentialService {
    engine: Door,
}

impl CredentialService {
    /// Serves what the engine does.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

fn refused(invalid: Invalid) -> Status {
    status::of_invalid(&invalid)
}

/// A number that can be one; others are nobody's.
fn id(number: i64) -> Result<CredentialId, Status> {
    CredentialId::new(number).ok_or_else(|| {
        status::of(EngineError::NotFound {
            kind: "secret",
            id: number.to_string(),
        })
    })
}

#[tonic::async_trait]
impl credential_service_server::CredentialService for CredentialService {
    async fn list_credentials(
        &self,
        request: Request<v1::ListCredentialsRequest>,
    ) -> Result<Response<v1::ListCredentialsResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let page = request::page(request.limit, request.offset, 10, 1000);
        let engine = engine
            .narrowed(&request.tenant)
            .map_err(|invalid| status::of_invalid(&invalid))?;
        let found = engine.credentials(page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListCredentialsResponse {
            credentials: found.items.iter().map(credential).collect(),
            total: found.total,
        }))
    }

    async fn create_credential(
        &self,
        request: Request<v1::CreateCredentialRequest>,
    ) -> Result<Response<v1::Credential>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let asked = CredentialRequest {
            name: request.name,
            registry: request.registry,
            username: request.username,
            password: Some(request.password.into()),
        };
        let spec = asked.check_new().map_err(refused)?;
        let view = engine.create_credential(spec).await.map_err(status::of)?;
        Ok(Response::new(credential(&view)))
    }

    async fn get_credential(
        &self,
        request: Request<v1::GetCredentialRequest>,
    ) -> Result<Response<v1::Credential>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = id(request.into_inner().credential_id)?;
        let view = engine.credential(id).await.map_err(status::of)?;
        Ok(Response::new(credential(&view)))
    }

    async fn update_credential(
        &self,
        request: Request<v1::UpdateCredentialRequest>,
    ) -> Result<Response<v1::Credential>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let id = id(request.credential_id)?;
        let asked = CredentialRequest {
            name: request.name,
            registry: request.registry,
            username: request.username,
            password: Some(request.password.into()),
        };
        let spec = asked.check_change().map_err(refused)?;
        let view = engine.update_credential(id, spec).await.map_err(status::of)?;
        Ok(Response::new(credential(&view)))
    }

    async fn delete_credential(
        &self,
        request: Request<v1::DeleteCredentialRequest>,
    ) -> Result<Response<v1::DeleteCredentialResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        if let Some(id) = CredentialId::new(request.into_inner().credential_id) {
            engine.delete_credential(id).await.map_err(status::of)?;
        }
        Ok(Response::new(v1::DeleteCredentialResponse {}))
    }

    async fn test_credential(
        &self,
        request: Request<v1::TestCredentialRequest>,
    ) -> Result<Response<v1::TestCredentialResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let id = id(request.into_inner().credential_id)?;
        let check = engine.test_credential(id).await.map_err(status::of)?;
        Ok(Response::new(v1::TestCredentialResponse {
            result: result(check.result).into(),
            message: check.message,
        }))
    }
}

fn credential(view: &CredentialView) -> v1::Credential {
    let it = &view.credential;
    v1::Credential {
        credential_id: it.id.get(),
        tenant: it.tenant.to_string(),
        name: it.name.clone(),
        registry: it.scope.to_string(),
        username: it.username.clone(),
        created_at_ms: it.created_at,
        updated_at_ms: it.updated_at,
        readable: view.unreadable.is_none(),
        unreadable_reason: view.unreadable.clone().unwrap_or_default(),
        key_id: it.sealed.key_id.clone(),
    }
}

/// A credential as a task shows it.
pub(super) fn of_task(it: &credential::TaskCredential) -> v1::TaskCredential {
    v1::TaskCredential {
        credential_id: it.id.get(),
        name: it.name.clone(),
        registry: it.registry.clone(),
        username: it.username.clone(),
        owned: it.owned,
    }
}

fn result(result: credential::LoginResult) -> v1::LoginResult {
    use credential::LoginResult;
    match result {
        LoginResult::Ok => v1::LoginResult::Ok,
        LoginResult::NotNeeded => v1::LoginResult::NotNeeded,
        LoginResult::Unauthorized => v1::LoginResult::Unauthorized,
        LoginResult::Unreachable => v1::LoginResult::Unreachable,
        LoginResult::Tls => v1::LoginResult::Tls,
        LoginResult::RateLimited => v1::LoginResult::RateLimited,
        LoginResult::Refused => v1::LoginResult::Refused,
    }
}
