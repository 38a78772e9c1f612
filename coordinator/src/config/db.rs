//! The command line of `ips-coordinator db …`, `credentials …`, `agents …` and `tls …`.

use super::{HOUR, duration};
use crate::{
    domain::caller::Role,
    maintenance::{Command, agents::AgentsCommand, kitsnail::Choices},
};
use clap::{Subcommand, ValueEnum};
use std::{path::PathBuf, time::Duration};

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub(super) enum Instead {
    /// Work on the database that --database names, without serving.
    Db {
        /// What to do.
        #[command(subcommand)]
        what: What,
    },
    /// Decide which agents may join, without serving; also beside the coordinator.
    Agents {
        /// What to do.
        #[command(subcommand)]
        what: WithAgents,
    },
    /// Work on the authority that signs the coordinator's own certificates; also beside the coordinator.
    Tls {
        /// What to do.
        #[command(subcommand)]
        what: WithTls,
    },
    /// Work on the stored credentials of registries, without serving.
    Credentials {
        /// What to do.
        #[command(subcommand)]
        what: WithCredentials,
    },
}

/// What to do about agents.
#[derive(Debug, Subcommand)]
pub(super) enum WithAgents {
    /// Tokens that let agents bind their keys to their nodes.
    Token {
        /// What to do.
        #[command(subcommand)]
        what: WithTokens,
    },
    /// Revoke the key of a node: its session ends within seconds, and its agent needs a bootstrap token to join again.
    Forget {
        /// Name of the node.
        node: String,
    },
}

/// What to do with bootstrap tokens.
#[derive(Debug, Subcommand)]
pub(super) enum WithTokens {
    /// Make one; it is shown this once.
    Create {
        /// For people.
        #[arg(long, default_value = "agents")]
        name: String,
        /// How long it lets agents in (1m to 365d); 0 means until it is revoked. Agents that have joined need it no more.
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = life)]
        expires_in: i64,
    },
    /// List them, without the tokens themselves.
    Ls,
    /// Revoke one. Agents that have joined by it stay.
    Rm {
        /// Its number.
        id: i64,
    },
}

/// What to do about the authority.
#[derive(Debug, Subcommand)]
pub(super) enum WithTls {
    /// Print its certificate, which agents and clients are to trust.
    Ca,
    /// Forget it. The next start makes a new one, which agents and clients do not trust before they are given its certificate.
    ForgetCa,
}

/// A duration in milliseconds, or 0.
fn life(text: &str) -> Result<i64, String> {
    if text == "0" {
        return Ok(0);
    }
    let minute = Duration::from_secs(60);
    let life = duration("--expires-in", text, minute, 365 * 24 * HOUR).map_err(|error| error.to_string())?;
    i64::try_from(life.as_millis()).map_err(|error| error.to_string())
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
            Instead::Agents { what } => Self::Agents(match what {
                WithAgents::Forget { node } => AgentsCommand::Forget(node),
                WithAgents::Token { what: WithTokens::Ls } => AgentsCommand::Tokens,
                WithAgents::Token {
                    what: WithTokens::Rm { id },
                } => AgentsCommand::RevokeToken(id),
                WithAgents::Token {
                    what: WithTokens::Create { name, expires_in },
                } => AgentsCommand::CreateToken {
                    name,
                    life_ms: expires_in,
                },
            }),
            Instead::Tls { what: WithTls::Ca } => Self::Authority,
            Instead::Tls {
                what: WithTls::ForgetCa,
            } => Self::ForgetAuthority,
            Instead::Credentials {
                what: WithCredentials::Rotate { new_key },
            } => Self::Rotate { new_key },
        }
    }
}
