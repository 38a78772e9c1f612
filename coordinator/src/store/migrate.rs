//! Brings the schema up to date: numbered files per database in `coordinator/migrations`, only ever appended to, each adding only
//! what programs of the version before can live with. A file that has landed is never edited.
//!
//! A migration of SQLite and PostgreSQL is one transaction. MySQL ends its transaction at each `CREATE` and `ALTER`, so a process
//! that dies in the middle leaves a part done. There a migration is run statement by statement (each ends with `;` at the end
//! of a line), and one that was left unfinished is run again, where what is there already is no error. So on MySQL statements that
//! change rows must come to the same when they run twice.

use super::{
    StoreError,
    db::{Db, Pools},
    sql::{Dialect, Sql},
};
use sqlx::{
    AssertSqlSafe, Connection, Executor, MySqlConnection, MySqlPool,
    migrate::{Migrate, MigrateError, Migration, Migrator},
};

static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");
static MYSQL: Migrator = sqlx::migrate!("./migrations/mysql");

/// sqlx's own table; it must not be renamed.
const TABLE: &str = "_sqlx_migrations";
/// MySQL's numbers for a table, column or index that is there already, and for one to drop that is not.
const DONE_BEFORE: [u16; 4] = [1050, 1060, 1061, 1091];

/// Runs what has not run yet. One process at a time; a schema of a later program is left as it is.
pub(super) async fn run(db: &Db) -> Result<(), StoreError> {
    match &db.pools {
        Pools::Sqlite { writer, .. } => lenient(&SQLITE).run(writer).await?,
        Pools::Postgres(pool) => lenient(&POSTGRES).run(pool).await?,
        Pools::MySql(pool) => mysql(pool).await?,
    }
    Ok(())
}

/// Numbers of this program's migrations.
pub(super) fn known(dialect: Dialect) -> Vec<i64> {
    let migrator = match dialect {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
        Dialect::MySql => &MYSQL,
    };
    migrator.iter().map(|migration| migration.version).collect()
}

/// Numbers of the migrations that are done; none where the database has never been used.
pub(super) async fn finished(db: &Db) -> Result<Vec<i64>, StoreError> {
    let select = Sql::new("SELECT version FROM _sqlx_migrations WHERE success = TRUE ORDER BY version");
    match db.all::<(i64,)>(select).await {
        Ok(rows) => Ok(rows.into_iter().map(|(version,)| version).collect()),
        Err(error) if error.as_database_error().is_some() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// During a rolling upgrade an older program meets migrations that it does not know; `meta.oldest_program` says whether it may stay.
fn lenient(migrator: &'static Migrator) -> Migrator {
    let mut migrator = Migrator::with_migrations(migrator.iter().cloned().collect());
    migrator.set_ignore_missing(true);
    migrator
}

async fn mysql(pool: &MySqlPool) -> Result<(), StoreError> {
    // A connection of its own: closing it frees the lock, whatever happened.
    let mut connection = pool.acquire().await?.detach();
    let lock = sqlx::query_scalar("SELECT GET_LOCK(CONCAT('ips.', LEFT(SHA2(DATABASE(), 256), 32)), 600)");
    let _held: Option<i64> = lock.fetch_one(&mut connection).await?;
    let result = apply_all(&mut connection).await;
    connection.close().await?;
    Ok(result?)
}

async fn apply_all(connection: &mut MySqlConnection) -> Result<(), MigrateError> {
    connection.ensure_migrations_table(TABLE).await?;
    let rows = sqlx::query_as("SELECT version, success, checksum FROM _sqlx_migrations");
    let known: Vec<(i64, bool, Vec<u8>)> = rows.fetch_all(&mut *connection).await?;
    for migration in MYSQL.iter() {
        let row = known.iter().find(|(version, _, _)| *version == migration.version);
        match row {
            Some((version, true, checksum)) if **checksum != *migration.checksum => {
                return Err(MigrateError::VersionMismatch(*version));
            }
            Some((_, true, _)) => {}
            Some((_, false, _)) => finish(connection, migration, true).await?,
            None => finish(connection, migration, false).await?,
        }
    }
    Ok(())
}

async fn finish(connection: &mut MySqlConnection, migration: &Migration, again: bool) -> Result<(), MigrateError> {
    let version = migration.version;
    if again {
        tracing::warn!(
            migration.version = version,
            "a migration was interrupted, running it again"
        );
    }
    let begun = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?, ?, FALSE, ?, -1) \
                 ON DUPLICATE KEY UPDATE checksum = VALUES(checksum)";
    let begun = sqlx::query(begun).bind(version).bind(&*migration.description);
    begun.bind(&*migration.checksum).execute(&mut *connection).await?;
    for statement in statements(migration.sql.as_str()) {
        match connection.execute(AssertSqlSafe(statement)).await {
            Ok(_) => {}
            Err(error) if again && done_before(&error) => {}
            Err(error) => return Err(MigrateError::ExecuteMigration(error, version)),
        }
    }
    let done = sqlx::query("UPDATE _sqlx_migrations SET success = TRUE, execution_time = 0 WHERE version = ?");
    done.bind(version).execute(connection).await?;
    Ok(())
}

fn statements(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("--"));
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    let parts = text.split(";\n").map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn done_before(error: &sqlx::Error) -> bool {
    let database = error.as_database_error();
    let mysql = database.and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>());
    mysql.is_some_and(|error| DONE_BEFORE.contains(&error.number()))
}
