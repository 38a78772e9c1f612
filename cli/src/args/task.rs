//! `ips task …` as types.

use super::{SpecArgs, clear::Clearable, parse_duration};
use clap::{Args, Subcommand};
use std::time::Duration;

/// Commands about tasks.
#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    /// Create a task: these images on these nodes, once
    Create(Box<CreateArgs>),
    /// Create a task with the spec of another one; options replace what it says
    Clone(Box<CloneArgs>),
    /// List tasks, newest first
    #[command(visible_alias = "list")]
    Ls(ListTasksArgs),
    /// Show one task
    Get(TaskId),
    /// List the pulls of a task: one line for each node and image
    Pulls(PullsArgs),
    /// Follow a task until it has ended
    Watch(WatchArgs),
    /// Say what a task would do, and save nothing
    Preview(Box<PreviewArgs>),
    /// Hold the pulls of tasks back; what runs goes on
    Pause(SomeTasks),
    /// Let paused tasks go on
    Resume(SomeTasks),
    /// Try the failed pulls of tasks again
    Retry(SomeTasks),
    /// Cancel tasks that have not ended
    Cancel(SomeTasks),
    /// Remove the records of tasks that have ended
    #[command(visible_alias = "delete")]
    Rm(SomeTasks),
}

/// Names one task.
#[derive(Debug, Args)]
pub struct TaskId {
    /// Id of the task
    pub id: String,
}

/// Some tasks, by id or by state.
#[derive(Debug, Args)]
pub struct SomeTasks {
    /// Ids of the tasks
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ID")]
    pub ids: Vec<String>,
    /// All tasks that can be meant, or those of --status
    #[arg(long)]
    pub all: bool,
    /// With --all: only tasks in these states
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        requires = "all",
        conflicts_with = "ids",
        value_name = "STATE,…"
    )]
    pub status: Vec<crate::words::TaskStateWord>,
}

/// A task to create.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Image reference exactly as pods write it; repeat it for more
    #[arg(short, long = "image", required = true, value_name = "REFERENCE")]
    pub images: Vec<String>,
    /// Where and how
    #[command(flatten)]
    pub spec: SpecArgs,
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

/// A task to copy.
#[derive(Debug, Args)]
pub struct CloneArgs {
    /// Id of the task to copy
    pub task: String,
    /// Images instead of those of the task; repeat it for more
    #[arg(short, long = "image", value_name = "REFERENCE")]
    pub images: Vec<String>,
    /// Where and how instead
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Settings of the task that the copy has with their default, by the name of their option; repeat it or separate them by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true,
        value_name = "OPTION,…"
    )]
    pub clear: Vec<Clearable>,
    /// Id for the copy [default: chosen by the coordinator]
    #[arg(long)]
    pub id: Option<String>,
}

/// A task to weigh.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// Image reference exactly as pods write it; repeat it for more
    #[arg(
        short,
        long = "image",
        required_unless_present = "clone_of",
        value_name = "REFERENCE"
    )]
    pub images: Vec<String>,
    /// Weigh a copy of this task; other options say what it does otherwise
    #[arg(long, value_name = "ID")]
    pub clone_of: Option<String>,
    /// Where and how
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Settings of that task that the copy has with their default
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true,
        requires = "clone_of",
        value_name = "OPTION,…"
    )]
    pub clear: Vec<Clearable>,
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
    /// Only tasks with this in their id or images
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub query: String,
    /// Order: created, started or finished, with - before it for the last first
    #[arg(long, value_name = "FIELD", default_value = "-created", allow_hyphen_values = true)]
    pub sort: String,
    /// Only what this policy has ordered, by its id
    #[arg(long, value_name = "ID")]
    pub policy: Option<String>,
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
