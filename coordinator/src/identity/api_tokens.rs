//! Tokens of programs: made once, shown once, kept as a hash.

use super::{Identity, error::IdentityError, now, secrets};
use crate::{
    domain::{
        api_token::{ApiToken, ApiTokenSpec, PREFIX},
        caller::{ApiTokenId, Caller, Proof, Role, Scope},
        tenant::Realm,
    },
    store::Numbers,
};
use secrecy::{ExposeSecret as _, SecretString};

/// Length of a token.
const LENGTH: usize = PREFIX.len() + 43;
/// How much of a token people see again.
const SHOWN: usize = PREFIX.len() + 6;

/// A token that was just made.
#[derive(Debug)]
pub struct NewApiToken {
    /// What is kept.
    pub token: ApiToken,
    /// The token itself, for this once.
    pub secret: SecretString,
}

/// The hash of a text that may be one of our tokens.
pub(super) fn hash_of(token: &str) -> Option<String> {
    (token.len() == LENGTH && token.starts_with(PREFIX)).then(|| secrets::hash(token))
}

impl Identity {
    /// Tokens that the caller may see, newest first, with the names of their owners; only those of a tenant, unless it is empty.
    ///
    /// # Errors
    /// `Invalid` for a tenant that the caller may not look at.
    pub async fn api_tokens(&self, caller: &Caller, tenant: &str) -> Result<Vec<(ApiToken, String)>, IdentityError> {
        let realm = Realm::of(caller).narrowed(tenant)?;
        Ok(self.desk()?.store.api_tokens(&realm).await?)
    }

    /// Makes a token that acts for the caller.
    ///
    /// # Errors
    /// `Forbidden` for a role or scope that the caller does not have, and for callers that are tokens themselves.
    pub async fn create_api_token(&self, caller: &Caller, spec: ApiTokenSpec) -> Result<NewApiToken, IdentityError> {
        let desk = self.desk()?;
        let forbidden = |why: String| IdentityError::Forbidden(why);
        let (Some(owner), Proof::Session(_)) = (caller.user(), &caller.proof) else {
            return Err(forbidden(
                "an API token may not make another one; log in for that".into(),
            ));
        };
        let role = spec.role.unwrap_or(caller.role);
        if role > caller.role {
            return Err(forbidden(format!("{role} is above your own role")));
        }
        let secret = secrets::random(PREFIX);
        let now = now();
        let token = ApiToken {
            id: ApiTokenId::from_stored(desk.store.new_number(Numbers::ApiTokens).await?),
            tenant: caller.tenant.clone(),
            owner,
            name: spec.name,
            shown: secret.expose_secret().chars().take(SHOWN).collect(),
            role: Role::min(role, caller.role),
            scopes: match &caller.scope {
                Scope::Role => spec.scopes,
                Scope::Only(held) => Some(spec.scopes.unwrap_or_default().intersection(held).copied().collect()),
            },
            created_at: now,
            expires_at: if spec.life_ms == 0 { 0 } else { now + spec.life_ms },
            last_used_at: 0,
            revoked_at: 0,
        };
        let hash = secrets::hash(secret.expose_secret());
        desk.store.insert_api_token(&token, &hash).await?;
        Ok(NewApiToken { token, secret })
    }

    /// Revokes a token that the caller may see.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke_api_token(&self, caller: &Caller, id: ApiTokenId) -> Result<(), IdentityError> {
        let desk = self.desk()?;
        let found = desk.store.revoke_api_token(&Realm::of(caller), id, now()).await?;
        desk.principals.forget_all();
        if found {
            return Ok(());
        }
        Err(IdentityError::NotFound {
            kind: "token",
            id: id.to_string(),
        })
    }
}
