//! Commands of one's own log-in.

use super::PasswordSource;
use clap::Args;
use std::path::PathBuf;

/// Logs in and keeps the tokens.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Log in at the log-in provider, with a browser on this machine
    #[arg(long, conflicts_with_all = ["username", "password_stdin", "password_file", "new_password_file"])]
    pub oidc: bool,
    /// User name; asked for where it is left out
    #[arg(short, long)]
    pub username: Option<String>,
    /// Password; without either flag it is asked for
    #[command(flatten)]
    pub password: PasswordSource,
    /// Read the new password from a file where the old one must be changed; asked for where it is left out
    #[arg(long, value_name = "FILE")]
    pub new_password_file: Option<PathBuf>,
}

/// Changes one's own password.
#[derive(Debug, Args)]
pub struct PasswdArgs {
    /// Read the current password from a file; asked for where it is left out
    #[arg(long, value_name = "FILE")]
    pub current_password_file: Option<PathBuf>,
    /// New password; without either flag it is asked for
    #[command(flatten)]
    pub password: PasswordSource,
}
