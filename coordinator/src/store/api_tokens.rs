//! Tokens of programs in the database, known by their hash alone.

use super::{Store, StoreError, sql::Sql};
use crate::domain::{
    Millis,
    api_token::ApiToken,
    caller::{ApiTokenId, Role, TenantId, UserId},
    permission::Permission,
    tenant::Realm,
};
use std::collections::BTreeSet;

const COLUMNS: &str = "t.id, t.tenant_id, t.user_id, t.name, t.shown, t.role, t.scopes, t.created_at, t.expires_at, t.last_used_at, t.revoked_at";

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: i64,
    tenant_id: String,
    user_id: i64,
    name: String,
    shown: String,
    role: String,
    scopes: Option<String>,
    created_at: i64,
    expires_at: i64,
    last_used_at: i64,
    revoked_at: i64,
}

impl TokenRow {
    fn into_token(self) -> Result<ApiToken, StoreError> {
        Ok(ApiToken {
            id: ApiTokenId::from_stored(self.id),
            tenant: TenantId::from_stored(&self.tenant_id),
            owner: UserId::from_stored(self.user_id),
            name: self.name,
            shown: self.shown,
            role: Role::parse(&self.role).ok_or(StoreError::Damaged {
                what: "api_tokens.role",
            })?,
            // A word that this program does not know gives nothing.
            scopes: self
                .scopes
                .map(|words| words.split(' ').filter_map(Permission::parse).collect()),
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            revoked_at: self.revoked_at,
        })
    }
}

/// A token that holds, and the user that it acts for.
#[derive(Debug, Clone)]
pub struct TokenHolder {
    /// The token.
    pub token: ApiToken,
    /// Name of its owner.
    pub username: String,
    /// What its owner may do now.
    pub owner_role: Role,
}

impl Store {
    /// Saves a token.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn insert_api_token(&self, token: &ApiToken, hash: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let row = [
            ("id", token.id.get().into()),
            ("tenant_id", token.tenant.as_str().into()),
            ("user_id", token.owner.get().into()),
            ("name", (&token.name).into()),
            ("shown", (&token.shown).into()),
            ("token_hash", hash.into()),
            ("role", token.role.as_str().into()),
            ("scopes", token.scopes.as_ref().map(words).into()),
            ("created_at", token.created_at.into()),
            ("expires_at", token.expires_at.into()),
        ];
        tx.execute(Sql::insert("api_tokens", row)).await?;
        Ok(tx.commit().await?)
    }

    /// Tokens of the realm, newest first, revoked and ended ones too.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn api_tokens(&self, realm: &Realm) -> Result<Vec<(ApiToken, String)>, StoreError> {
        let select =
            format!("SELECT {COLUMNS}, u.username FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE 1 = 1");
        let select = match realm.tenant() {
            None => Sql::new(select),
            Some(tenant) => Sql::new(select).push(" AND t.tenant_id = ?").bind(tenant.as_str()),
        };
        let rows: Vec<NamedRow> = self.db.all(select.push(" ORDER BY t.id DESC")).await?;
        rows.into_iter()
            .map(|row| Ok((row.token.into_token()?, row.username)))
            .collect()
    }

    /// Revokes a token of the realm; false when there is none. Revoked before is revoked.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn revoke_api_token(&self, realm: &Realm, id: ApiTokenId, now: Millis) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let known = Sql::new("SELECT id FROM api_tokens WHERE id = ?").bind(id.get());
        if tx.optional::<(i64,)>(known.within(realm)).await?.is_none() {
            return Ok(false);
        }
        let revoke = Sql::update("api_tokens", [("revoked_at", now.into())]);
        tx.execute(revoke.push(" WHERE id = ? AND revoked_at = 0").bind(id.get()))
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The token that has this hash and holds, with its owner, who may log in.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn token_holder(&self, hash: &str, now: Millis) -> Result<Option<TokenHolder>, StoreError> {
        let select = format!(
            "SELECT {COLUMNS}, u.username, u.role AS owner_role FROM api_tokens t JOIN users u ON u.id = t.user_id \
             WHERE t.token_hash = ? AND t.revoked_at = 0 AND (t.expires_at = 0 OR t.expires_at > ?) AND u.disabled = 0"
        );
        let Some(row) = self
            .db
            .optional::<HolderRow>(Sql::new(select).bind(hash).bind(now))
            .await?
        else {
            return Ok(None);
        };
        Ok(Some(TokenHolder {
            token: row.token.into_token()?,
            username: row.username,
            owner_role: Role::parse(&row.owner_role).ok_or(StoreError::Damaged { what: "users.role" })?,
        }))
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn touch_api_token(&self, id: ApiTokenId, now: Millis) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let touch = Sql::update("api_tokens", [("last_used_at", now.into())]);
        tx.execute(touch.push(" WHERE id = ?").bind(id.get())).await?;
        Ok(tx.commit().await?)
    }
}

#[derive(sqlx::FromRow)]
struct NamedRow {
    #[sqlx(flatten)]
    token: TokenRow,
    username: String,
}

#[derive(sqlx::FromRow)]
struct HolderRow {
    #[sqlx(flatten)]
    token: TokenRow,
    username: String,
    owner_role: String,
}

fn words(scopes: &BTreeSet<Permission>) -> String {
    let words = scopes.iter().map(|permission| permission.as_str());
    words.collect::<Vec<_>>().join(" ")
}
