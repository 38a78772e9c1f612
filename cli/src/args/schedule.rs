//! Commands about schedules.

use super::{SpecArgs, clear::Clearable, parse_duration};
use clap::{Args, Subcommand};
use std::time::Duration;

/// Commands about schedules.
#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Create a schedule: a task that is started again and again by a timetable
    Create(Box<CreateScheduleArgs>),
    /// List schedules, newest first
    #[command(visible_alias = "list")]
    Ls(PageArgs),
    /// Show one schedule
    Get(ScheduleId),
    /// Change a schedule: what is given replaces what is there, the rest stays
    Update(Box<UpdateScheduleArgs>),
    /// Switch schedules on
    Enable(ScheduleIds),
    /// Switch schedules off; what runs goes on
    Disable(ScheduleIds),
    /// Start a run now, by the schedule's overlap policy
    Trigger(ScheduleId),
    /// Remove schedules with their history; tasks that they started go on
    #[command(visible_alias = "delete")]
    Rm(ScheduleIds),
    /// List what a schedule ran, newest start first, or show one execution
    Executions(ExecutionsArgs),
}

/// Names one schedule.
#[derive(Debug, Args)]
pub struct ScheduleId {
    /// Id of the schedule
    pub id: String,
}

/// Names some schedules.
#[derive(Debug, Args)]
pub struct ScheduleIds {
    /// Ids of the schedules
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Args)]
pub struct PageArgs {
    /// Largest number to show, 1 to 100
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// How many to pass over
    #[arg(long, default_value_t = 0)]
    pub offset: u32,
}

/// Which executions to show.
#[derive(Debug, Args)]
pub struct ExecutionsArgs {
    /// Id of the schedule
    pub id: String,
    /// Number of one execution
    pub number: Option<i64>,
    /// Only executions in these states
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE,…")]
    pub status: Vec<crate::words::ExecutionStateWord>,
    /// Which part
    #[command(flatten)]
    pub page: PageArgs,
}

/// A schedule to create.
#[derive(Debug, Args)]
pub struct CreateScheduleArgs {
    /// Name for people
    pub name: String,
    /// When it is due: five fields (minute, hour, day of month, month, day of week), or @yearly, @monthly, @weekly, @daily, @hourly,
    /// or "@every 1h30m"
    #[arg(long, value_name = "EXPRESSION")]
    pub cron: String,
    /// Image reference exactly as pods write it; repeat it for more
    #[arg(short, long = "image", required = true, value_name = "REFERENCE")]
    pub images: Vec<String>,
    /// Make it, but start no runs yet
    #[arg(long)]
    pub disabled: bool,
    /// Further settings
    #[command(flatten)]
    pub settings: ScheduleSettings,
    /// What its tasks do
    #[command(flatten)]
    pub task: SpecArgs,
}

/// A schedule to change.
#[derive(Debug, Args)]
pub struct UpdateScheduleArgs {
    /// Id of the schedule
    pub id: String,
    /// Name for people
    #[arg(long)]
    pub name: Option<String>,
    /// When it is due
    #[arg(long, value_name = "EXPRESSION")]
    pub cron: Option<String>,
    /// Images instead of those that it has
    #[arg(short, long = "image", value_name = "REFERENCE")]
    pub images: Vec<String>,
    /// Further settings
    #[command(flatten)]
    pub settings: ScheduleSettings,
    /// What its tasks do
    #[command(flatten)]
    pub task: SpecArgs,
    /// Settings of its tasks that have their default again, by the name of their option; repeat it or separate them by commas. Its own
    /// settings are cleared by saying so: `--description ''`, `--time-zone ''`, `--timeout 0`
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true,
        value_name = "OPTION,…"
    )]
    pub clear: Vec<Clearable>,
}

/// Settings that are the same for a new schedule and a change.
#[derive(Debug, Args)]
pub struct ScheduleSettings {
    /// Words for people
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Zone of the timetable, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// What happens when a run is due while the one before has not ended [default: skip]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub overlap: Option<Overlap>,
    /// Longest run; then its task is cancelled; 0 for none [default: none]
    #[arg(long, value_parser = parse_timeout, value_name = "DURATION")]
    pub timeout: Option<Duration>,
    /// What happens with runs that were due while no coordinator could start them [default: skip]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub missed: Option<Missed>,
}

/// What happens when runs overlap.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Overlap {
    /// The run is left out
    Skip,
    /// Both run
    Allow,
    /// The run waits; at most one does
    Queue,
    /// The one before is cancelled
    Replace,
}

/// What happens with missed runs.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Missed {
    /// They are left out
    Skip,
    /// One run makes up for all of them
    RunOnce,
}

/// A duration, or 0 for none.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    parse_duration(text)
}
