//! Credentials in the database: passwords only as the vault sealed them. Each statement that changes one compares what it was.

use super::{
    Store, StoreError,
    db::{Tx, violated},
    rows::from_json,
    sql::Sql,
};
use crate::domain::{
    credential::{Credential, CredentialId, RegistryScope, Sealed},
    ids::TaskId,
    task::{Task, TaskSpec},
    tenant::Realm,
};

const COLUMNS: &str = "id, tenant_id, task_id, name, registry, username, key_id, password, created_at, updated_at";
/// Users of a credential that a refusal names.
const NAMED_USERS: usize = 5;

/// What became of a wish to remove a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialRemoval {
    /// It is gone.
    Removed,
    /// There was none.
    Absent,
    /// These use it, in words for people.
    InUse(Vec<String>),
}

#[derive(Debug, sqlx::FromRow)]
struct CredentialRow {
    id: i64,
    tenant_id: String,
    task_id: Option<String>,
    name: Option<String>,
    registry: String,
    username: String,
    key_id: String,
    password: String,
    created_at: i64,
    updated_at: i64,
}

impl CredentialRow {
    fn into_credential(self) -> Result<Credential, StoreError> {
        let damaged = |_rule| StoreError::Damaged {
            what: "credentials.registry",
        };
        Ok(Credential {
            id: CredentialId::from_stored(self.id),
            tenant: self.tenant_id.into(),
            name: self.name.unwrap_or_default(),
            owner: self.task_id.map(TaskId::from_stored),
            scope: RegistryScope::parse(&self.registry).map_err(damaged)?,
            username: self.username,
            sealed: Sealed {
                key_id: self.key_id,
                ciphertext: self.password,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Store {
    /// Every credential, those of tasks too.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn all_credentials(&self) -> Result<Vec<Credential>, StoreError> {
        self.select_credentials(select("ORDER BY id")).await
    }

    /// Credentials of the realm that belong to no task, newest first, and how many there are.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn credentials(
        &self,
        realm: &Realm,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Credential>, u32), StoreError> {
        let count = Sql::new("SELECT COUNT(*) FROM credentials WHERE task_id IS NULL").within(realm);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = select("WHERE task_id IS NULL").within(realm);
        let page = page.push(" ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?");
        let found = self.select_credentials(page.bind(limit).bind(offset)).await?;
        Ok((found, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// One credential.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn credential(&self, id: CredentialId) -> Result<Option<Credential>, StoreError> {
        Ok(self
            .select_credentials(select("WHERE id = ?").bind(id.get()))
            .await?
            .pop())
    }

    async fn select_credentials(&self, select: Sql) -> Result<Vec<Credential>, StoreError> {
        let rows = self.db.all::<CredentialRow>(select).await?;
        rows.into_iter().map(CredentialRow::into_credential).collect()
    }

    /// Saves a new credential.
    ///
    /// # Errors
    /// `Taken` when the name exists.
    pub async fn insert_credential(&self, credential: &Credential) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert(&mut tx, credential).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Changes a credential whose password is sealed as `was`; false when it is not.
    ///
    /// # Errors
    /// `Taken` when the name exists.
    pub async fn update_credential(&self, credential: &Credential, was: &Sealed) -> Result<bool, StoreError> {
        let row = [
            ("name", (&credential.name).into()),
            ("registry", credential.scope.to_string().into()),
            ("username", (&credential.username).into()),
            ("key_id", (&credential.sealed.key_id).into()),
            ("password", (&credential.sealed.ciphertext).into()),
            ("updated_at", credential.updated_at.into()),
        ];
        let update = Sql::update("credentials", row).push(" WHERE id = ? AND task_id IS NULL AND password = ?");
        let mut tx = self.begin().await?;
        let rows = tx.execute(update.bind(credential.id.get()).bind(&was.ciphertext)).await;
        let rows = rows.map_err(taken)?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Puts the same password in as another key sealed it, unless it is not sealed as `was` any more; then false.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn reseal_credential(&self, id: CredentialId, was: &Sealed, now: &Sealed) -> Result<bool, StoreError> {
        let row = [("key_id", (&now.key_id).into()), ("password", (&now.ciphertext).into())];
        let update = Sql::update("credentials", row).push(" WHERE id = ? AND password = ?");
        let mut tx = self.begin().await?;
        let rows = tx.execute(update.bind(id.get()).bind(&was.ciphertext)).await?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Removes a credential unless something uses it.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn delete_credential(&self, id: CredentialId) -> Result<CredentialRemoval, StoreError> {
        let mut tx = self.begin().await?;
        // Locked, so that no task can begin to name it meanwhile.
        let lock = Sql::new("SELECT id FROM credentials WHERE id = ? AND task_id IS NULL").bind(id.get());
        if tx.optional::<(i64,)>(lock.for_update()).await?.is_none() {
            return Ok(CredentialRemoval::Absent);
        }
        let users = users_of(&mut tx, id).await?;
        if !users.is_empty() {
            return Ok(CredentialRemoval::InUse(users));
        }
        tx.execute(Sql::new("DELETE FROM credentials WHERE id = ?").bind(id.get()))
            .await?;
        tx.commit().await?;
        Ok(CredentialRemoval::Removed)
    }
}

/// Saves what a new task names and what it brings along. The task's row is there already.
pub(super) async fn of_task(tx: &mut Tx, task: &Task, own: Option<&Credential>) -> Result<(), StoreError> {
    for named in task.spec.credentials.iter().filter(|credential| !credential.owned) {
        let exists = Sql::new("SELECT id FROM credentials WHERE id = ? AND task_id IS NULL").bind(named.id.get());
        if tx.optional::<(i64,)>(exists.for_update()).await?.is_none() {
            return Err(StoreError::NoCredential { id: named.id });
        }
        let row = [
            ("task_id", task.id.as_str().into()),
            ("credential_id", named.id.get().into()),
        ];
        tx.execute(Sql::insert("task_credentials", row)).await?;
    }
    match own {
        Some(own) => insert(tx, own).await,
        None => Ok(()),
    }
}

async fn insert(tx: &mut Tx, credential: &Credential) -> Result<(), StoreError> {
    let owner = credential.owner.as_ref().map(TaskId::as_str);
    let name = owner.is_none().then_some(credential.name.as_str());
    let row = [
        ("id", credential.id.get().into()),
        ("tenant_id", credential.tenant.as_str().into()),
        ("task_id", owner.into()),
        ("name", name.into()),
        ("registry", credential.scope.to_string().into()),
        ("username", (&credential.username).into()),
        ("key_id", (&credential.sealed.key_id).into()),
        ("password", (&credential.sealed.ciphertext).into()),
        ("created_at", credential.created_at.into()),
        ("updated_at", credential.updated_at.into()),
    ];
    tx.execute(Sql::insert("credentials", row)).await.map_err(taken)?;
    Ok(())
}

async fn users_of(tx: &mut Tx, id: CredentialId) -> Result<Vec<String>, StoreError> {
    let tasks = Sql::new(
        "SELECT t.id FROM tasks t JOIN task_credentials c ON c.task_id = t.id \
         WHERE c.credential_id = ? AND t.state IN ('pending', 'running', 'paused') ORDER BY t.id LIMIT ?",
    );
    let tasks = tasks.bind(id.get()).bind(NAMED_USERS as i64 + 1);
    let tasks: Vec<(String,)> = tx.all(tasks).await?;
    let mut users: Vec<String> = tasks.into_iter().map(|(task,)| format!("task {task}")).collect();
    let schedules: Vec<(String, String)> = tx
        .all(Sql::new("SELECT id, task_spec FROM schedules ORDER BY id"))
        .await?;
    for (schedule, spec) in schedules {
        let spec: TaskSpec = from_json(&spec, "schedules.task_spec")?;
        if spec.credentials.iter().any(|credential| credential.id == id) {
            users.push(format!("scheduled task {schedule}"));
        }
    }
    let policies: Vec<(String, String)> = tx
        .all(Sql::new("SELECT id, task_spec FROM policies ORDER BY id"))
        .await?;
    for (policy, spec) in policies {
        let spec: TaskSpec = from_json(&spec, "policies.task_spec")?;
        if spec.credentials.iter().any(|credential| credential.id == id) {
            users.push(format!("policy {policy}"));
        }
    }
    if users.len() > NAMED_USERS {
        users[NAMED_USERS] = "more".into();
        users.truncate(NAMED_USERS + 1);
    }
    Ok(users)
}

fn select(rest: &str) -> Sql {
    Sql::new(format!("SELECT {COLUMNS} FROM credentials {rest}"))
}

fn taken(error: sqlx::Error) -> StoreError {
    match violated(&error) {
        Some(_) => StoreError::Taken { what: "credential" },
        None => StoreError::Unavailable(error),
    }
}
