//! Groups of nodes as JSON.

use crate::domain::node_groups::{Grouping, NodeGroup, NodeGroups};
use serde::Serialize;
use utoipa::ToSchema;

/// Groups of nodes, the largest first and then by value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NodeGroups)]
pub(crate) struct NodeGroupsJson {
    /// As asked.
    #[schema(example = "label:pool")]
    by: String,
    /// The largest ones, at most as many as were asked for.
    groups: Vec<NodeGroupJson>,
    /// How many there are in all.
    group_count: u32,
    /// How many nodes were found.
    total: u32,
}

/// Nodes that have one thing in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NodeGroup)]
pub(crate) struct NodeGroupJson {
    /// What they have in common; left out for the nodes that lack it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    value: Option<String>,
    /// How many they are.
    nodes: u32,
    /// Different values of the label; only with `by=label_keys`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    values: Option<u32>,
    /// Their names; only with `names=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    names: Option<Vec<String>>,
}

impl NodeGroupsJson {
    pub(crate) fn new(found: NodeGroups, asked: &Grouping) -> Self {
        let group = |group: NodeGroup| NodeGroupJson {
            value: group.value,
            nodes: group.nodes,
            values: (group.values > 0).then_some(group.values),
            names: asked
                .with_names
                .then(|| group.names.iter().map(ToString::to_string).collect()),
        };
        Self {
            by: asked.by.to_string(),
            groups: found.groups.into_iter().map(group).collect(),
            group_count: found.group_count,
            total: found.total,
        }
    }
}
