//! A whole database as a file, to move it from one kind of database to another. One JSON object a line:
//!
//! ```text
//! {"format":"ips-database","version":1,"program":"0.1.0","migrations":[1,2,5]}
//! {"table":"tasks","row":{"id":"nightly","state":"completed","created_at":1764000000000, …}}
//! …
//! {"end":{"tasks":17,"pulls":3400, …}}
//! ```
//!
//! Tables come in an order in which they can be filled, rows by their key, every column by its name; values are texts, integers or null.
//! The last line has the rows of each table, so that a file that was cut off is noticed. Passwords in it are as encrypted as
//! in the database; the keys are not in it.

mod export;
mod import;

pub use export::export;
pub use import::import;

use super::{StoreError, bulk::Kind, sql::Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the first line says of itself.
const FORMAT: &str = "ips-database";
/// Raised when old files cannot be read any more.
const VERSION: u32 = 1;

/// Rows by table.
pub type RowCounts = BTreeMap<String, u64>;

/// Why a database was not moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("the file cannot be read or written")]
    File(#[from] std::io::Error),
    /// A line is not as it must be.
    #[error("line {line}: {rule}")]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong.
        rule: String,
    },
    /// There is something in the database already.
    #[error("the database is not empty: {table} has {rows} rows; import into an empty one")]
    NotEmpty {
        /// First table with rows.
        table: String,
        /// How many.
        rows: i64,
    },
    /// The schema is not the one of this program.
    #[error("the schema has migrations {found:?}, this program has {own:?}; {advice}")]
    Schema {
        /// Those of the file or the database.
        found: Vec<i64>,
        /// Those of the program.
        own: Vec<i64>,
        /// What to do.
        advice: &'static str,
    },
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    program: String,
    migrations: Vec<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    table: String,
    row: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct End {
    end: RowCounts,
}

/// A value of a file for a column, unless it is of another kind.
fn value(kind: Kind, json: serde_json::Value) -> Option<Value> {
    match (kind, json) {
        (Kind::Int, serde_json::Value::Null) => Some(Value::Int(None)),
        (Kind::Int, serde_json::Value::Number(number)) => number.as_i64().map(Value::from),
        (Kind::Key | Kind::Text, serde_json::Value::Null) => Some(Value::Text(None)),
        (Kind::Key | Kind::Text, serde_json::Value::String(text)) => Some(text.into()),
        (
            _,
            serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_),
        ) => None,
    }
}
