//! Events that people are told of. One is written in the transaction of the change that it tells of, so that neither exists without the
//! other; its deliveries are made in a later one, which a crash may come between: pending events are found again.

use super::{
    Store, StoreError,
    db::Tx,
    deliveries,
    rows::{from_json, to_json},
    sql::Sql,
};
use crate::domain::{Millis, caller::TenantId, delivery::Delivery, event::Event};

/// A delivery to make, and what names its receiver: deliveries to one receiver take turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// Delivery.
    pub delivery: Delivery,
    /// Receiver.
    pub target: String,
}

/// Writes an event, unless it is there.
pub(super) async fn put(tx: &mut Tx, event: &Event) -> Result<(), StoreError> {
    let row = [
        ("id", (&event.id).into()),
        (
            "tenant_id",
            event.tenant().map_or(TenantId::DEFAULT, TenantId::as_str).into(),
        ),
        ("kind", event.kind.as_str().into()),
        ("about", event.about().into()),
        ("body", to_json(event, "outbox.body")?.into()),
        ("pending", true.into()),
        ("created_at", event.at.into()),
    ];
    tx.execute(Sql::insert_new("outbox", &["id"], row)).await?;
    Ok(())
}

impl Store {
    /// Events whose deliveries are not made yet, oldest first.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn pending_events(&self, limit: u32) -> Result<Vec<Event>, StoreError> {
        let select = Sql::new("SELECT body FROM outbox WHERE pending = 1 ORDER BY created_at, id LIMIT ?").bind(limit);
        let rows = self.db.all::<(String,)>(select).await?;
        rows.iter().map(|(body,)| from_json(body, "outbox.body")).collect()
    }

    /// Makes the deliveries of an event, each once; an event that nobody is told of goes.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn address_event(&self, event: &Event, all: &[Addressed]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let sql = if all.is_empty() {
            Sql::new("DELETE FROM outbox WHERE id = ?")
        } else {
            Sql::new("UPDATE outbox SET pending = 0 WHERE id = ?")
        };
        for addressed in all {
            deliveries::insert_new(&mut tx, addressed).await?;
        }
        tx.execute(sql.bind(&event.id)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes an event that has only one receiver, with what came of telling it.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn record_event(&self, event: &Event, addressed: &Addressed) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        put(&mut tx, event).await?;
        deliveries::insert_new(&mut tx, addressed).await?;
        let done = Sql::new("UPDATE outbox SET pending = 0 WHERE id = ?").bind(&event.id);
        tx.execute(done).await?;
        tx.commit().await?;
        Ok(())
    }

    /// One event.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn event(&self, id: &str) -> Result<Option<Event>, StoreError> {
        let select = Sql::new("SELECT body FROM outbox WHERE id = ?").bind(id);
        let row = self.db.optional::<(String,)>(select).await?;
        row.map(|(body,)| from_json(&body, "outbox.body")).transpose()
    }

    /// Removes events older than this, with the log of their deliveries, some at a time; those that are still to be told stay. Says how
    /// many went.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn prune_events(&self, before: Millis, limit: u32) -> Result<usize, StoreError> {
        let old = Sql::new(
            "SELECT id FROM outbox WHERE pending = 0 AND created_at < ? AND NOT EXISTS \
             (SELECT 1 FROM deliveries d WHERE d.event_id = outbox.id AND d.state = 'queued') ORDER BY created_at LIMIT ?",
        );
        let ids = self.db.all::<(String,)>(old.bind(before).bind(limit)).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let count = ids.len();
        let mut tx = self.begin().await?;
        let gone = Sql::new("DELETE FROM outbox WHERE id IN ").list(ids.into_iter().map(|(id,)| id));
        tx.execute(gone).await?;
        tx.commit().await?;
        Ok(count)
    }
}
