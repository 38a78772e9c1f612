//! Nodes in the database.

use super::{
    Store, StoreError,
    db::Tx,
    rows::{NodeRow, to_json},
    sql::Sql,
};
use crate::domain::node::Node;

impl Store {
    /// Every node that has ever said hello, by name.
    ///
    /// # Errors
    /// Unavailable or damaged.
    pub async fn nodes(&self) -> Result<Vec<Node>, StoreError> {
        let select = Sql::new(
            "SELECT name, uid, runtime_uuid, labels, platform, agent_version, runtime_name, runtime_version, \
             max_concurrent_pulls, first_seen_at, last_seen_at FROM nodes ORDER BY name",
        );
        let rows = self.db.all::<NodeRow>(select).await?;
        rows.into_iter().map(NodeRow::into_node).collect()
    }
}

/// Saves a node that is new or has changed; when it was seen first stays.
pub(super) async fn save(tx: &mut Tx, node: &Node) -> Result<(), StoreError> {
    let row = [
        ("name", node.name.as_str().into()),
        ("uid", (&node.uid).into()),
        ("runtime_uuid", (&node.runtime_uuid).into()),
        ("labels", to_json(&node.labels, "nodes.labels")?.into()),
        ("platform", to_json(&node.platform, "nodes.platform")?.into()),
        ("agent_version", (&node.agent_version).into()),
        ("runtime_name", (&node.runtime_name).into()),
        ("runtime_version", (&node.runtime_version).into()),
        ("max_concurrent_pulls", node.max_concurrent_pulls.into()),
        ("first_seen_at", node.first_seen_at.into()),
        ("last_seen_at", node.last_seen_at.into()),
    ];
    tx.execute(Sql::upsert("nodes", &["name"], &["first_seen_at"], row))
        .await?;
    Ok(())
}
