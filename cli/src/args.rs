//! The command line as types. Ranges are the coordinator's to judge; here only the form is read.

mod audit;
mod channel;
pub mod clear;
mod credential;
mod doctor;
mod library;
mod limits;
mod login;
#[cfg(test)]
mod parity;
pub mod policy;
mod purge;
pub mod schedule;
mod spec;
mod system;
mod task;
mod tenant;
mod user;

pub use audit::{AuditCommand, AuditFilterArgs, AuditFormat, AuditResultArg};
pub use channel::{ChannelCommand, ChannelFields, DeliveriesArgs, DeliveryStatus, MailFields};
pub use credential::{CredentialCommand, CredentialFields, PasswordSource, TaskLogin};
pub use doctor::DoctorArgs;
pub use library::{AddArgs, LibraryCommand};
pub use limits::{Count, LimitsCommand, RegistryLimit, SetLimitsArgs};
pub use login::{LoginArgs, PasswdArgs};
pub use purge::PurgeArgs;
pub use spec::{BatchMode, PullPolicy, RetryStrategy, SpecArgs, Window};
pub use system::SystemCommand;
pub use task::{CloneArgs, CreateArgs, ListTasksArgs, PreviewArgs, PullsArgs, SomeTasks, TaskCommand, Watching};
pub use tenant::{Quota, TenantCommand, TenantFields};
pub use user::{TokenCommand, UpdateUserArgs, UserCommand};

use crate::output::Format;
use clap::{Parser, Subcommand};
use policy::PolicyCommand;
use schedule::ScheduleCommand;
use std::{path::PathBuf, time::Duration};

const EXIT_CODES: &str = "\
Programs set IPS_TOKEN to an API token instead of logging in.\n\n\
Exit codes: 0 done (with --watch or `task watch`: the task completed), 1 the task failed or was cancelled, or an error, \
2 wrong usage, 130 interrupted (a watched task goes on). `doctor`: 0 nothing found, 1 warnings, 2 errors.";

/// Prewarms container images on nodes, and shows every byte of it.
#[derive(Debug, Parser)]
#[command(name = "ips", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    /// Address of the coordinator's gRPC port
    #[arg(
        long,
        global = true,
        env = "IPS_SERVER",
        default_value = "http://127.0.0.1:9443",
        value_name = "URL"
    )]
    pub server: String,
    /// Certificates that the coordinator's is checked with, as PEM; without it those that the machine trusts
    #[arg(long, global = true, env = "IPS_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Send passwords and tokens in plain text beyond loopback, too
    #[arg(long, global = true, env = "IPS_ALLOW_PLAIN_TEXT")]
    pub allow_plain_text: bool,
    /// File of log-ins, instead of ips/logins.json in the folder of settings
    #[arg(long, global = true, env = "IPS_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Only what belongs to this tenant in lists, and the tenant of users that are made; for system admins
    #[arg(long, global = true, env = "IPS_TENANT", value_name = "TENANT")]
    pub tenant: Option<String>,
    /// How to show the answer
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    pub output: Format,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create, watch and end tasks
    #[command(subcommand, visible_alias = "tasks")]
    Task(TaskCommand),
    /// Start tasks again and again by a timetable
    #[command(subcommand, visible_alias = "schedules")]
    Schedule(ScheduleCommand),
    /// Keep images warm on every node that matches, also on those that join later
    #[command(subcommand, visible_alias = "policies")]
    Policy(PolicyCommand),
    /// Show nodes
    #[command(subcommand, visible_alias = "nodes")]
    Node(NodeCommand),
    /// Remove images from nodes where nobody needs them
    Purge(PurgeArgs),
    /// Keep and try logins for registries
    #[command(subcommand, visible_aliases = ["credentials", "secret"])]
    Credential(CredentialCommand),
    /// Keep and try channels of notifications, and see what was delivered
    #[command(subcommand, visible_alias = "channels")]
    Channel(ChannelCommand),
    /// Show and export who did what, when, from where
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Keep images that are used again
    #[command(subcommand)]
    Library(LibraryCommand),
    /// Show and set what may run at one time
    #[command(subcommand, visible_alias = "limit")]
    Limits(LimitsCommand),
    /// Keep tenants: who owns things, and what the work of each may do
    #[command(subcommand, visible_alias = "tenants")]
    Tenant(TenantCommand),
    /// Keep the people who may log in
    #[command(subcommand, visible_alias = "users")]
    User(UserCommand),
    /// Keep the tokens of programs
    #[command(subcommand, visible_alias = "tokens")]
    Token(TokenCommand),
    /// Show the coordinator itself, and set what it logs
    #[command(subcommand)]
    System(SystemCommand),
    /// Check the whole deployment and explain what is wrong
    Doctor(DoctorArgs),
    /// Log in and keep the log-in for later commands
    Login(LoginArgs),
    /// End the log-in
    Logout,
    /// Show who is logged in
    Whoami,
    /// Change your own password
    Passwd(PasswdArgs),
    /// Show the version of this program
    Version,
    /// Write completions for a shell to standard output
    Completion {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Commands about nodes.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// List nodes by name
    #[command(visible_alias = "list")]
    Ls {
        /// Conditions on labels in Kubernetes' syntax; repeat it for more
        #[arg(short = 'l', long, value_name = "KEY=VALUE,…")]
        selector: Vec<String>,
        /// Words that must all be in the name or in a label as key=value
        #[arg(short, long, value_name = "WORDS", default_value = "", hide_default_value = true)]
        search: String,
        /// Only nodes in these states: ready, not_ready, draining, offline
        #[arg(long, value_delimiter = ',', value_name = "STATE,…")]
        state: Vec<String>,
        /// name, state, disk, pulls or images
        #[arg(long, value_name = "WORD", default_value = "name")]
        sort: String,
    },
    /// List the pulls of a node in the newest 1000 tasks, the newest task first
    Pulls {
        /// Name of the node
        name: String,
        /// Only this image
        #[arg(short, long, value_name = "REFERENCE", default_value = "", hide_default_value = true)]
        image: String,
        /// Only pulls in these states
        #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE,…")]
        state: Vec<crate::words::PullStateWord>,
    },
    /// Count nodes: known, and able to pull now
    Stats,
    /// Count nodes by what they have in common
    Groups {
        /// label_keys, label:KEY, agent_version, runtime, platform or state
        #[arg(long, value_name = "WORD", default_value = "state")]
        by: String,
        /// Conditions on labels in Kubernetes' syntax; repeat it for more
        #[arg(short = 'l', long, value_name = "KEY=VALUE,…")]
        selector: Vec<String>,
        /// Words that must all be in the name or in a label as key=value
        #[arg(short, long, value_name = "WORDS", default_value = "", hide_default_value = true)]
        search: String,
        /// Only nodes in these states: ready, not_ready, draining, offline
        #[arg(long, value_delimiter = ',', value_name = "STATE,…")]
        state: Vec<String>,
        /// Largest number of groups; the largest groups come first
        #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// With the names of the nodes; in a table only their number is shown
        #[arg(long)]
        names: bool,
    },
    /// Show one node with its images
    Get {
        /// Name of the node
        name: String,
    },
}

/// Seconds, or a number with s, m or h. Zero is refused: the protocol takes it for "not set".
fn parse_duration(text: &str) -> Result<Duration, String> {
    let refusal = || format!("{text:?} must be a whole number of seconds, or a number with s, m or h");
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let number: u64 = number.parse().map_err(|_not_a_number| refusal())?;
    let factor = match unit {
        "h" => 3600,
        "m" => 60,
        _seconds => 1,
    };
    let seconds = number.checked_mul(factor).ok_or_else(refusal)?;
    if seconds == 0 {
        return Err("must be at least 1s".to_owned());
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_units() {
        for (text, seconds) in [("30", 30), ("30s", 30), ("5m", 300), ("1h", 3600)] {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        for bad in [
            "",
            "s",
            "0",
            "0m",
            "-1",
            "1.5",
            "5d",
            "99999999999999999999",
            "18446744073709551615h",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
