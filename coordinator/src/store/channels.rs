//! Channels in the database: their secrets only as the vault sealed them.

use super::{
    Store, StoreError,
    db::{Tx, violated},
    rows::{from_json, to_json},
    sql::Sql,
};
use crate::domain::{
    channel::{Channel, ChannelId, ChannelKind, Language},
    credential::Sealed,
    task::TaskSpec,
    tenant::Realm,
};

const COLUMNS: &str =
    "id, tenant_id, name, kind, enabled, language, events, settings, key_id, secrets, created_at, updated_at";
/// Users of a channel that a refusal names.
const NAMED_USERS: usize = 5;

/// What became of a wish to remove a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelRemoval {
    /// It is gone.
    Removed,
    /// There was none.
    Absent,
    /// These name it, in words for people.
    InUse(Vec<String>),
}

#[derive(Debug, sqlx::FromRow)]
struct ChannelRow {
    id: i64,
    tenant_id: String,
    name: String,
    kind: String,
    enabled: i64,
    language: String,
    events: String,
    settings: String,
    key_id: String,
    secrets: String,
    created_at: i64,
    updated_at: i64,
}

impl ChannelRow {
    fn into_channel(self) -> Result<Channel, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        Ok(Channel {
            id: ChannelId::from_stored(self.id),
            tenant: self.tenant_id.into(),
            name: self.name,
            kind: ChannelKind::parse(&self.kind).ok_or(damaged("channels.kind"))?,
            enabled: self.enabled != 0,
            language: Language::parse(&self.language).ok_or(damaged("channels.language"))?,
            events: from_json(&self.events, "channels.events")?,
            settings: from_json(&self.settings, "channels.settings")?,
            sealed: Sealed {
                key_id: self.key_id,
                ciphertext: self.secrets,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Store {
    /// Channels of the realm, newest first, and how many there are.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn channels(&self, realm: &Realm, limit: u32, offset: u32) -> Result<(Vec<Channel>, u32), StoreError> {
        let count = Sql::new("SELECT COUNT(*) FROM channels WHERE 1 = 1").within(realm);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = select("WHERE 1 = 1").within(realm);
        let page = page.push(" ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?");
        let found = self.select_channels(page.bind(limit).bind(offset)).await?;
        Ok((found, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// Every channel.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn all_channels(&self) -> Result<Vec<Channel>, StoreError> {
        self.select_channels(select("ORDER BY id")).await
    }

    /// One channel.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn channel(&self, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        Ok(self.select_channels(select("WHERE id = ?").bind(id.get())).await?.pop())
    }

    async fn select_channels(&self, select: Sql) -> Result<Vec<Channel>, StoreError> {
        let rows = self.db.all::<ChannelRow>(select).await?;
        rows.into_iter().map(ChannelRow::into_channel).collect()
    }

    /// Saves a new channel.
    ///
    /// # Errors
    /// `Taken` when the name exists.
    pub async fn insert_channel(&self, channel: &Channel) -> Result<(), StoreError> {
        let row = [
            ("id", channel.id.get().into()),
            ("tenant_id", channel.tenant.as_str().into()),
            ("name", (&channel.name).into()),
            ("kind", channel.kind.as_str().into()),
            ("enabled", channel.enabled.into()),
            ("language", channel.language.as_str().into()),
            ("events", to_json(&channel.events, "channels.events")?.into()),
            ("settings", to_json(&channel.settings, "channels.settings")?.into()),
            ("key_id", (&channel.sealed.key_id).into()),
            ("secrets", (&channel.sealed.ciphertext).into()),
            ("created_at", channel.created_at.into()),
            ("updated_at", channel.updated_at.into()),
        ];
        let mut tx = self.begin().await?;
        tx.execute(Sql::insert("channels", row)).await.map_err(taken)?;
        tx.commit().await?;
        Ok(())
    }

    /// Changes a channel whose secrets are sealed as `was`; false when they are not.
    ///
    /// # Errors
    /// `Taken` when the name exists.
    pub async fn update_channel(&self, channel: &Channel, was: &Sealed) -> Result<bool, StoreError> {
        let row = [
            ("name", (&channel.name).into()),
            ("enabled", channel.enabled.into()),
            ("language", channel.language.as_str().into()),
            ("events", to_json(&channel.events, "channels.events")?.into()),
            ("settings", to_json(&channel.settings, "channels.settings")?.into()),
            ("key_id", (&channel.sealed.key_id).into()),
            ("secrets", (&channel.sealed.ciphertext).into()),
            ("updated_at", channel.updated_at.into()),
        ];
        let update = Sql::update("channels", row).push(" WHERE id = ? AND secrets = ?");
        let mut tx = self.begin().await?;
        let update = update.bind(channel.id.get()).bind(&was.ciphertext);
        let rows = tx.execute(update).await.map_err(taken)?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Puts the same secrets in as another key sealed them, unless they are not sealed as `was` any more; then false.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn reseal_channel(&self, id: ChannelId, was: &Sealed, now: &Sealed) -> Result<bool, StoreError> {
        let row = [("key_id", (&now.key_id).into()), ("secrets", (&now.ciphertext).into())];
        let update = Sql::update("channels", row).push(" WHERE id = ? AND secrets = ?");
        let mut tx = self.begin().await?;
        let rows = tx.execute(update.bind(id.get()).bind(&was.ciphertext)).await?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Removes a channel unless a schedule or an open task names it. The log of its deliveries stays.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn delete_channel(&self, id: ChannelId) -> Result<ChannelRemoval, StoreError> {
        let mut tx = self.begin().await?;
        let lock = Sql::new("SELECT id FROM channels WHERE id = ?").bind(id.get());
        if tx.optional::<(i64,)>(lock.for_update()).await?.is_none() {
            return Ok(ChannelRemoval::Absent);
        }
        let users = users_of(&mut tx, id).await?;
        if !users.is_empty() {
            return Ok(ChannelRemoval::InUse(users));
        }
        tx.execute(Sql::new("DELETE FROM channels WHERE id = ?").bind(id.get()))
            .await?;
        tx.commit().await?;
        Ok(ChannelRemoval::Removed)
    }
}

async fn users_of(tx: &mut Tx, id: ChannelId) -> Result<Vec<String>, StoreError> {
    let tasks = "SELECT id, spec FROM tasks WHERE state IN ('pending', 'running', 'paused') ORDER BY id";
    let tasks: Vec<(String, String)> = tx.all(Sql::new(tasks)).await?;
    let schedules: Vec<(String, String)> = tx
        .all(Sql::new("SELECT id, task_spec FROM schedules ORDER BY id"))
        .await?;
    let tasks = tasks.into_iter().map(|(name, spec)| (format!("task {name}"), spec));
    let schedules = schedules
        .into_iter()
        .map(|(name, spec)| (format!("scheduled task {name}"), spec));
    let policies: Vec<(String, String)> = tx
        .all(Sql::new("SELECT id, task_spec FROM policies ORDER BY id"))
        .await?;
    let policies = policies
        .into_iter()
        .map(|(name, spec)| (format!("policy {name}"), spec));
    let mut users = vec![];
    for (name, spec) in tasks.chain(schedules).chain(policies) {
        let spec: TaskSpec = from_json(&spec, "tasks.spec")?;
        if spec.notices.channels.iter().any(|channel| channel.id == id) {
            users.push(name);
        }
        if users.len() > NAMED_USERS {
            users[NAMED_USERS] = "more".into();
            break;
        }
    }
    Ok(users)
}

fn select(rest: &str) -> Sql {
    Sql::new(format!("SELECT {COLUMNS} FROM channels {rest}"))
}

fn taken(error: sqlx::Error) -> StoreError {
    match violated(&error) {
        Some(_) => StoreError::Taken { what: "channel" },
        None => StoreError::Unavailable(error),
    }
}
