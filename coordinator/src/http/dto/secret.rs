//! Credentials of registries as JSON; the routes call them secrets, as the original does.

use super::{password::PasswordJson, tenant, time};
use crate::{
    domain::credential::{CredentialRequest, LoginCheck, LoginResult},
    engine::views::{CredentialView, Page},
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A login for a registry, or for a part of its repositories.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecretRequest)]
pub(crate) struct SecretRequestJson {
    /// Unique, 1 to 128 characters.
    #[schema(required, nullable = false, max_length = 128)]
    name: Option<String>,
    /// `host[:port]`, with a prefix of repositories if it is only for those.
    #[schema(required, nullable = false, example = "harbor.corp/team-a")]
    registry: Option<String>,
    /// 1 to 256 characters without a colon.
    #[schema(required, nullable = false, max_length = 256)]
    username: Option<String>,
    /// At most 16 KiB. A change may leave it out and keep the old one, as long as the registry's host stays the same.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    password: Option<PasswordJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for SecretRequestJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl From<SecretRequestJson> for CredentialRequest {
    fn from(json: SecretRequestJson) -> Self {
        Self {
            name: json.name.unwrap_or_default(),
            registry: json.registry.unwrap_or_default(),
            username: json.username.unwrap_or_default(),
            password: json.password.map(|password| password.0),
        }
    }
}

/// A credential without its password.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Secret)]
pub(crate) struct SecretJson {
    id: i64,
    /// Whose it is; absent for the default tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tenant: Option<String>,
    name: String,
    registry: String,
    username: String,
    /// False when the key that encrypted it is gone, or its record was changed by somebody else.
    readable: bool,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable_reason: Option<String>,
    /// Names the key that encrypted it.
    key_id: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&CredentialView> for SecretJson {
    fn from(view: &CredentialView) -> Self {
        let credential = &view.credential;
        Self {
            id: credential.id.get(),
            tenant: tenant::shown(&credential.tenant),
            name: credential.name.clone(),
            registry: credential.scope.to_string(),
            username: credential.username.clone(),
            readable: view.unreadable.is_none(),
            unreadable_reason: view.unreadable.clone(),
            key_id: credential.sealed.key_id.clone(),
            created_at: time::rfc3339(credential.created_at),
            updated_at: time::rfc3339(credential.updated_at),
        }
    }
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecretPage)]
pub(crate) struct SecretPageJson {
    secrets: Vec<SecretJson>,
    total: u32,
    /// From 1.
    page: u32,
    page_size: u32,
}

impl SecretPageJson {
    pub(crate) fn new(found: &Page<CredentialView>, page: u32, page_size: u32) -> Self {
        Self {
            secrets: found.items.iter().map(Into::into).collect(),
            total: found.total,
            page,
            page_size,
        }
    }
}

/// How a login ended.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LoginResult)]
pub(crate) enum LoginWord {
    /// The registry took it.
    Ok,
    /// The registry answers without a login, so nothing was proved.
    NotNeeded,
    /// The registry or its token service refused it.
    Unauthorized,
    /// No answer, or one that is no registry's.
    Unreachable,
    /// The certificate or the TLS handshake is not as it should be.
    Tls,
    /// Too many requests.
    RateLimited,
    /// A rule or a setting of this program keeps it from being tried.
    Refused,
}

impl From<LoginResult> for LoginWord {
    fn from(result: LoginResult) -> Self {
        match result {
            LoginResult::Ok => Self::Ok,
            LoginResult::NotNeeded => Self::NotNeeded,
            LoginResult::Unauthorized => Self::Unauthorized,
            LoginResult::Unreachable => Self::Unreachable,
            LoginResult::Tls => Self::Tls,
            LoginResult::RateLimited => Self::RateLimited,
            LoginResult::Refused => Self::Refused,
        }
    }
}

/// What happened when the credential was tried.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecretTest)]
pub(crate) struct SecretTestJson {
    /// In a word.
    result: LoginWord,
    /// In a sentence.
    message: String,
}

impl From<LoginCheck> for SecretTestJson {
    fn from(check: LoginCheck) -> Self {
        Self {
            result: check.result.into(),
            message: check.message,
        }
    }
}
