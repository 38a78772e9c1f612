//! Nodes.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::{
        node::{NodeJson, NodePageJson},
        pull::PullPageJson,
    },
    error::{ApiError, ErrorJson},
    extract::{Params, PathText},
    page::{self, PageRule},
};
use crate::{
    domain::{
        caller::Caller,
        ids::NodeName,
        node_list::{NodeOrder, NodeState},
        pull::PullState,
        selection::Selection,
        task_list::search_text,
    },
    engine::{
        Engine,
        views::{NodeFilter, NodeView, PageRequest, PullFilter},
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
    /// Words that must all be in the name or in a label written as `key=value`, in any case; at most 512 characters.
    q: Option<String>,
    /// Comma list of `ready`, `not_ready`, `draining` and `offline`; all when absent.
    #[param(example = "not_ready,offline")]
    state: Option<String>,
    /// `name` (default), `state` (what needs attention first), `disk` (the fullest first), `pulls` (the busiest first) or `images` (the
    /// fewest first).
    sort: Option<String>,
}

/// Lists nodes.
#[utoipa::path(get, path = "/api/v1/nodes", tag = "nodes", params(ListNodes), responses(
    (status = 200, description = "A part of the list", body = NodePageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_nodes(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListNodes>,
) -> Result<Json<NodePageJson>, ApiError> {
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let filter = NodeFilter {
        order: NodeOrder::parse(query.sort.as_deref().unwrap_or_default())?,
        ..filter(&query.selector, &query.q, &query.state)?
    };
    let found = state.engine.of(&caller).nodes(&filter, asked).await;
    Ok(Json(NodePageJson::new(&found, asked)))
}

/// Which nodes a query is about, by name.
pub(super) fn filter(
    selector: &Option<String>,
    q: &Option<String>,
    state: &Option<String>,
) -> Result<NodeFilter, ApiError> {
    let states = state.as_deref().unwrap_or_default().split(',').map(str::trim);
    let filter = NodeFilter {
        states: NodeState::parse_all(states.filter(|word| !word.is_empty()))?,
        ..NodeFilter::labelled(Selection::parse_labels(
            "selector",
            selector.as_deref().unwrap_or_default(),
        )?)
    };
    Ok(filter.with_text(&search_text(q.as_deref().unwrap_or_default())?))
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

/// Query of a node's pulls.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListNodePulls {
    /// 1 to 1000, default 100; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Pulls to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Only of this image, written as in the task.
    image: Option<String>,
    /// Comma list of states; all when absent.
    #[param(example = "failed,skipped")]
    state: Option<String>,
}

/// Lists the pulls of a node in the newest 1000 tasks, the newest task first.
#[utoipa::path(get, path = "/api/v1/nodes/{name}/pulls", tag = "nodes", params(("name" = String, Path), ListNodePulls), responses(
    (status = 200, description = "A part of the list", body = PullPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn list_node_pulls(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(name): PathText,
    Params(query): Params<ListNodePulls>,
) -> Result<Json<PullPageJson>, ApiError> {
    let name = NodeName::parse(&name).map_err(|_| ApiError::no_node(&name))?;
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let known = PullState::ALL.map(PullState::as_str);
    let filter = PullFilter {
        states: page::words("state", query.state.as_deref(), PullState::parse, &known)?,
        image: query.image.filter(|image| !image.is_empty()),
        node: None,
    };
    let found = state.engine.of(&caller).node_pulls(&name, &filter, asked).await?;
    Ok(Json(PullPageJson::new(&found, asked)))
}

/// All nodes, page by page.
pub(super) async fn all(engine: &Engine) -> Vec<NodeView> {
    let mut nodes = Vec::new();
    loop {
        let offset = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        let limit = PAGES.max;
        let page = engine
            .nodes(&NodeFilter::default(), PageRequest { limit, offset })
            .await;
        let is_last = page.items.is_empty();
        nodes.extend(page.items);
        if is_last || nodes.len() >= page.total as usize {
            return nodes;
        }
    }
}
