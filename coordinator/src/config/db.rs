//! The command line of `ips-coordinator db …`, `user …` and `credentials …`.

use crate::{
    domain::caller::Role,
    maintenance::{Command, kitsnail::Choices},
};
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub(super) enum Instead {
    /// Work on the database that --database names, without serving.
    Db {
        /// What to do.
        #[command(subcommand)]
        what: What,
    },
    /// Work on the people who may log in, without serving; for whoever runs the machine and cannot log in any more.
    User {
        /// What to do.
        #[command(subcommand)]
        what: WithUser,
    },
    /// Work on the stored credentials of registries, without serving.
    Credentials {
        /// What to do.
        #[command(subcommand)]
        what: WithCredentials,
    },
}

/// What to do with people.
#[derive(Debug, Subcommand)]
pub(super) enum WithUser {
    /// Give a user a new password, which must be changed at the next log-in, and let it in again where it was disabled. Its log-ins end. May run
    /// beside the coordinator, which notices within a minute.
    ResetPassword {
        /// Name of the user.
        username: String,
        /// File with the new password; without it one is made and printed.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

/// What to do with stored credentials.
#[derive(Debug, Subcommand)]
pub(super) enum WithCredentials {
    /// Encrypt every stored password with the newest key. May run beside the coordinator, be killed and be run again; keys that are no
    /// longer needed can be removed after it.
    Rotate {
        /// Make a new key first and put it at the top of the key file.
        #[arg(long)]
        new_key: bool,
    },
}

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Bring the schema up to date. The coordinator does so by itself at its start.
    Migrate,
    /// Look whether the database is sound; exit code 1 and a line for each finding when it is not.
    Check,
    /// Write all of it to a file, whichever kind of database it is; passwords stay encrypted, their keys are not in the file.
    Export {
        /// File to write; - is standard output.
        file: PathBuf,
    },
    /// Fill an empty database of any kind from an exported file, wholly or not at all.
    Import {
        /// File to read; - is standard input.
        file: PathBuf,
    },
    /// Take over users, library, credentials, schedules and the history of tasks from the SQLite file of the original IPS. What is there
    /// already stays; running it again changes nothing. No coordinator may run on --database meanwhile.
    ImportKitsnailIps {
        /// The original's file; it is only read.
        file: PathBuf,
        /// What viewers become; in the original they could create and delete tasks.
        #[arg(long, value_name = "ROLE", default_value = "viewer")]
        viewers_as: ViewerRole,
    },
}

/// What a viewer of the original may do here.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ViewerRole {
    /// They look.
    Viewer,
    /// They order work, too.
    Operator,
}

impl From<Instead> for Command {
    fn from(instead: Instead) -> Self {
        match instead {
            Instead::Db { what: What::Migrate } => Self::Migrate,
            Instead::Db { what: What::Check } => Self::Check,
            Instead::Db {
                what: What::Export { file },
            } => Self::Export(file),
            Instead::Db {
                what: What::Import { file },
            } => Self::Import(file),
            Instead::Db {
                what: What::ImportKitsnailIps { file, viewers_as },
            } => {
                let viewers_as = match viewers_as {
                    ViewerRole::Viewer => Role::Viewer,
                    ViewerRole::Operator => Role::Operator,
                };
                Self::ImportKitsnailIps(file, Choices { viewers_as })
            }
            Instead::User {
                what:
                    WithUser::ResetPassword {
                        username,
                        password_file,
                    },
            } => Self::ResetPassword {
                username,
                password_file,
            },
            Instead::Credentials {
                what: WithCredentials::Rotate { new_key },
            } => Self::Rotate { new_key },
        }
    }
}
