//! Users: list, create, get, change, remove.

use super::{
    HttpState,
    dto::user::{CreateUserJson, MessageJson, UpdateUserJson, UserJson, UserUpdatedJson},
    error::{ApiError, ErrorJson},
    extract::{self, OfTenant, Params, PathText},
};
use crate::domain::{
    caller::{Caller, UserId},
    user::UserChange,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

/// The number in a path. 0 and below are nobody's.
fn user_id(text: &str) -> Result<UserId, ApiError> {
    let refused = |_| ApiError::invalid("id", format!("{text:?} is not a number")).titled("Invalid user ID");
    let number = text.parse().map_err(refused)?;
    UserId::new(number).ok_or_else(|| ApiError::no_user(text))
}

/// Lists users by number: those of the tenant, for a system admin all.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(OfTenant), responses(
    (status = 200, description = "The users", body = Vec<UserJson>),
))]
pub(super) async fn list_users(
    State(state): State<HttpState>,
    caller: Caller,
    Params(query): Params<OfTenant>,
) -> Result<Json<Vec<UserJson>>, ApiError> {
    let found = state.identity.users(&caller, query.tenant()).await?;
    Ok(Json(found.iter().map(UserJson::from).collect()))
}

/// Makes a user, who must choose another password at the first log-in.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = CreateUserJson, responses(
    (status = 201, description = "The user", body = UserJson, headers(("Location", description = "The user's path"))),
    (status = 400, description = "A field breaks a rule", body = ErrorJson),
    (status = 403, description = "The role is above the caller's", body = ErrorJson),
    (status = 409, description = "The name is taken", body = ErrorJson),
))]
pub(super) async fn create_user(
    State(state): State<HttpState>,
    caller: Caller,
    extract::Json { value, warnings }: extract::Json<CreateUserJson>,
) -> Result<impl IntoResponse, ApiError> {
    let tenant = value.tenant().to_owned();
    let (username, password, role) = value.into_parts();
    let made = state
        .identity
        .create_user_in(&caller, &tenant, &username, &password, &role);
    let user = made.await?;
    let location = [(header::LOCATION, format!("/api/v1/users/{}", user.id))];
    Ok((StatusCode::CREATED, warnings, location, Json(UserJson::from(&user))))
}

/// One user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, description = "The user", body = UserJson),
    (status = 404, description = "No such id", body = ErrorJson),
))]
pub(super) async fn get_user(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<UserJson>, ApiError> {
    let user = state.identity.user(&caller, user_id(&id)?).await?;
    Ok(Json(UserJson::from(&user)))
}

/// Removes a user with all log-ins and tokens. One that is not there is removed already.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, description = "Removed, or not there", body = MessageJson),
    (status = 400, description = "The id is no number", body = ErrorJson),
    (status = 403, description = "The user's role is above the caller's", body = ErrorJson),
    (status = 409, description = "It is the last system admin", body = ErrorJson),
))]
pub(super) async fn delete_user(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
) -> Result<Json<MessageJson>, ApiError> {
    state.identity.delete_user(&caller, user_id(&id)?).await?;
    Ok(Json(MessageJson::new("User deleted")))
}

/// Changes one's own password, or with `users:write` another user's password, role or state.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)),
    request_body = UpdateUserJson,
    responses(
        (status = 200, description = "Changed", body = UserUpdatedJson),
        (status = 400, description = "A field breaks a rule, or the current password is wrong", body = ErrorJson),
        (status = 403, description = "The role does not allow it", body = ErrorJson),
        (status = 404, description = "No such id", body = ErrorJson),
        (status = 409, description = "It is the last system admin", body = ErrorJson),
    )
)]
pub(super) async fn update_user(
    State(state): State<HttpState>,
    caller: Caller,
    PathText(id): PathText,
    extract::Json { value, warnings }: extract::Json<UpdateUserJson>,
) -> Result<impl IntoResponse, ApiError> {
    let id = user_id(&id)?;
    let changes_password = value.has_password();
    let change = UserChange::try_from(value)?;
    let user = state.identity.update_user(&caller, id, change).await?;
    Ok((warnings, Json(UserUpdatedJson::new(&user, changes_password))))
}
