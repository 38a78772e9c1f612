//! Tokens of programs as JSON.

use crate::human::moment;
use ips_proto::v1;
use serde::Serialize;

/// A token without its secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    id: i64,
    name: String,
    owner: String,
    shown: String,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    revoked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

impl From<&v1::ApiToken> for ApiToken {
    fn from(it: &v1::ApiToken) -> Self {
        Self {
            id: it.token_id,
            name: it.name.clone(),
            owner: it.owner.clone(),
            shown: it.shown.clone(),
            role: it.role.clone(),
            scopes: it.is_scoped.then(|| it.scopes.clone()),
            revoked: it.revoked,
            last_used_at: moment(it.last_used_at_ms),
            expires_at: moment(it.expires_at_ms),
            created_at: moment(it.created_at_ms),
        }
    }
}

/// A token that was just made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_token: Option<ApiToken>,
}

impl From<&v1::CreateTokenResponse> for NewToken {
    fn from(it: &v1::CreateTokenResponse) -> Self {
        Self {
            token: it.token.clone(),
            api_token: it.api_token.as_ref().map(ApiToken::from),
        }
    }
}
