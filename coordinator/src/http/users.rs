//! Users.

use super::{
    HttpState,
    dto::user::{UpdateUserJson, UserUpdatedJson},
    error::{ApiError, ErrorJson},
    extract::{self, PathText},
};
use crate::domain::{
    caller::{Caller, UserId},
    user::UserChange,
};
use axum::{Json, extract::State, response::IntoResponse};

/// The number in a path. 0 and below are nobody's.
fn user_id(text: &str) -> Result<UserId, ApiError> {
    let refused = |_| ApiError::invalid("id", format!("{text:?} is not a number")).titled("Invalid user ID");
    let number = text.parse().map_err(refused)?;
    UserId::new(number).ok_or_else(|| ApiError::no_user(text))
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
