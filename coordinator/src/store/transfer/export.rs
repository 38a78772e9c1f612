//! Writes the file.

use super::{End, FORMAT, Header, Row, RowCounts, TransferError, VERSION};
use crate::{
    domain::version,
    store::{
        DatabaseUrl,
        db::{Cells, Tx},
        migrate,
        schema::{self, Table},
        sql::{Sql, Value},
        url,
    },
};
use std::io::Write;

/// Rows that are held in memory at a time.
const PAGE: u32 = 2_000;

/// Writes every table as it is at this moment; a coordinator may go on working meanwhile.
///
/// # Errors
/// The database cannot be read or has not the schema of this program; the file cannot be written.
pub async fn export(database: &DatabaseUrl, file: &mut impl Write) -> Result<RowCounts, TransferError> {
    let db = url::look(database).await?;
    let (found, own) = (migrate::finished(&db).await?, migrate::known(db.dialect()));
    if found != own {
        let advice = "bring it up to date with: ips-coordinator db migrate";
        return Err(TransferError::Schema { found, own, advice });
    }
    let header = Header {
        format: FORMAT.into(),
        version: VERSION,
        program: version::VERSION.into(),
        migrations: own,
    };
    line(file, &header)?;
    let mut counts = RowCounts::new();
    let mut snapshot = db.snapshot().await?;
    for table in schema::tables().await? {
        let rows = rows(&mut snapshot, &table, file).await?;
        counts.insert(table.name, rows);
    }
    line(file, &End { end: counts.clone() })?;
    file.flush()?;
    Ok(counts)
}

async fn rows(snapshot: &mut Tx, table: &Table, file: &mut impl Write) -> Result<u64, TransferError> {
    let mut count = 0;
    let mut last: Option<Vec<Value>> = None;
    loop {
        let cells = snapshot.all::<Cells>(page(table, last.as_deref())).await?;
        let Some(Cells(newest)) = cells.last() else {
            return Ok(count);
        };
        last = Some(key_of(table, newest));
        for Cells(values) in cells {
            let names = table.columns.iter().map(|(name, _)| name.clone());
            let row = Row {
                table: table.name.clone(),
                row: names.zip(values.into_iter().map(Value::into_json)).collect(),
            };
            line(file, &row)?;
            count += 1;
        }
    }
}

/// The rows behind the last one that was seen, by the primary key.
fn page(table: &Table, last: Option<&[Value]>) -> Sql {
    let key = table.key.join(", ");
    let mut sql = Sql::new(format!("SELECT {} FROM {}", table.names(), table.name));
    if let Some(last) = last {
        sql = sql.push(&format!(" WHERE ({key}) > ")).list(last.iter().cloned());
    }
    sql.push(&format!(" ORDER BY {key} LIMIT ?")).bind(PAGE)
}

fn key_of(table: &Table, row: &[Value]) -> Vec<Value> {
    let cells = table.columns.iter().zip(row);
    let of = |key: &String| {
        cells
            .clone()
            .find(|((name, _), _)| name == key)
            .map(|(_, value)| value.clone())
    };
    table.key.iter().filter_map(of).collect()
}

fn line(file: &mut impl Write, value: &impl serde::Serialize) -> Result<(), TransferError> {
    serde_json::to_writer(&mut *file, value).map_err(std::io::Error::from)?;
    file.write_all(b"\n")?;
    Ok(())
}
