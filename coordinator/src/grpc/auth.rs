//! `AuthService` and `UserService`: convert and call identity.

use super::{identity, status};
use crate::{
    domain::{
        Invalid,
        caller::UserId,
        user::{User, UserChange, check_role},
    },
    identity::{Identity, IdentityError, LoggedIn},
};
use ips_proto::v1::{self, auth_service_server, user_service_server};
use secrecy::{ExposeSecret as _, SecretString};
use tonic::{Request, Response, Status};

/// Both services.
#[derive(Debug, Clone)]
pub struct AuthService {
    identity: Identity,
}

impl AuthService {
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
impl auth_service_server::AuthService for AuthService {
    async fn login(&self, request: Request<v1::LoginRequest>) -> Result<Response<v1::LoginResponse>, Status> {
        let source = identity::source(&request);
        let v1::LoginRequest { username, password } = request.into_inner();
        let done = self.identity.login(source, &username, &password.into()).await;
        Ok(logged_in(done.map_err(failed)?))
    }

    async fn refresh(&self, request: Request<v1::RefreshRequest>) -> Result<Response<v1::LoginResponse>, Status> {
        let token = SecretString::from(request.into_inner().refresh_token);
        Ok(logged_in(self.identity.refresh(&token).await.map_err(failed)?))
    }

    async fn logout(&self, request: Request<v1::LogoutRequest>) -> Result<Response<v1::LogoutResponse>, Status> {
        let caller = identity::caller(&request)?;
        self.identity.logout(&caller).await.map_err(failed)?;
        Ok(Response::new(v1::LogoutResponse {}))
    }

    async fn who_am_i(&self, request: Request<v1::WhoAmIRequest>) -> Result<Response<v1::User>, Status> {
        let caller = identity::caller(&request)?;
        let user = self.identity.who_am_i(&caller).await.map_err(failed)?;
        Ok(Response::new(user_message(&user)))
    }
}

#[tonic::async_trait]
impl user_service_server::UserService for AuthService {
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
}

/// 0 and below are nobody's.
fn user_id(number: i64) -> Result<UserId, Status> {
    let unknown = || IdentityError::NotFound {
        kind: "user",
        id: number.to_string(),
    };
    UserId::new(number).ok_or_else(|| failed(unknown()))
}

/// The answer; who it is goes along for whoever records it.
fn logged_in(done: LoggedIn) -> Response<v1::LoginResponse> {
    let mut response = Response::new(v1::LoginResponse {
        token: done.token.expose_secret().to_owned(),
        expires_in_s: done.expires_in_s,
        refresh_token: done.refresh_token.expose_secret().to_owned(),
        user: Some(user_message(&done.user)),
    });
    response.extensions_mut().insert(done.caller);
    response
}

fn user_message(user: &User) -> v1::User {
    v1::User {
        user_id: user.id.get(),
        username: user.username.clone(),
        role: user.role.to_string(),
        tenant: user.tenant.to_string(),
        disabled: user.disabled,
        must_change_password: user.must_change_password,
        last_login_at_ms: user.last_login_at,
        created_at_ms: user.created_at,
        updated_at_ms: user.updated_at,
    }
}
