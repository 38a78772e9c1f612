//! Log-ins and their refresh tokens in the database. Tokens are known by their hash alone.

use super::{Store, StoreError, db::Tx, sql::Sql};
use crate::domain::{
    Millis,
    caller::{Role, TenantId, UserId},
};

/// Who stands behind a log-in, as it is now.
#[derive(Debug, Clone)]
pub struct SessionUser {
    /// Who.
    pub user: UserId,
    /// Name.
    pub username: String,
    /// Whose things it sees.
    pub tenant: TenantId,
    /// What it may do now.
    pub role: Role,
    /// It must choose a password first.
    pub must_change_password: bool,
    /// When the log-in ends at the latest.
    pub expires_at: Millis,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    user_id: i64,
    username: String,
    tenant_id: String,
    role: String,
    must_change_password: i64,
    expires_at: i64,
}

impl SessionRow {
    fn into_user(self) -> Result<SessionUser, StoreError> {
        Ok(SessionUser {
            user: UserId::from_stored(self.user_id),
            username: self.username,
            tenant: TenantId::from_stored(&self.tenant_id),
            role: Role::parse(&self.role).ok_or(StoreError::Damaged { what: "users.role" })?,
            must_change_password: self.must_change_password != 0,
            expires_at: self.expires_at,
        })
    }
}

/// What became of a refresh token.
#[derive(Debug, Clone)]
pub enum Refreshed {
    /// It was good and is spent; the log-in and who it is.
    Done {
        /// The log-in.
        session: String,
        /// Who.
        user: Box<SessionUser>,
    },
    /// There is no such token, or its log-in is over.
    Refused,
    /// It was spent before: somebody has a copy. The log-in is revoked.
    Replayed {
        /// Whose log-in it was.
        user: UserId,
        /// The log-in.
        session: String,
    },
}

const HOLDS: &str = "s.revoked_at = 0 AND s.expires_at > ? AND u.disabled = 0";
const COLUMNS: &str = "s.user_id, u.username, u.tenant_id, u.role, u.must_change_password, s.expires_at";

impl Store {
    /// Begins a log-in with its first refresh token, and forgets those that ended a day ago.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn begin_session(
        &self,
        session: &str,
        user: UserId,
        token_hash: &str,
        now: Millis,
        expires_at: Millis,
    ) -> Result<(), StoreError> {
        const DAY_MS: i64 = 86_400_000;
        let mut tx = self.begin().await?;
        let row = [
            ("id", session.into()),
            ("user_id", user.get().into()),
            ("created_at", now.into()),
            ("last_used_at", now.into()),
            ("expires_at", expires_at.into()),
        ];
        tx.execute(Sql::insert("login_sessions", row)).await?;
        insert_token(&mut tx, session, token_hash, now).await?;
        let seen = Sql::update("users", [("last_login_at", now.into())]);
        tx.execute(seen.push(" WHERE id = ?").bind(user.get())).await?;
        let old = Sql::new("DELETE FROM login_sessions WHERE expires_at < ?").bind(now - DAY_MS);
        tx.execute(old).await?;
        Ok(tx.commit().await?)
    }

    /// Spends a refresh token for the next one of the same log-in.
    ///
    /// # Errors
    /// Unavailable, deposed or damaged.
    pub async fn refresh_session(&self, old_hash: &str, new_hash: &str, now: Millis) -> Result<Refreshed, StoreError> {
        self.spend_token(old_hash, new_hash, now, None).await
    }

    /// Spends the code of a log-in that was begun elsewhere for its first refresh token; only now does the log-in live on.
    ///
    /// # Errors
    /// Unavailable, deposed or damaged.
    pub async fn take_up_session(
        &self,
        code_hash: &str,
        new_hash: &str,
        now: Millis,
        expires_at: Millis,
    ) -> Result<Refreshed, StoreError> {
        self.spend_token(code_hash, new_hash, now, Some(expires_at)).await
    }

    async fn spend_token(
        &self,
        old_hash: &str,
        new_hash: &str,
        now: Millis,
        lives_until: Option<Millis>,
    ) -> Result<Refreshed, StoreError> {
        let mut tx = self.begin().await?;
        let token = Sql::new("SELECT session_id, used_at FROM refresh_tokens WHERE token_hash = ?").bind(old_hash);
        let Some((session, used_at)) = tx.optional::<(String, i64)>(token.for_update()).await? else {
            return Ok(Refreshed::Refused);
        };
        if used_at != 0 {
            let owner = Sql::new("SELECT user_id FROM login_sessions WHERE id = ?").bind(&session);
            let (user,): (i64,) = tx.one(owner).await?;
            revoke(&mut tx, &session, now).await?;
            tx.commit().await?;
            let user = UserId::from_stored(user);
            return Ok(Refreshed::Replayed { user, session });
        }
        let Some(mut user) = holder(&mut tx, &session, now).await? else {
            return Ok(Refreshed::Refused);
        };
        user.expires_at = lives_until.unwrap_or(user.expires_at);
        let spend = Sql::update("refresh_tokens", [("used_at", now.into())]).push(" WHERE token_hash = ?");
        tx.execute(spend.bind(old_hash)).await?;
        insert_token(&mut tx, &session, new_hash, now).await?;
        let row = [("last_used_at", now.into()), ("expires_at", user.expires_at.into())];
        let seen = Sql::update("login_sessions", row).push(" WHERE id = ?");
        tx.execute(seen.bind(&session)).await?;
        tx.commit().await?;
        let user = Box::new(user);
        Ok(Refreshed::Done { session, user })
    }

    /// Ends a log-in.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn end_session(&self, session: &str, now: Millis) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        revoke(&mut tx, session, now).await?;
        Ok(tx.commit().await?)
    }

    /// Who stands behind a log-in that holds.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn session_user(&self, session: &str, now: Millis) -> Result<Option<SessionUser>, StoreError> {
        let row = self.db.optional::<SessionRow>(by_session(session, now)).await?;
        row.map(SessionRow::into_user).transpose()
    }
}

fn by_session(session: &str, now: Millis) -> Sql {
    let select =
        format!("SELECT {COLUMNS} FROM login_sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ? AND {HOLDS}");
    Sql::new(select).bind(session).bind(now)
}

async fn holder(tx: &mut Tx, session: &str, now: Millis) -> Result<Option<SessionUser>, StoreError> {
    let row = tx.optional::<SessionRow>(by_session(session, now)).await?;
    row.map(SessionRow::into_user).transpose()
}

async fn insert_token(tx: &mut Tx, session: &str, hash: &str, now: Millis) -> Result<(), StoreError> {
    let row = [
        ("token_hash", hash.into()),
        ("session_id", session.into()),
        ("created_at", now.into()),
    ];
    tx.execute(Sql::insert("refresh_tokens", row)).await?;
    Ok(())
}

async fn revoke(tx: &mut Tx, session: &str, now: Millis) -> Result<(), StoreError> {
    let end = Sql::update("login_sessions", [("revoked_at", now.into())]);
    tx.execute(end.push(" WHERE id = ? AND revoked_at = 0").bind(session))
        .await?;
    Ok(())
}
