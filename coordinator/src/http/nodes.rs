//! Nodes.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::node::{NodeJson, NodePageJson},
    error::{ApiError, ErrorJson},
    extract::{Params, PathText},
    page::PageRule,
};
use crate::{
    domain::{caller::Caller, ids::NodeName, selection::Selection},
    engine::{
        Engine,
        views::{NodeView, PageRequest},
    },
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

const PAGES: PageRule = PageRule {
    default: 100,
    max: 1000,
};

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListNodes {
    /// 1 to 1000, default 100; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Nodes to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Conditions on labels in Kubernetes' syntax; all must hold.
    #[param(example = "pool in (gpu,cpu),zone=a,!spot")]
    selector: Option<String>,
}

/// Lists nodes by name.
#[utoipa::path(get, path = "/api/v1/nodes", tag = "nodes", params(ListNodes), responses(
    (status = 200, description = "A part of the list", body = NodePageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_nodes(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListNodes>,
) -> Result<Json<NodePageJson>, ApiError> {
    let selector = Selection::parse_labels("selector", query.selector.as_deref().unwrap_or(""))?;
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let found = state.engine.of(&caller).nodes(&selector, asked).await;
    Ok(Json(NodePageJson::new(&found, asked)))
}

/// One node with its images.
#[utoipa::path(get, path = "/api/v1/nodes/{name}", tag = "nodes", params(("name" = String, Path)), responses(
    (status = 200, description = "The node", body = NodeJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_node(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(name): PathText,
) -> Result<Json<NodeJson>, ApiError> {
    let name = NodeName::parse(&name).map_err(|_| ApiError::no_node(&name))?;
    let detail = state.engine.of(&caller).node(&name).await?;
    Ok(Json((&detail).into()))
}

/// All nodes, page by page.
pub(super) async fn all(engine: &Engine) -> Vec<NodeView> {
    let mut nodes = Vec::new();
    loop {
        let offset = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        let limit = PAGES.max;
        let page = engine.nodes(&Selection::default(), PageRequest { limit, offset }).await;
        let is_last = page.items.is_empty();
        nodes.extend(page.items);
        if is_last || nodes.len() >= page.total as usize {
            return nodes;
        }
    }
}
