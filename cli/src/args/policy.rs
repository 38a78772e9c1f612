//! Commands about standing policies.

use super::{SpecArgs, clear::Clearable, parse_duration, schedule::PageArgs};
use clap::{Args, Subcommand};
use std::time::Duration;

/// Commands about standing policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Create a policy: images that are kept warm on every node that matches
    Create(Box<CreatePolicyArgs>),
    /// List policies, newest first
    #[command(visible_alias = "list")]
    Ls(PageArgs),
    /// Show one policy
    Get(PolicyId),
    /// Change a policy: what is given replaces what is there, the rest stays
    Update(Box<UpdatePolicyArgs>),
    /// Order nothing from now on; what is on its way goes on
    Pause(PauseArgs),
    /// Go on with a clean slate: failures and removals are forgotten, and what tags moved to is accepted
    Resume(PolicyId),
    /// Remove policies and cancel what they have ordered; images stay where they are
    #[command(visible_alias = "delete")]
    Rm(PolicyIds),
    /// Show how far a policy is true, and why an image is not warm on a node
    Coverage(CoverageArgs),
    /// Wait until so much of a policy is warm; exit code 1 when the time is up
    Wait(WaitArgs),
}

/// Names one policy.
#[derive(Debug, Args)]
pub struct PolicyId {
    /// Id or name of the policy
    pub id: String,
}

/// Names some policies.
#[derive(Debug, Args)]
pub struct PolicyIds {
    /// Ids or names of the policies
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
}

/// A policy to pause.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Id or name of the policy
    pub id: String,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// A policy to create.
#[derive(Debug, Args)]
pub struct CreatePolicyArgs {
    /// Name, unique in the tenant
    pub name: String,
    /// Image reference exactly as pods write it; repeat it for more
    #[arg(
        short,
        long = "image",
        required_unless_present_any = ["library_tag", "workloads", "workload_namespace", "workload_kind"],
        value_name = "REFERENCE"
    )]
    pub images: Vec<String>,
    /// Make it, but order nothing yet
    #[arg(long)]
    pub paused: bool,
    /// Only say what it would find; nothing is saved or ordered
    #[arg(long)]
    pub dry_run: bool,
    /// Further settings
    #[command(flatten)]
    pub settings: PolicySettings,
    /// What its tasks do
    #[command(flatten)]
    pub task: SpecArgs,
}

/// A policy to change.
#[derive(Debug, Args)]
pub struct UpdatePolicyArgs {
    /// Id or name of the policy
    pub id: String,
    /// Another name
    #[arg(long)]
    pub name: Option<String>,
    /// Images instead of those that it has
    #[arg(short, long = "image", value_name = "REFERENCE")]
    pub images: Vec<String>,
    /// Follow no workloads any more
    #[arg(long, conflicts_with_all = ["workloads", "workload_namespace", "workload_kind"])]
    pub no_workloads: bool,
    /// Further settings
    #[command(flatten)]
    pub settings: PolicySettings,
    /// What its tasks do
    #[command(flatten)]
    pub task: SpecArgs,
    /// Settings of its tasks that have their default again, by the name of their option; repeat it or separate them by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true,
        value_name = "OPTION,…"
    )]
    pub clear: Vec<Clearable>,
}

/// Settings that are the same for a new policy and a change.
#[derive(Debug, Args)]
pub struct PolicySettings {
    /// Words for people
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Tag of the library: its images are wanted, too, as they come and go; empty for none
    #[arg(long, value_name = "TAG")]
    pub library_tag: Option<String>,
    /// Which workloads are followed
    #[command(flatten)]
    pub workloads: WorkloadArgs,
    /// What happens when a tag points at something else [default: never]
    #[arg(long, value_enum, value_name = "MODE")]
    pub follow: Option<Follow>,
    /// When tags are looked at, as for a schedule
    #[arg(long, value_name = "EXPRESSION")]
    pub cron: Option<String>,
    /// Zone of the timetable, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

/// Workloads of the cluster whose images are wanted, too. They must meet every condition.
#[derive(Debug, Args)]
pub struct WorkloadArgs {
    /// Follow the workloads of the cluster with these labels, such as tier=web; empty for any
    #[arg(long, value_name = "SELECTOR")]
    pub workloads: Option<String>,
    /// Only workloads in these namespaces
    #[arg(long, value_delimiter = ',', value_name = "NAMESPACE,…")]
    pub workload_namespace: Vec<String>,
    /// Only workloads of these kinds
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND,…")]
    pub workload_kind: Vec<WorkloadWord>,
}

/// A kind of workload.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum WorkloadWord {
    /// Deployments
    Deployment,
    /// `DaemonSets`
    Daemonset,
    /// `StatefulSets`
    Statefulset,
    /// `CronJobs`
    Cronjob,
}

/// What happens when a tag points at something else.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Follow {
    /// Nothing: a node that has the tag is warm
    Never,
    /// Nodes get what it points at at each time of --cron
    Schedule,
    /// People are told
    Alert,
}

/// Which part of a coverage.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// Id or name of the policy
    pub id: String,
    /// Only on this node
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Only of this image
    #[arg(short, long, value_name = "REFERENCE")]
    pub image: Option<String>,
    /// Only in these states
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE,…")]
    pub state: Vec<CoverageWord>,
    /// Largest number of lines to show, 1 to 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// How many to pass over
    #[arg(long, default_value_t = 0)]
    pub offset: u32,
}

/// Where an image on a node stands.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum CoverageWord {
    /// The node has what the policy wants
    Warm,
    /// It does not
    Cold,
    /// It was removed twice, and is not ordered for now
    Paused,
    /// Nobody knows
    Unknown,
}

/// What to wait for.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Id or name of the policy
    pub id: String,
    /// Share of its images on its nodes that must be warm
    #[arg(long, default_value = "100%", value_parser = parse_percent, value_name = "PERCENT")]
    pub coverage: f64,
    /// Succeed also where there is nothing to keep warm: no node matches, or no image is wanted
    #[arg(long)]
    pub allow_empty: bool,
    /// Longest wait
    #[arg(long, default_value = "10m", value_parser = parse_duration, value_name = "DURATION")]
    pub timeout: Duration,
}

/// A percentage as a share of one.
fn parse_percent(text: &str) -> Result<f64, String> {
    let refusal = || format!("{text:?} must be a percentage from 0 to 100, such as 95%");
    let number: f64 = text
        .strip_suffix('%')
        .unwrap_or(text)
        .parse()
        .map_err(|_no_number| refusal())?;
    if (0.0..=100.0).contains(&number) {
        Ok(number / 100.0)
    } else {
        Err(refusal())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn percentages_are_shares() {
        assert!((parse_percent("95%").unwrap() - 0.95).abs() < 1e-9);
        assert!((parse_percent("100").unwrap() - 1.0).abs() < 1e-9);
        for bad in ["", "%", "101%", "-1", "many", "NaN"] {
            assert!(parse_percent(bad).is_err(), "{bad}");
        }
    }
}
