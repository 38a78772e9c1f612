//! The epoch: which process may write. Each start, and each replica that takes the lead, begins a newer one; every transaction locks its row and checks it.

use super::{
    Store, StoreError,
    db::{Db, Tx},
    leadership,
    sql::Sql,
};
use crate::domain::version::{VERSION, is_older};

/// Oldest program version that can work with the schema of this program; saved with a new database.
const OLDEST_PROGRAM: &str = "0.1.0";

/// Begins a new epoch and says whose database it is and which epoch that is.
///
/// # Errors
/// `TooOld` when the schema is newer than this program can serve, `Led` while a replica leads; then nothing has changed.
pub(super) async fn begin(db: &Db) -> Result<(String, u64), StoreError> {
    let mut tx = db.begin().await?;
    leadership::refuse_if_led(&mut tx).await?;
    let begun = raise(&mut tx).await?;
    tx.commit().await?;
    Ok(begun)
}

/// The same within a transaction.
///
/// # Errors
/// `TooOld`.
pub(super) async fn raise(tx: &mut Tx) -> Result<(String, u64), StoreError> {
    let fresh = uuid::Uuid::new_v4().to_string();
    let row = [
        ("id", 1_i64.into()),
        ("store_uuid", fresh.into()),
        ("epoch", 0_i64.into()),
        ("oldest_program", OLDEST_PROGRAM.into()),
    ];
    tx.execute(Sql::insert_new("meta", &["id"], row)).await?;
    let select = Sql::new("SELECT store_uuid, epoch, oldest_program FROM meta WHERE id = 1");
    let (uuid, epoch, oldest): (String, i64, String) = tx.one(select.for_update()).await?;
    if is_older(VERSION, &oldest) {
        return Err(StoreError::TooOld { oldest, own: VERSION });
    }
    tx.execute(Sql::update("meta", [("epoch", (epoch + 1).into())]).push(" WHERE id = 1"))
        .await?;
    let epoch = u64::try_from(epoch + 1).map_err(|_| StoreError::Damaged { what: "meta.epoch" })?;
    Ok((uuid, epoch))
}

impl Store {
    /// Begins a transaction that writes, alone, and only while this process owns the newest epoch.
    ///
    /// # Errors
    /// `Deposed` when another coordinator began a newer epoch.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let mut tx = self.db.begin().await?;
        let select = Sql::new("SELECT epoch FROM meta WHERE id = 1").for_update();
        let (epoch,): (i64,) = tx.one(select).await?;
        if epoch == self.epoch_value() {
            Ok(tx)
        } else {
            Err(StoreError::Deposed { own: self.epoch })
        }
    }

    /// The same for a step of the engine. `None` when this very step is durable already: its `COMMIT` had arrived, only the answer
    /// was lost with the connection.
    pub(super) async fn begin_step(&self, step: &str) -> Result<Option<Tx>, StoreError> {
        let mut tx = self.db.begin().await?;
        let take = Sql::update("meta", [("last_step", step.into())]);
        let take = take.push(" WHERE id = 1 AND epoch = ? AND last_step <> ?");
        if tx.execute(take.bind(self.epoch_value()).bind(step)).await? == 1 {
            return Ok(Some(tx));
        }
        let (epoch,): (i64,) = tx.one(Sql::new("SELECT epoch FROM meta WHERE id = 1")).await?;
        if epoch == self.epoch_value() {
            Ok(None)
        } else {
            Err(StoreError::Deposed { own: self.epoch })
        }
    }

    /// The epoch as it is stored.
    pub(super) fn epoch_value(&self) -> i64 {
        i64::try_from(self.epoch).unwrap_or(i64::MAX)
    }
}
