//! Standing policies: create, list, get, change, delete, pause, resume, coverage.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::{
        policy::{CoverageJson, PolicyJson, PolicyPageJson},
        policy_request::{CreatePolicyJson, PausePolicyJson, UpdatePolicyJson},
    },
    error::{ApiError, ErrorJson},
    extract::{self, NoBody, Params, PathText},
    page::{PageRule, words},
};
use crate::{
    domain::{
        caller::Caller,
        ids::{NodeName, PolicyId},
        policy::{CellState, PolicyRequest},
    },
    engine::{policies::CoverageFilter, views::PageRequest},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

const PAGES: PageRule = PageRule { default: 10, max: 100 };
const CELLS: PageRule = PageRule {
    default: 100,
    max: 1000,
};

/// Makes a policy, which is kept from then on. When this answers, the policy is durable.
#[utoipa::path(post, path = "/api/v1/policies", tag = "policies", request_body = CreatePolicyJson, responses(
    (status = 201, description = "Made", body = PolicyJson, headers(("Location", description = "The policy's path"))),
    (status = 200, description = "`dryRun`: what it would find; nothing is saved or ordered", body = CoverageJson),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 409, description = "The tenant has a policy of this name", body = ErrorJson),
    (status = 503, description = "The store cannot write", body = ErrorJson),
))]
pub(super) async fn create_policy(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<CreatePolicyJson>,
) -> Result<Response, ApiError> {
    let engine = state.engine.of(&caller);
    let dry_run = value.is_dry_run();
    let request = PolicyRequest::try_from(value)?;
    if dry_run {
        let found = engine.preview_policy(request).await?;
        let none = PageRequest { limit: 0, offset: 0 };
        return Ok(Json(CoverageJson::new(&found, none)).into_response());
    }
    let view = engine.create_policy(request).await?;
    let location = [(header::LOCATION, format!("/api/v1/policies/{}", view.policy.id))];
    Ok((StatusCode::CREATED, location, Json(PolicyJson::from(&view))).into_response())
}

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListPolicies {
    /// 1 to 100, default 10; larger becomes 100.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Policies to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

/// Lists policies, newest first.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", params(ListPolicies), responses(
    (status = 200, description = "A part of the list", body = PolicyPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_policies(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListPolicies>,
) -> Result<Json<PolicyPageJson>, ApiError> {
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let found = engine.policies(asked).await?;
    Ok(Json(PolicyPageJson::new(&found, asked)))
}

/// One policy.
#[utoipa::path(get, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = String, Path)), responses(
    (status = 200, description = "The policy", body = PolicyJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_policy(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<PolicyJson>, ApiError> {
    let view = state.engine.of(&caller).policy(&PolicyId::from_stored(id)).await?;
    Ok(Json((&view).into()))
}

/// Changes what the body names and leaves the rest. Nodes that no longer match are left as they are.
#[utoipa::path(put, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = String, Path)),
    request_body = UpdatePolicyJson, responses(
    (status = 200, description = "The policy", body = PolicyJson),
    (status = 400, description = "A field breaks a rule; nothing has changed", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "The tenant has another policy of this name", body = ErrorJson),
    (status = 503, description = "The store cannot write", body = ErrorJson),
))]
pub(super) async fn update_policy(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::Json { value, .. }: extract::Json<UpdatePolicyJson>,
) -> Result<Json<PolicyJson>, ApiError> {
    let request = PolicyRequest::try_from(value)?;
    let engine = state.engine.of(&caller);
    let view = engine.update_policy(&PolicyId::from_stored(id), request).await?;
    Ok(Json((&view).into()))
}

/// Removes a policy and cancels what it has ordered; images stay where they are.
#[utoipa::path(delete, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = String, Path)), responses(
    (status = 204, description = "It is gone"),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn delete_policy(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    let engine = state.engine.of(&caller);
    engine.delete_policy(&PolicyId::from_stored(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Orders nothing from now on; what is on its way goes on.
#[utoipa::path(post, path = "/api/v1/policies/{id}/pause", tag = "policies", params(("id" = String, Path)),
    request_body = Option<PausePolicyJson>, responses(
    (status = 200, description = "The policy", body = PolicyJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn pause_policy(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::OptionalJson(body): extract::OptionalJson<PausePolicyJson>,
) -> Result<Json<PolicyJson>, ApiError> {
    let engine = state.engine.of(&caller);
    let view = engine.pause_policy(&PolicyId::from_stored(id), &body.reason()).await?;
    Ok(Json((&view).into()))
}

/// Goes on with a clean slate: failures and removals are forgotten, and what tags moved to is accepted.
#[utoipa::path(post, path = "/api/v1/policies/{id}/resume", tag = "policies", params(("id" = String, Path)), responses(
    (status = 200, description = "The policy", body = PolicyJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn resume_policy(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<PolicyJson>, ApiError> {
    let engine = state.engine.of(&caller);
    let view = engine.resume_policy(&PolicyId::from_stored(id)).await?;
    Ok(Json((&view).into()))
}

/// Query of the coverage.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CoverageQuery {
    /// 1 to 1000 cells, default 100; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Cells to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Only on this node.
    node: Option<String>,
    /// Only of this image.
    image: Option<String>,
    /// Only in these states: `warm`, `cold`, `paused`, `unknown`, separated by commas.
    state: Option<String>,
}

/// How far a policy is true: each image over all nodes, and the images of each node with why they are not warm.
#[utoipa::path(get, path = "/api/v1/policies/{id}/coverage", tag = "policies", params(("id" = String, Path), CoverageQuery), responses(
    (status = 200, description = "The coverage", body = CoverageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_policy_coverage(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    Params(query): Params<CoverageQuery>,
) -> Result<Json<CoverageJson>, ApiError> {
    let asked = CELLS.read(query.limit.as_deref(), query.offset.as_deref())?;
    let known = CellState::ALL.map(CellState::as_str);
    let filter = CoverageFilter {
        node: query.node.filter(|node| !node.is_empty()).map(NodeName::from_stored),
        image: query.image.filter(|image| !image.is_empty()),
        states: words("state", query.state.as_deref(), CellState::parse, &known)?,
    };
    let engine = state.engine.of(&caller);
    let found = engine
        .policy_coverage(&PolicyId::from_stored(id), &filter, asked)
        .await?;
    Ok(Json(CoverageJson::new(&found, asked)))
}
