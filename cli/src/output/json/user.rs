//! Users as JSON.

use crate::human::moment;
use ips_proto::v1;
use serde::Serialize;

/// A user without anything secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    id: i64,
    username: String,
    role: String,
    tenant: String,
    disabled: bool,
    must_change_password: bool,
    external: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_login_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

impl From<&v1::User> for User {
    fn from(it: &v1::User) -> Self {
        Self {
            id: it.user_id,
            username: it.username.clone(),
            role: it.role.clone(),
            tenant: it.tenant.clone(),
            disabled: it.disabled,
            must_change_password: it.must_change_password,
            external: it.external,
            last_login_at: moment(it.last_login_at_ms),
            created_at: moment(it.created_at_ms),
            updated_at: moment(it.updated_at_ms),
        }
    }
}
