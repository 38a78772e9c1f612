//! Where and how a task runs, for every command that makes or weighs one.

use super::{TaskLogin, parse_duration};
use clap::Args;
use std::time::Duration;

/// Where and how a task runs.
#[derive(Debug, Args)]
pub struct SpecArgs {
    /// Conditions on the labels of nodes in Kubernetes' syntax, such as `pool in (gpu,cpu),!spot`; repeat it for more. All conditions on
    /// nodes hold at once; without any every known node is a target
    #[arg(short = 'l', long, value_name = "KEY=VALUE,…")]
    pub selector: Vec<String>,
    /// Only these nodes
    #[arg(long = "node", value_delimiter = ',', value_name = "NAME,…")]
    pub nodes: Vec<String>,
    /// Not these nodes
    #[arg(long = "exclude", value_delimiter = ',', value_name = "NAME,…")]
    pub exclude_nodes: Vec<String>,
    /// So many of the nodes that match, for example 10 or 25%; the same ones every time
    #[arg(long, value_name = "N|N%")]
    pub max_nodes: Option<String>,
    /// Only nodes of this platform
    #[arg(long, value_name = "OS/ARCHITECTURE")]
    pub platform: Option<String>,
    /// Nodes that may pull for this task at a time, 1 to 100 [default: only the operator's limits]
    #[arg(long, value_name = "NODES")]
    pub batch_size: Option<u32>,
    /// Nodes that may pull for this task at a time, as number or percentage of the targets; not beside --batch-size
    #[arg(long, value_name = "N|N%")]
    pub parallelism: Option<String>,
    /// How batches follow each other [default: rolling]
    #[arg(long, value_enum, value_name = "MODE")]
    pub batch_mode: Option<BatchMode>,
    /// Nodes that go first, as number or percentage; the rest follows only if all their pulls succeed
    #[arg(long, value_name = "N|N%")]
    pub canary: Option<String>,
    /// Stop when more than so many percent of the ended pulls failed, 0 to 99
    #[arg(long, value_name = "PERCENT")]
    pub abort_failure_percent: Option<u32>,
    /// Percent of the pulls that must succeed, 1 to 100 [default: 100]
    #[arg(long, value_name = "PERCENT")]
    pub success_threshold: Option<u32>,
    /// Stop the task so long after it was accepted, up to 720h
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    pub deadline: Option<Duration>,
    /// When the task may start pulls, for example `sat,sun 22:00-06:00 Europe/Berlin`; repeat it for more
    #[arg(long = "window", value_parser = parse_window, value_name = "[DAYS ]FROM-TO[ ZONE]")]
    pub windows: Vec<Window>,
    /// Whether a warm image is left alone [default: IfNotPresent]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub pull_policy: Option<PullPolicy>,
    /// Pin the images on their nodes against the kubelet's garbage collection, until the task is cancelled or removed
    #[arg(long)]
    pub pin: bool,
    /// 1 (last) to 10 (first) [default: 5]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub priority: Option<u32>,
    /// Further attempts of each pull after a retryable failure, 0 to 5 [default: 0]
    #[arg(long, value_name = "N")]
    pub max_retries: Option<u32>,
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
    /// Channel that is told of the end, by name; repeat it for more
    #[arg(long = "channel", value_name = "NAME")]
    pub channels: Vec<String>,
    /// Address that is told of the end, for this task alone; nothing is signed there
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<String>,
    /// Logins for registries
    #[command(flatten)]
    pub login: TaskLogin,
}

/// How the wait between attempts grows.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum RetryStrategy {
    /// Always the same
    Linear,
    /// Doubled with every attempt, at most ten minutes
    Exponential,
}

/// How batches follow each other.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum BatchMode {
    /// A node that is done makes room for the next
    Rolling,
    /// The next batch starts when the last has ended
    Strict,
}

/// Whether a warm image is left alone.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum PullPolicy {
    /// A warm image is left alone
    #[value(name = "IfNotPresent", alias = "if-not-present")]
    IfNotPresent,
    /// The runtime asks the registry every time
    #[value(name = "Always", alias = "always")]
    Always,
}

/// A time of day on some days, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Days of the week; empty means every day.
    pub days: Vec<String>,
    /// When it opens.
    pub start: String,
    /// When it closes.
    pub end: String,
    /// Zone; empty means UTC.
    pub time_zone: String,
}

fn parse_window(text: &str) -> Result<Window, String> {
    let refusal = || format!("{text:?} must look like \"22:00-06:00\" or \"sat,sun 22:00-06:00 Europe/Berlin\"");
    let words: Vec<&str> = text.split_whitespace().collect();
    let times = words.iter().position(|word| word.contains(':')).ok_or_else(refusal)?;
    let (start, end) = words[times].split_once('-').ok_or_else(refusal)?;
    let (days, zone) = (&words[..times], &words[times + 1..]);
    if days.len() > 1 || zone.len() > 1 {
        return Err(refusal());
    }
    Ok(Window {
        days: days
            .iter()
            .flat_map(|list| list.split(','))
            .map(str::to_owned)
            .collect(),
        start: start.to_owned(),
        end: end.to_owned(),
        time_zone: zone.concat(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn windows_have_days_times_and_a_zone() {
        let window = parse_window("sat,sun 22:00-06:00 Europe/Berlin").unwrap();
        assert_eq!(window.days, ["sat", "sun"]);
        assert_eq!((window.start.as_str(), window.end.as_str()), ("22:00", "06:00"));
        assert_eq!(window.time_zone, "Europe/Berlin");
        let daily = parse_window("22:00-06:00").unwrap();
        assert!(daily.days.is_empty() && daily.time_zone.is_empty());
        for bad in ["", "sat", "22:00", "sat sun 22:00-06:00", "22:00-06:00 UTC x"] {
            assert!(parse_window(bad).is_err(), "{bad}");
        }
    }
}
