//! `ips user …`.

use crate::{
    args::{UpdateUserArgs, UserCommand},
    connect::{Server, call},
    error::CliError,
    human::moment,
    output::{self, Format, description, json, table},
    password,
};
use ips_proto::v1;
use std::process::ExitCode;
use tonic::Status;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: UserCommand) -> Result<ExitCode, CliError> {
    match command {
        UserCommand::Ls => list(server, format).await?,
        UserCommand::Create {
            username,
            role,
            password,
        } => {
            let request = v1::CreateUserRequest {
                username,
                password: password::needed(&password)?,
                role,
                tenant: server.tenant(),
            };
            let made = server.users().await?.create_user(call(request)).await;
            said(
                &made.map_err(|status| server.error(status))?.into_inner(),
                format,
                "created",
            )?;
        }
        UserCommand::Get { user } => show(&find(server, &user).await?, format)?,
        UserCommand::Update(args) => update(server, format, args).await?,
        UserCommand::ResetPassword { user, password } => {
            let request = v1::UpdateUserRequest {
                user_id: find(server, &user).await?.user_id,
                password: Some(password::needed(&password)?),
                ..Default::default()
            };
            let changed = server.users().await?.update_user(call(request)).await;
            let changed = changed.map_err(|status| server.error(status))?.into_inner();
            said(&changed, format, "has a password that must be changed")?;
        }
        UserCommand::Rm { users } => {
            for user in users {
                let user = find(server, &user).await?;
                let request = v1::DeleteUserRequest { user_id: user.user_id };
                let gone = server.users().await?.delete_user(call(request)).await;
                gone.map_err(|status| server.error(status))?;
                said(&user, format, "deleted")?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn update(server: &Server, format: Format, args: UpdateUserArgs) -> Result<(), CliError> {
    let request = v1::UpdateUserRequest {
        user_id: find(server, &args.user).await?.user_id,
        role: args.role,
        disabled: (args.disable || args.enable).then_some(args.disable),
        ..Default::default()
    };
    let changed = server.users().await?.update_user(call(request)).await;
    said(
        &changed.map_err(|status| server.error(status))?.into_inner(),
        format,
        "updated",
    )
}

async fn all(server: &Server) -> Result<Vec<v1::User>, CliError> {
    let request = v1::ListUsersRequest {
        tenant: server.tenant(),
    };
    let found = server.users().await?.list_users(call(request)).await;
    Ok(found.map_err(|status| server.error(status))?.into_inner().users)
}

/// A user by name, or by number where nobody has the name.
async fn find(server: &Server, text: &str) -> Result<v1::User, CliError> {
    let users = all(server).await?;
    let named = users.iter().find(|user| user.username == text);
    if let Some(user) = named {
        return Ok(user.clone());
    }
    let unknown = || CliError::Refused(Box::new(Status::not_found(format!("user {text:?} does not exist"))));
    let user_id = text.parse().map_err(|_not_a_number| unknown())?;
    let found = server
        .users()
        .await?
        .get_user(call(v1::GetUserRequest { user_id }))
        .await;
    Ok(found.map_err(|status| server.error(status))?.into_inner())
}

async fn list(server: &Server, format: Format) -> Result<(), CliError> {
    let users = all(server).await?;
    match format {
        Format::Json => output::object(&users.iter().map(json::User::from).collect::<Vec<_>>()),
        Format::Name => users
            .iter()
            .try_for_each(|user| output::line(&format!("user/{}", user.username))),
        Format::Table => {
            let rows: Vec<_> = users.iter().map(row).collect();
            output::line(&table(&["ID", "USER", "ROLE", "TENANT", "STATE", "LAST LOG-IN"], &rows))
        }
    }
}

fn row(user: &v1::User) -> Vec<String> {
    vec![
        user.user_id.to_string(),
        user.username.clone(),
        user.role.clone(),
        user.tenant.clone(),
        state(user).to_owned(),
        moment(user.last_login_at_ms).unwrap_or_default(),
    ]
}

fn state(user: &v1::User) -> &'static str {
    match (user.disabled, user.must_change_password) {
        (true, _) => "disabled",
        (false, true) => "must change password",
        (false, false) => "active",
    }
}

fn show(user: &v1::User, format: Format) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&json::User::from(user)),
        Format::Name => output::line(&format!("user/{}", user.username)),
        Format::Table => output::line(&description(&[
            ("User", user.username.clone()),
            ("Number", user.user_id.to_string()),
            ("Role", user.role.clone()),
            ("Tenant", user.tenant.clone()),
            ("State", state(user).to_owned()),
            ("Last log-in", moment(user.last_login_at_ms).unwrap_or_default()),
            ("Created", moment(user.created_at_ms).unwrap_or_default()),
        ])),
    }
}

fn said(user: &v1::User, format: Format, what: &str) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&json::User::from(user)),
        Format::Name => output::line(&format!("user/{}", user.username)),
        Format::Table => output::line(&format!("user/{} {what}", user.username)),
    }
}
