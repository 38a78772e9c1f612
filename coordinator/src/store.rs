//! The database, and the only sqlx in the program: SQLite (the default), PostgreSQL, MySQL and MariaDB behind the same calls.
//!
//! How to add a noun: its tables in a migration for each database (`migrate.rs`, `coordinator/migrations`), its statements in a file of
//! its own in the style that `sql.rs` describes, its rows in `rows.rs`, its tests among `coordinator/tests/store`, which run on all
//! three servers. `nodes.rs` is the smallest example. Only `db.rs` and `url.rs` know which database it is.
//!
//! Durable: tasks, pulls (each transition), nodes that were seen, the epoch. A 201 means that the task and all its pulls are
//! committed (SQLite: with `synchronous=FULL`). Not durable, and rebuilt after a start: sessions, inventories, byte progress and everything
//! that the engine derives from open pulls. The engine is the only writer of pulls and of task states; every transaction that writes
//! checks the epoch, so that a coordinator that was replaced never writes past the new one. Replicas agree by a lease on who that is
//! (`leadership.rs`); a file of SQLite has a lock, which refuses a second process at its start. Transitions are compare-and-set: zero rows changed is [`StoreError::Stale`], which means a bug or a second
//! writer, never a retry.
mod agents;
mod api_tokens;
mod audit;
mod bulk;
mod changes;
mod channels;
mod check;
mod credentials;
mod db;
mod deliveries;
mod epoch;
mod executions;
mod external;
mod leadership;
mod library;
mod migrate;
mod nodes;
mod numbers;
mod original;
mod outbox;
mod policies;
mod pulls;
mod rows;
mod schedules;
mod schema;
mod sessions;
mod settings;
mod sql;
mod task_lists;
mod tasks;
mod tenants;
pub mod transfer;
mod url;
mod users;
mod watch;

pub use api_tokens::TokenHolder;
pub use changes::Changes;
pub use channels::ChannelRemoval;
pub use check::{Finding, check};
pub use credentials::CredentialRemoval;
pub use deliveries::DeliveryQuery;
pub use executions::{DamagedExecution, FoundExecutions};
pub use external::{ExternalUser, Welcome};
pub use leadership::Election;
pub use numbers::Numbers;
pub use original::{Original, OriginalRow};
pub use outbox::Addressed;
pub use policies::{DamagedPolicy, FoundPolicies, OpenPull, StoredEviction};
pub use pulls::{NodePullQuery, PullQuery};
pub use schedules::{DamagedSchedule, FoundSchedules, ScheduleQuery, ScheduleStep, StoredSchedule};
pub use sessions::{Refreshed, SessionUser};
pub use task_lists::TaskQuery;
pub use tenants::TenantRemoval;
pub use url::DatabaseUrl;
pub use users::{UserOutcome, UserUpdate};
pub use watch::{StoreOperation, Watch};

use crate::domain::credential::CredentialId;
use db::Db;
use std::{fs::File, path::PathBuf, sync::Arc};

/// How far a task was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Wholly,
    /// Some of its pulls are gone; the rest follows with the next call.
    Partly,
    /// It is open, or there is none.
    No,
}

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The setting is not a database URL that this program serves.
    #[error("database: {url:?} is not supported, use sqlite:PATH, postgres://USER@HOST/NAME or mysql://USER@HOST/NAME")]
    Url {
        /// The setting.
        url: DatabaseUrl,
    },
    /// Another coordinator holds the file.
    #[error(
        "database {path:?} is in use by another coordinator ({holder}); SQLite serves one replica: end that one first, or use PostgreSQL or \
         MySQL and give each replica an address with --replica-address"
    )]
    Locked {
        /// Path of the database.
        path: PathBuf,
        /// Who holds it, as it wrote down itself.
        holder: String,
    },
    /// SQLite is asked to serve several replicas.
    #[error("--replica-address: database {url:?} serves one replica; several need PostgreSQL or MySQL")]
    OneReplica {
        /// The setting.
        url: DatabaseUrl,
    },
    /// A replica leads on this database, and this process does not take part in the election.
    #[error(
        "replica {id} at {address} leads on this database; end all replicas first, or take part in their election with --replica-address"
    )]
    Led {
        /// Its name.
        id: String,
        /// Where others reach it.
        address: String,
    },
    /// There is no such file.
    #[error("there is no database {path:?}")]
    Absent {
        /// Path of the database.
        path: PathBuf,
    },
    /// The lock file cannot be made.
    #[error("database lock {path:?} cannot be created")]
    LockFile {
        /// Path of the lock.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The schema is newer than this program.
    #[error("the database needs program version {oldest} or newer, this is {own}")]
    TooOld {
        /// Oldest program that it allows.
        oldest: String,
        /// This program.
        own: &'static str,
    },
    /// The schema could not be brought up to date.
    #[error("database migration failed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// An id or key is taken.
    #[error("{what} is taken")]
    Taken {
        /// `task` or `request`.
        what: &'static str,
    },
    /// A task names a credential that does not exist.
    #[error("credential {id} does not exist")]
    NoCredential {
        /// Its number.
        id: CredentialId,
    },
    /// A quota of the tenant is used up for today.
    #[error("the quota {quota} of the tenant is used up")]
    Spent {
        /// Its name on the wire.
        quota: &'static str,
    },
    /// A compare-and-set found another state than expected.
    #[error("{what} changed behind the engine's back")]
    Stale {
        /// Which row.
        what: String,
    },
    /// Another coordinator took over.
    #[error("epoch {own} is over, another coordinator leads")]
    Deposed {
        /// Epoch of this process.
        own: u64,
    },
    /// A stored value cannot be read.
    #[error("stored {what} is damaged")]
    Damaged {
        /// Table and column.
        what: &'static str,
    },
    /// The database does not answer or refuses to write.
    #[error("the database is not available")]
    Unavailable(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether the store cannot serve now; anything else is a bug or a damage.
    pub(crate) fn is_away(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Deposed { .. } => true,
            Self::Url { .. }
            | Self::Absent { .. }
            | Self::Locked { .. }
            | Self::OneReplica { .. }
            | Self::Led { .. }
            | Self::LockFile { .. }
            | Self::TooOld { .. }
            | Self::Migrate(_)
            | Self::Taken { .. }
            | Self::NoCredential { .. }
            | Self::Spent { .. }
            | Self::Stale { .. }
            | Self::Damaged { .. } => false,
        }
    }

    /// The whole chain of causes in one line, for logs and for `/readyz`.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    uuid: Arc<str>,
    epoch: u64,
    /// Of a SQLite file.
    _lock: Option<Arc<File>>,
}

impl Store {
    /// Opens the database (and makes a SQLite file), takes the lock of a file, brings the schema up to date and begins a new epoch.
    ///
    /// # Errors
    /// See [`StoreError`]; each names the setting or the path.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let (db, lock) = url::connect(url).await?;
        migrate::run(&db).await?;
        let (uuid, epoch) = epoch::begin(&db).await?;
        Ok(Self {
            db,
            uuid: uuid.into(),
            epoch,
            _lock: lock.map(Arc::new),
        })
    }

    /// The same store, which tells how long each operation takes.
    #[must_use]
    pub fn watched(mut self, watch: Watch) -> Self {
        self.db.watch = watch;
        self
    }

    /// Opens a database beside the coordinator that serves it, for single changes: no lock, no migration, no new epoch. When a
    /// coordinator begins a new epoch meanwhile, writes are `Deposed`.
    ///
    /// # Errors
    /// Unavailable, also where no coordinator has made its tables yet.
    pub async fn attach(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let db = url::beside(url).await?;
        let (uuid, epoch): (String, i64) = db
            .one(sql::Sql::new("SELECT store_uuid, epoch FROM meta WHERE id = 1"))
            .await?;
        Ok(Self {
            db,
            uuid: uuid.into(),
            epoch: u64::try_from(epoch).map_err(|_| StoreError::Damaged { what: "meta.epoch" })?,
            _lock: None,
        })
    }

    /// Brings the schema up to date and does nothing else; says which migrations it has then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn migrate(url: &DatabaseUrl) -> Result<Vec<i64>, StoreError> {
        let (db, _lock) = url::connect(url).await?;
        migrate::run(&db).await?;
        migrate::finished(&db).await
    }

    /// Identity of the database.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Epoch of this process; larger than that of every process before it.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Migrations of this program that the database does not have.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn unfinished_migrations(&self) -> Result<Vec<i64>, StoreError> {
        let finished = migrate::finished(&self.db).await?;
        let known = migrate::known(self.db.dialect()).into_iter();
        Ok(known.filter(|version| !finished.contains(version)).collect())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Unavailable when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let _epoch: (i64,) = self
            .db
            .one(sql::Sql::new("SELECT epoch FROM meta WHERE id = 1"))
            .await?;
        Ok(())
    }
}
