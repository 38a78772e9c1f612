//! `ips credential …` as types. A password is never an argument: everybody on a machine sees those.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Commands about credentials of registries.
#[derive(Debug, Subcommand)]
pub enum CredentialCommand {
    /// Save a credential; without --password-stdin or --password-file the password is asked for
    Create {
        /// What it is for
        #[command(flatten)]
        fields: CredentialFields,
        /// Its password
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List credentials, newest first
    #[command(visible_alias = "list")]
    Ls {
        /// Largest number to show, 1 to 1000
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How many to pass over
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Show one credential
    Get {
        /// Number of the credential
        id: i64,
    },
    /// Change a credential; what is not given stays, the password too
    Update {
        /// Number of the credential
        id: i64,
        /// Name
        #[arg(long)]
        name: Option<String>,
        /// Registry as HOST[:PORT], with a prefix of repositories if it is only for those; another host needs the password again
        #[arg(long, value_name = "REGISTRY")]
        registry: Option<String>,
        /// User name
        #[arg(short, long)]
        username: Option<String>,
        /// A new password
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Remove credentials that no schedule and no open task names
    #[command(visible_alias = "delete")]
    Rm {
        /// Numbers of the credentials
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Log in at the registry, from the coordinator, and say what happened; exit 1 unless it took the login
    Test {
        /// Number of the credential
        id: i64,
    },
}

/// What a credential is for.
#[derive(Debug, Args)]
pub struct CredentialFields {
    /// Unique name
    #[arg(long)]
    pub name: String,
    /// Registry as HOST[:PORT], with a prefix of repositories if it is only for those, like harbor.corp/team-a
    #[arg(long, value_name = "REGISTRY")]
    pub registry: String,
    /// User name
    #[arg(short, long)]
    pub username: String,
}

/// Where a password is read from.
#[derive(Debug, Clone, Args)]
pub struct PasswordSource {
    /// Read the password from standard input
    #[arg(long, conflicts_with = "password_file")]
    pub password_stdin: bool,
    /// Read the password from a file; a line break at its end is left out
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// A login for one task alone.
#[derive(Debug, Args)]
pub struct TaskLogin {
    /// Stored credential to use for images of its registry; repeat it for more
    #[arg(long = "credential", value_name = "ID", conflicts_with = "registry")]
    pub credentials: Vec<i64>,
    /// Log in there for this task alone, with --username; the password is kept encrypted and removed with the task
    #[arg(long, value_name = "REGISTRY", requires = "username")]
    pub registry: Option<String>,
    /// User name for --registry
    #[arg(short, long, requires = "registry")]
    pub username: Option<String>,
    /// Password for --registry; without either flag it is asked for
    #[command(flatten)]
    pub password: PasswordSource,
}
