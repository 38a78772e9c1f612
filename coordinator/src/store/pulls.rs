//! Pulls in the database.

use super::{
    Store, StoreError,
    bulk::{
        Bulk, Columns,
        Kind::{Int, Key, Text},
    },
    rows::{PullRow, to_json},
    sql::Sql,
};
use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    image::ImageRef,
    pull::{Pull, PullState},
    tenant::Realm,
};

const COLUMNS: &str = "id, task_id, node, image, image_index, state, attempt, retries, not_before, success, failure, message, \
     digests, digest_verified, bytes, started_at, finished_at";

/// A new row, as [`inserts`] sends it.
const NEW: Columns = &[
    ("id", Key),
    ("task_id", Key),
    ("epoch", Int),
    ("node", Key),
    ("image", Text),
    ("image_index", Int),
    ("state", Key),
    ("attempt", Int),
    ("retries", Int),
    ("not_before", Int),
    ("success", Key),
    ("failure", Key),
    ("message", Text),
    ("digests", Text),
    ("digest_verified", Int),
    ("bytes", Text),
    ("started_at", Int),
    ("finished_at", Int),
];

/// A changed row, as [`updates`] sends it: what it is compared by, then what it becomes.
const UPDATED: Columns = &[
    ("id", Key),
    ("from_state", Key),
    ("from_attempt", Int),
    ("epoch", Int),
    ("state", Key),
    ("attempt", Int),
    ("retries", Int),
    ("not_before", Int),
    ("success", Key),
    ("failure", Key),
    ("message", Text),
    ("digests", Text),
    ("digest_verified", Int),
    ("bytes", Text),
    ("started_at", Int),
    ("finished_at", Int),
];

/// What a transition may change.
pub(super) const CHANGED: &[&str] = &[
    "epoch",
    "state",
    "attempt",
    "retries",
    "not_before",
    "success",
    "failure",
    "message",
    "digests",
    "digest_verified",
    "bytes",
    "started_at",
    "finished_at",
];

/// The row is where the engine left it.
pub(super) const FITS: &str = "pulls.id = v.id AND pulls.state = v.from_state AND pulls.attempt = v.from_attempt";

/// Which pulls of a task.
#[derive(Debug, Clone, Copy)]
pub struct PullQuery<'a> {
    /// Task.
    pub task: &'a TaskId,
    /// On this node.
    pub node: Option<&'a str>,
    /// Of this reference.
    pub image: Option<&'a str>,
    /// In one of these states; empty means all.
    pub states: &'a [PullState],
}

/// Which pulls of a node.
#[derive(Debug, Clone, Copy)]
pub struct NodePullQuery<'a> {
    /// Whose tasks.
    pub realm: &'a Realm,
    /// Node.
    pub node: &'a str,
    /// Of this reference.
    pub image: Option<&'a str>,
    /// In one of these states; empty means all.
    pub states: &'a [PullState],
}

/// Tasks whose pulls are looked at for one node, the newest.
const TASKS_OF_NODE: u32 = 1000;

impl Store {
    /// One pull.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn pull(&self, id: &PullId) -> Result<Option<Pull>, StoreError> {
        let select = select("WHERE id = ?").bind(id.as_str());
        let row = self.db.optional::<PullRow>(select).await?;
        row.map(PullRow::into_pull).transpose()
    }

    /// Pulls of a task by node, then image.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn pulls(&self, which: PullQuery<'_>, limit: u32, offset: u32) -> Result<Vec<Pull>, StoreError> {
        let page = ordered(which);
        let page = page.push(" ORDER BY node, image_index LIMIT ? OFFSET ?");
        let rows = self.db.all::<PullRow>(page.bind(limit).bind(offset)).await?;
        rows.into_iter().map(PullRow::into_pull).collect()
    }

    /// Pulls of a node and how many there are, of the newest tasks: the newest task first, then by image.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn node_pulls(
        &self,
        which: NodePullQuery<'_>,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Pull>, u32), StoreError> {
        let (total,): (i64,) = self.db.one(of_node("COUNT(*)", which)).await?;
        let columns = COLUMNS.split(", ").map(|column| format!("pulls.{column}"));
        let page = of_node(&columns.collect::<Vec<_>>().join(", "), which)
            .push(" ORDER BY newest.created_at DESC, pulls.task_id DESC, pulls.image_index LIMIT ? OFFSET ?");
        let rows = self.db.all::<PullRow>(page.bind(limit).bind(offset)).await?;
        let pulls = rows.into_iter().map(PullRow::into_pull).collect::<Result<_, _>>()?;
        Ok((pulls, u32::try_from(total).unwrap_or(u32::MAX)))
    }

    /// How many pulls match. Goes through all of them: a task's record says how many it has.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn count_pulls(&self, which: PullQuery<'_>) -> Result<u32, StoreError> {
        let count = filtered(Sql::new("SELECT COUNT(*) FROM pulls"), which);
        let (total,): (i64,) = self.db.one(count).await?;
        Ok(u32::try_from(total).unwrap_or(u32::MAX))
    }

    /// The pulls of a task that have not ended.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn open_pulls(&self, task: &TaskId) -> Result<Vec<Pull>, StoreError> {
        let states = [PullState::Queued, PullState::Dispatched, PullState::Pulling];
        let which = PullQuery {
            task,
            node: None,
            image: None,
            states: &states,
        };
        self.pulls(which, u32::MAX, 0).await
    }

    /// Every image of a task on every node of it.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn places_of_task(&self, task: &TaskId) -> Result<Vec<(NodeName, ImageRef)>, StoreError> {
        let which = PullQuery {
            task,
            node: None,
            image: None,
            states: &[],
        };
        let pulls = self.pulls(which, u32::MAX, 0).await?;
        Ok(pulls.into_iter().map(|pull| (pull.node, pull.image)).collect())
    }

    /// How many pulls of a task each node has in each state.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn pull_tallies(&self, task: &TaskId) -> Result<Vec<(NodeName, PullState, u32)>, StoreError> {
        let select = Sql::new("SELECT node, state, COUNT(*) FROM pulls WHERE task_id = ? GROUP BY node, state");
        let rows = self.db.all::<(String, String, i64)>(select.bind(task.as_str())).await?;
        rows.into_iter()
            .map(|(node, state, count)| {
                let state = PullState::parse(&state).ok_or(StoreError::Damaged { what: "pulls.state" })?;
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                Ok((NodeName::from_stored(node), state, count))
            })
            .collect()
    }
}

/// Reads what `columns` names of a node's pulls. By task, as the index has them: there is none by node.
fn of_node(columns: &str, which: NodePullQuery<'_>) -> Sql {
    let newest = Sql::new(format!(
        "SELECT {columns} FROM (SELECT id, created_at FROM tasks WHERE 1 = 1"
    ));
    let newest = newest
        .within(which.realm)
        .push(" ORDER BY created_at DESC, id DESC LIMIT ?");
    let mut sql = newest
        .bind(TASKS_OF_NODE)
        .push(") newest JOIN pulls ON pulls.task_id = newest.id WHERE pulls.node = ?")
        .bind(which.node);
    if let Some(image) = which.image {
        sql = sql.push(" AND pulls.image = ?").bind(image);
    }
    if !which.states.is_empty() {
        let words = which.states.iter().map(|state| state.as_str());
        sql = sql.push(" AND pulls.state IN ").list(words);
    }
    sql
}

/// Reads the pulls that match so that an index gives their order. Each state is read by itself: a database that is asked for several
/// at once goes through all of the task's pulls, to have them in order.
fn ordered(which: PullQuery<'_>) -> Sql {
    if which.states.len() < 2 {
        return filtered(select(""), which);
    }
    let of = |sql: Sql, state| {
        let states = std::slice::from_ref(state);
        filtered(sql, PullQuery { states, ..which })
    };
    let mut arms = which.states.iter();
    let first = arms.next().map_or_else(Sql::default, |state| of(select(""), state));
    arms.fold(first, |sql, state| {
        of(sql.push(" UNION ALL ").push(&selection("")), state)
    })
}

/// Reads [`PullRow`]s.
pub(super) fn select(condition: &str) -> Sql {
    Sql::new(selection(condition))
}

fn selection(condition: &str) -> String {
    format!("SELECT {COLUMNS} FROM pulls {condition}")
}

/// New pulls.
pub(super) fn inserts(pulls: &[Pull], epoch: i64) -> Result<Bulk, StoreError> {
    let mut rows = Bulk::new("pulls", NEW);
    for pull in pulls {
        rows.row([
            pull.id.as_str().into(),
            pull.task.as_str().into(),
            epoch.into(),
            pull.node.as_str().into(),
            pull.image.as_str().into(),
            pull.image_index.into(),
            pull.state.as_str().into(),
            pull.attempt.into(),
            pull.retries.into(),
            pull.not_before.into(),
            pull.success.map(|reason| reason.as_str()).into(),
            pull.failure.map(|reason| reason.as_str()).into(),
            (&pull.message).into(),
            to_json(pull.digests(), "pulls.digests")?.into(),
            pull.digest_verified.into(),
            to_json(&pull.bytes, "pulls.bytes")?.into(),
            pull.started_at.into(),
            pull.finished_at.into(),
        ]);
    }
    Ok(rows)
}

/// Pulls that were in a state at an attempt, and what they are now; in the order of their ids, which is that of the table's pages.
pub(super) fn updates<'a>(
    changes: impl Iterator<Item = ((PullState, u32), &'a Pull)>,
    epoch: i64,
) -> Result<Bulk, StoreError> {
    let mut changes = changes.collect::<Vec<_>>();
    changes.sort_unstable_by(|(_, one), (_, other)| one.id.as_str().cmp(other.id.as_str()));
    let mut rows = Bulk::new("pulls", UPDATED);
    for ((from_state, from_attempt), pull) in changes {
        rows.row([
            pull.id.as_str().into(),
            from_state.as_str().into(),
            from_attempt.into(),
            epoch.into(),
            pull.state.as_str().into(),
            pull.attempt.into(),
            pull.retries.into(),
            pull.not_before.into(),
            pull.success.map(|reason| reason.as_str()).into(),
            pull.failure.map(|reason| reason.as_str()).into(),
            (&pull.message).into(),
            to_json(pull.digests(), "pulls.digests")?.into(),
            pull.digest_verified.into(),
            to_json(&pull.bytes, "pulls.bytes")?.into(),
            pull.started_at.into(),
            pull.finished_at.into(),
        ]);
    }
    Ok(rows)
}

fn filtered(sql: Sql, which: PullQuery<'_>) -> Sql {
    let mut sql = sql.push(" WHERE task_id = ?").bind(which.task.as_str());
    if let Some(node) = which.node {
        sql = sql.push(" AND node = ?").bind(node);
    }
    if let Some(image) = which.image {
        sql = sql.push(" AND image = ?").bind(image);
    }
    if !which.states.is_empty() {
        let words = which.states.iter().map(|state| state.as_str());
        sql = sql.push(" AND state IN ").list(words);
    }
    sql
}
