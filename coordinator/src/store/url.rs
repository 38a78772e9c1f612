//! Where the database is: the URL, which may carry a password and so never prints as it is, and how each kind is opened.

use super::{
    StoreError,
    db::{Db, Pools},
};
use sqlx::{
    ConnectOptions, Connection, Pool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fmt,
    fs::File,
    io::{Read as _, Write as _},
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
/// Connections to a server for the election of a leader.
const OF_ELECTION: u32 = 2;
/// PostgreSQL's name for how long it keeps a transaction in which nothing happens.
const IDLE_LIMIT: &str = "idle_in_transaction_session_timeout";
/// How long a server keeps a transaction whose coordinator has vanished; it holds the lock of all writers.
const VANISHED: Duration = Duration::from_secs(30);
/// The same where others wait to take over: shorter than a lease.
const VANISHED_LEADER: Duration = Duration::from_secs(3);
/// The same of MySQL, as opposed to MariaDB, which knows only a limit on all idle connections: longer than the pause between two renewals.
const SILENT: Duration = Duration::from_secs(5);
/// So that limit seldom meets a connection of ours.
const KEPT_IDLE: Duration = Duration::from_secs(3);

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

    /// A server's pools, which have not connected yet.
    fn server(&self, limits: Limits) -> Result<Db, StoreError> {
        let scheme = self.0.split("://").next().unwrap_or_default();
        match scheme {
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(&self.0).map_err(|_| self.unsupported())?;
                let vanished = format!("{}s", limits.vanished.as_secs());
                let pool: PgPoolOptions = limits.pool();
                Ok(Pools::Postgres(pool.connect_lazy_with(options.options([(IDLE_LIMIT, vanished)]))).into())
            }
            "mysql" | "mariadb" => {
                let url = format!("mysql{}", self.0.trim_start_matches(scheme));
                let options = MySqlConnectOptions::from_str(&url).map_err(|_| self.unsupported())?;
                Ok(Pools::MySql(mysql(limits).connect_lazy_with(options.collation("utf8mb4_bin"))).into())
            }
            _ => Err(self.unsupported()),
        }
    }

    /// The same with one connection that was tried.
    async fn reached(&self, limits: Limits) -> Result<Db, StoreError> {
        let db = self.server(limits)?;
        // By ourselves: the pool does not say why it fails.
        match &db.pools {
            Pools::Sqlite { .. } => {}
            Pools::Postgres(pool) => pool.connect_options().connect().await?.close().await?,
            Pools::MySql(pool) => pool.connect_options().connect().await?.close().await?,
        }
        Ok(db)
    }
}

/// What holds for the connections to a server.
#[derive(Debug, Clone, Copy)]
struct Limits {
    connections: u32,
    /// How long the server keeps a transaction in which nothing happens.
    vanished: Duration,
    /// Others wait to take over from a coordinator that has vanished.
    shared: bool,
}

impl Limits {
    const ALONE: Self = Self {
        connections: CONNECTIONS,
        vanished: VANISHED,
        shared: false,
    };
    const SHARED: Self = Self {
        connections: CONNECTIONS,
        vanished: VANISHED_LEADER,
        shared: true,
    };
    const ELECTION: Self = Self {
        connections: OF_ELECTION,
        ..Self::SHARED
    };

    fn pool<DB: sqlx::Database>(self) -> PoolOptions<DB> {
        PoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(ACQUIRE_LIMIT)
    }
}

fn mysql(limits: Limits) -> MySqlPoolOptions {
    let mut pool: MySqlPoolOptions = limits.pool();
    if limits.shared {
        pool = pool.idle_timeout(KEPT_IDLE);
    }
    // A transaction takes its lock first and sees what is committed then; a value that does not fit is an error.
    pool.after_connect(move |connection, _| {
        Box::pin(async move {
            use sqlx::Executor;
            connection
                .execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                .await?;
            connection
                .execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
                .await?;
            if limits.shared {
                let version: String = sqlx::query_scalar("SELECT VERSION()")
                    .fetch_one(&mut *connection)
                    .await?;
                // MySQL has no limit on idle transactions, only one on idle connections.
                let (limit, time) = if version.contains("MariaDB") {
                    ("idle_transaction_timeout", limits.vanished)
                } else {
                    ("wait_timeout", SILENT)
                };
                let set = format!("SET SESSION {limit} = {}", time.as_secs());
                connection.execute(sqlx::AssertSqlSafe(set)).await?;
            }
            Ok(())
        })
    })
}

/// Opens the database to work with it, and makes a SQLite file that is not there; the file is locked first.
pub(super) async fn connect(url: &DatabaseUrl) -> Result<(Db, Option<File>), StoreError> {
    let Some(options) = url.sqlite()? else {
        return Ok((url.reached(Limits::ALONE).await?, None));
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

/// Opens a server's database for the replica that leads; whoever takes over waits less long for what it leaves behind.
pub(super) async fn shared(url: &DatabaseUrl) -> Result<Db, StoreError> {
    url.reached(Limits::SHARED).await
}

/// The connections by which a replica takes part in the election of a leader; they are made when they are first needed.
pub(super) fn election(url: &DatabaseUrl) -> Result<Db, StoreError> {
    if url.sqlite()?.is_some() {
        return Err(StoreError::OneReplica { url: url.clone() });
    }
    url.server(Limits::ELECTION)
}

/// Opens the database to look at it, beside a coordinator that may be at work; a SQLite file must be there.
pub(super) async fn look(url: &DatabaseUrl) -> Result<Db, StoreError> {
    let Some(options) = url.sqlite()? else {
        return url.reached(Limits::ALONE).await;
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
        return url.reached(Limits::ALONE).await;
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
        .read(true)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            sign(&file).map_err(failed)?;
            Ok(file)
        }
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked {
            path: database.to_owned(),
            holder: holder(&file),
        }),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Writes down who holds the lock, for whoever is refused.
fn sign(mut file: &File) -> std::io::Result<()> {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    file.set_len(0)?;
    let text = format!("process {} on {}", std::process::id(), machine.trim());
    file.write_all(text.as_bytes())
}

/// What its holder wrote down; it may be about to.
fn holder(mut file: &File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(length) if length > 0 => text,
        Ok(_) | Err(_) => "which has just started".to_owned(),
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
