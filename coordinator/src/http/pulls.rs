//! Pulls of a task.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::pull::PullPageJson,
    error::{ApiError, ErrorJson},
    extract::{Params, PathText},
    page::{self, PageRule},
    tasks::task_id,
};
use crate::{
    domain::{caller::Caller, ids::TaskId, pull::PullState},
    engine::{
        Engine,
        error::EngineError,
        views::{PageRequest, PullFilter, PullView},
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
pub(super) struct ListPulls {
    /// 1 to 1000, default 100; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Pulls to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Only of this node.
    node: Option<String>,
    /// Only of this image, written as in the task.
    image: Option<String>,
    /// Comma list of states; all when absent.
    #[param(example = "failed,skipped")]
    state: Option<String>,
}

/// Lists the pulls of a task by node, then image.
#[utoipa::path(get, path = "/api/v1/tasks/{id}/pulls", tag = "tasks", params(("id" = String, Path), ListPulls), responses(
    (status = 200, description = "A part of the list", body = PullPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn list_pulls(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    Params(query): Params<ListPulls>,
) -> Result<Json<PullPageJson>, ApiError> {
    let id = task_id(&id)?;
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let known = PullState::ALL.map(PullState::as_str);
    let filter = PullFilter {
        states: page::words("state", query.state.as_deref(), PullState::parse, &known)?,
        node: query.node.filter(|node| !node.is_empty()),
        image: query.image.filter(|image| !image.is_empty()),
    };
    let found = state.engine.of(&caller).pulls(&id, &filter, asked).await?;
    Ok(Json(PullPageJson::new(&found, asked)))
}

/// All pulls of a task that succeeded or failed.
pub(super) async fn settled(engine: &Engine, id: &TaskId) -> Result<Vec<PullView>, EngineError> {
    let filter = PullFilter {
        states: vec![PullState::Succeeded, PullState::Failed],
        ..PullFilter::default()
    };
    Ok(up_to(engine, id, &filter, u32::MAX).await?.0)
}

/// At most `most` pulls of a task, and how many there are. Read at once: page after page would pass over what was read before again.
pub(super) async fn up_to(
    engine: &Engine,
    id: &TaskId,
    filter: &PullFilter,
    most: u32,
) -> Result<(Vec<PullView>, u32), EngineError> {
    let all = PageRequest { limit: most, offset: 0 };
    let page = engine.pulls(id, filter, all).await?;
    Ok((page.items, page.total))
}
