//! Users who log in at a provider: found by who they are there, made at their first log-in, and brought to the role that they have there now.
//! Nobody is found by its name: a provider may give the name of a local user to anybody.

use super::{
    Store, StoreError,
    db::{Tx, violated},
    numbers::{self, Numbers},
    sql::Sql,
    users::{COLUMNS, UserRow},
};
use crate::domain::{
    Millis,
    caller::{Role, TenantId, UserId},
    sso::ExternalId,
    user::User,
};

/// Who logs in, as its provider says.
#[derive(Debug, Clone)]
pub struct ExternalUser {
    /// Who it is there.
    pub id: ExternalId,
    /// Names for it here, the first that is free; only for one who is new.
    pub names: Vec<String>,
    /// Whose things it sees; only for one who is new.
    pub tenant: TenantId,
    /// What it may do now.
    pub role: Role,
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Welcome {
    /// It may come in; as it is now, and whether that is a change.
    In {
        /// Who.
        user: Box<User>,
        /// Its role was another one, or there was nobody.
        is_changed: bool,
    },
    /// Somebody has disabled it here.
    Disabled,
    /// All its names are taken by others.
    NameTaken,
}

impl Store {
    /// Finds, makes or changes the user.
    ///
    /// # Errors
    /// Unavailable, deposed or damaged.
    pub async fn welcome(&self, who: &ExternalUser, now: Millis) -> Result<Welcome, StoreError> {
        let mut tx = self.begin().await?;
        let Some(known) = known(&mut tx, &who.id).await? else {
            return made(tx, who, now).await;
        };
        if known.disabled {
            return Ok(Welcome::Disabled);
        }
        let is_changed = known.role != who.role;
        if is_changed {
            set_role(&mut tx, known.id, who.role, now).await?;
        }
        let user = Box::new(User {
            role: who.role,
            ..known
        });
        tx.commit().await?;
        Ok(Welcome::In { user, is_changed })
    }

    /// Somebody whom the provider knows and who has no role any more: its log-ins and API tokens end, and what is left of it is a viewer.
    ///
    /// # Errors
    /// Unavailable, deposed or damaged.
    pub async fn turn_away(&self, who: &ExternalId, now: Millis) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.begin().await?;
        let Some(known) = known(&mut tx, who).await? else {
            return Ok(None);
        };
        set_role(&mut tx, known.id, Role::Viewer, now).await?;
        for table in ["login_sessions", "api_tokens"] {
            let end = Sql::update(table, [("revoked_at", now.into())]);
            tx.execute(end.push(" WHERE user_id = ? AND revoked_at = 0").bind(known.id.get()))
                .await?;
        }
        tx.commit().await?;
        Ok(Some(known.id))
    }
}

async fn known(tx: &mut Tx, who: &ExternalId) -> Result<Option<User>, StoreError> {
    let select = Sql::new(format!("SELECT {COLUMNS} FROM users WHERE external_id = ?")).bind(who.as_str());
    let row = tx.optional::<UserRow>(select.for_update()).await?;
    row.map(UserRow::into_user).transpose()
}

async fn set_role(tx: &mut Tx, user: UserId, role: Role, now: Millis) -> Result<(), StoreError> {
    let row = [("role", role.as_str().into()), ("updated_at", now.into())];
    tx.execute(Sql::update("users", row).push(" WHERE id = ?").bind(user.get()))
        .await?;
    Ok(())
}

async fn made(mut tx: Tx, who: &ExternalUser, now: Millis) -> Result<Welcome, StoreError> {
    let taken = Sql::new("SELECT username FROM users WHERE username IN ").list(who.names.iter().map(String::as_str));
    let taken: Vec<(String,)> = tx.all(taken).await?;
    let free = |name: &&String| taken.iter().all(|(known,)| known != *name);
    let Some(name) = who.names.iter().find(free) else {
        return Ok(Welcome::NameTaken);
    };
    let id = numbers::take(&mut tx, Numbers::Users, 1).await?;
    let row = [
        ("id", id.into()),
        ("tenant_id", who.tenant.as_str().into()),
        ("username", name.into()),
        ("password_hash", "".into()),
        ("role", who.role.as_str().into()),
        ("external_id", who.id.as_str().into()),
        ("created_at", now.into()),
        ("updated_at", now.into()),
    ];
    match tx.execute(Sql::insert("users", row)).await {
        Ok(_) => {}
        // Another coordinator was quicker; the next try finds it.
        Err(error) if violated(&error).is_some() => return Ok(Welcome::NameTaken),
        Err(error) => return Err(error.into()),
    }
    let select = Sql::new(format!("SELECT {COLUMNS} FROM users WHERE id = ?")).bind(id);
    let user = Box::new(tx.one::<UserRow>(select).await?.into_user()?);
    tx.commit().await?;
    Ok(Welcome::In { user, is_changed: true })
}
