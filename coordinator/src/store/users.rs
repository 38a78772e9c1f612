//! Users in the database.

use super::{
    Store, StoreError,
    db::{Tx, violated},
    numbers::{self, Numbers},
    sql::Sql,
};
use crate::domain::{
    Millis,
    caller::{Role, TenantId, UserId},
    tenant::Realm,
    user::{NewUser, User},
};
use secrecy::{ExposeSecret as _, SecretString};

const COLUMNS: &str = "id, tenant_id, username, password_hash, role, disabled, must_change_password, last_login_at, created_at, updated_at";

#[derive(sqlx::FromRow)]
struct UserRow {
    id: i64,
    tenant_id: String,
    username: String,
    password_hash: String,
    role: String,
    disabled: i64,
    must_change_password: i64,
    last_login_at: i64,
    created_at: i64,
    updated_at: i64,
}

impl UserRow {
    fn into_user(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId::from_stored(self.id),
            tenant: TenantId::from_stored(&self.tenant_id),
            username: self.username,
            password_hash: self.password_hash.into(),
            role: Role::parse(&self.role).ok_or(StoreError::Damaged { what: "users.role" })?,
            disabled: self.disabled != 0,
            must_change_password: self.must_change_password != 0,
            last_login_at: self.last_login_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// What is set of a user; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserUpdate {
    /// New hash, and whether it must be changed at once.
    pub password: Option<(SecretString, bool)>,
    /// Role.
    pub role: Option<Role>,
    /// Whether it may not log in.
    pub disabled: Option<bool>,
    /// The one log-in that goes on where the password changes; all others end.
    pub keep_session: Option<String>,
}

/// What became of a change or a removal.
#[derive(Debug, Clone)]
pub enum UserOutcome {
    /// Done; the user as it is (or was) now.
    Done(Box<User>),
    /// There is no such user.
    Unknown,
    /// It is the last system admin that can log in.
    LastAdmin,
}

impl Store {
    /// Saves a user unless the name exists; gives back who it is then.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn insert_user(&self, user: &NewUser) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.begin().await?;
        let known = Sql::new("SELECT id FROM users WHERE username = ?").bind(&user.username);
        if tx.optional::<(i64,)>(known).await?.is_some() {
            return Ok(None);
        }
        let id = numbers::take(&mut tx, Numbers::Users, 1).await?;
        let row = [
            ("id", id.into()),
            ("tenant_id", user.tenant.as_str().into()),
            ("username", (&user.username).into()),
            ("password_hash", user.password_hash.expose_secret().into()),
            ("role", user.role.as_str().into()),
            ("must_change_password", user.must_change_password.into()),
            ("created_at", user.created_at.into()),
            ("updated_at", user.updated_at.into()),
        ];
        match tx.execute(Sql::insert("users", row)).await {
            Ok(_) => {}
            // Another coordinator was quicker.
            Err(error) if violated(&error).is_some() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(Some(UserId::from_stored(id)))
    }

    /// A user by its name, as it is written.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn user_by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        let select = Sql::new(format!("SELECT {COLUMNS} FROM users WHERE username = ?")).bind(name);
        let row = self.db.optional::<UserRow>(select).await?;
        row.map(UserRow::into_user).transpose()
    }

    /// A user by its number.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let select = Sql::new(format!("SELECT {COLUMNS} FROM users WHERE id = ?")).bind(id.get());
        let row = self.db.optional::<UserRow>(select).await?;
        row.map(UserRow::into_user).transpose()
    }

    /// Users of the realm by number.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn users(&self, realm: &Realm) -> Result<Vec<User>, StoreError> {
        let select = Sql::new(format!("SELECT {COLUMNS} FROM users WHERE 1 = 1")).within(realm);
        let rows: Vec<UserRow> = self.db.all(select.push(" ORDER BY id")).await?;
        rows.into_iter().map(UserRow::into_user).collect()
    }

    /// Whether any user has a hash that the original made.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn has_bcrypt_users(&self) -> Result<bool, StoreError> {
        let select = Sql::new("SELECT id FROM users WHERE password_hash LIKE '$2%' LIMIT 1");
        Ok(self.db.optional::<(i64,)>(select).await?.is_some())
    }

    /// Replaces a hash by a better one of the same password, unless the password was changed meanwhile.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn upgrade_hash(&self, id: UserId, old: &SecretString, new: &SecretString) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let update = Sql::update("users", [("password_hash", new.expose_secret().into())]);
        let update = update.push(" WHERE id = ? AND password_hash = ?").bind(id.get());
        tx.execute(update.bind(old.expose_secret())).await?;
        Ok(tx.commit().await?)
    }

    /// Changes a user. A new password ends its other log-ins, and so does disabling it all of them.
    ///
    /// # Errors
    /// Unavailable, deposed or damaged.
    pub async fn update_user(&self, id: UserId, update: &UserUpdate, now: Millis) -> Result<UserOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let Some(old) = locked(&mut tx, id).await? else {
            return Ok(UserOutcome::Unknown);
        };
        let role = update.role.unwrap_or(old.role);
        let disabled = update.disabled.unwrap_or(old.disabled);
        let loses = role != Role::SystemAdmin || disabled;
        if is_admin(&old) && loses && no_other_admin(&mut tx, id).await? {
            return Ok(UserOutcome::LastAdmin);
        }
        let (hash, must_change) = match &update.password {
            Some((hash, must_change)) => (hash, *must_change),
            None => (&old.password_hash, old.must_change_password),
        };
        let row = [
            ("password_hash", hash.expose_secret().into()),
            ("must_change_password", must_change.into()),
            ("role", role.as_str().into()),
            ("disabled", disabled.into()),
            ("updated_at", now.into()),
        ];
        tx.execute(Sql::update("users", row).push(" WHERE id = ?").bind(id.get()))
            .await?;
        if update.password.is_some() || disabled {
            let kept = update.keep_session.as_deref().unwrap_or("");
            let end = Sql::update("login_sessions", [("revoked_at", now.into())]);
            let end = end.push(" WHERE user_id = ? AND revoked_at = 0 AND id <> ?");
            tx.execute(end.bind(id.get()).bind(kept)).await?;
        }
        let select = Sql::new(format!("SELECT {COLUMNS} FROM users WHERE id = ?")).bind(id.get());
        let user = tx.one::<UserRow>(select).await?.into_user()?;
        tx.commit().await?;
        Ok(UserOutcome::Done(Box::new(user)))
    }

    /// Removes a user with its log-ins and tokens.
    ///
    /// # Errors
    /// Unavailable, deposed or damaged.
    pub async fn delete_user(&self, id: UserId) -> Result<UserOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let Some(old) = locked(&mut tx, id).await? else {
            return Ok(UserOutcome::Unknown);
        };
        if is_admin(&old) && no_other_admin(&mut tx, id).await? {
            return Ok(UserOutcome::LastAdmin);
        }
        tx.execute(Sql::new("DELETE FROM users WHERE id = ?").bind(id.get()))
            .await?;
        tx.commit().await?;
        Ok(UserOutcome::Done(Box::new(old)))
    }

    /// Whether somebody can administer the system.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn has_system_admin(&self) -> Result<bool, StoreError> {
        let select = Sql::new("SELECT id FROM users WHERE role = ? AND disabled = 0 LIMIT 1");
        let found = self
            .db
            .optional::<(i64,)>(select.bind(Role::SystemAdmin.as_str()))
            .await?;
        Ok(found.is_some())
    }
}

async fn locked(tx: &mut Tx, id: UserId) -> Result<Option<User>, StoreError> {
    let select = Sql::new(format!("SELECT {COLUMNS} FROM users WHERE id = ?")).bind(id.get());
    let row = tx.optional::<UserRow>(select.for_update()).await?;
    row.map(UserRow::into_user).transpose()
}

fn is_admin(user: &User) -> bool {
    user.role == Role::SystemAdmin && !user.disabled
}

async fn no_other_admin(tx: &mut Tx, id: UserId) -> Result<bool, StoreError> {
    let select = Sql::new("SELECT id FROM users WHERE role = ? AND disabled = 0 AND id <> ?");
    let others: Vec<(i64,)> = tx.all(select.bind(Role::SystemAdmin.as_str()).bind(id.get())).await?;
    Ok(others.is_empty())
}
