//! `AuthService`: converts and calls identity.

use super::{identity, status};
use crate::{
    domain::user::User,
    identity::{Identity, IdentityError, LoggedIn},
};
use ips_proto::v1::{self, auth_service_server};
use secrecy::{ExposeSecret as _, SecretString};
use tonic::{Request, Response, Status};

/// The public service of log-ins.
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

    async fn get_login_methods(
        &self,
        _request: Request<v1::GetLoginMethodsRequest>,
    ) -> Result<Response<v1::LoginMethods>, Status> {
        let methods = self.identity.login_methods();
        let (oidc_name, oidc_login_url) = methods.sso.map(|sso| (sso.name, sso.url)).unwrap_or_default();
        Ok(Response::new(v1::LoginMethods {
            password: methods.password,
            oidc_name,
            oidc_login_url,
        }))
    }

    async fn exchange_code(
        &self,
        request: Request<v1::ExchangeCodeRequest>,
    ) -> Result<Response<v1::LoginResponse>, Status> {
        let v1::ExchangeCodeRequest { code, verifier } = request.into_inner();
        let verifier = Some(verifier.as_str()).filter(|verifier| !verifier.is_empty());
        let done = self.identity.sso_exchange(&code.into(), verifier).await;
        Ok(logged_in(done.map_err(failed)?))
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

/// A user on the wire.
pub(super) fn user_message(user: &User) -> v1::User {
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
        external: user.is_external,
    }
}
