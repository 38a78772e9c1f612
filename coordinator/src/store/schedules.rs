//! Schedules in the database, and the one transaction that changes a schedule together with its executions.

use super::{
    Store, StoreError,
    changes::changed_one,
    db::Tx,
    executions, outbox,
    rows::{from_json, to_json, to_u32},
    sql::{Sql, Value},
};
use crate::domain::{
    Millis,
    cron::Timetable,
    event::Event,
    execution::{Execution, ExecutionState},
    ids::ScheduleId,
    schedule::{MissedRuns, OverlapPolicy, Schedule, ScheduleOrder, ScheduleSpec},
    tenant::Realm,
};

const COLUMNS: &str = "id, tenant_id, created_by, revision, name, description, cron_expr, time_zone, enabled, task_spec, overlap_policy, \
     timeout_seconds, missed_runs, anchor, dealt_until, next_due_at, pruned_until, last_execution_at, created_at, updated_at";

/// Schedules that are read at a time when many are due.
const DUE_AT_A_TIME: u32 = 100;

/// Which schedules, and in which order.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleQuery<'a> {
    /// Whose.
    pub realm: &'a Realm,
    /// Only those that are switched on, or off.
    pub enabled: Option<bool>,
    /// Order.
    pub order: ScheduleOrder,
}

/// What is written together or not at all.
#[derive(Debug, Default)]
pub struct ScheduleStep<'a> {
    /// The schedule, compared by its revision.
    pub schedule: Option<&'a Schedule>,
    /// An execution that is new; it takes its slot.
    pub new: Option<&'a Execution>,
    /// Executions that were in these states and are now like this.
    pub changed: &'a [(ExecutionState, Execution)],
    /// What people are told of.
    pub events: &'a [Event],
}

/// A schedule with the time that the store has as its next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSchedule {
    /// Record.
    pub schedule: Schedule,
    /// When the store will show it as due.
    pub next_due_at: Option<Millis>,
}

/// A schedule whose row cannot be read. It can be removed all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedSchedule {
    /// Id.
    pub id: ScheduleId,
    /// The first column that cannot be read.
    pub what: &'static str,
}

/// Some schedules: one that cannot be read keeps none of the others back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FoundSchedules {
    /// Those that were read.
    pub sound: Vec<StoredSchedule>,
    /// Those that were not.
    pub damaged: Vec<DamagedSchedule>,
}

impl Store {
    /// Saves a new schedule.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn insert_schedule(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let row = [
            ("id", Value::from(schedule.id.as_str())),
            ("tenant_id", schedule.tenant.as_str().into()),
            ("created_by", (&schedule.created_by).into()),
            ("created_at", schedule.created_at.into()),
        ];
        let row = row.into_iter().chain(columns(schedule, self.epoch_value())?);
        tx.execute(Sql::insert("schedules", row)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes all of a step or nothing, and gives the number of the new execution.
    ///
    /// # Errors
    /// `Stale` when the schedule or an execution is not as it was read, `Taken` when the slot of the new execution is.
    pub async fn schedule_step(&self, step: ScheduleStep<'_>) -> Result<Option<i64>, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(schedule) = step.schedule {
            update(&mut tx, schedule, self.epoch_value()).await?;
        }
        for (from, execution) in step.changed {
            executions::update(&mut tx, *from, execution, self.epoch_value()).await?;
        }
        let number = match step.new {
            Some(execution) => {
                let tenant = step.schedule.map(|schedule| &schedule.tenant);
                Some(executions::insert(&mut tx, tenant, execution, self.epoch_value()).await?)
            }
            None => None,
        };
        for event in step.events {
            outbox::put(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(number)
    }

    /// Removes a schedule with its history; says whether there was one.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn delete_schedule(&self, id: &ScheduleId) -> Result<bool, StoreError> {
        self.delete_row("schedules", id.as_str()).await
    }

    /// Whether the realm has this schedule, also where it cannot be read.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn has_schedule(&self, realm: &Realm, id: &ScheduleId) -> Result<bool, StoreError> {
        self.has_row("schedules", realm, id.as_str()).await
    }

    /// One schedule.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn schedule(&self, id: &ScheduleId) -> Result<Option<Schedule>, StoreError> {
        let row = self
            .db
            .optional::<ScheduleRow>(select("WHERE id = ?").bind(id.as_str()))
            .await?;
        Ok(row.map(ScheduleRow::read).transpose()?.map(|stored| stored.schedule))
    }

    /// Schedules that match, and how many there are; one that cannot be read is counted and left out.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn schedules(
        &self,
        query: ScheduleQuery<'_>,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Schedule>, u32), StoreError> {
        let count = matching(Sql::new("SELECT COUNT(*) FROM schedules WHERE 1 = 1"), query);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = matching(select("WHERE 1 = 1"), query);
        let page = page.push(order(query.order)).push(" LIMIT ? OFFSET ?");
        let found = self.read(page.bind(limit).bind(offset)).await?;
        let schedules = found.sound.into_iter().map(|stored| stored.schedule).collect();
        Ok((schedules, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// Every schedule that is switched on, with the time that the store has as its next.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn enabled_schedules(&self) -> Result<FoundSchedules, StoreError> {
        self.read(select("WHERE enabled = 1 ORDER BY id")).await
    }

    /// Schedules that are switched on and due, or whose clock was ahead; the longest due first, some at a time. `except` are known to be
    /// damaged.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn due_schedules(&self, now: Millis, except: &[DamagedSchedule]) -> Result<FoundSchedules, StoreError> {
        let due = select("WHERE enabled = 1 AND (next_due_at <= ? OR dealt_until > ?)");
        let due = beside(due.bind(now).bind(now), except).push(" ORDER BY next_due_at, id LIMIT ?");
        self.read(due.bind(DUE_AT_A_TIME)).await
    }

    /// When the next schedule is due, beside those that are known to be damaged.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn next_due_at(&self, except: &[DamagedSchedule]) -> Result<Option<Millis>, StoreError> {
        let next = Sql::new("SELECT MIN(next_due_at) FROM schedules WHERE enabled = 1");
        let (next,): (Option<i64>,) = self.db.one(beside(next, except)).await?;
        Ok(next)
    }

    /// How many schedules are switched on, and how many off.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn schedule_counts(&self) -> Result<(u32, u32), StoreError> {
        let rows: Vec<(i64, i64)> = self
            .db
            .all(Sql::new("SELECT enabled, COUNT(*) FROM schedules GROUP BY enabled"))
            .await?;
        let count = |enabled| {
            let found = rows.iter().find(|(is_enabled, _)| *is_enabled == enabled);
            found.map_or(0, |(_, count)| u32::try_from(*count).unwrap_or(u32::MAX))
        };
        Ok((count(1), count(0)))
    }

    /// Damages a schedule as a bad disk or a hand in the database would.
    #[cfg(test)]
    pub async fn damage_schedule(&self, id: &ScheduleId, cron_expr: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let update = Sql::new("UPDATE schedules SET cron_expr = ? WHERE id = ?");
        tx.execute(update.bind(cron_expr).bind(id.as_str())).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn read(&self, sql: Sql) -> Result<FoundSchedules, StoreError> {
        let mut found = FoundSchedules::default();
        for row in self.db.all::<ScheduleRow>(sql).await? {
            let id = ScheduleId::from_stored(row.id.clone());
            match row.read() {
                Ok(stored) => found.sound.push(stored),
                Err(StoreError::Damaged { what }) => found.damaged.push(DamagedSchedule { id, what }),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn matching(sql: Sql, query: ScheduleQuery<'_>) -> Sql {
    let sql = sql.within(query.realm);
    match query.enabled {
        Some(enabled) => sql.push(" AND enabled = ?").bind(i64::from(enabled)),
        None => sql,
    }
}

fn order(order: ScheduleOrder) -> &'static str {
    match order {
        ScheduleOrder::Newest => " ORDER BY created_at DESC, id DESC",
        // Those that are never due come last, whatever a database thinks of NULL.
        ScheduleOrder::Next => " ORDER BY CASE WHEN next_due_at IS NULL THEN 1 ELSE 0 END, next_due_at, id",
    }
}

fn beside(sql: Sql, except: &[DamagedSchedule]) -> Sql {
    if except.is_empty() {
        return sql;
    }
    sql.push(" AND id NOT IN ")
        .list(except.iter().map(|damaged| damaged.id.as_str()))
}

async fn update(tx: &mut Tx, schedule: &Schedule, epoch: i64) -> Result<(), StoreError> {
    let sql = Sql::update("schedules", columns(schedule, epoch)?).push(" WHERE id = ? AND revision = ?");
    let rows = tx
        .execute(sql.bind(schedule.id.as_str()).bind(schedule.revision))
        .await?;
    changed_one(rows, || format!("schedule {}", schedule.id))
}

/// The columns that change; the revision grows with every write.
fn columns(schedule: &Schedule, epoch: i64) -> Result<Vec<(&'static str, Value)>, StoreError> {
    let spec = &schedule.spec;
    Ok(vec![
        ("epoch", epoch.into()),
        ("revision", (schedule.revision + 1).into()),
        ("name", (&spec.name).into()),
        ("description", (&spec.description).into()),
        ("cron_expr", spec.timetable.expression().into()),
        ("time_zone", spec.timetable.zone().name().into()),
        ("enabled", i64::from(spec.enabled).into()),
        ("task_spec", to_json(&spec.task, "schedules.task_spec")?.into()),
        ("overlap_policy", spec.overlap.as_str().into()),
        ("timeout_seconds", i64::from(spec.timeout_seconds).into()),
        ("missed_runs", spec.missed_runs.as_str().into()),
        ("anchor", schedule.anchor.into()),
        ("dealt_until", schedule.cursor.into()),
        ("next_due_at", schedule.next_due().into()),
        ("pruned_until", schedule.pruned_until.into()),
        ("last_execution_at", schedule.last_execution_at.into()),
        ("updated_at", schedule.updated_at.into()),
    ])
}

fn select(condition: &str) -> Sql {
    Sql::new(format!("SELECT {COLUMNS} FROM schedules {condition}"))
}

#[derive(Debug, sqlx::FromRow)]
struct ScheduleRow {
    id: String,
    tenant_id: String,
    created_by: String,
    revision: i64,
    name: String,
    description: String,
    cron_expr: String,
    time_zone: String,
    enabled: i64,
    task_spec: String,
    overlap_policy: String,
    timeout_seconds: i64,
    missed_runs: String,
    anchor: i64,
    dealt_until: i64,
    next_due_at: Option<i64>,
    pruned_until: i64,
    last_execution_at: i64,
    created_at: i64,
    updated_at: i64,
}

impl ScheduleRow {
    fn read(self) -> Result<StoredSchedule, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        let spec = ScheduleSpec {
            name: self.name,
            description: self.description,
            timetable: Timetable::parse(&self.cron_expr, Some(&self.time_zone))
                .map_err(|_| damaged("schedules.cron_expr"))?,
            enabled: self.enabled != 0,
            task: from_json(&self.task_spec, "schedules.task_spec")?,
            overlap: OverlapPolicy::parse(&self.overlap_policy).ok_or(damaged("schedules.overlap_policy"))?,
            timeout_seconds: to_u32(self.timeout_seconds, "schedules.timeout_seconds")?,
            missed_runs: MissedRuns::parse(&self.missed_runs).ok_or(damaged("schedules.missed_runs"))?,
        };
        let schedule = Schedule {
            id: ScheduleId::from_stored(self.id),
            tenant: self.tenant_id.into(),
            spec,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            anchor: self.anchor,
            cursor: self.dealt_until,
            pruned_until: self.pruned_until,
            last_execution_at: self.last_execution_at,
            revision: self.revision,
        };
        Ok(StoredSchedule {
            schedule,
            next_due_at: self.next_due_at,
        })
    }
}
