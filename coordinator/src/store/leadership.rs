//! Which of several replicas leads: one row with a lease by the database's own clock, so that it does not matter how replicas' clocks differ.
//! Taking it over raises the epoch in the same transaction, and every transaction that writes checks the epoch: whoever led before
//! cannot write any more, however late it wakes up. SQLite has no replicas, only a lock on its file.

use super::{
    Store, StoreError,
    db::{Db, Tx},
    epoch, migrate,
    sql::{Dialect, Sql},
    url::{self, DatabaseUrl},
};
use crate::domain::{
    Millis,
    credential::Sealed,
    replica::{LEASE_MS, Leader, Replica, SeenReplica},
};
use serde::{Deserialize, Serialize};

/// Replicas that were not heard of for so long are forgotten.
const FORGOTTEN_MS: Millis = 60_000;

/// One replica's view of the election, on connections of its own, so that it is not held up by what the engine does.
#[derive(Debug, Clone)]
pub struct Election {
    db: Db,
    url: DatabaseUrl,
    own: Replica,
}

/// A sealed text as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    key_id: String,
    ciphertext: String,
}

/// The row of the lease.
#[derive(Debug, sqlx::FromRow)]
struct Lease {
    epoch: i64,
    holder_id: String,
    holder_address: String,
    secret: String,
    /// Milliseconds that are left of it.
    remaining: i64,
}

/// What the database's clock shows now, in milliseconds; within a statement, not at the begin of its transaction.
fn clock(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        Dialect::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        Dialect::MySql => "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)",
    }
}

impl Lease {
    fn select(dialect: Dialect) -> Sql {
        let clock = clock(dialect);
        Sql::new(format!(
            "SELECT epoch, holder_id, holder_address, secret, expires_at - {clock} AS remaining FROM leadership WHERE id = 1"
        ))
    }

    fn is_held(&self) -> bool {
        !self.holder_id.is_empty() && self.remaining > 0
    }

    fn leader(self) -> Result<Option<Leader>, StoreError> {
        if !self.is_held() {
            return Ok(None);
        }
        let damaged = |what| StoreError::Damaged { what };
        let Stored { key_id, ciphertext } =
            serde_json::from_str(&self.secret).map_err(|_| damaged("leadership.secret"))?;
        Ok(Some(Leader {
            replica: Replica {
                id: self.holder_id,
                address: self.holder_address,
            },
            epoch: u64::try_from(self.epoch).map_err(|_| damaged("leadership.epoch"))?,
            secret: Sealed { key_id, ciphertext },
        }))
    }
}

/// Refuses to begin an epoch while a replica leads: whoever starts without taking part in the election would depose it.
///
/// # Errors
/// `Led`, which names the leader.
pub(super) async fn refuse_if_led(tx: &mut Tx) -> Result<(), StoreError> {
    let select = Lease::select(tx.dialect()).for_update();
    let lease: Option<Lease> = tx.optional(select).await?;
    match lease {
        Some(lease) if lease.is_held() => Err(StoreError::Led {
            id: lease.holder_id,
            address: lease.holder_address,
        }),
        Some(_) | None => Ok(()),
    }
}

impl Election {
    /// Takes part in the election on this database; connects when it is first asked.
    ///
    /// # Errors
    /// `OneReplica` for SQLite, `Url` for what is no database.
    pub fn new(url: &DatabaseUrl, own: Replica) -> Result<Self, StoreError> {
        Ok(Self {
            db: url::election(url)?,
            url: url.clone(),
            own,
        })
    }

    /// This replica.
    pub fn own(&self) -> &Replica {
        &self.own
    }

    /// A store for looking, on few connections; whatever it is to write is refused.
    pub fn reader(&self) -> Store {
        Store {
            db: self.db.clone(),
            uuid: "".into(),
            epoch: 0,
            _lock: None,
        }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// Unavailable, or a migration that failed.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // A server that does not answer is waited for; a migration that fails is not tried for ever.
        let reached = Sql::new("SELECT COUNT(*) FROM information_schema.schemata");
        let _schemas: (i64,) = self.db.one(reached).await?;
        migrate::run(&self.db).await
    }

    /// Who leads; nobody when the lease is over.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn leader(&self) -> Result<Option<Leader>, StoreError> {
        let lease: Option<Lease> = self.db.optional(Lease::select(self.db.dialect())).await?;
        lease.map_or(Ok(None), Lease::leader)
    }

    /// Takes the lease if nobody holds it, and with it a new epoch: the store of whoever leads now. `secret` is what other replicas show
    /// this one.
    ///
    /// # Errors
    /// Unavailable, or `TooOld` when the schema is newer than this program can serve.
    pub async fn take(&self, secret: &Sealed) -> Result<Option<Store>, StoreError> {
        // Connected first: who holds the lease must be able to lead at once.
        let db = url::shared(&self.url).await?;
        let mut tx = self.db.begin().await?;
        let lease: Option<Lease> = tx.optional(Lease::select(tx.dialect()).for_update()).await?;
        if lease.is_some_and(|lease| lease.is_held()) {
            return Ok(None);
        }
        let (uuid, epoch) = epoch::raise(&mut tx).await?;
        let secret = Stored {
            key_id: secret.key_id.clone(),
            ciphertext: secret.ciphertext.clone(),
        };
        let secret = serde_json::to_string(&secret).map_err(|_| StoreError::Damaged {
            what: "leadership.secret",
        })?;
        let row = [
            ("epoch", i64::try_from(epoch).unwrap_or(i64::MAX).into()),
            ("holder_id", (&self.own.id).into()),
            ("holder_address", (&self.own.address).into()),
            ("secret", secret.into()),
        ];
        let until = format!(", expires_at = {} + ? WHERE id = 1", clock(tx.dialect()));
        tx.execute(Sql::update("leadership", row).push(&until).bind(LEASE_MS))
            .await?;
        tx.commit().await?;
        Ok(Some(Store {
            db,
            uuid: uuid.into(),
            epoch,
            _lock: None,
        }))
    }

    /// Leads on for the time of the lease from now.
    ///
    /// # Errors
    /// `Deposed` when another replica took it over; unavailable.
    pub async fn renew(&self, epoch: u64) -> Result<(), StoreError> {
        self.set_end(epoch, LEASE_MS).await
    }

    /// Gives the lease back, so that another replica need not wait for its end.
    ///
    /// # Errors
    /// As for [`Election::renew`].
    pub async fn release(&self, epoch: u64) -> Result<(), StoreError> {
        self.set_end(epoch, 0).await?;
        let mut tx = self.db.begin().await?;
        let gone = Sql::new("DELETE FROM replicas WHERE id = ?").bind(&self.own.id);
        tx.execute(gone).await?;
        Ok(tx.commit().await?)
    }

    async fn set_end(&self, epoch: u64, from_now: Millis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let update = format!(
            "UPDATE leadership SET expires_at = {} + ? WHERE id = 1 AND epoch = ? AND holder_id = ?",
            clock(tx.dialect())
        );
        let update = Sql::new(update).bind(from_now);
        let update = update.bind(i64::try_from(epoch).unwrap_or(i64::MAX)).bind(&self.own.id);
        if tx.execute(update).await? == 0 {
            return Err(StoreError::Deposed { own: epoch });
        }
        Ok(tx.commit().await?)
    }

    /// Says that this replica is there, and forgets those that are not any more.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn beat(&self) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let row = [
            ("id", (&self.own.id).into()),
            ("address", (&self.own.address).into()),
            ("seen_at", 0_i64.into()),
        ];
        tx.execute(Sql::insert_new("replicas", &["id"], row)).await?;
        let clock = clock(tx.dialect());
        let seen = format!("UPDATE replicas SET seen_at = {clock} WHERE id = ?");
        tx.execute(Sql::new(seen).bind(&self.own.id)).await?;
        let old = format!("DELETE FROM replicas WHERE seen_at < {clock} - ?");
        tx.execute(Sql::new(old).bind(FORGOTTEN_MS)).await?;
        Ok(tx.commit().await?)
    }
}

impl Store {
    /// Replicas that were heard of within the time of a lease, by their names; none where there is no election.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn replicas(&self) -> Result<Vec<SeenReplica>, StoreError> {
        let select = format!(
            "SELECT r.id, r.address, r.seen_at, l.holder_id FROM replicas r JOIN leadership l ON l.id = 1 \
             WHERE r.seen_at > {} - ? ORDER BY r.id",
            clock(self.db.dialect())
        );
        let rows: Vec<(String, String, i64, String)> = self.db.all(Sql::new(select).bind(LEASE_MS)).await?;
        let seen = |(id, address, seen_at, holder): (String, String, i64, String)| SeenReplica {
            leads: id == holder,
            replica: Replica { id, address },
            seen_at,
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
