//! Tasks: create, list, get, cancel, delete.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::{
        create::{CloneTaskJson, CreateTaskJson},
        preview::PreviewJson,
        task::{DeleteAction, TaskDeletedJson, TaskJson, TaskPageJson},
    },
    error::{ApiError, ErrorJson},
    extract::{self, NoBody, Params, PathText},
    page::{self, PageRule},
    pulls,
};
use crate::{
    domain::{
        caller::Caller,
        ids::{PolicyId, TaskId},
        task::TaskRequest,
        task_list::{TaskOrder, search_text},
        task_state::TaskState,
    },
    engine::{
        Engine,
        error::EngineError,
        views::{TaskFilter, TaskView},
    },
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

/// The id in a path. What cannot be an id is not the id of any task.
pub(super) fn task_id(text: &str) -> Result<TaskId, ApiError> {
    TaskId::parse(text).map_err(|_| ApiError::no_task(text))
}

/// Creates a task. When this answers, the task is durable.
#[utoipa::path(post, path = "/api/v1/tasks", tag = "tasks", request_body = CreateTaskJson, responses(
    (status = 200, description = "`dryRun`: what it would do; nothing is saved", body = PreviewJson),
    (status = 201, description = "Accepted", body = TaskJson, headers(("Location", description = "The task's path"))),
    (status = 400, description = "A field breaks a rule, or the selector matches no node", body = ErrorJson),
    (status = 409, description = "The id is taken", body = ErrorJson),
    (status = 429, description = "A quota of the tenant is used up", body = ErrorJson),
    (status = 413, description = "Over 1 MiB", body = ErrorJson),
    (status = 415, description = "Not JSON", body = ErrorJson),
    (status = 503, description = "The store cannot write", body = ErrorJson),
))]
pub(super) async fn create_task(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, warnings }: extract::Json<CreateTaskJson>,
) -> Result<Response, ApiError> {
    let dry_run = value.is_dry_run();
    let new = TaskRequest::try_from(value)?.check()?;
    if dry_run {
        let preview = state.engine.of(&caller).preview_task(&new).await?;
        return Ok((warnings, Json(PreviewJson::from(&preview))).into_response());
    }
    let view = state.engine.of(&caller).create_task(new).await?;
    Ok((warnings, created(&view)).into_response())
}

fn created(view: &TaskView) -> impl IntoResponse {
    let location = [(header::LOCATION, format!("/api/v1/tasks/{}", view.task.id))];
    (StatusCode::CREATED, location, Json(TaskJson::from(view)))
}

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListTasks {
    /// 1 to 100, default 10; larger becomes 100.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Tasks to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Comma list of statuses; all when absent.
    #[param(example = "pending,running")]
    status: Option<String>,
    /// Part of an id or of an image, in any case; at most 512 characters.
    #[param(example = "nginx")]
    q: Option<String>,
    /// Only what this policy has ordered.
    policy_id: Option<String>,
    /// `created`, `started` or `finished`, with `-` before it when descending. Default: `-created`.
    #[param(example = "-finished")]
    sort: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

/// Lists tasks, newest first unless `sort` says otherwise.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks", params(ListTasks), responses(
    (status = 200, description = "A part of the list", body = TaskPageJson),
    (status = 400, description = "A parameter is wrong", body = ErrorJson),
))]
pub(super) async fn list_tasks(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListTasks>,
) -> Result<Json<TaskPageJson>, ApiError> {
    let known = TaskState::ALL.map(TaskState::as_str);
    let states = page::words("status", query.status.as_deref(), TaskState::parse, &known)?;
    let asked = PAGES.read(query.limit.as_deref(), query.offset.as_deref())?;
    let filter = TaskFilter {
        states,
        text: search_text(query.q.as_deref().unwrap_or(""))?,
        policy: query.policy_id.filter(|id| !id.is_empty()).map(PolicyId::from_stored),
        order: TaskOrder::parse(query.sort.as_deref().unwrap_or(""))?,
    };
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let found = engine.tasks(&filter, asked).await?;
    Ok(Json(TaskPageJson::new(&found, asked)))
}

/// One task with its failed pulls and the statuses of its nodes.
#[utoipa::path(get, path = "/api/v1/tasks/{id}", tag = "tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "The task", body = TaskJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_task(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<TaskJson>, ApiError> {
    full(&state.engine.of(&caller), &task_id(&id)?).await.map(Json)
}

pub(super) async fn full(engine: &Engine, id: &TaskId) -> Result<TaskJson, ApiError> {
    let view = engine.task(id).await?;
    let pulls = pulls::settled(engine, id).await?;
    Ok(TaskJson::from(&view).with_pulls(&pulls))
}

/// Creates a task with the spec of another one. What the body says stands instead; what it leaves out or empty stays, and what is `null`
/// has its default again. `batchSize` takes the place of `parallelism` and the other way round; `labelSelector` and `nodeExpressions` together replace the conditions on labels.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/clone", tag = "tasks", params(("id" = String, Path)),
    request_body = Option<CreateTaskJson>, responses(
        (status = 200, description = "`dryRun`: what it would do; nothing is saved", body = PreviewJson),
        (status = 201, description = "Accepted", body = TaskJson, headers(("Location", description = "The task's path"))),
        (status = 400, description = "A field breaks a rule, or nothing matches", body = ErrorJson),
        (status = 404, description = "No such id", body = ErrorJson),
        (status = 409, description = "The new id is taken", body = ErrorJson),
    )
)]
pub(super) async fn clone_task(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::OptionalJson(body): extract::OptionalJson<CloneTaskJson>,
) -> Result<Response, ApiError> {
    let (id, dry_run) = (task_id(&id)?, body.is_dry_run());
    let overrides = body.try_into()?;
    if dry_run {
        let preview = state.engine.of(&caller).preview_clone(&id, overrides).await?;
        return Ok(Json(PreviewJson::from(&preview)).into_response());
    }
    let view = state.engine.of(&caller).clone_task(&id, overrides).await?;
    Ok(created(&view).into_response())
}

/// Cancels a task that has not ended.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/cancel", tag = "tasks", params(("id" = String, Path)), responses(
    (status = 200, description = "The task", body = TaskJson),
    (status = 404, description = "No such id", body = ErrorJson),
    (status = 409, description = "It has ended", body = ErrorJson),
))]
pub(super) async fn cancel_task(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    _body: NoBody,
) -> Result<Json<TaskJson>, ApiError> {
    let id = task_id(&id)?;
    let engine = state.engine.of(&caller);
    engine.cancel_task(&id).await?;
    full(&engine, &id).await.map(Json)
}

/// Query of a delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteTask {
    /// `delete` removes the record and nothing else; absent: cancel a task that has not ended, remove one that has.
    mode: Option<String>,
}

/// Cancels a task that has not ended, removes the record of one that has.
#[utoipa::path(delete, path = "/api/v1/tasks/{id}", tag = "tasks",
    params(("id" = String, Path), DeleteTask),
    responses(
        (status = 200, description = "What was done", body = TaskDeletedJson),
        (status = 404, description = "No such id", body = ErrorJson),
        (status = 409, description = "`mode=delete` and it has not ended", body = ErrorJson),
    )
)]
pub(super) async fn delete_task(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(text): PathText,
    Params(query): Params<DeleteTask>,
) -> Result<Json<TaskDeletedJson>, ApiError> {
    let (engine, id) = (state.engine.of(&caller), task_id(&text)?);
    let action = match query.mode.as_deref() {
        None => cancel_or_delete(&engine, &id).await?,
        Some("delete") => {
            engine.delete_task(&id).await?;
            DeleteAction::Deleted
        }
        Some(other) => {
            return Err(ApiError::invalid(
                "mode",
                format!("{other:?} is unknown, known is delete"),
            ));
        }
    };
    Ok(Json(TaskDeletedJson::new(text, action)))
}

/// The two meanings that `DELETE` has for clients of the original. Whether the task has ended is the engine's word, so that a task
/// that ends in between is handled too.
async fn cancel_or_delete(engine: &Engine, id: &TaskId) -> Result<DeleteAction, ApiError> {
    match engine.cancel_task(id).await {
        Ok(_cancelled) => Ok(DeleteAction::Cancelled),
        Err(EngineError::Precondition(_has_ended)) => {
            engine.delete_task(id).await?;
            Ok(DeleteAction::Deleted)
        }
        Err(
            error @ (EngineError::Invalid(_)
            | EngineError::NotFound { .. }
            | EngineError::AlreadyExists { .. }
            | EngineError::OverQuota { .. }
            | EngineError::Unavailable(_)
            | EngineError::Internal(_)),
        ) => Err(error.into()),
    }
}
