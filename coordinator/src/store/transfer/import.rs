//! Reads the file into an empty database.

use super::{End, FORMAT, Header, Row, RowCounts, TransferError, VERSION, value};
use crate::store::{
    DatabaseUrl,
    bulk::Bulk,
    db::Tx,
    leadership, migrate,
    schema::{self, Table},
    sql::{Dialect, Sql, Value},
    url,
};
use serde::Deserialize;
use std::io::BufRead;

/// Rows that are held in memory at a time.
const ROWS: usize = 5_000;

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Row(Row),
    End(End),
}

/// Fills an empty database, wholly or not at all. A coordinator that was started on it before is deposed.
///
/// # Errors
/// The database holds something, a replica leads on it, the file is not whole or of another schema, or one of them does not answer.
pub async fn import(database: &DatabaseUrl, file: impl BufRead) -> Result<RowCounts, TransferError> {
    let (db, _lock) = url::connect(database).await?;
    migrate::run(&db).await?;
    let tables = schema::tables().await?;
    let mut lines = file.lines();
    header(lines.next().transpose()?, migrate::known(db.dialect()))?;
    let mut tx = db.begin().await?;
    leadership::refuse_if_led(&mut tx).await?;
    let epoch = clear(&mut tx, &tables).await?;
    let mut filling = Filling::new(&tables);
    for (text, number) in lines.zip(2..) {
        let wrong = |rule: String| TransferError::Line { line: number, rule };
        match serde_json::from_str(&text?).map_err(|error| wrong(error.to_string()))? {
            Line::Row(row) => filling.add(row, &mut tx, number).await?,
            Line::End(End { end }) => {
                filling.flush(&mut tx).await?;
                let counts = filling.counts;
                if counts != end {
                    return Err(wrong(format!("the file should have {end:?}, it has {counts:?}")));
                }
                finish(&mut tx, &tables, epoch).await?;
                tx.commit().await?;
                return Ok(counts);
            }
        }
    }
    let rule = "the file ends in the middle".to_owned();
    Err(TransferError::Line { line: 0, rule })
}

fn header(text: Option<String>, own: Vec<i64>) -> Result<(), TransferError> {
    let wrong = |rule: &str| TransferError::Line {
        line: 1,
        rule: rule.to_owned(),
    };
    let header: Header = serde_json::from_str(&text.unwrap_or_default())
        .map_err(|_| wrong("is not the first line of an exported database"))?;
    if header.format != FORMAT {
        return Err(wrong("is not the first line of an exported database"));
    }
    if header.version != VERSION {
        return Err(wrong("is of a format that this program does not know"));
    }
    if header.migrations != own {
        let advice = "import it with the program that wrote it, then upgrade";
        let found = header.migrations;
        return Err(TransferError::Schema { found, own, advice });
    }
    Ok(())
}

/// Refuses a database with content, and makes room for what migrations had put there. Gives the epoch that it had.
async fn clear(tx: &mut Tx, tables: &[Table]) -> Result<i64, TransferError> {
    let epoch = Sql::new("SELECT epoch FROM meta WHERE id = 1").for_update();
    let epoch = tx.optional::<(i64,)>(epoch).await?.map_or(0, |(epoch,)| epoch);
    for table in tables.iter().filter(|table| table.name != "meta") {
        let rows = table.count(tx).await?;
        if rows > table.seeds {
            let table = table.name.clone();
            return Err(TransferError::NotEmpty { table, rows });
        }
    }
    for table in tables.iter().rev() {
        tx.execute(Sql::new(format!("DELETE FROM {}", table.name))).await?;
    }
    Ok(epoch)
}

/// Rows of one table, on their way.
struct Filling<'a> {
    tables: &'a [Table],
    table: Option<&'a Table>,
    rows: Vec<Vec<Value>>,
    counts: RowCounts,
}

impl<'a> Filling<'a> {
    fn new(tables: &'a [Table]) -> Self {
        Self {
            tables,
            table: None,
            rows: Vec::new(),
            counts: tables.iter().map(|table| (table.name.clone(), 0)).collect(),
        }
    }

    async fn add(&mut self, row: Row, tx: &mut Tx, line: u64) -> Result<(), TransferError> {
        let wrong = |rule: String| TransferError::Line { line, rule };
        if self.table.is_none_or(|table| table.name != row.table) || self.rows.len() >= ROWS {
            self.flush(tx).await?;
            let table = self.tables.iter().find(|table| table.name == row.table);
            self.table = Some(table.ok_or_else(|| wrong(format!("table {} is not known", row.table)))?);
        }
        let Some(table) = self.table else { return Ok(()) };
        let mut cells = row.row;
        let mut values = Vec::with_capacity(table.columns.len());
        for (name, kind) in &table.columns {
            let cell = cells.remove(name).ok_or_else(|| wrong(format!("lacks {name}")))?;
            values.push(value(*kind, cell).ok_or_else(|| wrong(format!("{name} is of another type")))?);
        }
        if let Some(name) = cells.keys().next() {
            return Err(wrong(format!("column {name} is not known")));
        }
        self.rows.push(values);
        *self.counts.entry(table.name.clone()).or_default() += 1;
        Ok(())
    }

    async fn flush(&mut self, tx: &mut Tx) -> Result<(), TransferError> {
        let rows = std::mem::take(&mut self.rows);
        let Some(table) = self.table else { return Ok(()) };
        let mut bulk = Bulk::owned(&table.name, table.columns.clone());
        for row in rows {
            bulk.push(row);
        }
        Ok(bulk.insert(tx).await?)
    }
}

/// Begins an epoch that is newer than all before, and lets PostgreSQL's counters go on behind the highest numbers; the other databases
/// do that by themselves.
async fn finish(tx: &mut Tx, tables: &[Table], epoch: i64) -> Result<(), TransferError> {
    let newest = Sql::new("UPDATE meta SET epoch = ? WHERE id = 1 AND epoch < ?");
    tx.execute(newest.bind(epoch).bind(epoch)).await?;
    tx.execute(Sql::new("UPDATE meta SET epoch = epoch + 1 WHERE id = 1"))
        .await?;
    if tx.dialect() != Dialect::Postgres {
        return Ok(());
    }
    let counters = Sql::new(
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns \
         WHERE table_schema = current_schema() AND is_identity = 'YES'",
    );
    for (table, column) in tx.all::<(String, String)>(counters).await? {
        if !tables.iter().any(|known| known.name == table) {
            continue;
        }
        let set = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), MAX({column})) FROM {table} HAVING COUNT(*) > 0"
        );
        tx.execute(Sql::new(set)).await?;
    }
    Ok(())
}
