//! Tenants in the database, and what each used up by the day. What is counted is counted in the transaction of the thing itself, so that no
//! two callers pass a quota together.

use super::{
    Store, StoreError,
    db::{Tx, violated},
    rows::{from_json, to_json, to_u32},
    sql::{Sql, Value},
};
use crate::domain::{
    Millis,
    caller::TenantId,
    selection::Selection,
    task::Task,
    tenant::{Quotas, RepositoryPattern, Tenant, TenantRules, Usage, day_of},
};

const COLUMNS: &str = "id, name, node_selector, repositories, max_open_pulls, max_tasks_per_day, max_bytes_per_day, created_at, updated_at";

/// What a tenant may have left: table, condition beside its id, and the words for one and for many.
const OWNED: [(&str, &str, &str, &str); 7] = [
    ("users", "", "user", "users"),
    ("tasks", "", "task", "tasks"),
    ("schedules", "", "scheduled task", "scheduled tasks"),
    ("policies", "", "policy", "policies"),
    ("credentials", " AND task_id IS NULL", "credential", "credentials"),
    ("channels", "", "channel", "channels"),
    ("library_entries", "", "image of the library", "images of the library"),
];

/// What became of a wish to remove a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRemoval {
    /// It is gone.
    Removed,
    /// There was none.
    Absent,
    /// It still has these, in words for people.
    NotEmpty(Vec<String>),
}

#[derive(Debug, sqlx::FromRow)]
struct TenantRow {
    id: String,
    name: String,
    node_selector: String,
    repositories: String,
    max_open_pulls: Option<i64>,
    max_tasks_per_day: Option<i64>,
    max_bytes_per_day: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl TenantRow {
    fn into_tenant(self) -> Result<Tenant, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        let patterns: Vec<String> = from_json(&self.repositories, "tenants.repositories")?;
        let pattern =
            |text: &String| RepositoryPattern::parse("repositories", text).map_err(|_| damaged("tenants.repositories"));
        let small = |number: Option<i64>, what| number.map(|number| to_u32(number, what)).transpose();
        let bytes = self.max_bytes_per_day.map(u64::try_from).transpose();
        Ok(Tenant {
            id: self.id.into(),
            name: self.name,
            rules: TenantRules {
                nodes: Selection::parse_labels("nodeSelector", &self.node_selector)
                    .map_err(|_| damaged("tenants.node_selector"))?,
                node_selector: self.node_selector,
                repositories: patterns.iter().map(pattern).collect::<Result<_, _>>()?,
                quotas: Quotas {
                    open_pulls: small(self.max_open_pulls, "tenants.max_open_pulls")?,
                    tasks_per_day: small(self.max_tasks_per_day, "tenants.max_tasks_per_day")?,
                    bytes_per_day: bytes.map_err(|_| damaged("tenants.max_bytes_per_day"))?,
                },
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Store {
    /// Every tenant that was not removed, by id.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let select = Sql::new(format!(
            "SELECT {COLUMNS} FROM tenants WHERE removed_at = 0 ORDER BY id"
        ));
        let rows = self.db.all::<TenantRow>(select).await?;
        rows.into_iter().map(TenantRow::into_tenant).collect()
    }

    /// Saves a new tenant; false where its id is or was another one's.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn insert_tenant(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let [name, selector, repositories, pulls, tasks, bytes, updated] = changeable(tenant)?;
        let id = ("id", tenant.id.as_str().into());
        let created = ("created_at", tenant.created_at.into());
        let row = [id, name, selector, repositories, pulls, tasks, bytes, created, updated];
        let mut tx = self.begin().await?;
        match tx.execute(Sql::insert("tenants", row)).await {
            Ok(_) => {}
            Err(error) if violated(&error).is_some() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Changes a tenant; false where there is none.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn update_tenant(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let update = Sql::update("tenants", changeable(tenant)?).push(" WHERE id = ? AND removed_at = 0");
        let mut tx = self.begin().await?;
        let rows = tx.execute(update.bind(tenant.id.as_str())).await?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Removes a tenant that owns nothing any more. Its id stays taken.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn remove_tenant(&self, id: &TenantId, now: Millis) -> Result<TenantRemoval, StoreError> {
        let mut tx = self.begin().await?;
        let known = Sql::new("SELECT id FROM tenants WHERE id = ? AND removed_at = 0").bind(id.as_str());
        if tx.optional::<(String,)>(known.for_update()).await?.is_none() {
            return Ok(TenantRemoval::Absent);
        }
        let mut left = Vec::new();
        for (table, condition, one, many) in OWNED {
            let count = Sql::new(format!("SELECT COUNT(*) FROM {table} WHERE tenant_id = ?{condition}"));
            let (count,): (i64,) = tx.one(count.bind(id.as_str())).await?;
            match count {
                0 => {}
                1 => left.push(format!("1 {one}")),
                count => left.push(format!("{count} {many}")),
            }
        }
        if !left.is_empty() {
            return Ok(TenantRemoval::NotEmpty(left));
        }
        let gone = Sql::update("tenants", [("removed_at", now.into())]).push(" WHERE id = ?");
        tx.execute(gone.bind(id.as_str())).await?;
        tx.commit().await?;
        Ok(TenantRemoval::Removed)
    }

    /// What a tenant used up on the day of this moment; its open pulls are not known here.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn tenant_usage(&self, id: &TenantId, now: Millis) -> Result<Usage, StoreError> {
        let select = Sql::new("SELECT tasks, bytes FROM tenant_usage WHERE tenant_id = ? AND day = ?");
        let row = self
            .db
            .optional::<(i64, i64)>(select.bind(id.as_str()).bind(day_of(now)));
        let (tasks, bytes) = row.await?.unwrap_or_default();
        Ok(Usage {
            open_pulls: 0,
            tasks_today: u32::try_from(tasks).unwrap_or(u32::MAX),
            bytes_today: u64::try_from(bytes).unwrap_or_default(),
        })
    }

    /// Pulls of a tenant that hold a slot.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn tenant_open_pulls(&self, id: &TenantId) -> Result<u32, StoreError> {
        let count = Sql::new(
            "SELECT COUNT(*) FROM pulls p JOIN tasks t ON t.id = p.task_id \
             WHERE p.state IN ('dispatched', 'pulling') AND t.tenant_id = ?",
        );
        let (count,): (i64,) = self.db.one(count.bind(id.as_str())).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Bytes that each tenant fetched on the day of this moment.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn bytes_of_day(&self, now: Millis) -> Result<Vec<(TenantId, u64)>, StoreError> {
        let select = Sql::new("SELECT tenant_id, bytes FROM tenant_usage WHERE day = ?").bind(day_of(now));
        let rows = self.db.all::<(String, i64)>(select).await?;
        let read = |(id, bytes): (String, i64)| (id.into(), u64::try_from(bytes).unwrap_or_default());
        Ok(rows.into_iter().map(read).collect())
    }
}

/// Counts a task that is being saved, unless a quota of its tenant is used up.
pub(super) async fn count_task(tx: &mut Tx, task: &Task, quotas: &Quotas) -> Result<(), StoreError> {
    let day = day_of(task.created_at);
    add(tx, &task.tenant, day, "tasks", 1).await?;
    if quotas.tasks_per_day.is_none() && quotas.bytes_per_day.is_none() {
        return Ok(());
    }
    let used = Sql::new("SELECT tasks, bytes FROM tenant_usage WHERE tenant_id = ? AND day = ?");
    let (tasks, bytes): (i64, i64) = tx.one(used.bind(task.tenant.as_str()).bind(day)).await?;
    let spent = |quota| Err(StoreError::Spent { quota });
    if quotas.tasks_per_day.is_some_and(|most| tasks > i64::from(most)) {
        return spent("tasksPerDay");
    }
    if quotas.bytes_per_day.is_some_and(|most| bytes >= whole(most)) {
        return spent("bytesPerDay");
    }
    Ok(())
}

/// Counts bytes that a tenant fetched on a day.
pub(super) async fn count_bytes(tx: &mut Tx, id: &TenantId, day: i64, bytes: u64) -> Result<(), StoreError> {
    add(tx, id, day, "bytes", whole(bytes)).await
}

/// Adds to a column of the day, which has a row but for the first time.
async fn add(tx: &mut Tx, id: &TenantId, day: i64, column: &str, count: i64) -> Result<(), StoreError> {
    let text = format!("UPDATE tenant_usage SET {column} = {column} + ? WHERE tenant_id = ? AND day = ?");
    let more = Sql::new(text).bind(count).bind(id.as_str()).bind(day);
    if tx.execute(more.clone()).await? > 0 {
        return Ok(());
    }
    let row = [
        ("tenant_id", id.as_str().into()),
        ("day", day.into()),
        ("tasks", 0_i64.into()),
        ("bytes", 0_i64.into()),
    ];
    tx.execute(Sql::insert_new("tenant_usage", &["tenant_id", "day"], row))
        .await?;
    tx.execute(more).await?;
    Ok(())
}

/// The columns that a change may write.
fn changeable(tenant: &Tenant) -> Result<[(&'static str, Value); 7], StoreError> {
    let quotas = &tenant.rules.quotas;
    Ok([
        ("name", (&tenant.name).into()),
        ("node_selector", (&tenant.rules.node_selector).into()),
        ("repositories", patterns(tenant)?.into()),
        ("max_open_pulls", quotas.open_pulls.map(i64::from).into()),
        ("max_tasks_per_day", quotas.tasks_per_day.map(i64::from).into()),
        ("max_bytes_per_day", quotas.bytes_per_day.map(whole).into()),
        ("updated_at", tenant.updated_at.into()),
    ])
}

fn patterns(tenant: &Tenant) -> Result<String, StoreError> {
    let texts: Vec<&str> = tenant
        .rules
        .repositories
        .iter()
        .map(RepositoryPattern::as_str)
        .collect();
    to_json(&texts, "tenants.repositories")
}

/// Sums of bytes stay far below what an integer of the database holds, whatever agents say.
fn whole(bytes: u64) -> i64 {
    const MOST: i64 = 1 << 60;
    i64::try_from(bytes).map_or(MOST, |bytes| bytes.min(MOST))
}
