//! The audit in the database: rows are added, and removed when they are old enough; nothing here changes one.

use super::{
    Store, StoreError,
    bulk::{Bulk, Columns, Kind},
    db::violated,
    rows::to_u32,
    sql::Sql,
};
use crate::domain::{
    Millis,
    audit::{AuditFilter, AuditRecord, AuditResult, Door},
};

const NAMES: &str =
    "id, tenant_id, done_at, subject, edge, operation, resource, result, status, request_id, source, user_agent";
const COLUMNS: Columns = &[
    ("id", Kind::Key),
    ("tenant_id", Kind::Key),
    ("done_at", Kind::Int),
    ("subject", Kind::Key),
    ("edge", Kind::Key),
    ("operation", Kind::Key),
    ("resource", Kind::Key),
    ("result", Kind::Key),
    ("status", Kind::Int),
    ("request_id", Kind::Key),
    ("source", Kind::Key),
    ("user_agent", Kind::Key),
];

#[derive(Debug, sqlx::FromRow)]
struct AuditRow {
    id: String,
    tenant_id: String,
    done_at: i64,
    subject: String,
    edge: String,
    operation: String,
    resource: String,
    result: String,
    status: i64,
    request_id: String,
    source: String,
    user_agent: String,
}

impl AuditRow {
    fn read(self) -> Result<AuditRecord, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        let status = to_u32(self.status, "audit_records.status")?;
        Ok(AuditRecord {
            id: self.id,
            tenant: self.tenant_id,
            at: self.done_at,
            subject: self.subject,
            door: Door::parse(&self.edge).ok_or(damaged("audit_records.edge"))?,
            operation: self.operation,
            resource: self.resource,
            result: AuditResult::parse(&self.result).ok_or(damaged("audit_records.result"))?,
            status: u16::try_from(status).map_err(|_| damaged("audit_records.status"))?,
            request_id: self.request_id,
            source: self.source,
            user_agent: self.user_agent,
        })
    }
}

impl Store {
    /// Adds records, all or none; those that are there already stay.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn insert_audit(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        let mut rows = Bulk::new("audit_records", COLUMNS);
        for it in records {
            rows.row([
                (&it.id).into(),
                (&it.tenant).into(),
                it.at.into(),
                (&it.subject).into(),
                it.door.as_str().into(),
                (&it.operation).into(),
                (&it.resource).into(),
                it.result.as_str().into(),
                i64::from(it.status).into(),
                (&it.request_id).into(),
                (&it.source).into(),
                (&it.user_agent).into(),
            ]);
        }
        let mut tx = self.begin().await?;
        match rows.insert(&mut tx).await {
            Ok(()) => {}
            // Their COMMIT had arrived, only the answer was lost with the connection.
            Err(error) if violated(&error).is_some() => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    /// Records, newest first, and how many match.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<AuditRecord>, u32), StoreError> {
        let count = filtered(Sql::new("SELECT COUNT(*) FROM audit_records"), filter);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = filtered(select(), filter).push(" ORDER BY id DESC LIMIT ? OFFSET ?");
        let found = self.read_audit(page.bind(limit).bind(offset)).await?;
        Ok((found, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// Records behind the one of this id, oldest first; from the beginning for an empty one.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn audit_after(
        &self,
        filter: &AuditFilter,
        id: &str,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let next = filtered(select(), filter).push(" AND id > ? ORDER BY id LIMIT ?");
        self.read_audit(next.bind(id).bind(limit)).await
    }

    /// Removes records older than this, some at a time; says how many.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn prune_audit(&self, before: Millis, limit: u32) -> Result<usize, StoreError> {
        let old = Sql::new("SELECT id FROM audit_records WHERE done_at < ? ORDER BY done_at LIMIT ?");
        let ids = self.db.all::<(String,)>(old.bind(before).bind(limit)).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let count = ids.len();
        let mut tx = self.begin().await?;
        let gone = Sql::new("DELETE FROM audit_records WHERE id IN ").list(ids.into_iter().map(|(id,)| id));
        tx.execute(gone).await?;
        tx.commit().await?;
        Ok(count)
    }

    async fn read_audit(&self, select: Sql) -> Result<Vec<AuditRecord>, StoreError> {
        let rows = self.db.all::<AuditRow>(select).await?;
        rows.into_iter().map(AuditRow::read).collect()
    }
}

fn select() -> Sql {
    Sql::new(format!("SELECT {NAMES} FROM audit_records"))
}

fn filtered(sql: Sql, filter: &AuditFilter) -> Sql {
    let mut sql = sql.push(" WHERE 1 = 1");
    let words = [
        (" AND tenant_id = ?", &filter.tenant),
        (" AND subject = ?", &filter.subject),
        (" AND operation = ?", &filter.operation),
    ];
    for (condition, word) in words {
        if let Some(word) = word {
            sql = sql.push(condition).bind(word);
        }
    }
    if let Some(from) = filter.from {
        sql = sql.push(" AND done_at >= ?").bind(from);
    }
    if let Some(to) = filter.to {
        sql = sql.push(" AND done_at < ?").bind(to);
    }
    if let Some(resource) = &filter.resource {
        // Itself, or what is below it: everything between "tasks/" and "tasks0", the next character.
        let (first, behind) = (format!("{resource}/"), format!("{resource}0"));
        sql = sql
            .push(" AND (resource = ? OR (resource >= ? AND resource < ?))")
            .bind(resource)
            .bind(first)
            .bind(behind);
    }
    if !filter.results.is_empty() {
        sql = sql
            .push(" AND result IN ")
            .list(filter.results.iter().map(|result| result.as_str()));
    }
    sql
}
