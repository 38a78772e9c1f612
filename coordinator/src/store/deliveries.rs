//! Deliveries in the database: the queue and the log in one table.

use super::{
    Store, StoreError,
    db::Tx,
    outbox::Addressed,
    rows::to_u32,
    sql::{Sql, Value},
};
use crate::domain::{
    Millis,
    channel::ChannelId,
    delivery::{Delivery, DeliveryState},
    event::EventKind,
    tenant::Realm,
};

const COLUMNS: &str = "id, tenant_id, event_id, channel_id, target, kind, about, state, attempts, created_at, due_at, give_up_at, \
     last_attempt_at, finished_at, status, message";

/// Which deliveries to list; `None` and empty mean all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// To this channel.
    pub channel: Option<ChannelId>,
    /// About the task, schedule or node of this name.
    pub about: Option<String>,
    /// In one of these states.
    pub states: Vec<DeliveryState>,
}

#[derive(Debug, sqlx::FromRow)]
struct DeliveryRow {
    id: String,
    tenant_id: String,
    event_id: String,
    channel_id: i64,
    target: String,
    kind: String,
    about: String,
    state: String,
    attempts: i64,
    created_at: i64,
    due_at: i64,
    give_up_at: i64,
    last_attempt_at: i64,
    finished_at: i64,
    status: i64,
    message: String,
}

impl DeliveryRow {
    fn read(self) -> Result<Addressed, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        let delivery = Delivery {
            id: self.id,
            tenant: self.tenant_id.into(),
            channel: ChannelId::new(self.channel_id),
            event: self.event_id,
            kind: EventKind::parse(&self.kind).ok_or(damaged("deliveries.kind"))?,
            about: self.about,
            state: DeliveryState::parse(&self.state).ok_or(damaged("deliveries.state"))?,
            attempts: to_u32(self.attempts, "deliveries.attempts")?,
            created_at: self.created_at,
            due_at: self.due_at,
            give_up_at: self.give_up_at,
            last_attempt_at: self.last_attempt_at,
            finished_at: self.finished_at,
            status: u16::try_from(self.status).map_err(|_| damaged("deliveries.status"))?,
            message: self.message,
        };
        let target = self.target;
        Ok(Addressed { delivery, target })
    }
}

/// Writes a delivery, unless it is there.
pub(super) async fn insert_new(tx: &mut Tx, addressed: &Addressed) -> Result<(), StoreError> {
    let it = &addressed.delivery;
    let row = [
        ("id", Value::from(&it.id)),
        ("tenant_id", it.tenant.as_str().into()),
        ("event_id", (&it.event).into()),
        ("channel_id", it.channel.map_or(0, ChannelId::get).into()),
        ("target", (&addressed.target).into()),
        ("kind", it.kind.as_str().into()),
        ("about", (&it.about).into()),
        ("state", it.state.as_str().into()),
        ("attempts", it.attempts.into()),
        ("created_at", it.created_at.into()),
        ("due_at", it.due_at.into()),
        ("give_up_at", it.give_up_at.into()),
        ("last_attempt_at", it.last_attempt_at.into()),
        ("finished_at", it.finished_at.into()),
        ("status", i64::from(it.status).into()),
        ("message", (&it.message).into()),
    ];
    tx.execute(Sql::insert_new("deliveries", &["id"], row)).await?;
    Ok(())
}

impl Store {
    /// Receivers for whom something is due, and since when; the longest due first.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn due_targets(&self, now: Millis, limit: u32) -> Result<Vec<String>, StoreError> {
        let select = Sql::new(
            "SELECT target, MIN(due_at) AS since FROM deliveries WHERE state = 'queued' AND due_at <= ? \
             GROUP BY target ORDER BY since LIMIT ?",
        );
        let rows = self.db.all::<(String, i64)>(select.bind(now).bind(limit)).await?;
        Ok(rows.into_iter().map(|(target, _)| target).collect())
    }

    /// What is due for a receiver, the longest due first.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn due_for(&self, target: &str, now: Millis, limit: u32) -> Result<Vec<Addressed>, StoreError> {
        let select = select("WHERE target = ? AND state = 'queued' AND due_at <= ? ORDER BY due_at, id LIMIT ?");
        self.read_deliveries(select.bind(target).bind(now).bind(limit)).await
    }

    /// When something is due next after a time.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn next_delivery_at(&self, after: Millis) -> Result<Option<Millis>, StoreError> {
        let next = Sql::new("SELECT MIN(due_at) FROM deliveries WHERE state = 'queued' AND due_at > ?").bind(after);
        let (next,): (Option<i64>,) = self.db.one(next).await?;
        Ok(next)
    }

    /// How many deliveries wait, and when the oldest of them was made.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn waiting_deliveries(&self) -> Result<(u32, Option<Millis>), StoreError> {
        let count = Sql::new("SELECT COUNT(*), MIN(created_at) FROM deliveries WHERE state = 'queued'");
        let (count, oldest): (i64, Option<i64>) = self.db.one(count).await?;
        Ok((u32::try_from(count).unwrap_or(u32::MAX), oldest))
    }

    /// Saves what a delivery has become. One that is gone meanwhile stays gone.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn save_delivery(&self, it: &Delivery) -> Result<(), StoreError> {
        let row = [
            ("state", it.state.as_str().into()),
            ("attempts", it.attempts.into()),
            ("due_at", it.due_at.into()),
            ("give_up_at", it.give_up_at.into()),
            ("last_attempt_at", it.last_attempt_at.into()),
            ("finished_at", it.finished_at.into()),
            ("status", i64::from(it.status).into()),
            ("message", (&it.message).into()),
        ];
        let mut tx = self.begin().await?;
        let update = Sql::update("deliveries", row).push(" WHERE id = ?").bind(&it.id);
        tx.execute(update).await?;
        tx.commit().await?;
        Ok(())
    }

    /// One delivery.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn delivery(&self, id: &str) -> Result<Option<Delivery>, StoreError> {
        let mut found = self.read_deliveries(select("WHERE id = ?").bind(id)).await?;
        Ok(found.pop().map(|addressed| addressed.delivery))
    }

    /// Deliveries of the realm, newest first, and how many match.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn deliveries(
        &self,
        realm: &Realm,
        query: &DeliveryQuery,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Delivery>, u32), StoreError> {
        let count = filtered(Sql::new("SELECT COUNT(*) FROM deliveries"), realm, query);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = filtered(select(""), realm, query).push(" ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?");
        let found = self.read_deliveries(page.bind(limit).bind(offset)).await?;
        let deliveries = found.into_iter().map(|addressed| addressed.delivery).collect();
        Ok((deliveries, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    async fn read_deliveries(&self, select: Sql) -> Result<Vec<Addressed>, StoreError> {
        let rows = self.db.all::<DeliveryRow>(select).await?;
        rows.into_iter().map(DeliveryRow::read).collect()
    }
}

fn select(rest: &str) -> Sql {
    Sql::new(format!("SELECT {COLUMNS} FROM deliveries {rest}"))
}

fn filtered(sql: Sql, realm: &Realm, query: &DeliveryQuery) -> Sql {
    let mut sql = sql.push(" WHERE 1 = 1").within(realm);
    if let Some(channel) = query.channel {
        sql = sql.push(" AND channel_id = ?").bind(channel.get());
    }
    if let Some(about) = &query.about {
        sql = sql.push(" AND about = ?").bind(about);
    }
    if !query.states.is_empty() {
        sql = sql
            .push(" AND state IN ")
            .list(query.states.iter().map(|state| state.as_str()));
    }
    sql
}
