//! The tables as they should be, read from SQLite's own migrations, so that nobody has to list a new table twice. The other
//! databases have the same tables and columns.

use super::{
    StoreError,
    bulk::Kind,
    db::{Db, Pools, Tx},
    migrate,
    sql::Sql,
};
use sqlx::sqlite::SqlitePoolOptions;

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    /// Columns of its primary key.
    pub(super) key: Vec<String>,
    pub(super) columns: Vec<(String, Kind)>,
    /// Own column, other table, its column.
    pub(super) references: Vec<(String, String, String)>,
    /// Rows that migrations put there.
    pub(super) seeds: i64,
}

impl Table {
    /// Names of its columns, for a statement.
    pub(super) fn names(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// How many rows it has.
    pub(super) async fn count(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        let (rows,): (i64,) = tx.one(Sql::new(format!("SELECT COUNT(*) FROM {}", self.name))).await?;
        Ok(rows)
    }
}

/// Every table, each behind those that it refers to. Not those of the election: who leads now is nothing that a database is moved with.
pub(super) async fn tables() -> Result<Vec<Table>, StoreError> {
    // One connection that is never closed: the database lives as long as it does.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect("sqlite::memory:")
        .await?;
    let db = Db::from(Pools::Sqlite {
        writer: pool.clone(),
        readers: pool,
    });
    migrate::run(&db).await?;
    let names = Sql::new(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('_sqlx_migrations', 'leadership', 'replicas') \
         ORDER BY rowid",
    );
    let mut open = Vec::new();
    for (name,) in db.all::<(String,)>(names).await? {
        open.push(table(&db, name).await?);
    }
    Ok(parents_first(open))
}

async fn table(db: &Db, name: String) -> Result<Table, StoreError> {
    let info = Sql::new("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid").bind(&name);
    let info: Vec<(String, String, i64)> = db.all(info).await?;
    let mut key = info.iter().filter(|(_, _, place)| *place > 0).collect::<Vec<_>>();
    key.sort_by_key(|(_, _, place)| *place);
    let key = key.into_iter().map(|(name, _, _)| name.clone()).collect();
    let kind = |declared: &str| {
        if declared.contains("INT") {
            Kind::Int
        } else {
            Kind::Text
        }
    };
    let columns = info.iter().map(|(name, declared, _)| (name.clone(), kind(declared)));
    let references = Sql::new("SELECT \"from\", \"table\", COALESCE(\"to\", 'id') FROM pragma_foreign_key_list(?)");
    let (seeds,): (i64,) = db.one(Sql::new(format!("SELECT COUNT(*) FROM {name}"))).await?;
    Ok(Table {
        columns: columns.collect(),
        references: db.all(references.bind(&name)).await?,
        name,
        key,
        seeds,
    })
}

fn parents_first(mut open: Vec<Table>) -> Vec<Table> {
    let mut sorted: Vec<Table> = Vec::new();
    while !open.is_empty() {
        let known = |table: &Table| {
            let parents = table.references.iter().map(|(_, parent, _)| parent);
            parents
                .filter(|parent| **parent != table.name)
                .all(|parent| sorted.iter().any(|done| done.name == *parent))
        };
        // Tables that refer to each other cannot be sorted; none do.
        let next = open.iter().position(known).unwrap_or(0);
        sorted.push(open.remove(next));
    }
    sorted
}
