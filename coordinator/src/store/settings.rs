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

    /// Replaces a text that this program keeps, unless it is another one by now; says whether it did.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn replace_text(
        &self,
        name: &'static str,
        old: &str,
        value: &str,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let row = [("value", value.into()), ("updated_at", now.into())];
        let update = Sql::update("settings", row).push(" WHERE name = ? AND value = ?");
        let rows = tx.execute(update.bind(name).bind(old)).await?;
        tx.commit().await?;
        Ok(rows == 1)
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
