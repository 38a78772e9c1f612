//! Pulls in the database.

use super::{Store, StoreError, rows::PullRow};
use crate::domain::{
    ids::{NodeName, PullId, TaskId},
    pull::{Pull, PullState},
};
use sqlx::{QueryBuilder, Sqlite};

const COLUMNS: &str = "id, task_id, node, image, image_index, state, attempt, retries, not_before, success, failure, message, \
     digests, digest_verified, bytes, started_at, finished_at";

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

impl Store {
    /// One pull.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn pull(&self, id: &PullId) -> Result<Option<Pull>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM pulls WHERE id = "));
        query.push_bind(id.as_str().to_owned());
        query
            .build_query_as::<PullRow>()
            .fetch_optional(&self.readers)
            .await?
            .map(PullRow::into_pull)
            .transpose()
    }

    /// Pulls of a task by node, then image, and how many match.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn pulls(&self, which: PullQuery<'_>, limit: u32, offset: u32) -> Result<(Vec<Pull>, u32), StoreError> {
        let mut count = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM pulls");
        push_filter(&mut count, which);
        let total: i64 = count.build_query_scalar().fetch_one(&self.readers).await?;
        let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM pulls"));
        push_filter(&mut query, which);
        query.push(" ORDER BY node, image_index LIMIT ").push_bind(limit);
        query.push(" OFFSET ").push_bind(offset);
        let rows = query.build_query_as::<PullRow>().fetch_all(&self.readers).await?;
        let pulls = rows.into_iter().map(PullRow::into_pull).collect::<Result<_, _>>()?;
        Ok((pulls, u32::try_from(total).unwrap_or(u32::MAX)))
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
        Ok(self.pulls(which, u32::MAX, 0).await?.0)
    }

    /// How many pulls of a task each node has in each state.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn pull_tallies(&self, task: &TaskId) -> Result<Vec<(NodeName, PullState, u32)>, StoreError> {
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT node, state, COUNT(*) FROM pulls WHERE task_id = $1 GROUP BY node, state")
                .bind(task.as_str())
                .fetch_all(&self.readers)
                .await?;
        rows.into_iter()
            .map(|(node, state, count)| {
                let state = PullState::parse(&state).ok_or(StoreError::Damaged { what: "pulls.state" })?;
                Ok((
                    NodeName::from_stored(node),
                    state,
                    u32::try_from(count).unwrap_or(u32::MAX),
                ))
            })
            .collect()
    }
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, which: PullQuery<'_>) {
    query
        .push(" WHERE task_id = ")
        .push_bind(which.task.as_str().to_owned());
    if let Some(node) = which.node {
        query.push(" AND node = ").push_bind(node.to_owned());
    }
    if let Some(image) = which.image {
        query.push(" AND image = ").push_bind(image.to_owned());
    }
    if !which.states.is_empty() {
        query.push(" AND state IN (");
        let mut list = query.separated(", ");
        for state in which.states {
            list.push_bind(state.as_str());
        }
        query.push(")");
    }
}
