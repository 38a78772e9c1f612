//! Whether a database is as it should be. Only looks, at one moment, also beside a coordinator at work.

use super::{
    DatabaseUrl, StoreError,
    db::{Db, Tx},
    migrate, pulls,
    rows::{PullRow, TaskRow},
    schema::{self, Table},
    sql::{Dialect, Sql},
    tasks, url,
};
use crate::domain::{counts::PullCounts, pull::PullState, task::Task};
use std::fmt;

/// Rows that are held in memory at a time.
const PAGE: u32 = 2_000;
/// Findings of SQLite's own check that are listed.
const LISTED: u32 = 20;

/// Something that is wrong, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(String);

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the schema's version, the database's own integrity, references, that every record can be read, and that the counts of each task
/// agree with its pulls.
///
/// # Errors
/// The database cannot be reached or read.
pub async fn check(database: &DatabaseUrl) -> Result<Vec<Finding>, StoreError> {
    let db = url::look(database).await?;
    let mut findings = Vec::new();
    schema_version(&db, &mut findings).await?;
    if !findings.is_empty() {
        // Nothing else can be relied on.
        return Ok(findings);
    }
    let mut snapshot = db.snapshot().await?;
    if snapshot.dialect() == Dialect::Sqlite {
        sqlite_integrity(&mut snapshot, &mut findings).await?;
    }
    for table in schema::tables().await? {
        orphans(&mut snapshot, &table, &mut findings).await?;
    }
    all_tasks(&mut snapshot, &mut findings).await?;
    all_pulls(&mut snapshot, &mut findings).await?;
    Ok(findings)
}

async fn schema_version(db: &Db, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let (done, known) = (migrate::finished(db).await?, migrate::known(db.dialect()));
    let missing = known
        .iter()
        .filter(|version| !done.contains(version))
        .collect::<Vec<_>>();
    if !missing.is_empty() {
        let text = format!(
            "schema: migrations {missing:?} have not run, or not to their end; run: ips-coordinator db migrate"
        );
        findings.push(Finding(text));
    }
    Ok(())
}

async fn sqlite_integrity(tx: &mut Tx, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let lines = Sql::new("SELECT integrity_check FROM pragma_integrity_check LIMIT ?").bind(LISTED);
    for (line,) in tx.all::<(String,)>(lines).await? {
        if line != "ok" {
            findings.push(Finding(format!("integrity: {line}")));
        }
    }
    Ok(())
}

/// Rows that refer to others that are not there.
async fn orphans(tx: &mut Tx, table: &Table, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    for (column, parent, key) in &table.references {
        let name = &table.name;
        let select = format!(
            "SELECT COUNT(*) FROM {name} c LEFT JOIN {parent} p ON p.{key} = c.{column} \
             WHERE c.{column} IS NOT NULL AND p.{key} IS NULL"
        );
        let (rows,): (i64,) = tx.one(Sql::new(select)).await?;
        if rows > 0 {
            let text = format!("{name}: {rows} rows refer by {column} to {parent} that are not there");
            findings.push(Finding(text));
        }
    }
    Ok(())
}

async fn all_tasks(tx: &mut Tx, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut last = String::new();
    loop {
        let page = tasks::select("WHERE id > ? ORDER BY id LIMIT ?").bind(&last).bind(PAGE);
        let rows = tx.all::<TaskRow>(page).await?;
        let Some(newest) = rows.last() else { return Ok(()) };
        last = newest.id().to_owned();
        for row in rows {
            let id = row.id().to_owned();
            match row.into_task() {
                Ok(task) => findings.extend(one_task(tx, &task).await?),
                Err(error) => findings.push(Finding(format!("task {id}: {error}"))),
            }
        }
    }
}

async fn one_task(tx: &mut Tx, task: &Task) -> Result<Option<Finding>, StoreError> {
    let tally = Sql::new("SELECT state, COUNT(*) FROM pulls WHERE task_id = ? GROUP BY state").bind(task.id.as_str());
    let tally = tx.all::<(String, i64)>(tally).await?;
    let of = |states: &[PullState]| {
        let rows = tally
            .iter()
            .filter(|(word, _)| states.iter().any(|state| state.as_str() == word));
        rows.map(|(_, count)| *count).sum::<i64>()
    };
    let PullCounts {
        queued,
        running,
        succeeded,
        failed,
        skipped,
        cancelled,
        ..
    } = task.counts;
    let wrong = [
        ("queued", queued, of(&[PullState::Queued])),
        ("running", running, of(&[PullState::Dispatched, PullState::Pulling])),
        ("succeeded", succeeded, of(&[PullState::Succeeded])),
        ("failed", failed, of(&[PullState::Failed])),
        ("skipped", skipped, of(&[PullState::Skipped])),
        ("cancelled", cancelled, of(&[PullState::Cancelled])),
    ];
    let wrong = wrong
        .iter()
        .filter(|(_, counted, stored)| i64::from(*counted) != *stored);
    let wrong = wrong.map(|(word, counted, stored)| format!("{word} {counted}, but {stored} pulls are"));
    let wrong = wrong.collect::<Vec<_>>();
    Ok((!wrong.is_empty()).then(|| Finding(format!("task {}: it counts {}", task.id, wrong.join("; ")))))
}

async fn all_pulls(tx: &mut Tx, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut last = String::new();
    loop {
        let page = pulls::select("WHERE id > ? ORDER BY id LIMIT ?").bind(&last).bind(PAGE);
        let rows = tx.all::<PullRow>(page).await?;
        let Some(newest) = rows.last() else { return Ok(()) };
        last = newest.id().to_owned();
        for row in rows {
            let id = row.id().to_owned();
            if let Err(error) = row.into_pull() {
                findings.push(Finding(format!("pull {id}: {error}")));
            }
        }
    }
}
