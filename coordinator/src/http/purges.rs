//! Images that are to go from nodes.

use super::{
    HttpState,
    dto::purge::{PurgeJson, PurgeOutcomeJson},
    error::{ApiError, ErrorJson},
    extract,
};
use crate::domain::{caller::Caller, purge::PurgeRequest};
use axum::{Json, extract::State};

/// Removes images from nodes where nobody needs them: no container was made of them, they are not pinned, and no pod sandbox is made of
/// them. A call waits for at most 20 s; nodes that have not answered by then say so.
#[utoipa::path(post, path = "/api/v1/purges", tag = "nodes", request_body = PurgeJson, responses(
    (status = 200, description = "What became of each image on each node", body = PurgeOutcomeJson),
    (status = 400, description = "A field breaks a rule, or no node matches", body = ErrorJson),
    (status = 404, description = "No such task", body = ErrorJson),
))]
pub(super) async fn purge_images(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<PurgeJson>,
) -> Result<Json<PurgeOutcomeJson>, ApiError> {
    let purge = PurgeRequest::from(value).check()?;
    let outcome = state.engine.of(&caller).purge(purge).await?;
    Ok(Json((&outcome).into()))
}
