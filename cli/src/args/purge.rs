//! `ips purge`.

use clap::Args;

/// Which images go from which nodes.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Images, as pods write them
    #[arg(required_unless_present_any = ["task", "policy"], value_name = "IMAGE")]
    pub images: Vec<String>,
    /// The images of this task, from the nodes that it was for
    #[arg(long, conflicts_with = "images", value_name = "ID")]
    pub task: Option<String>,
    /// The images of this policy, from the nodes that it chooses; it must be paused
    #[arg(long, conflicts_with_all = ["images", "task"], value_name = "ID")]
    pub policy: Option<String>,
    /// Only these nodes
    #[arg(long = "node", value_delimiter = ',', value_name = "NAME,…")]
    pub nodes: Vec<String>,
    /// Conditions on the labels of nodes in Kubernetes' syntax; repeat it for more
    #[arg(short = 'l', long, value_name = "KEY=VALUE,…")]
    pub selector: Vec<String>,
    /// Only say what would happen
    #[arg(long)]
    pub dry_run: bool,
}
