//! `UserService` and `TokenService`: convert and call identity.

use super::{auth::user_message, identity, status};
use crate::{
    domain::{
        Invalid,
        api_token::{ApiToken, ApiTokenRequest},
        caller::{ApiTokenId, UserId},
        user::{UserChange, check_role},
    },
    identity::{Identity, IdentityError},
};
use ips_proto::v1::{self, token_service_server, user_service_server};
use secrecy::ExposeSecret as _;
use tonic::{Request, Response, Status};

/// Both services.
#[derive(Debug, Clone)]
pub struct UserService {
    identity: Identity,
}

impl UserService {
    /// Serves what identity does.
    pub fn new(identity: Identity) -> Self {
        Self { identity }
    }
}

fn failed(error: IdentityError) -> Status {
    status::of_identity(error)
}

fn refused(invalid: Invalid) -> Status {
    status::of_invalid(&invalid)
}

#[tonic::async_trait]
impl user_service_server::UserService for UserService {
    async fn list_users(
        &self,
        request: Request<v1::ListUsersRequest>,
    ) -> Result<Response<v1::ListUsersResponse>, Status> {
        let caller = identity::caller(&request)?;
        let tenant = &request.get_ref().tenant;
        let found = self.identity.users(&caller, tenant).await.map_err(failed)?;
        let users = found.iter().map(user_message).collect();
        Ok(Response::new(v1::ListUsersResponse { users }))
    }

    async fn create_user(&self, request: Request<v1::CreateUserRequest>) -> Result<Response<v1::User>, Status> {
        let caller = identity::caller(&request)?;
        let v1::CreateUserRequest {
            username,
            password,
            role,
            tenant,
        } = request.into_inner();
        let made = self
            .identity
            .create_user_in(&caller, &tenant, &username, &password.into(), &role)
            .await;
        Ok(Response::new(user_message(&made.map_err(failed)?)))
    }

    async fn get_user(&self, request: Request<v1::GetUserRequest>) -> Result<Response<v1::User>, Status> {
        let caller = identity::caller(&request)?;
        let id = user_id(request.get_ref().user_id)?;
        let user = self.identity.user(&caller, id).await.map_err(failed)?;
        Ok(Response::new(user_message(&user)))
    }

    async fn update_user(&self, request: Request<v1::UpdateUserRequest>) -> Result<Response<v1::User>, Status> {
        let caller = identity::caller(&request)?;
        let request = request.into_inner();
        let id = user_id(request.user_id)?;
        let change = UserChange {
            password: request.password.map(Into::into),
            current_password: request.current_password.map(Into::into),
            role: request.role.as_deref().map(check_role).transpose().map_err(refused)?,
            disabled: request.disabled,
        };
        let user = self.identity.update_user(&caller, id, change).await.map_err(failed)?;
        Ok(Response::new(user_message(&user)))
    }

    async fn delete_user(
        &self,
        request: Request<v1::DeleteUserRequest>,
    ) -> Result<Response<v1::DeleteUserResponse>, Status> {
        let caller = identity::caller(&request)?;
        let id = user_id(request.get_ref().user_id)?;
        self.identity.delete_user(&caller, id).await.map_err(failed)?;
        Ok(Response::new(v1::DeleteUserResponse {}))
    }
}

#[tonic::async_trait]
impl token_service_server::TokenService for UserService {
    async fn list_tokens(
        &self,
        request: Request<v1::ListTokensRequest>,
    ) -> Result<Response<v1::ListTokensResponse>, Status> {
        let caller = identity::caller(&request)?;
        let tenant = &request.get_ref().tenant;
        let found = self.identity.api_tokens(&caller, tenant).await.map_err(failed)?;
        let tokens = found.iter().map(|(token, owner)| token_message(token, owner)).collect();
        Ok(Response::new(v1::ListTokensResponse { tokens }))
    }

    async fn create_token(
        &self,
        request: Request<v1::CreateTokenRequest>,
    ) -> Result<Response<v1::CreateTokenResponse>, Status> {
        let caller = identity::caller(&request)?;
        let request = request.into_inner();
        let asked = ApiTokenRequest {
            name: request.name,
            role: request.role,
            scopes: request.scopes,
            expires_in_days: request.expires_in_days,
        };
        let spec = asked.check().map_err(refused)?;
        let made = self.identity.create_api_token(&caller, spec).await.map_err(failed)?;
        Ok(Response::new(v1::CreateTokenResponse {
            token: made.secret.expose_secret().to_owned(),
            api_token: Some(token_message(&made.token, &caller.name)),
        }))
    }

    async fn revoke_token(
        &self,
        request: Request<v1::RevokeTokenRequest>,
    ) -> Result<Response<v1::RevokeTokenResponse>, Status> {
        let caller = identity::caller(&request)?;
        let id = ApiTokenId::from_stored(request.get_ref().token_id);
        self.identity.revoke_api_token(&caller, id).await.map_err(failed)?;
        Ok(Response::new(v1::RevokeTokenResponse {}))
    }
}

/// 0 and below are nobody's.
fn user_id(number: i64) -> Result<UserId, Status> {
    let unknown = || IdentityError::NotFound {
        kind: "user",
        id: number.to_string(),
    };
    UserId::new(number).ok_or_else(|| failed(unknown()))
}

fn token_message(token: &ApiToken, owner: &str) -> v1::ApiToken {
    let scopes = token.scopes.iter().flatten();
    v1::ApiToken {
        token_id: token.id.get(),
        tenant: token.tenant.to_string(),
        name: token.name.clone(),
        owner: owner.to_owned(),
        shown: token.shown.clone(),
        role: token.role.to_string(),
        scopes: scopes.map(ToString::to_string).collect(),
        is_scoped: token.scopes.is_some(),
        revoked: token.revoked_at != 0,
        last_used_at_ms: token.last_used_at,
        expires_at_ms: token.expires_at,
        created_at_ms: token.created_at,
    }
}
