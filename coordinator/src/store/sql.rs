//! How statements are written here: one text for SQLite, PostgreSQL and MySQL/MariaDB.
//!
//! * A value is a `?` in the text and one [`Sql::bind`], in order. No text contains `?` otherwise, and no value is ever part of
//!   a text. Write plain SQL that all three know; what they spell differently has a method here: [`Sql::upsert`],
//!   [`Sql::for_update`], and [`Bulk`](super::bulk::Bulk) for many rows at once.
//! * Columns are text or 64-bit integers, no other types. Times are milliseconds, booleans 0 and 1, enums their word, lists and
//!   maps JSON text, bytes base64. Rows are read by `#[derive(sqlx::FromRow)]` structs or tuples of `String`, `i64` and `Option`s of them.
//! * Not portable, so not used: `RETURNING`, `ON CONFLICT`, `$1`, partial `UPDATE … FROM`, `ILIKE`, `||`, JSON functions, `SUM` without
//!   `CAST(SUM(…) AS DECIMAL)`. `COUNT(*)` is an `i64` everywhere. A `DELETE` or `UPDATE` must not select from its own table (MySQL).
//! * Names of tables and columns must be words of no dialect: `library`, `rank`, `groups`, `system` are words of MySQL 8 or 9. `make test-mysql` tells.
//! * Reads: `self.db.all::<Row>(sql)`, `optional`, `one`. Writes: `let mut tx = self.begin().await?` (checks the epoch and lets no
//!   other writer in), `tx.execute(sql)`, `tx.commit()`. Compare and set: put the old state into `WHERE` and look at the count.
//!
//! ```text
//! let sql = Sql::new("SELECT id, name FROM shelves WHERE owner = ?").bind(owner).push(" ORDER BY name LIMIT ?").bind(limit);
//! tx.execute(Sql::upsert("shelves", &["id"], &["created_at"], [("id", id.into()), ("created_at", now.into()), …])).await?;
//! ```

use crate::domain::tenant::Realm;
use std::fmt::Write;

/// Which SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

/// A value of a statement; `None` is NULL of that type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A 64-bit integer.
    Int(Option<i64>),
    /// Text. Characters of code 0 are left out, because PostgreSQL cannot hold them.
    Text(Option<String>),
}

/// A statement with its values.
#[derive(Debug, Clone, Default)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
    tail: Tail,
}

/// What comes last and is spelled differently.
#[derive(Debug, Clone, Default)]
enum Tail {
    #[default]
    None,
    ForUpdate,
    /// Key columns, and columns that take the new value where the key exists. Without the latter the old row stays.
    Conflict(&'static [&'static str], Vec<&'static str>),
}

impl Sql {
    /// Begins a statement.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Appends text.
    pub(super) fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// The value of the next `?`.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Appends `(?, ?, …)` with these values, for `IN`; nothing matches an empty list.
    pub(super) fn list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        let before = self.values.len();
        self.values.extend(values.into_iter().map(Into::into));
        let marks = vec!["?"; self.values.len() - before];
        let list = if marks.is_empty() {
            "(NULL)".to_owned()
        } else {
            format!("({})", marks.join(", "))
        };
        self.push(&list)
    }

    /// Only rows of the realm; what was pushed last must be able to go on with `AND`.
    pub(super) fn within(self, realm: &Realm) -> Self {
        match realm.tenant() {
            None => self,
            Some(tenant) => self.push(" AND tenant_id = ?").bind(tenant.as_str()),
        }
    }

    /// `INSERT` of one row; a taken key is an error, see [`violated`](super::db::violated).
    pub(super) fn insert(table: &str, row: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let (columns, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
        Self::new(format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "))).list(values)
    }

    /// `INSERT` of one row that, where the key exists, changes all columns except those of the key and those kept.
    pub(super) fn upsert<const N: usize>(
        table: &str,
        key: &'static [&'static str],
        kept: &[&str],
        row: [(&'static str, Value); N],
    ) -> Self {
        let changed = row.iter().map(|(column, _)| *column);
        let changed = changed.filter(|column| !key.contains(column) && !kept.contains(column));
        let tail = Tail::Conflict(key, changed.collect());
        Self {
            tail,
            ..Self::insert(table, row)
        }
    }

    /// `INSERT` of one row that does nothing where the key exists.
    pub(super) fn insert_new<const N: usize>(
        table: &str,
        key: &'static [&'static str],
        row: [(&'static str, Value); N],
    ) -> Self {
        Self {
            tail: Tail::Conflict(key, Vec::new()),
            ..Self::insert(table, row)
        }
    }

    /// `UPDATE table SET …` of these columns; append ` WHERE …`.
    pub(super) fn update(table: &str, row: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let (columns, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
        let set: Vec<String> = columns.iter().map(|column: &&str| format!("{column} = ?")).collect();
        Self {
            values,
            ..Self::new(format!("UPDATE {table} SET {}", set.join(", ")))
        }
    }

    /// Locks the rows that a `SELECT` finds until the end of the transaction; a writing transaction of SQLite has the whole file.
    pub(super) fn for_update(mut self) -> Self {
        self.tail = Tail::ForUpdate;
        self
    }

    /// Text in a dialect, and the values.
    pub(super) fn render(self, dialect: Dialect) -> (String, Vec<Value>) {
        let mut text = self.text;
        match self.tail {
            Tail::None => {}
            Tail::ForUpdate => match dialect {
                Dialect::Sqlite => {}
                Dialect::Postgres | Dialect::MySql => text.push_str(" FOR UPDATE"),
            },
            Tail::Conflict(key, changed) => text.push_str(&conflict(dialect, key, &changed)),
        }
        let text = match dialect {
            Dialect::Sqlite | Dialect::MySql => text,
            Dialect::Postgres => numbered(&text),
        };
        (text, self.values)
    }
}

/// What an insert does about a taken key: these columns take the new value; without any the old row stays.
pub(super) fn conflict(dialect: Dialect, key: &[&str], changed: &[&str]) -> String {
    let set = |value: fn(&str) -> String| {
        let parts = changed.iter().map(|column| format!("{column} = {}", value(column)));
        parts.collect::<Vec<_>>().join(", ")
    };
    let key = key.join(", ");
    match dialect {
        // Setting a key column to itself changes nothing, and unlike INSERT IGNORE it hides no other error.
        Dialect::MySql if changed.is_empty() => {
            let first = key.split(',').next().unwrap_or_default().to_owned();
            format!(" ON DUPLICATE KEY UPDATE {first} = {first}")
        }
        Dialect::MySql => format!(" ON DUPLICATE KEY UPDATE {}", set(|column| format!("VALUES({column})"))),
        Dialect::Sqlite | Dialect::Postgres if changed.is_empty() => format!(" ON CONFLICT ({key}) DO NOTHING"),
        Dialect::Sqlite | Dialect::Postgres => {
            let set = set(|column| format!("excluded.{column}"));
            format!(" ON CONFLICT ({key}) DO UPDATE SET {set}")
        }
    }
}

/// `?` as `$1`, `$2`, …
fn numbered(text: &str) -> String {
    let mut parts = text.split('?');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        // Writing to a string cannot fail.
        let _infallible = write!(result, "${}{part}", index + 1);
    }
    result
}

/// Characters that not every database can hold are left out.
fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(Some(yes.into()))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(storable(text)))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.to_owned().into()
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(|text| storable(text.to_owned())))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(storable))
    }
}

impl Value {
    /// As JSON: a number, a text or null.
    pub(super) fn into_json(self) -> serde_json::Value {
        match self {
            Self::Int(number) => number.into(),
            Self::Text(text) => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_where_the_database_wants_it() {
        let sql = Sql::new("SELECT a FROM t WHERE b = ? AND c IN ").bind(1_i64);
        let sql = sql.list(["x", "y"]).push(" LIMIT ?").bind(2_u32);
        let (text, values) = sql.clone().render(Dialect::Postgres);
        assert_eq!(text, "SELECT a FROM t WHERE b = $1 AND c IN ($2, $3) LIMIT $4");
        assert_eq!(values.len(), 4);
        let (text, _) = sql.for_update().render(Dialect::MySql);
        assert_eq!(text, "SELECT a FROM t WHERE b = ? AND c IN (?, ?) LIMIT ? FOR UPDATE");
    }

    #[test]
    fn an_upsert_keeps_what_it_is_told_to_keep() {
        let row = || [("id", 1_i64.into()), ("born", 2_i64.into()), ("name", "n".into())];
        let (text, _) = Sql::upsert("t", &["id"], &["born"], row()).render(Dialect::Sqlite);
        assert_eq!(
            text,
            "INSERT INTO t (id, born, name) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name"
        );
        let (text, _) = Sql::upsert("t", &["id"], &["born"], row()).render(Dialect::MySql);
        assert!(text.ends_with("ON DUPLICATE KEY UPDATE name = VALUES(name)"), "{text}");
        let (text, _) = Sql::insert_new("t", &["id"], row()).render(Dialect::MySql);
        assert!(text.ends_with("ON DUPLICATE KEY UPDATE id = id"), "{text}");
    }

    #[test]
    fn no_value_carries_a_zero_character() {
        assert_eq!(Value::from("a\0b"), Value::Text(Some("ab".into())));
    }
}
