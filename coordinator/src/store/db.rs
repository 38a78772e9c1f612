//! The connections: three databases behind one set of calls. Runs what [`Sql`] says; knows no table.

use super::{
    sql::{Dialect, Sql, Value},
    watch::{StoreOperation, Watch},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Database, Decode, Encode, FromRow, MySql, MySqlPool, PgPool, Postgres, Row, Sqlite,
    SqlitePool, Transaction, Type,
    mysql::MySqlRow,
    postgres::PgRow,
    query::{Query, QueryAs},
    sqlite::SqliteRow,
};
use std::time::{Duration, Instant};

/// How long the reason of a failure is looked for.
const EXPLANATION_LIMIT: Duration = Duration::from_secs(1);

/// A row type that every database can fill: derive `sqlx::FromRow`, or take a tuple.
pub(super) trait Record:
    Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, MySqlRow>
{
}

impl<T> Record for T where
    T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, MySqlRow>
{
}

/// A row of any table.
#[derive(Debug)]
pub(super) struct Cells(pub(super) Vec<Value>);

impl<'r, R> FromRow<'r, R> for Cells
where
    R: Row,
    usize: sqlx::ColumnIndex<R>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let cell = |index: usize| match row.try_get::<Option<i64>, _>(index) {
            Ok(number) => Ok(Value::Int(number)),
            Err(_text) => row.try_get::<Option<String>, _>(index).map(Value::Text),
        };
        (0..row.len()).map(cell).collect::<Result<_, _>>().map(Self)
    }
}

/// One database, and who wants to know how long it takes.
#[derive(Debug, Clone)]
pub(super) struct Db {
    pub(super) pools: Pools,
    pub(super) watch: Watch,
}

impl From<Pools> for Db {
    fn from(pools: Pools) -> Self {
        let watch = Watch::default();
        Self { pools, watch }
    }
}

/// Pools of connections to one database.
#[derive(Debug, Clone)]
pub(super) enum Pools {
    /// SQLite has one writer, so we queue in front of it rather than inside it.
    Sqlite {
        /// One connection.
        writer: SqlitePool,
        /// Connections that cannot write.
        readers: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(PgPool),
    /// MySQL or MariaDB.
    MySql(MySqlPool),
}

/// A transaction that writes. Dropped without [`Tx::commit`], nothing of it remains.
#[derive(Debug)]
pub(super) struct Tx {
    open: Open,
    watch: Watch,
}

/// The transaction of whichever database it is.
#[derive(Debug)]
enum Open {
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
    /// MySQL or MariaDB.
    MySql(Transaction<'static, MySql>),
}

/// The same call on whichever database it is: the executor of reads, and of a transaction.
macro_rules! read {
    ($db:expr, $sql:expr, $query:ident, $call:ident) => {
        match &$db.pools {
            Pools::Sqlite { readers, .. } => $query($sql, Dialect::Sqlite).$call(readers).await,
            Pools::Postgres(pool) => $query($sql, Dialect::Postgres).$call(pool).await,
            Pools::MySql(pool) => $query($sql, Dialect::MySql).$call(pool).await,
        }
    };
}
macro_rules! within {
    ($tx:expr, $sql:expr, $query:ident, $call:ident) => {
        match &mut $tx.open {
            Open::Sqlite(tx) => $query($sql, Dialect::Sqlite).$call(&mut **tx).await,
            Open::Postgres(tx) => $query($sql, Dialect::Postgres).$call(&mut **tx).await,
            Open::MySql(tx) => $query($sql, Dialect::MySql).$call(&mut **tx).await,
        }
    };
}

impl Db {
    /// Which SQL it speaks.
    pub(super) fn dialect(&self) -> Dialect {
        match &self.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
            Pools::MySql(_) => Dialect::MySql,
        }
    }

    /// All rows.
    pub(super) async fn all<T: Record>(&self, sql: Sql) -> Result<Vec<T>, sqlx::Error> {
        let began = Instant::now();
        let result = read!(self, sql, select, fetch_all);
        self.watch.note(StoreOperation::Read, began);
        self.explained(result).await
    }

    /// The first row, if there is one.
    pub(super) async fn optional<T: Record>(&self, sql: Sql) -> Result<Option<T>, sqlx::Error> {
        let began = Instant::now();
        let result = read!(self, sql, select, fetch_optional);
        self.watch.note(StoreOperation::Read, began);
        self.explained(result).await
    }

    /// The first row, which must be there.
    pub(super) async fn one<T: Record>(&self, sql: Sql) -> Result<T, sqlx::Error> {
        let began = Instant::now();
        let result = read!(self, sql, select, fetch_one);
        self.watch.note(StoreOperation::Read, began);
        self.explained(result).await
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        let began = Instant::now();
        let begun = match &self.pools {
            // Takes the file's write lock now, so that no read of the transaction is ever out of date.
            Pools::Sqlite { writer, .. } => {
                let begun = writer.begin_with("BEGIN IMMEDIATE").await;
                if begun.as_ref().is_err_and(is_read_only)
                    && let Ok(connection) = writer.acquire().await
                {
                    // It was opened while the file could not be written and would stay so: the next one looks again.
                    let _broken_anyway = connection.close().await;
                }
                begun.map(Open::Sqlite)
            }
            Pools::Postgres(pool) => pool.begin().await.map(Open::Postgres),
            Pools::MySql(pool) => pool.begin().await.map(Open::MySql),
        };
        self.watch.note(StoreOperation::Begin, began);
        let open = self.explained(begun).await?;
        let watch = self.watch.clone();
        Ok(Tx { open, watch })
    }

    /// A pool that found no connection does not say why; an attempt of our own does.
    async fn explained<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let Err(sqlx::Error::PoolTimedOut) = result else {
            return result;
        };
        let attempt = async {
            match &self.pools {
                Pools::Sqlite { .. } => Ok(()),
                Pools::Postgres(pool) => pool.connect_options().connect().await.map(drop),
                Pools::MySql(pool) => pool.connect_options().connect().await.map(drop),
            }
        };
        match tokio::time::timeout(EXPLANATION_LIMIT, attempt).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => result,
        }
    }

    /// Begins a transaction that only reads, all of it as it is now.
    pub(super) async fn snapshot(&self) -> Result<Tx, sqlx::Error> {
        let postgres = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        let mysql = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
        let open = match &self.pools {
            Pools::Sqlite { readers, .. } => Open::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => Open::Postgres(pool.begin_with(postgres).await?),
            Pools::MySql(pool) => Open::MySql(pool.begin_with(mysql).await?),
        };
        // It reads a whole database once, which is nobody's latency.
        let watch = Watch::default();
        Ok(Tx { open, watch })
    }
}

impl Tx {
    /// Which SQL it speaks.
    pub(super) fn dialect(&self) -> Dialect {
        match &self.open {
            Open::Sqlite(_) => Dialect::Sqlite,
            Open::Postgres(_) => Dialect::Postgres,
            Open::MySql(_) => Dialect::MySql,
        }
    }

    #[allow(
        dead_code,
        reason = "the same calls as outside a transaction; not each is needed at each time"
    )]
    /// All rows.
    pub(super) async fn all<T: Record>(&mut self, sql: Sql) -> Result<Vec<T>, sqlx::Error> {
        within!(self, sql, select, fetch_all)
    }

    #[allow(
        dead_code,
        reason = "the same calls as outside a transaction; not each is needed at each time"
    )]
    /// The first row, if there is one.
    pub(super) async fn optional<T: Record>(&mut self, sql: Sql) -> Result<Option<T>, sqlx::Error> {
        within!(self, sql, select, fetch_optional)
    }

    /// The first row, which must be there.
    pub(super) async fn one<T: Record>(&mut self, sql: Sql) -> Result<T, sqlx::Error> {
        within!(self, sql, select, fetch_one)
    }

    /// Runs a statement and says how many rows its condition matched (on MySQL too, where nothing about them changed).
    pub(super) async fn execute(&mut self, sql: Sql) -> Result<u64, sqlx::Error> {
        let began = Instant::now();
        let rows = match &mut self.open {
            Open::Sqlite(tx) => statement(sql, Dialect::Sqlite)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Open::Postgres(tx) => statement(sql, Dialect::Postgres)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Open::MySql(tx) => statement(sql, Dialect::MySql).execute(&mut **tx).await?.rows_affected(),
        };
        self.watch.note(StoreOperation::Write, began);
        Ok(rows)
    }

    /// Makes it durable.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        let began = Instant::now();
        let committed = match self.open {
            Open::Sqlite(tx) => tx.commit().await,
            Open::Postgres(tx) => tx.commit().await,
            Open::MySql(tx) => tx.commit().await,
        };
        self.watch.note(StoreOperation::Commit, began);
        committed
    }
}

/// Where a unique key was violated, what the database says of it: column names (SQLite) or the name of the index (the others).
/// Give indexes the names of their columns and look for one of those with `contains`.
pub(super) fn violated(error: &sqlx::Error) -> Option<String> {
    let database = error.as_database_error().filter(|error| error.is_unique_violation())?;
    let message = database.message();
    // MySQL repeats the value before the key, and a value may look like anything.
    let named = message.rsplit_once("for key ").map_or(message, |(_, key)| key);
    Some(database.constraint().unwrap_or(named).to_owned())
}

/// SQLite's `SQLITE_READONLY`, whose number is the lowest byte of the code.
fn is_read_only(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 8)
}

fn statement<DB>(sql: Sql, dialect: Dialect) -> Query<'static, DB, <DB as Database>::Arguments>
where
    DB: Database,
    Option<i64>: Encode<'static, DB> + Type<DB>,
    Option<String>: Encode<'static, DB> + Type<DB>,
{
    let (text, values) = sql.render(dialect);
    let query = sqlx::query(AssertSqlSafe(text));
    values.into_iter().fold(query, |query, value| match value {
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
    })
}

fn select<DB, T>(sql: Sql, dialect: Dialect) -> QueryAs<'static, DB, T, <DB as Database>::Arguments>
where
    DB: Database,
    T: for<'r> FromRow<'r, DB::Row>,
    Option<i64>: Encode<'static, DB> + Type<DB>,
    Option<String>: Encode<'static, DB> + Type<DB>,
{
    let (text, values) = sql.render(dialect);
    let query = sqlx::query_as(AssertSqlSafe(text));
    values.into_iter().fold(query, |query, value| match value {
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
    })
}
