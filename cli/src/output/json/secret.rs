//! Credentials as JSON.

use crate::human::moment;
use ips_proto::v1;
use serde::Serialize;

/// A credential without its password.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    id: i64,
    name: String,
    registry: String,
    username: String,
    readable: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    unreadable_reason: String,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

impl From<&v1::Credential> for Secret {
    fn from(it: &v1::Credential) -> Self {
        Self {
            id: it.credential_id,
            name: it.name.clone(),
            registry: it.registry.clone(),
            username: it.username.clone(),
            readable: it.readable,
            unreadable_reason: it.unreadable_reason.clone(),
            key_id: it.key_id.clone(),
            created_at: moment(it.created_at_ms),
            updated_at: moment(it.updated_at_ms),
        }
    }
}
