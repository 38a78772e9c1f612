//! Standing policies in the database, with what was removed from their nodes by somebody else.

use super::{
    Store, StoreError,
    changes::changed_one,
    db::violated,
    outbox,
    rows::{from_json, to_json, word},
    sql::{Sql, Value},
};
use crate::domain::{
    Millis,
    event::{Event, digest},
    ids::{NodeName, PolicyId, PullId, TaskId},
    image::ImageRef,
    policy::{Evictions, Following, PastFailure, Policy, PolicySpec, PullEnd, WorkloadSelection},
    pull::PullState,
    tenant::Realm,
};

const COLUMNS: &str = "id, tenant_id, created_by, revision, name, description, library_tag, task_spec, following, cron_expr, time_zone, \
     paused, images, workloads, followed_until, created_at, updated_at";
/// References that one question names.
const AT_A_TIME: usize = 200;

/// A policy whose row cannot be read. It can be removed all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedPolicy {
    /// Id.
    pub id: PolicyId,
    /// The first column that cannot be read.
    pub what: &'static str,
}

/// All policies: one that cannot be read keeps none of the others back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FoundPolicies {
    /// Those that were read.
    pub sound: Vec<Policy>,
    /// Those that were not.
    pub damaged: Vec<DamagedPolicy>,
}

/// Removals of one image from one node by somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEviction {
    /// Node.
    pub node: NodeName,
    /// Image.
    pub image: ImageRef,
    /// When.
    pub evictions: Evictions,
}

/// A pull that has not ended, and the policy whose task it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPull {
    /// Pull.
    pub id: PullId,
    /// Task.
    pub task: TaskId,
    /// Policy of the task.
    pub policy: Option<PolicyId>,
    /// Node.
    pub node: NodeName,
    /// Image.
    pub image: ImageRef,
    /// State.
    pub state: PullState,
}

impl Store {
    /// Saves a new policy.
    ///
    /// # Errors
    /// `Taken` when the tenant has one of this name.
    pub async fn insert_policy(&self, policy: &Policy) -> Result<(), StoreError> {
        let row = [
            ("id", Value::from(policy.id.as_str())),
            ("tenant_id", policy.tenant.as_str().into()),
            ("created_by", (&policy.created_by).into()),
            ("created_at", policy.created_at.into()),
        ];
        let row = row.into_iter().chain(columns(policy, self.epoch_value())?);
        let mut tx = self.begin().await?;
        tx.execute(Sql::insert("policies", row)).await.map_err(taken)?;
        tx.commit().await?;
        Ok(())
    }

    /// Saves a changed policy with what people are told of.
    ///
    /// # Errors
    /// `Taken` when the tenant has another one of this name, `Stale` when it is not as it was read.
    pub async fn update_policy(&self, policy: &Policy, events: &[Event]) -> Result<(), StoreError> {
        let update =
            Sql::update("policies", columns(policy, self.epoch_value())?).push(" WHERE id = ? AND revision = ?");
        let mut tx = self.begin().await?;
        let rows = tx
            .execute(update.bind(policy.id.as_str()).bind(policy.revision))
            .await
            .map_err(taken)?;
        changed_one(rows, || format!("policy {}", policy.id))?;
        for event in events {
            outbox::put(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Removes a policy; its tasks stay. Says whether there was one.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn delete_policy(&self, id: &PolicyId) -> Result<bool, StoreError> {
        self.delete_row("policies", id.as_str()).await
    }

    /// Whether the realm has this policy, also where it cannot be read.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn has_policy(&self, realm: &Realm, id: &PolicyId) -> Result<bool, StoreError> {
        self.has_row("policies", realm, id.as_str()).await
    }

    /// One policy.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn policy(&self, id: &PolicyId) -> Result<Option<Policy>, StoreError> {
        let row = self.db.optional::<PolicyRow>(select("WHERE id = ?").bind(id.as_str()));
        row.await?.map(PolicyRow::read).transpose()
    }

    /// Policies of the realm, newest first, and how many there are; one that cannot be read is counted and left out.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn policies(&self, realm: &Realm, limit: u32, offset: u32) -> Result<(Vec<Policy>, u32), StoreError> {
        let count = Sql::new("SELECT COUNT(*) FROM policies WHERE 1 = 1").within(realm);
        let (total,): (i64,) = self.db.one(count).await?;
        let page = select("WHERE 1 = 1").within(realm);
        let page = page.push(" ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?");
        let found = self.read_policies(page.bind(limit).bind(offset)).await?;
        Ok((found.sound, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// Every policy, by id.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn all_policies(&self) -> Result<FoundPolicies, StoreError> {
        self.read_policies(select("ORDER BY id")).await
    }

    /// What somebody else removed from the nodes of a policy.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn evictions(&self, id: &PolicyId) -> Result<Vec<StoredEviction>, StoreError> {
        let select = Sql::new("SELECT node, image, previous_at, last_at FROM policy_evictions WHERE policy_id = ?");
        let rows: Vec<(String, String, i64, i64)> = self.db.all(select.bind(id.as_str())).await?;
        let read = |(node, image, previous_at, last_at): (String, String, i64, i64)| {
            let image = ImageRef::parse(&image).map_err(|_| StoreError::Damaged {
                what: "policy_evictions.image",
            })?;
            Ok(StoredEviction {
                node: NodeName::from_stored(node),
                image,
                evictions: Evictions { previous_at, last_at },
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Saves removals of a policy with what people are told of; does nothing for a policy that is gone.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn save_evictions(
        &self,
        id: &PolicyId,
        evictions: &[StoredEviction],
        events: &[Event],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let known = Sql::new("SELECT id FROM policies WHERE id = ?").bind(id.as_str());
        if tx.optional::<(String,)>(known.for_update()).await?.is_none() {
            return Ok(());
        }
        for StoredEviction { node, image, evictions } in evictions {
            let row = [
                ("policy_id", id.as_str().into()),
                ("place", digest(&[node.as_str(), image.as_str()]).into()),
                ("node", node.as_str().into()),
                ("image", image.as_str().into()),
                ("previous_at", evictions.previous_at.into()),
                ("last_at", evictions.last_at.into()),
            ];
            tx.execute(Sql::upsert("policy_evictions", &["policy_id", "place"], &[], row))
                .await?;
        }
        for event in events {
            outbox::put(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the removals of a policy.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn forget_evictions(&self, id: &PolicyId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.execute(Sql::new("DELETE FROM policy_evictions WHERE policy_id = ?").bind(id.as_str()))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets removals that lie so far back that they hold up nothing.
    ///
    /// # Errors
    /// Unavailable or deposed.
    pub async fn prune_evictions(&self, before: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.execute(Sql::new("DELETE FROM policy_evictions WHERE last_at < ?").bind(before))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Pulls of these images that have not ended, whoever ordered them.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn open_pulls_of(&self, images: &[ImageRef]) -> Result<Vec<OpenPull>, StoreError> {
        let mut found = vec![];
        for some in images.chunks(AT_A_TIME) {
            let select = Sql::new(
                "SELECT p.id, p.task_id, t.policy_id, p.node, p.image, p.state FROM pulls p JOIN tasks t ON t.id = p.task_id \
                 WHERE p.state IN ('queued', 'dispatched', 'pulling') AND p.image IN ",
            );
            let rows: Vec<OpenPullRow> = self.db.all(select.list(some.iter().map(ImageRef::as_str))).await?;
            for row in rows {
                found.push(row.read()?);
            }
        }
        Ok(found)
    }

    /// Images of a policy whose newest pull on a node ended after this time and failed, with how many of them failed since.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn failures_of(&self, id: &PolicyId, since: Millis) -> Result<Vec<PastFailure>, StoreError> {
        let select = Sql::new(
            "SELECT node, image, state, failure, message, finished_at, times FROM (\
             SELECT p.node, p.image, p.state, p.failure, p.message, p.finished_at, \
             ROW_NUMBER() OVER (PARTITION BY p.node, p.image ORDER BY p.finished_at DESC, p.id DESC) AS place, \
             COUNT(CASE WHEN p.state <> 'succeeded' THEN 1 END) OVER (PARTITION BY p.node, p.image) AS times \
             FROM tasks t JOIN pulls p ON p.task_id = t.id \
             WHERE t.policy_id = ? AND p.state IN ('succeeded', 'failed', 'cancelled') AND p.finished_at > ?) AS ended \
             WHERE place = 1 AND state <> 'succeeded'",
        );
        let rows: Vec<FailureRow> = self.db.all(select.bind(id.as_str()).bind(since)).await?;
        rows.into_iter().map(FailureRow::read).collect()
    }

    /// Tasks of a policy that have not ended.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn open_tasks_of(&self, id: &PolicyId) -> Result<Vec<TaskId>, StoreError> {
        let select = Sql::new("SELECT id FROM tasks WHERE policy_id = ? AND state IN ('pending', 'running', 'paused')");
        let rows: Vec<(String,)> = self.db.all(select.bind(id.as_str())).await?;
        Ok(rows.into_iter().map(|(id,)| TaskId::from_stored(id)).collect())
    }

    /// Ended tasks of a policy beside the newest `count`, at most `limit`.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn ended_tasks_of_beyond(
        &self,
        id: &PolicyId,
        count: u32,
        limit: u32,
    ) -> Result<Vec<TaskId>, StoreError> {
        let select = Sql::new(
            "SELECT id FROM tasks WHERE policy_id = ? AND state IN ('completed', 'failed', 'cancelled') \
             ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
        );
        let rows: Vec<(String,)> = self.db.all(select.bind(id.as_str()).bind(limit).bind(count)).await?;
        Ok(rows.into_iter().map(|(id,)| TaskId::from_stored(id)).collect())
    }

    async fn read_policies(&self, sql: Sql) -> Result<FoundPolicies, StoreError> {
        let mut found = FoundPolicies::default();
        for row in self.db.all::<PolicyRow>(sql).await? {
            let id = PolicyId::from_stored(row.id.clone());
            match row.read() {
                Ok(policy) => found.sound.push(policy),
                Err(StoreError::Damaged { what }) => found.damaged.push(DamagedPolicy { id, what }),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn taken(error: sqlx::Error) -> StoreError {
    match violated(&error) {
        Some(_) => StoreError::Taken { what: "name" },
        None => StoreError::Unavailable(error),
    }
}

/// The columns that change; the revision grows with every write.
fn columns(policy: &Policy, epoch: i64) -> Result<Vec<(&'static str, Value)>, StoreError> {
    let spec = &policy.spec;
    let table = spec.following.timetable();
    let workloads = spec.workloads.as_ref();
    let workloads = workloads.map(|them| to_json(them, "policies.workloads")).transpose()?;
    Ok(vec![
        ("epoch", epoch.into()),
        ("revision", (policy.revision + 1).into()),
        ("name", (&spec.name).into()),
        ("description", (&spec.description).into()),
        ("library_tag", (&spec.library_tag).into()),
        ("workloads", workloads.as_deref().into()),
        ("task_spec", to_json(&spec.task, "policies.task_spec")?.into()),
        ("following", spec.following.mode().into()),
        ("cron_expr", table.map_or("", |table| table.expression()).into()),
        ("time_zone", table.map_or("", |table| table.zone().name()).into()),
        ("paused", policy.paused.as_deref().into()),
        ("images", to_json(&policy.images, "policies.images")?.into()),
        ("followed_until", policy.followed_until.into()),
        ("updated_at", policy.updated_at.into()),
    ])
}

fn select(condition: &str) -> Sql {
    Sql::new(format!("SELECT {COLUMNS} FROM policies {condition}"))
}

#[derive(Debug, sqlx::FromRow)]
struct PolicyRow {
    id: String,
    tenant_id: String,
    created_by: String,
    revision: i64,
    name: String,
    description: String,
    library_tag: String,
    task_spec: String,
    following: String,
    cron_expr: String,
    time_zone: String,
    paused: Option<String>,
    images: String,
    workloads: Option<String>,
    followed_until: i64,
    created_at: i64,
    updated_at: i64,
}

impl PolicyRow {
    fn read(self) -> Result<Policy, StoreError> {
        let following = Following::from_stored(&self.following, &self.cron_expr, &self.time_zone);
        let spec = PolicySpec {
            name: self.name,
            description: self.description,
            library_tag: self.library_tag,
            workloads: self.workloads.as_deref().map(read_workloads).transpose()?,
            task: from_json(&self.task_spec, "policies.task_spec")?,
            following: following.ok_or(StoreError::Damaged {
                what: "policies.following",
            })?,
        };
        Ok(Policy {
            id: PolicyId::from_stored(self.id),
            tenant: self.tenant_id.into(),
            spec,
            paused: self.paused,
            images: from_json(&self.images, "policies.images")?,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            followed_until: self.followed_until,
            revision: self.revision,
        })
    }
}

fn read_workloads(text: &str) -> Result<WorkloadSelection, StoreError> {
    from_json(text, "policies.workloads")
}

#[derive(Debug, sqlx::FromRow)]
struct FailureRow {
    node: String,
    image: String,
    state: String,
    failure: Option<String>,
    message: String,
    finished_at: i64,
    times: i64,
}

impl FailureRow {
    fn read(self) -> Result<PastFailure, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        let state = PullState::parse(&self.state).ok_or(damaged("pulls.state"))?;
        let failure = word(self.failure, "pulls.failure")?;
        Ok(PastFailure {
            node: NodeName::from_stored(self.node),
            image: ImageRef::parse(&self.image).map_err(|_| damaged("pulls.image"))?,
            end: PullEnd::of(state, failure, &self.message),
            times: u32::try_from(self.times).unwrap_or(u32::MAX),
            at: self.finished_at,
        })
    }
}

#[derive(Debug, sqlx::FromRow)]
struct OpenPullRow {
    id: String,
    task_id: String,
    policy_id: Option<String>,
    node: String,
    image: String,
    state: String,
}

impl OpenPullRow {
    fn read(self) -> Result<OpenPull, StoreError> {
        let damaged = |what| StoreError::Damaged { what };
        Ok(OpenPull {
            id: PullId::from_stored(self.id),
            task: TaskId::from_stored(self.task_id),
            policy: self.policy_id.map(PolicyId::from_stored),
            node: NodeName::from_stored(self.node),
            image: ImageRef::parse(&self.image).map_err(|_| damaged("pulls.image"))?,
            state: PullState::parse(&self.state).ok_or(damaged("pulls.state"))?,
        })
    }
}
