//! Users and log-ins as JSON.

use super::{password::PasswordJson, time};
use crate::{
    domain::{
        Invalid,
        user::{User, UserChange, check_role},
    },
    http::extract::{RequestBody, UnknownFields},
    identity::LoggedIn,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name and password.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Login)]
pub(crate) struct LoginJson {
    /// 1 to 255 characters.
    #[schema(required, nullable = false, max_length = 255)]
    username: Option<String>,
    /// 1 to 1024 bytes.
    #[schema(required, value_type = String, format = Password, write_only)]
    password: Option<PasswordJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for LoginJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl LoginJson {
    pub(crate) fn into_parts(self) -> (String, SecretString) {
        let password = self.password.map(|password| password.0).unwrap_or_default();
        (self.username.unwrap_or_default(), password)
    }
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Refresh)]
pub(crate) struct RefreshJson {
    /// As the log-in or the last refresh gave it.
    #[schema(required, value_type = String, format = Password, write_only)]
    refresh_token: Option<PasswordJson>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for RefreshJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl RefreshJson {
    pub(crate) fn into_token(self) -> SecretString {
        self.refresh_token.map(|token| token.0).unwrap_or_default()
    }
}

/// A user without anything secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserJson {
    id: i64,
    username: String,
    /// `viewer`, `operator`, `admin` (of a tenant) or `system-admin`.
    role: &'static str,
    /// Whose things it sees.
    tenant: String,
    /// It may not log in.
    disabled: bool,
    /// It must choose a password before anything else.
    must_change_password: bool,
    /// Absent while it never has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_login_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&User> for UserJson {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.get(),
            username: user.username.clone(),
            role: user.role.as_str(),
            tenant: user.tenant.to_string(),
            disabled: user.disabled,
            must_change_password: user.must_change_password,
            last_login_at: time::if_set(user.last_login_at),
            created_at: time::rfc3339(user.created_at),
            updated_at: time::rfc3339(user.updated_at),
        }
    }
}

/// Somebody who is logged in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoggedIn)]
pub(crate) struct LoggedInJson {
    /// Access token, for the header `Authorization: Bearer`.
    token: String,
    /// Seconds that it lives.
    expires_in: i64,
    /// What it is refreshed with, once.
    refresh_token: String,
    user: UserJson,
}

impl From<&LoggedIn> for LoggedInJson {
    fn from(done: &LoggedIn) -> Self {
        Self {
            token: done.token.expose_secret().to_owned(),
            expires_in: done.expires_in_s,
            refresh_token: done.refresh_token.expose_secret().to_owned(),
            user: UserJson::from(&done.user),
        }
    }
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageJson {
    message: &'static str,
}

impl MessageJson {
    pub(crate) fn new(message: &'static str) -> Self {
        Self { message }
    }
}

/// A user to make.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CreateUser)]
pub(crate) struct CreateUserJson {
    /// Unique: 1 to 255 characters without spaces, `/` and `:`.
    #[schema(required, nullable = false, max_length = 255)]
    username: Option<String>,
    /// At least 8 characters, at most 1024 bytes; to be changed at the first log-in.
    #[schema(required, value_type = String, format = Password, write_only)]
    password: Option<PasswordJson>,
    /// `viewer`, `operator`, `admin` or `system-admin`.
    #[schema(required, nullable = false)]
    role: Option<String>,
    /// Whose things it sees; the caller's own tenant when absent, another one only for a system admin.
    #[schema(nullable = false)]
    tenant: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for CreateUserJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl CreateUserJson {
    /// Id of the tenant; empty for the caller's own.
    pub(crate) fn tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or_default()
    }

    /// Name, password, role.
    pub(crate) fn into_parts(self) -> (String, SecretString, String) {
        let password = self.password.map(|password| password.0).unwrap_or_default();
        (
            self.username.unwrap_or_default(),
            password,
            self.role.unwrap_or_default(),
        )
    }
}

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateUser)]
pub(crate) struct UpdateUserJson {
    /// New password: at least 8 characters, at most 1024 bytes.
    #[schema(value_type = Option<String>, format = Password, write_only, nullable = false)]
    password: Option<PasswordJson>,
    /// The old one; needed for one's own.
    #[schema(value_type = Option<String>, format = Password, write_only, nullable = false)]
    current_password: Option<PasswordJson>,
    /// `viewer`, `operator`, `admin` or `system-admin`.
    #[schema(nullable = false)]
    role: Option<String>,
    /// Whether it may not log in.
    #[schema(nullable = false)]
    disabled: Option<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for UpdateUserJson {
    const STRICT: bool = false;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl UpdateUserJson {
    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }
}

impl TryFrom<UpdateUserJson> for UserChange {
    type Error = Invalid;

    fn try_from(json: UpdateUserJson) -> Result<Self, Invalid> {
        Ok(Self {
            password: json.password.map(|password| password.0),
            current_password: json.current_password.map(|password| password.0),
            role: json.role.as_deref().map(check_role).transpose()?,
            disabled: json.disabled,
        })
    }
}

/// A user that was changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserUpdated)]
pub(crate) struct UserUpdatedJson {
    message: &'static str,
    user: UserJson,
}

impl UserUpdatedJson {
    pub(crate) fn new(user: &User, changes_password: bool) -> Self {
        let message = if changes_password {
            "Password updated successfully"
        } else {
            "User updated successfully"
        };
        Self {
            message,
            user: user.into(),
        }
    }
}
