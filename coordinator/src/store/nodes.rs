//! Nodes in the database.

use super::{Store, StoreError, rows::NodeRow};
use crate::domain::node::Node;

impl Store {
    /// Every node that has ever said hello, by name.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn nodes(&self) -> Result<Vec<Node>, StoreError> {
        let rows: Vec<NodeRow> = sqlx::query_as(
            "SELECT name, uid, runtime_uuid, labels, platform, agent_version, runtime_name, runtime_version, \
             max_concurrent_pulls, first_seen_at, last_seen_at FROM nodes ORDER BY name",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(NodeRow::into_node).collect()
    }
}
