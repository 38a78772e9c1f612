//! Which nodes a task is for, as JSON.

use crate::domain::selection::{ExpressionRequest, Selection};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Names that are shown of a list of nodes, at most.
const MAX_SHOWN: usize = 100;

/// A condition on one label of a node, with the meaning that Kubernetes gives it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NodeExpression)]
pub(crate) struct NodeExpressionJson {
    #[serde(default)]
    #[schema(required, example = "topology.kubernetes.io/zone")]
    key: String,
    #[serde(default)]
    #[schema(required, value_type = OperatorWord)]
    operator: String,
    /// For `In` and `NotIn` only.
    #[serde(default)]
    #[schema(max_items = 100)]
    values: Vec<String>,
}

/// How a label is compared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operator)]
#[expect(dead_code, reason = "describes the words of a field that is read as text")]
pub(crate) enum OperatorWord {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl From<NodeExpressionJson> for ExpressionRequest {
    fn from(json: NodeExpressionJson) -> Self {
        Self {
            key: json.key,
            operator: json.operator,
            values: json.values,
        }
    }
}

/// The conditions that a task's nodes met; each is left out when it was not asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Selection)]
pub(crate) struct SelectionJson {
    /// Labels that its nodes have; left out when every node was meant.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    node_selector: BTreeMap<String, String>,
    /// All other conditions on labels, in Kubernetes' syntax.
    #[serde(skip_serializing_if = "String::is_empty")]
    label_selector: String,
    /// Only these were meant; the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_names: Vec<String>,
    /// How many names there are, where not all are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node_name_count: Option<usize>,
    /// These were not meant; the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exclude_nodes: Vec<String>,
    /// How many names there are, where not all are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exclude_node_count: Option<usize>,
    /// So many of the nodes that matched, as number or percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "25%")]
    max_nodes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "linux/amd64")]
    platform: Option<String>,
}

impl From<&Selection> for SelectionJson {
    fn from(selection: &Selection) -> Self {
        Self {
            node_selector: selection.node_selector.labels().clone(),
            label_selector: selection.label_selector(),
            node_names: first(selection.node_names.iter()),
            node_name_count: if_more(selection.node_names.len()),
            exclude_nodes: first(selection.exclude_nodes.iter()),
            exclude_node_count: if_more(selection.exclude_nodes.len()),
            max_nodes: selection.max_nodes.map(|share| share.to_string()),
            platform: selection.platform.as_ref().map(ToString::to_string),
        }
    }
}

/// The first names of a list that may be long.
pub(crate) fn first<T: ToString>(names: impl Iterator<Item = T>) -> Vec<String> {
    names.take(MAX_SHOWN).map(|name| name.to_string()).collect()
}

fn if_more(count: usize) -> Option<usize> {
    (count > MAX_SHOWN).then_some(count)
}
