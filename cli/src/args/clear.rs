//! Settings of a task that can have their default again, for commands that start from a task or schedule that is there.

use clap::ValueEnum;
use ips_proto::v1;

/// A setting, named as the option that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Clearable {
    /// All conditions on labels
    Selector,
    /// All named nodes
    Node,
    /// All excluded nodes
    Exclude,
    /// The number of nodes
    MaxNodes,
    /// The platform
    Platform,
    /// Nodes at a time
    BatchSize,
    /// Nodes at a time
    Parallelism,
    /// How batches follow each other
    BatchMode,
    /// Nodes that go first
    Canary,
    /// The abort rule
    AbortFailurePercent,
    /// The success threshold
    SuccessThreshold,
    /// The deadline
    Deadline,
    /// All maintenance windows
    Window,
    /// The pull policy
    PullPolicy,
    /// The pins
    Pin,
    /// The priority
    Priority,
    /// Retries
    MaxRetries,
    /// How the wait grows
    RetryStrategy,
    /// The first wait
    RetryDelay,
    /// Longest attempt
    PullTimeout,
    /// Longest standstill
    NoProgressTimeout,
    /// All channels
    Channel,
    /// The address that is told of the end
    WebhookUrl,
    /// All logins
    Credential,
}

impl Clearable {
    /// The fields that the coordinator clears for it.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Selector => &["nodeSelector", "nodeExpressions"],
            Self::Node => &["nodeNames"],
            Self::Exclude => &["excludeNodes"],
            Self::MaxNodes => &["maxNodes"],
            Self::Platform => &["platform"],
            Self::BatchSize => &["batchSize"],
            Self::Parallelism => &["parallelism"],
            Self::BatchMode => &["batchMode"],
            Self::Canary => &["canary"],
            Self::AbortFailurePercent => &["abortFailurePercent"],
            Self::SuccessThreshold => &["successThreshold"],
            Self::Deadline => &["deadlineSeconds"],
            Self::Window => &["windows"],
            Self::PullPolicy => &["pullPolicy"],
            Self::Pin => &["pin"],
            Self::Priority => &["priority"],
            Self::MaxRetries => &["maxRetries"],
            Self::RetryStrategy => &["retryStrategy"],
            Self::RetryDelay => &["retryDelay"],
            Self::PullTimeout => &["pullTimeoutSeconds"],
            Self::NoProgressTimeout => &["noProgressTimeoutSeconds"],
            Self::Channel => &["channels"],
            Self::WebhookUrl => &["webhookUrl"],
            Self::Credential => &["secretIds"],
        }
    }

    /// Takes it out of a task's settings.
    pub fn take_out(self, task: &mut v1::CreateTaskRequest) {
        match self {
            Self::Selector => {
                task.node_selector.clear();
                task.label_selector.clear();
                task.node_expressions.clear();
            }
            Self::Node => task.node_names.clear(),
            Self::Exclude => task.exclude_nodes.clear(),
            Self::MaxNodes => task.max_nodes.clear(),
            Self::Platform => task.platform.clear(),
            Self::BatchSize => task.batch_size = None,
            Self::Parallelism => task.parallelism.clear(),
            Self::BatchMode => task.batch_mode = 0,
            Self::Canary => task.canary.clear(),
            Self::AbortFailurePercent => task.abort_failure_percent = None,
            Self::SuccessThreshold => task.success_threshold = None,
            Self::Deadline => task.deadline_seconds = None,
            Self::Window => task.windows.clear(),
            Self::PullPolicy => task.pull_policy = 0,
            Self::Pin => task.pin = None,
            Self::Priority => task.priority = 0,
            Self::MaxRetries => task.max_retries = 0,
            Self::RetryStrategy => task.retry_strategy = 0,
            Self::RetryDelay => task.retry_delay_seconds = 0,
            Self::PullTimeout => task.pull_timeout_seconds = 0,
            Self::NoProgressTimeout => task.no_progress_timeout_seconds = 0,
            Self::Channel => task.channels.clear(),
            Self::WebhookUrl => task.webhook_url.clear(),
            Self::Credential => task.credential_ids.clear(),
        }
    }
}

/// The fields of all of them.
pub fn fields(settings: &[Clearable]) -> Vec<String> {
    let fields = settings.iter().flat_map(|setting| setting.fields());
    fields.map(ToString::to_string).collect()
}
