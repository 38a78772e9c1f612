//! A task to make, from the command line to the protocol.

use crate::args::{BatchMode, CloneArgs, CreateArgs, PreviewArgs, PullPolicy, RetryStrategy, SpecArgs, Window};
use ips_proto::v1;
use std::time::Duration;

/// A task to create; without a request id it gets a random one, so that trying again makes no second task.
pub fn create(args: CreateArgs) -> v1::CreateTaskRequest {
    v1::CreateTaskRequest {
        images: args.images,
        task_id: args.id.unwrap_or_default(),
        request_id: args.request_id.unwrap_or_else(random_id),
        ..spec(args.spec)
    }
}

/// A task to copy.
pub fn copy(args: CloneArgs) -> v1::CloneTaskRequest {
    let overrides = v1::CreateTaskRequest {
        images: args.images,
        task_id: args.id.unwrap_or_default(),
        request_id: random_id(),
        ..spec(args.spec)
    };
    v1::CloneTaskRequest {
        task_id: args.task,
        overrides: Some(overrides),
    }
}

/// A task to weigh.
pub fn preview(args: PreviewArgs) -> v1::PreviewTaskRequest {
    v1::PreviewTaskRequest {
        task: Some(v1::CreateTaskRequest {
            images: args.images,
            ..spec(args.spec)
        }),
        clone_of: args.clone_of.unwrap_or_default(),
    }
}

fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn spec(args: SpecArgs) -> v1::CreateTaskRequest {
    v1::CreateTaskRequest {
        label_selector: args.selector.join(","),
        node_names: args.nodes,
        exclude_nodes: args.exclude_nodes,
        max_nodes: args.max_nodes.unwrap_or_default(),
        platform: args.platform.unwrap_or_default(),
        batch_size: args.batch_size,
        parallelism: args.parallelism.unwrap_or_default(),
        batch_mode: args.batch_mode.map_or(v1::BatchMode::Unspecified, batch_mode).into(),
        canary: args.canary.unwrap_or_default(),
        abort_failure_percent: args.abort_failure_percent,
        success_threshold: args.success_threshold,
        deadline_seconds: args.deadline.map(|deadline| seconds(Some(deadline))),
        windows: args.windows.into_iter().map(window).collect(),
        pull_policy: args
            .pull_policy
            .map_or(v1::ImagePullPolicy::Unspecified, pull_policy)
            .into(),
        priority: args.priority.unwrap_or_default(),
        max_retries: args.max_retries.unwrap_or_default(),
        retry_strategy: args
            .retry_strategy
            .map_or(v1::RetryStrategy::Unspecified, retry_strategy)
            .into(),
        retry_delay_seconds: seconds(args.retry_delay),
        pull_timeout_seconds: seconds(args.pull_timeout),
        no_progress_timeout_seconds: seconds(args.no_progress_timeout),
        ..Default::default()
    }
}

/// Whole seconds; 0, which is "not set" in the protocol, for none.
fn seconds(duration: Option<Duration>) -> u32 {
    duration.map_or(0, |it| u32::try_from(it.as_secs()).unwrap_or(u32::MAX))
}

fn window(window: Window) -> v1::MaintenanceWindow {
    v1::MaintenanceWindow {
        days: window.days,
        start: window.start,
        end: window.end,
        time_zone: window.time_zone,
    }
}

fn batch_mode(mode: BatchMode) -> v1::BatchMode {
    match mode {
        BatchMode::Rolling => v1::BatchMode::Rolling,
        BatchMode::Strict => v1::BatchMode::Strict,
    }
}

fn pull_policy(policy: PullPolicy) -> v1::ImagePullPolicy {
    match policy {
        PullPolicy::IfNotPresent => v1::ImagePullPolicy::IfNotPresent,
        PullPolicy::Always => v1::ImagePullPolicy::Always,
    }
}

fn retry_strategy(strategy: RetryStrategy) -> v1::RetryStrategy {
    match strategy {
        RetryStrategy::Linear => v1::RetryStrategy::Linear,
        RetryStrategy::Exponential => v1::RetryStrategy::Exponential,
    }
}
