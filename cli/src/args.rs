//! The command line as types. Ranges are the coordinator's to judge; here only the form is read.

mod credential;
mod library;

use crate::output::Format;
use clap::{Args, Parser, Subcommand};
pub use credential::{CredentialCommand, CredentialFields, PasswordSource, TaskLogin};
pub use library::{AddArgs, LibraryCommand};
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes: 0 done (with --watch or `task watch`: the task completed), 1 the task failed or was cancelled, or an error, \
2 wrong usage, 130 interrupted (a watched task goes on).";

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
    /// Show nodes
    #[command(subcommand, visible_alias = "nodes")]
    Node(NodeCommand),
    /// Keep and try logins for registries
    #[command(subcommand, visible_aliases = ["credentials", "secret"])]
    Credential(CredentialCommand),
    /// Keep images that are used again
    #[command(subcommand)]
    Library(LibraryCommand),
    /// Show the version of this program
    Version,
    /// Write completions for a shell to standard output
    Completion {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Commands about tasks.
#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    /// Create a task: these images on these nodes, once
    Create(Box<CreateArgs>),
    /// List tasks, newest first
    #[command(visible_alias = "list")]
    Ls(ListTasksArgs),
    /// Show one task
    Get(TaskId),
    /// List the pulls of a task: one line for each node and image
    Pulls(PullsArgs),
    /// Follow a task until it has ended
    Watch(WatchArgs),
    /// Cancel tasks that have not ended
    Cancel(TaskIds),
    /// Remove the records of tasks that have ended
    #[command(visible_alias = "delete")]
    Rm(TaskIds),
}

/// Names one task.
#[derive(Debug, Args)]
pub struct TaskId {
    /// Id of the task
    pub id: String,
}

/// Names some tasks.
#[derive(Debug, Args)]
pub struct TaskIds {
    /// Ids of the tasks
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
}

/// A task to create.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Image reference exactly as pods write it; repeat it for more
    #[arg(short, long = "image", required = true, value_name = "REFERENCE")]
    pub images: Vec<String>,
    /// Labels that a node must have, all of them; without it every known node is a target
    #[arg(short = 'l', long, value_name = "KEY=VALUE,…", value_parser = parse_selector, action = clap::ArgAction::Append)]
    pub selector: Vec<Labels>,
    /// Nodes that may pull for this task at a time, 1 to 100 [default: only the operator's limits]
    #[arg(long, value_name = "NODES")]
    pub batch_size: Option<u32>,
    /// 1 (last) to 10 (first) [default: 5]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub priority: Option<u32>,
    /// Further attempts of each pull after a retryable failure, 0 to 5
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub max_retries: u32,
    /// How the wait between attempts grows
    #[arg(long, value_enum, value_name = "STRATEGY")]
    pub retry_strategy: Option<RetryStrategy>,
    /// Wait before the first further attempt, 1s to 300s [default: 30s]
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    pub retry_delay: Option<Duration>,
    /// Longest duration of one attempt [default: 1h]
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    pub pull_timeout: Option<Duration>,
    /// Longest time without progress [default: 5m]
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    pub no_progress_timeout: Option<Duration>,
    /// Logins for registries
    #[command(flatten)]
    pub login: TaskLogin,
    /// Id for the task, [a-z0-9-]{1,63} [default: chosen by the coordinator]
    #[arg(long)]
    pub id: Option<String>,
    /// Makes creating repeatable: the same request id answers with the same task [default: a random one]
    #[arg(long)]
    pub request_id: Option<String>,
    /// Follow the task until it has ended, and exit 0 only if it completed
    #[arg(short, long)]
    pub watch: bool,
    /// How a watch behaves
    #[command(flatten)]
    pub watching: Watching,
}

/// A task to follow.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Id of the task
    pub id: String,
    /// How the watch behaves
    #[command(flatten)]
    pub watching: Watching,
}

/// How a watch behaves.
#[derive(Debug, Clone, Copy, Args)]
pub struct Watching {
    /// How long to try to reach the coordinator again when it goes away
    #[arg(long, value_parser = parse_duration, default_value = "5m", value_name = "DURATION")]
    pub reconnect_for: Duration,
    /// Plain lines even on a terminal
    #[arg(long)]
    pub plain: bool,
}

/// Which tasks to list.
#[derive(Debug, Args)]
pub struct ListTasksArgs {
    /// Only tasks in these states
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE,…")]
    pub status: Vec<crate::words::TaskStateWord>,
    /// Largest number to show, 1 to 100
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// How many to pass over
    #[arg(long, default_value_t = 0)]
    pub offset: u32,
}

/// Which pulls to list.
#[derive(Debug, Args)]
pub struct PullsArgs {
    /// Id of the task
    pub id: String,
    /// Only this node
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Only this image
    #[arg(short, long, value_name = "REFERENCE")]
    pub image: Option<String>,
    /// Only pulls in these states
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE,…")]
    pub state: Vec<crate::words::PullStateWord>,
}

/// Commands about nodes.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// List nodes by name
    #[command(visible_alias = "list")]
    Ls {
        /// Only nodes with these labels, all of them
        #[arg(short = 'l', long, value_name = "KEY=VALUE,…", value_parser = parse_selector, action = clap::ArgAction::Append)]
        selector: Vec<Labels>,
    },
    /// Show one node with its images
    Get {
        /// Name of the node
        name: String,
    },
}

/// How the wait between attempts grows.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum RetryStrategy {
    /// Always the same
    Linear,
    /// Doubled with every attempt, at most ten minutes
    Exponential,
}

/// Labels of one `--selector`.
pub type Labels = std::collections::BTreeMap<String, String>;

fn parse_selector(text: &str) -> Result<Labels, String> {
    let mut labels = Labels::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((key, value)) = part.split_once('=') else {
            return Err(format!("{part:?} must be key=value"));
        };
        let value = value.strip_prefix('=').unwrap_or(value);
        if labels.insert(key.trim().to_owned(), value.trim().to_owned()).is_some() {
            return Err(format!("key {:?} stands twice", key.trim()));
        }
    }
    Ok(labels)
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

    #[test]
    fn selectors_are_pairs() {
        let labels = parse_selector("pool=gpu, zone==a,").unwrap();
        assert_eq!((labels["pool"].as_str(), labels["zone"].as_str()), ("gpu", "a"));
        assert!(parse_selector("pool").is_err());
        assert!(parse_selector("a=1,a=2").is_err());
    }
}
