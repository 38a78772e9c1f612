//! What operators set over the API: one row for each setting, read at a start.

use super::{
    Store, StoreError,
    db::Tx,
    rows::{from_json, to_json},
    sql::Sql,
};
use crate::domain::{Millis, limits::Limits};

const LIMITS: &str = "limits";

impl Store {
    /// A text that this program keeps for itself.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn kept_text(&self, name: &str) -> Result<Option<String>, StoreError> {
        let select = Sql::new("SELECT value FROM settings WHERE name = ?").bind(name);
        Ok(self.db.optional::<(String,)>(select).await?.map(|(value,)| value))
    }

    /// Keeps a text, in the place of an older one.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn keep_text(&self, name: &'static str, value: &str, now: Millis) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let row = [
            ("name", name.into()),
            ("value", value.into()),
            ("updated_at", now.into()),
        ];
        tx.execute(Sql::upsert("settings", &["name"], &[], row)).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps a text unless one is kept already; gives back the one that is kept then. Of several replicas that make one at once, all get
    /// the same.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn keep_first_text(&self, name: &'static str, value: &str, now: Millis) -> Result<String, StoreError> {
        let mut tx = self.begin().await?;
        let row = [
            ("name", name.into()),
            ("value", value.into()),
            ("updated_at", now.into()),
        ];
        tx.execute(Sql::insert_new("settings", &["name"], row)).await?;
        let kept = Sql::new("SELECT value FROM settings WHERE name = ?").bind(name);
        let (kept,): (String,) = tx.one(kept).await?;
        tx.commit().await?;
        Ok(kept)
    }

    /// Puts a text in the place of exactly this one; false when it is not kept any more.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn replace_text(&self, name: &'static str, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let kept = Sql::new("SELECT value FROM settings WHERE name = ?").bind(name);
        let kept = tx.optional::<(String,)>(kept.for_update()).await?;
        if kept.is_none_or(|(kept,)| kept != old) {
            return Ok(false);
        }
        let replace = Sql::update("settings", [("value", new.into())]);
        tx.execute(replace.push(" WHERE name = ?").bind(name)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Forgets a text; false when none is kept.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn forget_text(&self, name: &'static str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let gone = tx
            .execute(Sql::new("DELETE FROM settings WHERE name = ?").bind(name))
            .await?;
        tx.commit().await?;
        Ok(gone > 0)
    }

    /// The limits that were set last; `None` while nobody has set any.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn limits(&self) -> Result<Option<Limits>, StoreError> {
        let select = Sql::new("SELECT value FROM settings WHERE name = ?").bind(LIMITS);
        let row = self.db.optional::<(String,)>(select).await?;
        row.map(|(value,)| from_json(&value, "settings.limits")).transpose()
    }
}

/// Saves the limits.
pub(super) async fn save_limits(tx: &mut Tx, now: Millis, limits: &Limits) -> Result<(), StoreError> {
    let row = [
        ("name", LIMITS.into()),
        ("value", to_json(limits, "settings.limits")?.into()),
        ("updated_at", now.into()),
    ];
    tx.execute(Sql::upsert("settings", &["name"], &[], row)).await?;
    Ok(())
}
