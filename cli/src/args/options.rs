//! What a task does beside its images: shared by `task create` and the commands of schedules.

use super::{Labels, RetryStrategy, parse_duration, parse_selector};
use clap::Args;
use ips_proto::v1;
use std::time::Duration;

/// How and where a task pulls.
#[derive(Debug, Clone, Args)]
pub struct TaskOptions {
    /// Labels that a node must have, all of them; without it every known node is a target
    #[arg(short = 'l', long, value_name = "KEY=VALUE,…", value_parser = parse_selector, action = clap::ArgAction::Append)]
    pub selector: Vec<Labels>,
    /// Nodes that may pull for this task at a time, 1 to 100 [default: only the operator's limits]
    #[arg(long, value_name = "NODES")]
    pub batch_size: Option<u32>,
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
}

impl TaskOptions {
    /// Whether none was given.
    pub fn is_empty(&self) -> bool {
        let blank = v1::CreateTaskRequest::default();
        self.clone().over(vec![], blank.clone()) == blank
    }

    /// The request with everything that was given laid over it.
    pub fn over(self, images: Vec<String>, request: v1::CreateTaskRequest) -> v1::CreateTaskRequest {
        let Self {
            selector,
            batch_size,
            priority,
            max_retries,
            retry_strategy,
            retry_delay,
            pull_timeout,
            no_progress_timeout,
        } = self;
        let labels: Labels = selector.into_iter().flatten().collect();
        let strategy = retry_strategy.map(|strategy| match strategy {
            RetryStrategy::Linear => v1::RetryStrategy::Linear.into(),
            RetryStrategy::Exponential => v1::RetryStrategy::Exponential.into(),
        });
        v1::CreateTaskRequest {
            images: unless_empty(images, request.images),
            node_selector: if labels.is_empty() {
                request.node_selector
            } else {
                labels.into_iter().collect()
            },
            batch_size: batch_size.or(request.batch_size),
            priority: priority.unwrap_or(request.priority),
            max_retries: max_retries.unwrap_or(request.max_retries),
            retry_strategy: strategy.unwrap_or(request.retry_strategy),
            retry_delay_seconds: retry_delay.map_or(request.retry_delay_seconds, seconds),
            pull_timeout_seconds: pull_timeout.map_or(request.pull_timeout_seconds, seconds),
            no_progress_timeout_seconds: no_progress_timeout.map_or(request.no_progress_timeout_seconds, seconds),
            ..request
        }
    }
}

fn unless_empty(new: Vec<String>, old: Vec<String>) -> Vec<String> {
    if new.is_empty() { old } else { new }
}

/// Whole seconds, as the protocol has them.
pub fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
