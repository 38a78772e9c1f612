//! The library: list, add, import, change, remove.

#![expect(
    unused_qualifications,
    reason = "the macro of utoipa writes them where a type gives parameters"
)]

use super::{
    HttpState,
    dto::library::{
        ImportResultJson, LibraryDeletedJson, LibraryImageJson, LibraryImportJson, LibraryPageJson, LibraryRequestJson,
    },
    error::{ApiError, ErrorJson},
    extract::{self, Params, PathText},
    page::PageRule,
};
use crate::domain::{caller::Caller, library::EntryRequest};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use utoipa::IntoParams;

const PAGES: PageRule = PageRule { default: 10, max: 1000 };

fn entry_id(text: &str) -> Result<i64, ApiError> {
    let refused = |_| ApiError::invalid("id", format!("{text:?} is not a number")).titled("Invalid ID");
    text.parse().map_err(refused)
}

/// An image that is missing altogether is told in the original's words.
fn asked(json: LibraryRequestJson) -> Result<EntryRequest, ApiError> {
    let request = EntryRequest::from(json);
    if request.image.trim().is_empty() {
        return Err(ApiError::invalid("image", "must not be empty").titled("Image URL is required"));
    }
    Ok(request)
}

/// Query of the list. As for clients of the original, what is no number is the same as nothing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListLibrary {
    /// 1 to 1000, default 10; larger becomes 1000.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// Images to pass over, default 0.
    #[param(value_type = Option<i64>)]
    offset: Option<String>,
    /// Only images with this tag.
    tag: Option<String>,
    /// Only of this tenant. One's own where it is absent; a system admin's is everybody's.
    tenant: Option<String>,
}

/// Lists the library, newest first.
#[utoipa::path(get, path = "/api/v1/library", tag = "library", params(ListLibrary), responses(
    (status = 200, description = "A part of the list", body = LibraryPageJson),
))]
pub(super) async fn list_library(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<ListLibrary>,
) -> Result<Json<LibraryPageJson>, ApiError> {
    let asked = PAGES.read_leniently(query.limit.as_deref(), query.offset.as_deref());
    let engine = state.engine_for(&caller, query.tenant.as_deref())?;
    let found = engine.library(query.tag.as_deref().unwrap_or(""), asked).await?;
    Ok(Json(LibraryPageJson::new(&found, asked)))
}

/// Adds an image.
#[utoipa::path(post, path = "/api/v1/library", tag = "library", request_body = LibraryRequestJson, responses(
    (status = 201, description = "Added", body = LibraryImageJson, headers(("Location", description = "The entry's path"))),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 409, description = "The image is there already", body = ErrorJson),
))]
pub(super) async fn add_to_library(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, warnings }: extract::Json<LibraryRequestJson>,
) -> Result<impl IntoResponse, ApiError> {
    let entry = state.engine.of(&caller).add_to_library(asked(value)?.check()?).await?;
    let location = [(header::LOCATION, format!("/api/v1/library/{}", entry.id))];
    Ok((
        StatusCode::CREATED,
        warnings,
        location,
        Json(LibraryImageJson::from(&entry)),
    ))
}

/// Adds many images; each has a result of its own.
#[utoipa::path(post, path = "/api/v1/library/import", tag = "library", request_body = LibraryImportJson, responses(
    (status = 200, description = "What became of each", body = ImportResultJson),
    (status = 400, description = "None, or too many", body = ErrorJson),
))]
pub(super) async fn import_library(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, .. }: extract::Json<LibraryImportJson>,
) -> Result<Json<ImportResultJson>, ApiError> {
    let results = state.engine.of(&caller).import_library(value.into()).await?;
    Ok(Json(ImportResultJson::from(results.as_slice())))
}

/// Replaces an image's name, reference and tags.
#[utoipa::path(put, path = "/api/v1/library/{id}", tag = "library", params(("id" = i64, Path)),
    request_body = LibraryRequestJson,
    responses(
        (status = 200, description = "The entry", body = LibraryImageJson),
        (status = 400, description = "A field breaks a rule", body = ErrorJson),
        (status = 404, description = "No such id", body = ErrorJson),
        (status = 409, description = "Another entry has the image", body = ErrorJson),
    )
)]
pub(super) async fn update_library(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::Json { value, warnings }: extract::Json<LibraryRequestJson>,
) -> Result<impl IntoResponse, ApiError> {
    let id = entry_id(&id)?;
    let entry = state
        .engine
        .of(&caller)
        .update_library_entry(id, asked(value)?.check()?)
        .await?;
    Ok((warnings, Json(LibraryImageJson::from(&entry))))
}

/// Removes an image. One that is not there is removed already.
#[utoipa::path(delete, path = "/api/v1/library/{id}", tag = "library", params(("id" = i64, Path)), responses(
    (status = 200, description = "Removed, or not there", body = LibraryDeletedJson),
    (status = 400, description = "The id is no number", body = ErrorJson),
))]
pub(super) async fn delete_library(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<LibraryDeletedJson>, ApiError> {
    let id = entry_id(&id)?;
    state.engine.of(&caller).delete_library_entry(id).await?;
    Ok(Json(LibraryDeletedJson::new(id)))
}
