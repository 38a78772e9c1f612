//! A task to make, from the command line to the protocol.

use crate::{
    args::{BatchMode, CloneArgs, CreateArgs, PreviewArgs, PullPolicy, RetryStrategy, SpecArgs, Window, clear},
    error::CliError,
    password,
};
use ips_proto::v1;
use std::time::Duration;

/// A task to create; without a request id it gets a random one, so that trying again makes no second task.
pub fn create(args: CreateArgs) -> Result<v1::CreateTaskRequest, CliError> {
    Ok(v1::CreateTaskRequest {
        images: args.images,
        task_id: args.id.unwrap_or_default(),
        request_id: args.request_id.unwrap_or_else(random_id),
        ..spec(args.spec)?
    })
}

/// A task to copy.
pub fn copy(args: CloneArgs) -> Result<v1::CloneTaskRequest, CliError> {
    let overrides = v1::CreateTaskRequest {
        images: args.images,
        task_id: args.id.unwrap_or_default(),
        request_id: random_id(),
        ..spec(args.spec)?
    };
    Ok(v1::CloneTaskRequest {
        task_id: args.task,
        overrides: Some(overrides),
        clear: clear::fields(&args.clear),
    })
}

/// A task to weigh.
pub fn preview(args: PreviewArgs) -> Result<v1::PreviewTaskRequest, CliError> {
    Ok(v1::PreviewTaskRequest {
        task: Some(v1::CreateTaskRequest {
            images: args.images,
            ..spec(args.spec)?
        }),
        clone_of: args.clone_of.unwrap_or_default(),
        clear: clear::fields(&args.clear),
    })
}

fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Everything that was given; what was not is as the protocol has "not set".
pub fn spec(args: SpecArgs) -> Result<v1::CreateTaskRequest, CliError> {
    Ok(v1::CreateTaskRequest {
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
        pin: args.pin.then_some(true),
        priority: args.priority.unwrap_or_default(),
        max_retries: args.max_retries.unwrap_or_default(),
        retry_strategy: args
            .retry_strategy
            .map_or(v1::RetryStrategy::Unspecified, retry_strategy)
            .into(),
        retry_delay_seconds: seconds(args.retry_delay),
        pull_timeout_seconds: seconds(args.pull_timeout),
        no_progress_timeout_seconds: seconds(args.no_progress_timeout),
        channels: args.channels,
        webhook_url: args.webhook_url.unwrap_or_default(),
        credential_ids: args.login.credentials,
        login: match args.login.registry {
            Some(registry) => Some(v1::InlineLogin {
                password: password::needed(&args.login.password)?,
                username: args.login.username.unwrap_or_default(),
                registry,
            }),
            None => None,
        },
        ..Default::default()
    })
}

/// Whole seconds; 0, which is "not set" in the protocol, for none.
pub fn seconds(duration: Option<Duration>) -> u32 {
    duration.map_or(0, |it| u32::try_from(it.as_secs()).unwrap_or(u32::MAX))
}

/// A task's settings with those that were given laid over them. New conditions on labels replace all that there are.
pub fn over(new: v1::CreateTaskRequest, old: v1::CreateTaskRequest) -> v1::CreateTaskRequest {
    let has_labels = !new.label_selector.is_empty();
    let width_is_new = new.batch_size.is_some() || !new.parallelism.is_empty();
    let either = |new: u32, old: u32| if new == 0 { old } else { new };
    let word = |new: i32, old: i32| if new == 0 { old } else { new };
    v1::CreateTaskRequest {
        images: unless_empty(new.images, old.images),
        node_selector: if has_labels {
            Default::default()
        } else {
            old.node_selector
        },
        label_selector: if has_labels {
            new.label_selector
        } else {
            old.label_selector
        },
        node_expressions: if has_labels { vec![] } else { old.node_expressions },
        node_names: unless_empty(new.node_names, old.node_names),
        exclude_nodes: unless_empty(new.exclude_nodes, old.exclude_nodes),
        max_nodes: text(new.max_nodes, old.max_nodes),
        platform: text(new.platform, old.platform),
        batch_size: if width_is_new { new.batch_size } else { old.batch_size },
        parallelism: if width_is_new { new.parallelism } else { old.parallelism },
        batch_mode: word(new.batch_mode, old.batch_mode),
        canary: text(new.canary, old.canary),
        abort_failure_percent: new.abort_failure_percent.or(old.abort_failure_percent),
        success_threshold: new.success_threshold.or(old.success_threshold),
        deadline_seconds: new.deadline_seconds.or(old.deadline_seconds),
        windows: unless_empty(new.windows, old.windows),
        pull_policy: word(new.pull_policy, old.pull_policy),
        pin: new.pin.or(old.pin),
        priority: either(new.priority, old.priority),
        max_retries: either(new.max_retries, old.max_retries),
        retry_strategy: word(new.retry_strategy, old.retry_strategy),
        retry_delay_seconds: either(new.retry_delay_seconds, old.retry_delay_seconds),
        pull_timeout_seconds: either(new.pull_timeout_seconds, old.pull_timeout_seconds),
        no_progress_timeout_seconds: either(new.no_progress_timeout_seconds, old.no_progress_timeout_seconds),
        credential_ids: unless_empty(new.credential_ids, old.credential_ids),
        login: new.login,
        channels: unless_empty(new.channels, old.channels),
        webhook_url: text(new.webhook_url, old.webhook_url),
        task_id: String::new(),
        request_id: String::new(),
    }
}

fn unless_empty<T>(new: Vec<T>, old: Vec<T>) -> Vec<T> {
    if new.is_empty() { old } else { new }
}

fn text(new: String, old: String) -> String {
    if new.is_empty() { old } else { new }
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
