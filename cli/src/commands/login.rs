//! `ips login`, `logout`, `whoami`, `passwd`.

mod sso;

use crate::{
    args::{LoginArgs, PasswdArgs},
    connect::{Server, call},
    error::CliError,
    human::moment,
    output::{self, Format, description, json},
    password,
    session::Login,
};
use ips_proto::v1;
use std::process::ExitCode;

/// Logs in and keeps the tokens; a first or reset password is changed on the way.
pub async fn login(server: &Server, format: Format, args: LoginArgs) -> Result<ExitCode, CliError> {
    if args.oidc {
        let answer = sso::login(server).await?;
        let user = answer.user.clone().unwrap_or_default();
        server.keep(Some(Login::new(answer)))?;
        return show(&user, format, "logged in as ");
    }
    let username = match args.username {
        Some(username) => username,
        None => password::ask("User name: ", false)?,
    };
    let password = password::needed(&args.password)?;
    let mut answer = server.log_in(&username, &password).await?;
    if answer.user.as_ref().is_some_and(|user| user.must_change_password) {
        let new = match &args.new_password_file {
            Some(path) => password::of_file("--new-password-file", path)?,
            None => password::chosen("This password must be changed. New password: ")?,
        };
        change(server, &answer, password, new.clone()).await?;
        answer = server.log_in(&username, &new).await?;
    }
    let user = answer.user.clone().unwrap_or_default();
    server.keep(Some(Login::new(answer)))?;
    show(&user, format, "logged in as ")
}

/// Ends the log-in and forgets it.
pub async fn logout(server: &Server) -> Result<ExitCode, CliError> {
    let mut client = server.auth().await?;
    let ended = client.logout(call(v1::LogoutRequest {})).await;
    server.keep(None)?;
    match ended {
        Ok(_) => output::line("logged out")?,
        // It was over before.
        Err(status) if status.code() == tonic::Code::Unauthenticated => output::line("logged out")?,
        Err(status) => return Err(server.error(status)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Says who the caller is.
pub async fn whoami(server: &Server, format: Format) -> Result<ExitCode, CliError> {
    let mut client = server.auth().await?;
    let user = client.who_am_i(call(v1::WhoAmIRequest {})).await;
    let user = user.map_err(|status| server.error(status))?.into_inner();
    show(&user, format, "")
}

/// Changes one's own password.
pub async fn passwd(server: &Server, args: PasswdArgs) -> Result<ExitCode, CliError> {
    let current = match &args.current_password_file {
        Some(path) => password::of_file("--current-password-file", path)?,
        None => password::ask("Current password: ", true)?,
    };
    let new = match password::given(&args.password)? {
        Some(new) => new,
        None => password::chosen("New password: ")?,
    };
    let mut auth = server.auth().await?;
    let me = auth.who_am_i(call(v1::WhoAmIRequest {})).await;
    let me = me.map_err(|status| server.error(status))?.into_inner();
    let request = v1::UpdateUserRequest {
        user_id: me.user_id,
        password: Some(new),
        current_password: Some(current),
        role: None,
        disabled: None,
    };
    let changed = server.users().await?.update_user(call(request)).await;
    changed.map_err(|status| server.error(status))?;
    output::line("password changed; all other log-ins have ended")?;
    Ok(ExitCode::SUCCESS)
}

async fn change(server: &Server, login: &v1::LoginResponse, current: String, new: String) -> Result<(), CliError> {
    let user = login.user.clone().unwrap_or_default();
    let request = v1::UpdateUserRequest {
        user_id: user.user_id,
        password: Some(new),
        current_password: Some(current),
        role: None,
        disabled: None,
    };
    let mut users = server.users_with(&login.token).await?;
    let changed = users.update_user(call(request)).await;
    changed.map_err(|status| server.error(status))?;
    Ok(())
}

fn show(user: &v1::User, format: Format, said: &str) -> Result<ExitCode, CliError> {
    match format {
        Format::Json => output::object(&json::User::from(user))?,
        Format::Name => output::line(&format!("user/{}", user.username))?,
        Format::Table if !said.is_empty() => output::line(&format!("{said}{} ({})", user.username, user.role))?,
        Format::Table => output::line(&description(&[
            ("User", user.username.clone()),
            ("Role", user.role.clone()),
            ("Tenant", user.tenant.clone()),
            ("Last log-in", moment(user.last_login_at_ms).unwrap_or_default()),
        ]))?,
    }
    Ok(ExitCode::SUCCESS)
}
