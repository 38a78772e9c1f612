//! Commands of users and of the tokens of programs.

use super::PasswordSource;
use clap::{Args, Subcommand};

/// Commands of users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List users by number
    #[command(visible_alias = "list")]
    Ls,
    /// Make a user, who must choose another password at the first log-in
    Create {
        /// Unique name
        username: String,
        /// viewer, operator, admin (of the tenant) or system-admin
        #[arg(long, default_value = "viewer")]
        role: String,
        /// Password; without either flag it is asked for
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Show one user
    Get {
        /// Name or number
        user: String,
    },
    /// Change the role of a user, or whether it may log in
    Update(UpdateUserArgs),
    /// Give a user another password, which it must change at the next log-in
    ResetPassword {
        /// Name or number
        user: String,
        /// Password; without either flag it is asked for
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Remove users with all their log-ins and tokens
    Rm {
        /// Names or numbers
        #[arg(required = true)]
        users: Vec<String>,
    },
}

/// What to change of a user.
#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true, args = ["role", "disable", "enable"])]
pub struct UpdateUserArgs {
    /// Name or number
    pub user: String,
    /// viewer, operator, admin (of the tenant) or system-admin
    #[arg(long)]
    pub role: Option<String>,
    /// It may not log in any more, and is out at once
    #[arg(long, conflicts_with = "enable")]
    pub disable: bool,
    /// It may log in again
    #[arg(long)]
    pub enable: bool,
}

/// Commands of the tokens of programs.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// List tokens, newest first
    #[command(visible_alias = "list")]
    Ls,
    /// Make a token that acts for you, and show it this once
    Create {
        /// Name, for people
        name: String,
        /// viewer, operator, admin or system-admin; yours where it is left out
        #[arg(long)]
        role: Option<String>,
        /// What it may do of that, such as tasks:read; repeat it for more, all where it is left out
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// Days until it ends; 0 means never
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        expires_in_days: i64,
    },
    /// Revoke tokens; they stay in the list
    #[command(visible_alias = "revoke")]
    Rm {
        /// Numbers
        #[arg(required = true)]
        ids: Vec<i64>,
    },
}
