//! Nodes counted by what they have in common.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::node_groups::NodeGroupsJson,
    error::{ApiError, ErrorJson},
    extract::Params,
    nodes,
    page::{self, PageRule},
};
use crate::domain::{
    caller::Caller,
    node_groups::{GroupBy, Grouping},
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

const PAGES: PageRule = PageRule {
    default: 100,
    max: 1000,
};

/// Query of the groups.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct GroupNodes {
    /// `label_keys` (a node counts with each key that it has), `label:KEY`, `agent_version`, `runtime`, `platform` or `state`.
    #[param(required, value_type = String, example = "label:pool")]
    by: Option<String>,
    /// Largest number of groups, 1 to 1000, default 100; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Conditions on labels in Kubernetes' syntax; all must hold.
    #[param(example = "pool in (gpu,cpu),zone=a,!spot")]
    selector: Option<String>,
    /// Words that must all be in the name or in a label written as `key=value`, in any case; at most 512 characters.
    q: Option<String>,
    /// Comma list of `ready`, `not_ready`, `draining` and `offline`; all when absent.
    #[param(example = "not_ready,offline")]
    state: Option<String>,
    /// `true`: with the names of the nodes in each group.
    #[param(value_type = Option<bool>)]
    names: Option<String>,
}

/// Counts nodes by what they have in common.
#[utoipa::path(get, path = "/api/v1/node-groups", tag = "nodes", params(GroupNodes), responses(
    (status = 200, description = "The groups", body = NodeGroupsJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn group_nodes(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<GroupNodes>,
) -> Result<Json<NodeGroupsJson>, ApiError> {
    let asked = Grouping {
        by: GroupBy::parse(query.by.as_deref().unwrap_or_default())?,
        limit: PAGES.read(query.limit.as_deref(), None)?.limit,
        with_names: page::flag("names", query.names.as_deref())?.unwrap_or(false),
    };
    let filter = nodes::filter(&query.selector, &query.q, &query.state)?;
    let found = state.engine.of(&caller).node_groups(&filter, &asked).await;
    Ok(Json(NodeGroupsJson::new(found, &asked)))
}
