//! Reads the SQLite file of the original IPS (kitsnail/ips) as texts. Knows the names of its tables, not what they mean; whatever type a
//! value has there, and JSON is bytes there, it comes as text.

use super::StoreError;
use sqlx::{
    AssertSqlSafe, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use std::{collections::BTreeMap, path::Path};

/// Tables that are read; those that are not there are empty.
const TABLES: [&str; 7] = [
    "users",
    "api_tokens",
    "image_library",
    "registry_secrets",
    "tasks",
    "scheduled_tasks",
    "scheduled_executions",
];

/// One row: column and text; what is NULL there is not here.
#[derive(Clone, Default)]
pub struct OriginalRow(BTreeMap<String, String>);

impl OriginalRow {
    /// A column; empty when it is NULL or not there.
    pub fn text(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }
}

/// Rows by table, each in the order of its file.
#[derive(Default)]
pub struct Original(BTreeMap<&'static str, Vec<OriginalRow>>);

impl Original {
    /// Reads the whole file, without changing it.
    ///
    /// # Errors
    /// `Absent` when there is no such file, Unavailable when it is none of SQLite's.
    pub async fn read(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Absent { path: path.into() });
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut file = SqliteConnection::connect_with(&options).await?;
        let mut tables = BTreeMap::new();
        for table in TABLES {
            tables.insert(table, rows(&mut file, table).await?);
        }
        file.close().await?;
        Ok(Self(tables))
    }

    /// Rows of a table.
    pub fn rows(&self, table: &str) -> &[OriginalRow] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

async fn rows(file: &mut SqliteConnection, table: &'static str) -> Result<Vec<OriginalRow>, StoreError> {
    let columns = sqlx::query_scalar("SELECT name FROM pragma_table_info(?) ORDER BY cid").bind(table);
    let columns: Vec<String> = columns.fetch_all(&mut *file).await?;
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let cast = columns
        .iter()
        .map(|column| format!("CAST(\"{}\" AS BLOB)", column.replace('"', "\"\"")));
    let select = format!(
        "SELECT {} FROM {table} ORDER BY rowid",
        cast.collect::<Vec<_>>().join(", ")
    );
    let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(file).await?;
    rows.iter().map(|row| texts(row, &columns)).collect()
}

fn texts(row: &SqliteRow, columns: &[String]) -> Result<OriginalRow, StoreError> {
    let mut texts = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        if let Some(bytes) = row.try_get::<Option<Vec<u8>>, _>(index)? {
            texts.insert(column.clone(), String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(OriginalRow(texts))
}
