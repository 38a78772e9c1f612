//! Where the database is: the URL, which may carry a password and so never prints as it is, and how each kind is opened.

use super::{
    StoreError,
    db::{Db, Pools},
};
use sqlx::{
    ConnectOptions, Connection, MySqlPool, PgPool, Pool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fmt,
    fs::File,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// Connections that read a SQLite file at the same time.
const READERS: u32 = 4;
/// Pages that such a connection keeps for itself, as SQLite wants it said: negative, in KiB. The system keeps the file's pages for all of them.
const READER_CACHE: &str = "-512";
/// Connections to a server.
const CONNECTIONS: u32 = 8;
/// How long a connection is waited for before the database counts as not available.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(3);
/// How long a server keeps a transaction whose coordinator has vanished; it holds the lock of all writers.
const IDLE_LIMIT: (&str, &str) = ("idle_in_transaction_session_timeout", "30s");

/// `sqlite:PATH`, `postgres://…`, `mysql://…` or `mariadb://…`. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Takes it as it is; [`Store::open`](super::Store::open) refuses what it cannot serve.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The SQLite file, if it is one that can be served.
    pub fn file(&self) -> Option<PathBuf> {
        let options = self.sqlite().ok().flatten()?;
        Some(options.get_filename().to_path_buf())
    }

    fn unsupported(&self) -> StoreError {
        StoreError::Url { url: self.clone() }
    }

    /// Options of a SQLite file, if it is one.
    fn sqlite(&self) -> Result<Option<SqliteConnectOptions>, StoreError> {
        let Some(path) = self.0.strip_prefix("sqlite:") else {
            return Ok(None);
        };
        if path.trim_start_matches('/').is_empty() || path.contains(":memory:") {
            return Err(self.unsupported());
        }
        let options = SqliteConnectOptions::from_str(&self.0).map_err(|_| self.unsupported())?;
        Ok(Some(
            options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5)),
        ))
    }

    /// Opens pools on a server.
    async fn server(&self) -> Result<Db, StoreError> {
        let scheme = self.0.split("://").next().unwrap_or_default();
        match scheme {
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(&self.0).map_err(|_| self.unsupported())?;
                Ok(Pools::Postgres(postgres(options.options([IDLE_LIMIT])).await?).into())
            }
            "mysql" | "mariadb" => {
                let url = format!("mysql{}", self.0.trim_start_matches(scheme));
                let options = MySqlConnectOptions::from_str(&url).map_err(|_| self.unsupported())?;
                Ok(Pools::MySql(mysql(options.collation("utf8mb4_bin")).await?).into())
            }
            _ => Err(self.unsupported()),
        }
    }
}

async fn postgres(options: PgConnectOptions) -> Result<PgPool, StoreError> {
    // A first try by ourselves: the pool does not say why it fails.
    options.connect().await?.close().await?;
    let pool: PgPoolOptions = limits();
    Ok(pool.connect_with(options).await?)
}

async fn mysql(options: MySqlConnectOptions) -> Result<MySqlPool, StoreError> {
    options.connect().await?.close().await?;
    let pool: MySqlPoolOptions = limits();
    // A transaction takes its lock first and sees what is committed then; a value that does not fit is an error.
    let pool = pool.after_connect(|connection, _| {
        Box::pin(async move {
            use sqlx::Executor;
            connection
                .execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                .await?;
            connection
                .execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
                .await?;
            Ok(())
        })
    });
    Ok(pool.connect_with(options).await?)
}

fn limits<DB: sqlx::Database>() -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_LIMIT)
}

/// Opens the database to work with it, and makes a SQLite file that is not there; the file is locked first.
pub(super) async fn connect(url: &DatabaseUrl) -> Result<(Db, Option<File>), StoreError> {
    let Some(options) = url.sqlite()? else {
        return Ok((url.server().await?, None));
    };
    let lock = take_lock(options.get_filename())?;
    // SQLite ends a transaction by itself when the disk is full; sqlx then counts it as open for ever. Such a connection is replaced.
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .connect_with(options.clone())
        .await?;
    // Readers connect when they are first used; the file has its tables by then.
    let readers = readers(options.read_only(true));
    Ok((Pools::Sqlite { writer, readers }.into(), Some(lock)))
}

/// Opens the database to look at it, beside a coordinator that may be at work; a SQLite file must be there.
pub(super) async fn look(url: &DatabaseUrl) -> Result<Db, StoreError> {
    let Some(options) = url.sqlite()? else {
        return url.server().await;
    };
    if !options.get_filename().exists() {
        let path = options.get_filename().to_path_buf();
        return Err(StoreError::Absent { path });
    }
    let readers = readers(options.create_if_missing(false).read_only(true));
    let writer = readers.clone();
    Ok(Pools::Sqlite { writer, readers }.into())
}

/// Opens the database to write to it beside a coordinator that may be at work; a SQLite file must be there.
pub(super) async fn beside(url: &DatabaseUrl) -> Result<Db, StoreError> {
    let Some(options) = url.sqlite()? else {
        return url.server().await;
    };
    if !options.get_filename().exists() {
        let path = options.get_filename().to_path_buf();
        return Err(StoreError::Absent { path });
    }
    let options = options.create_if_missing(false);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await?;
    let readers = readers(options.read_only(true));
    Ok(Pools::Sqlite { writer, readers }.into())
}

fn readers(options: SqliteConnectOptions) -> Pool<sqlx::Sqlite> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_lazy_with(options.pragma("cache_size", READER_CACHE))
}

/// One coordinator per file.
fn take_lock(database: &Path) -> Result<File, StoreError> {
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

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(&self.0);
        };
        // A password may also stand behind the question mark.
        let rest = rest.split('?').next().unwrap_or_default();
        match rest.rsplit_once('@') {
            Some((login, host)) => {
                let user = login.split(':').next().unwrap_or_default();
                write!(f, "{scheme}://{user}@{host}")
            }
            None => write!(f, "{scheme}://{rest}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgres://ips:pa:ss@db:5432/ips?sslmode=require",
                "postgres://ips@db:5432/ips",
            ),
            ("mysql://root:p@ss@[::1]/ips", "mysql://root@[::1]/ips"),
            ("postgres://db/ips?password=secret", "postgres://db/ips"),
            ("sqlite:/var/lib/ips.db", "sqlite:/var/lib/ips.db"),
        ] {
            let url = DatabaseUrl::new(url);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("{shown:?}"));
        }
    }
}
