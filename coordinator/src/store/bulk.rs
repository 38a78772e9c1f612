//! Many rows in few statements. The rows travel as one JSON text that the database unfolds into a table `v`; so ten thousand rows
//! cost a handful of statements, and the text of a statement does not depend on how many there are.

use super::{
    StoreError,
    db::{Db, Tx},
    sql::{Dialect, Sql, Value, conflict},
};

/// A statement ends after so many bytes or rows; servers refuse packets of more than a few MiB.
const CHUNK_BYTES: usize = 2 << 20;
const CHUNK_ROWS: u64 = 5_000;

/// What a column of the rows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An id or word of up to 255 characters that rows are compared by.
    Key,
    /// Any text.
    Text,
    /// A 64-bit integer.
    Int,
}

/// Columns of the rows, in order.
pub(super) type Columns = &'static [(&'static str, Kind)];

/// Rows for one table, in chunks.
#[derive(Debug)]
pub(super) struct Bulk {
    table: String,
    columns: Vec<(String, Kind)>,
    chunks: Vec<Chunk>,
}

#[derive(Debug, Default)]
struct Chunk {
    json: String,
    rows: u64,
}

impl Bulk {
    /// For rows with these columns.
    pub(super) fn new(table: &str, columns: Columns) -> Self {
        let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
        Self::owned(table, columns.collect())
    }

    /// The same where table and columns are known at run time only.
    pub(super) fn owned(table: &str, columns: Vec<(String, Kind)>) -> Self {
        Self {
            table: table.to_owned(),
            columns,
            chunks: Vec::new(),
        }
    }

    /// Adds a row: one value for each column.
    pub(super) fn row<const N: usize>(&mut self, values: [Value; N]) {
        self.push(values.into());
    }

    /// The same.
    pub(super) fn push(&mut self, values: Vec<Value>) {
        debug_assert_eq!(values.len(), self.columns.len(), "columns of {}", self.table);
        let json = serde_json::Value::Array(values.into_iter().map(Value::into_json).collect()).to_string();
        let full = |chunk: &Chunk| chunk.rows >= CHUNK_ROWS || chunk.json.len() + json.len() >= CHUNK_BYTES;
        if self.chunks.last().is_none_or(full) {
            self.chunks.push(Chunk::default());
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.json.push(if chunk.rows == 0 { '[' } else { ',' });
            chunk.json.push_str(&json);
            chunk.rows += 1;
        }
    }

    /// Inserts all rows.
    ///
    /// # Errors
    /// Those of the database, a taken key among them.
    pub(super) async fn insert(self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        self.insert_or(tx, "").await
    }

    /// Inserts all rows; where the key exists, all columns change except those of the key and those kept.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn upsert(self, tx: &mut Tx, key: &[&str], kept: &[&str]) -> Result<(), sqlx::Error> {
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        let changed = names.filter(|name| !key.contains(name) && !kept.contains(name));
        // Without a condition SQLite would take what follows for one of a join.
        let otherwise = format!(
            " WHERE true{}",
            conflict(tx.dialect(), key, &changed.collect::<Vec<_>>())
        );
        self.insert_or(tx, &otherwise).await
    }

    async fn insert_or(self, tx: &mut Tx, otherwise: &str) -> Result<(), sqlx::Error> {
        let names = self
            .columns
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let source = source(tx.dialect(), &self.columns);
        let text = format!(
            "INSERT INTO {} ({names}) SELECT {names} FROM {source}{otherwise}",
            self.table
        );
        for chunk in self.chunks {
            tx.execute(Sql::new(text.as_str()).bind(chunk.json + "]")).await?;
        }
        Ok(())
    }

    /// Compare and set: where a row of the table fits `condition` (its columns written `table.column`, those of the rows sent
    /// `v.column`), the columns `set` take the values sent. False when some row sent fitted none; then roll back.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn update(&self, tx: &mut Tx, set: &[&str], condition: &str) -> Result<bool, sqlx::Error> {
        let table = &self.table;
        let source = source(tx.dialect(), &self.columns);
        let assign = |prefix: &str| {
            let parts = set.iter().map(|column| format!("{prefix}{column} = v.{column}"));
            parts.collect::<Vec<_>>().join(", ")
        };
        let text = match tx.dialect() {
            Dialect::Sqlite | Dialect::Postgres => {
                format!("UPDATE {table} SET {} FROM {source} WHERE {condition}", assign(""))
            }
            Dialect::MySql => {
                let assign = assign(&format!("{table}."));
                format!("UPDATE {source} STRAIGHT_JOIN {table} ON {condition} SET {assign}")
            }
        };
        for chunk in &self.chunks {
            if tx.execute(Sql::new(text.as_str()).bind(chunk.whole())).await? != chunk.rows {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Names a row that does not fit, by its first column; asked once the failed transaction is over.
    pub(super) async fn stale(&self, db: &Db, condition: &str) -> StoreError {
        let (table, key) = (
            &self.table,
            self.columns.first().map_or("id", |(name, _)| name.as_str()),
        );
        let source = source(db.dialect(), &self.columns);
        let text = format!("SELECT v.{key} FROM {source} LEFT JOIN {table} ON {condition} WHERE {table}.{key} IS NULL");
        for chunk in &self.chunks {
            match db
                .optional::<(String,)>(Sql::new(text.as_str()).bind(chunk.whole()))
                .await
            {
                Ok(Some((id,))) => {
                    return StoreError::Stale {
                        what: format!("{table} {id}"),
                    };
                }
                Ok(None) => {}
                Err(error) => return error.into(),
            }
        }
        StoreError::Stale {
            what: format!("a row of {table}"),
        }
    }
}

impl Chunk {
    fn whole(&self) -> String {
        format!("{}]", self.json)
    }
}

/// The rows of one parameter as the table `v`.
fn source(dialect: Dialect, columns: &[(String, Kind)]) -> String {
    let parts = columns
        .iter()
        .enumerate()
        .map(|(index, (name, kind))| match (dialect, kind) {
            (Dialect::Sqlite, _) => format!("value ->> {index} AS {name}"),
            (Dialect::Postgres, Kind::Int) => format!("CAST(r ->> {index} AS BIGINT) AS {name}"),
            (Dialect::Postgres, Kind::Key | Kind::Text) => format!("r ->> {index} AS {name}"),
            (Dialect::MySql, Kind::Int) => format!("{name} BIGINT PATH '$[{index}]'"),
            (Dialect::MySql, Kind::Key) => format!("{name} VARCHAR(255) PATH '$[{index}]'"),
            (Dialect::MySql, Kind::Text) => format!("{name} LONGTEXT PATH '$[{index}]'"),
        });
    let parts = parts.collect::<Vec<_>>().join(", ");
    match dialect {
        Dialect::Sqlite => format!("(SELECT {parts} FROM json_each(?)) AS v"),
        Dialect::Postgres => format!("(SELECT {parts} FROM jsonb_array_elements(CAST(? AS jsonb)) AS r) AS v"),
        Dialect::MySql => format!("JSON_TABLE(?, '$[*]' COLUMNS ({parts})) AS v"),
    }
}
