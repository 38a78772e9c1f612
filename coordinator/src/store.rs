//! The database, and the only sqlx in the program.
//!
//! Durable: tasks, pulls (each transition), nodes that were seen, the epoch. A 201 means that the task and all its pulls are
//! committed with `synchronous=FULL`. Not durable, and rebuilt after a start: sessions, inventories, byte progress and everything
//! that the engine derives from open pulls. The engine is the only writer of pulls and of task states; every transaction of it
//! checks the epoch, so that a second coordinator on the same file could never write past it (and a lock file refuses that one
//! at its start). Transitions are compare-and-set: zero rows changed is [`StoreError::Stale`], which means a bug or a second
//! writer, never a retry.

mod changes;
mod credentials;
mod library;
mod nodes;
mod numbers;
mod pulls;
mod rows;
mod tasks;

pub use changes::Changes;
pub use credentials::CredentialRemoval;
pub use numbers::Numbers;
pub use pulls::PullQuery;

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fs::File, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

/// Oldest program version that can work with the schema of this program; saved with each migration.
const OLDEST_PROGRAM: &str = "0.1.0";

/// Connections that read at the same time.
const READERS: u32 = 4;

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The setting is not a database URL that this program serves.
    #[error("database: {url:?} is not supported, use sqlite:PATH")]
    Url {
        /// The setting.
        url: String,
    },
    /// Another coordinator holds the file.
    #[error("database {path:?} is in use by another coordinator; SQLite serves one replica")]
    Locked {
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
    /// One connection: SQLite has one writer, so we queue in front of it rather than inside it.
    writer: SqlitePool,
    readers: SqlitePool,
    uuid: Arc<str>,
    epoch: u64,
    _lock: Arc<File>,
}

impl Store {
    /// Opens (or makes) the database, takes its lock, brings the schema up to date and begins a new epoch.
    ///
    /// # Errors
    /// See [`StoreError`]; each names the setting or the path.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = connect_options(url)?;
        let path = options.get_filename().to_path_buf();
        let lock = take_lock(&path)?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("./migrations/sqlite").run(&writer).await?;
        let (uuid, epoch) = begin_epoch(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            writer,
            readers,
            uuid: uuid.into(),
            epoch,
            _lock: Arc::new(lock),
        })
    }

    /// Identity of the database.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Epoch of this process; larger than that of every process before it.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Unavailable when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }
}

fn connect_options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let unsupported = || StoreError::Url { url: url.to_owned() };
    let path = url.strip_prefix("sqlite:").ok_or_else(unsupported)?;
    if path.trim_start_matches('/').is_empty() || path.contains(":memory:") {
        return Err(unsupported());
    }
    Ok(SqliteConnectOptions::from_str(url)
        .map_err(|_| unsupported())?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5)))
}

fn take_lock(database: &std::path::Path) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |source| StoreError::LockFile {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked {
            path: database.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

async fn begin_epoch(writer: &SqlitePool) -> Result<(String, u64), StoreError> {
    let fresh = uuid::Uuid::new_v4().to_string();
    sqlx::query(
        "INSERT INTO meta (id, store_uuid, epoch, oldest_program) VALUES (1, $1, 0, $2) ON CONFLICT (id) DO NOTHING",
    )
    .bind(fresh)
    .bind(OLDEST_PROGRAM)
    .execute(writer)
    .await?;
    let (uuid, epoch, oldest): (String, i64, String) =
        sqlx::query_as("UPDATE meta SET epoch = epoch + 1 WHERE id = 1 RETURNING store_uuid, epoch, oldest_program")
            .fetch_one(writer)
            .await?;
    let own = crate::domain::version::VERSION;
    if crate::domain::version::is_older(own, &oldest) {
        return Err(StoreError::TooOld { oldest, own });
    }
    Ok((
        uuid,
        u64::try_from(epoch).map_err(|_| StoreError::Damaged { what: "meta.epoch" })?,
    ))
}

#[cfg(test)]
mod tests;
