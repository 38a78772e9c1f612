//! Ways to log in, and the code of a log-in at a provider, as JSON.

use super::password::PasswordJson;
use crate::{
    http::extract::{RequestBody, UnknownFields},
    identity::LoginMethods,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// By what one can log in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginMethods)]
pub(crate) struct LoginMethodsJson {
    /// By name and password. False while identity is off: then nobody is asked.
    password: bool,
    /// At a provider; absent where none is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    oidc: Option<OidcMethodJson>,
}

/// How one logs in at a provider.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OidcMethod)]
pub(crate) struct OidcMethodJson {
    /// What the button says.
    name: String,
    /// Where a browser begins; `?next=/path` says where it goes on.
    login_url: String,
}

impl From<LoginMethods> for LoginMethodsJson {
    fn from(methods: LoginMethods) -> Self {
        Self {
            password: methods.password,
            oidc: methods.sso.map(|sso| OidcMethodJson {
                name: sso.name,
                login_url: sso.url,
            }),
        }
    }
}

/// A code to change for tokens.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ExchangeCode)]
pub(crate) struct ExchangeJson {
    /// The code; without it that of the cookie counts.
    #[schema(value_type = Option<String>, format = Password, write_only, nullable = false)]
    code: Option<PasswordJson>,
    /// What a program hashed into its request.
    #[schema(nullable = false)]
    verifier: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for ExchangeJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl ExchangeJson {
    /// Code and verifier.
    pub(crate) fn into_parts(self) -> (Option<SecretString>, Option<String>) {
        (self.code.map(|code| code.0), self.verifier)
    }
}
