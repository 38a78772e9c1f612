//! Tokens of programs as JSON.

use super::{tenant, time};
use crate::{
    domain::api_token::{ApiToken, ApiTokenRequest},
    http::extract::{RequestBody, UnknownFields},
    identity::NewApiToken,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateToken)]
pub(crate) struct CreateTokenJson {
    /// For people: 1 to 128 characters.
    #[schema(required, nullable = false, max_length = 128)]
    name: Option<String>,
    /// `viewer`, `operator`, `admin` or `system-admin`; at most, and by default, that of the caller.
    #[schema(nullable = false)]
    role: Option<String>,
    /// What it may do of that, such as `tasks:read`; all where there is none.
    #[schema(nullable = false, example = json!(["tasks:read", "tasks:write"]))]
    scopes: Option<Vec<String>>,
    /// Days until it ends: 0 (never) to 3650, default 90.
    #[schema(nullable = false)]
    expires_in_days: Option<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for CreateTokenJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl From<CreateTokenJson> for ApiTokenRequest {
    fn from(json: CreateTokenJson) -> Self {
        Self {
            name: json.name.unwrap_or_default(),
            role: json.role.unwrap_or_default(),
            scopes: json.scopes.unwrap_or_default(),
            expires_in_days: json.expires_in_days,
        }
    }
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiToken)]
pub(crate) struct ApiTokenJson {
    id: i64,
    /// Whose it is; absent for the default tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tenant: Option<String>,
    name: String,
    /// The user that it acts for.
    owner: String,
    /// Its beginning, by which people know it again.
    shown: String,
    role: &'static str,
    /// Absent where it may do all that its role may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scopes: Option<Vec<&'static str>>,
    revoked: bool,
    /// Absent while it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_used_at: Option<String>,
    /// Absent where it never ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    expires_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl ApiTokenJson {
    pub(crate) fn new(token: &ApiToken, owner: &str) -> Self {
        let words = |scopes: &std::collections::BTreeSet<_>| {
            scopes
                .iter()
                .map(|scope: &crate::domain::permission::Permission| scope.as_str())
                .collect()
        };
        Self {
            id: token.id.get(),
            tenant: tenant::shown(&token.tenant),
            name: token.name.clone(),
            owner: owner.to_owned(),
            shown: token.shown.clone(),
            role: token.role.as_str(),
            scopes: token.scopes.as_ref().map(words),
            revoked: token.revoked_at != 0,
            last_used_at: time::if_set(token.last_used_at),
            expires_at: time::if_set(token.expires_at),
            created_at: time::rfc3339(token.created_at),
        }
    }
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewToken)]
pub(crate) struct NewTokenJson {
    /// The secret, for the header `Authorization: Bearer`. It is shown only here.
    token: String,
    api_token: ApiTokenJson,
}

impl NewTokenJson {
    pub(crate) fn new(made: &NewApiToken, api_token: ApiTokenJson) -> Self {
        Self {
            token: made.secret.expose_secret().to_owned(),
            api_token,
        }
    }
}

/// All tokens of the tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensJson {
    tokens: Vec<ApiTokenJson>,
}

impl From<&[(ApiToken, String)]> for TokensJson {
    fn from(found: &[(ApiToken, String)]) -> Self {
        let tokens = found.iter().map(|(token, owner)| ApiTokenJson::new(token, owner));
        Self {
            tokens: tokens.collect(),
        }
    }
}
