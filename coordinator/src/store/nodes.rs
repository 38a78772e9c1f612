//! Nodes in the database.

use super::{
    Store, StoreError,
    bulk::{
        Bulk, Columns,
        Kind::{Int, Key, Text},
    },
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

/// A row, as [`save`] sends it.
const ROW: Columns = &[
    ("name", Key),
    ("uid", Text),
    ("runtime_uuid", Text),
    ("labels", Text),
    ("platform", Text),
    ("agent_version", Text),
    ("runtime_name", Text),
    ("runtime_version", Text),
    ("max_concurrent_pulls", Int),
    ("first_seen_at", Int),
    ("last_seen_at", Int),
];

/// Saves nodes that are new or have changed; when one was seen first stays.
pub(super) async fn save<'a>(tx: &mut Tx, nodes: impl Iterator<Item = &'a Node>) -> Result<(), StoreError> {
    let mut rows = Bulk::new("nodes", ROW);
    for node in nodes {
        rows.row([
            node.name.as_str().into(),
            (&node.uid).into(),
            (&node.runtime_uuid).into(),
            to_json(&node.plain_labels(), "nodes.labels")?.into(),
            to_json(&node.platform, "nodes.platform")?.into(),
            node.agent_version.as_ref().into(),
            node.runtime_name.as_ref().into(),
            node.runtime_version.as_ref().into(),
            node.max_concurrent_pulls.into(),
            node.first_seen_at.into(),
            node.last_seen_at.into(),
        ]);
    }
    rows.upsert(tx, &["name"], &["first_seen_at"]).await?;
    Ok(())
}
