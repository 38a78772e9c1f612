//! The engine's views as messages of the protocol. Every field of a view is named here once; nothing is computed.

mod nodes;
mod preview;

pub(super) use nodes::{inventory_image, node, node_group, purge};
pub(super) use preview::{bulk, preview};

use crate::{
    domain::{
        counts::{self, ByteCounts},
        image::{self, ImageDigests, Platform},
        outcome::{FailureReason, SuccessReason},
        progress::{LayerProgress, PullPhase},
        pull::PullState,
        retry::RetryStrategy,
        rules::{BatchMode, PullPolicy},
        task::{Task, TaskSpec},
        task_state::TaskState,
        window::{Window, WindowRequest},
    },
    engine::views::{PullView, Stats, TaskView},
};
use ips_proto::v1;

/// Names that are shown of a list of nodes, at most.
const MAX_SHOWN: usize = 100;

/// A task.
pub(super) fn task(view: &TaskView) -> v1::Task {
    let (task, spec) = (&view.task, &view.task.spec);
    let (selection, rules) = (&spec.selection, &spec.rules);
    v1::Task {
        task_id: task.id.to_string(),
        tenant: task.tenant.to_string(),
        policy_id: task.policy.as_ref().map(ToString::to_string).unwrap_or_default(),
        declared_by: spec.declared.as_ref().map(ToString::to_string).unwrap_or_default(),
        image_pull_secrets: spec.pull_secret_names().to_vec(),
        state: task_state(task.state).into(),
        priority: i32::try_from(spec.priority).unwrap_or(i32::MAX),
        images: task_images(task),
        node_selector: selection.node_selector.labels().clone().into_iter().collect(),
        batch_size: spec.batch_size,
        max_retries: spec.retry.max_retries,
        retry_strategy: retry_strategy(spec.retry.strategy).into(),
        retry_delay_seconds: spec.retry.delay_seconds,
        progress: Some(progress(view)),
        failures: task.failures.iter().map(failure_group).collect(),
        created_at_ms: task.created_at,
        started_at_ms: task.started_at,
        finished_at_ms: task.finished_at,
        error_message: task.error_message.clone(),
        pull_timeout_seconds: spec.pull_timeout_seconds,
        no_progress_timeout_seconds: spec.no_progress_timeout_seconds,
        retry_count: task.counts.retries,
        estimated_completion_ms: view.estimated_completion.unwrap_or_default(),
        label_selector: selection.label_selector(),
        node_names: first(selection.node_names.iter()),
        node_name_count: selection.node_names.len() as u32,
        exclude_nodes: first(selection.exclude_nodes.iter()),
        exclude_node_count: selection.exclude_nodes.len() as u32,
        max_nodes: text(selection.max_nodes.as_ref()),
        platform: text(selection.platform.as_ref()),
        parallelism: text(rules.parallelism.as_ref()),
        batch_mode: batch_mode(rules.batch_mode).into(),
        canary: text(rules.canary.as_ref()),
        canary_nodes: first(rules.canary_nodes.iter()),
        abort_failure_percent: rules.abort_failure_percent,
        success_threshold: rules.success_threshold,
        deadline_seconds: rules.deadline_seconds.unwrap_or_default(),
        windows: rules.windows.iter().map(window).collect(),
        pull_policy: pull_policy(rules.pull_policy).into(),
        pin: rules.pin,
        waiting_for: view.waiting_for.clone(),
        credentials: spec.credentials.iter().map(super::credentials::of_task).collect(),
        channels: channels(spec),
        webhook_url: spec.notices.webhook_url.clone().unwrap_or_default(),
    }
}

/// The task of a schedule, as it could be created.
pub(super) fn task_config(spec: &TaskSpec) -> v1::CreateTaskRequest {
    let (selection, rules) = (&spec.selection, &spec.rules);
    v1::CreateTaskRequest {
        images: spec.images.iter().map(ToString::to_string).collect(),
        node_selector: spec.selection.node_selector.labels().clone().into_iter().collect(),
        batch_size: spec.batch_size,
        priority: spec.priority,
        max_retries: spec.retry.max_retries,
        retry_strategy: retry_strategy(spec.retry.strategy).into(),
        retry_delay_seconds: spec.retry.delay_seconds,
        task_id: String::new(),
        request_id: String::new(),
        pull_timeout_seconds: spec.pull_timeout_seconds,
        no_progress_timeout_seconds: spec.no_progress_timeout_seconds,
        label_selector: selection.label_selector(),
        node_expressions: vec![],
        node_names: selection.node_names.iter().map(ToString::to_string).collect(),
        exclude_nodes: selection.exclude_nodes.iter().map(ToString::to_string).collect(),
        max_nodes: text(selection.max_nodes.as_ref()),
        platform: text(selection.platform.as_ref()),
        parallelism: text(rules.parallelism.as_ref()),
        batch_mode: batch_mode(rules.batch_mode).into(),
        canary: text(rules.canary.as_ref()),
        abort_failure_percent: rules.abort_failure_percent,
        success_threshold: Some(rules.success_threshold),
        deadline_seconds: rules.deadline_seconds,
        windows: rules.windows.iter().map(window).collect(),
        pull_policy: pull_policy(rules.pull_policy).into(),
        pin: rules.pin.then_some(true),
        credential_ids: spec.credentials.iter().map(|credential| credential.id.get()).collect(),
        login: None,
        channels: channels(spec),
        webhook_url: spec.notices.webhook_url.clone().unwrap_or_default(),
    }
}

fn channels(spec: &TaskSpec) -> Vec<String> {
    spec.notices
        .channels
        .iter()
        .map(|channel| channel.name.clone())
        .collect()
}

fn task_images(task: &Task) -> Vec<v1::TaskImage> {
    let blank = Default::default();
    let images = task.spec.images.iter().enumerate();
    let images = images.map(|(index, reference)| {
        let image = task.images.get(index).unwrap_or(&blank);
        v1::TaskImage {
            reference: reference.to_string(),
            resolved: image.resolved.iter().map(resolved_image).collect(),
            resolve_error: image.error.clone(),
        }
    });
    images.collect()
}

fn progress(view: &TaskView) -> v1::TaskProgress {
    let counts = &view.task.counts;
    let (current_batch, total_batches) = view.task.batches();
    v1::TaskProgress {
        total_nodes: counts.nodes,
        completed_nodes: counts.nodes_completed,
        failed_nodes: counts.nodes_failed,
        total_pulls: counts.total(),
        queued_pulls: counts.queued,
        running_pulls: counts.running,
        succeeded_pulls: counts.succeeded,
        failed_pulls: counts.failed,
        skipped_pulls: counts.skipped,
        cancelled_pulls: counts.cancelled,
        current_batch,
        total_batches,
        bytes: Some(bytes(&view.bytes)),
        throughput_bytes_per_second: view.throughput,
        bytes_moved: view.bytes.fetched,
        bytes_saved: view.bytes.saved(),
    }
}

/// The first names of a list that may be long.
fn first<T: ToString>(names: impl Iterator<Item = T>) -> Vec<String> {
    names.take(MAX_SHOWN).map(|name| name.to_string()).collect()
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn window(window: &Window) -> v1::MaintenanceWindow {
    let written = WindowRequest::from(window);
    v1::MaintenanceWindow {
        days: written.days,
        start: written.start,
        end: written.end,
        time_zone: written.time_zone,
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

/// A pull.
pub(super) fn pull(view: &PullView) -> v1::PullView {
    let (pull, live) = (&view.pull, view.live.as_deref());
    v1::PullView {
        pull_id: pull.id.to_string(),
        task_id: pull.task.to_string(),
        node_name: pull.node.to_string(),
        image: pull.image.to_string(),
        state: pull_state(pull.state).into(),
        phase: live.map_or(v1::PullPhase::Unspecified, |live| phase(live.phase)).into(),
        attempt: pull.attempt,
        success_reason: pull
            .success
            .map_or(v1::SuccessReason::Unspecified, success_reason)
            .into(),
        failure_reason: pull
            .failure
            .map_or(v1::FailureReason::Unspecified, failure_reason)
            .into(),
        message: pull_message(view),
        digests: Some(digests(pull.digests())),
        bytes: Some(bytes(view.bytes())),
        layers: live
            .map(|live| live.layers.iter().map(layer).collect())
            .unwrap_or_default(),
        started_at_ms: pull.started_at,
        finished_at_ms: pull.finished_at,
        not_before_ms: pull.not_before,
        throughput_bytes_per_second: live.map_or(0, |live| live.throughput),
        digest_verified: pull.digest_verified,
    }
}

/// The running attempt's remark stands before what an earlier attempt left.
fn pull_message(view: &PullView) -> String {
    let note = view.live.as_ref().map(|live| live.note.clone());
    note.filter(|note| !note.is_empty())
        .unwrap_or_else(|| view.pull.message.clone())
}

/// The service in numbers.
pub(super) fn stats(stats: &Stats) -> v1::Stats {
    let (nodes, day) = (stats.nodes, stats.day);
    v1::Stats {
        nodes_total: nodes.total,
        nodes_ready: nodes.ready,
        nodes_connected: nodes.connected,
        nodes_draining: nodes.draining,
        tasks: stats
            .tasks
            .iter()
            .map(|(state, count)| (state.as_str().to_owned(), *count))
            .collect(),
        last_day: Some(v1::DayFigures {
            tasks: day.tasks,
            succeeded_pulls: day.succeeded_pulls,
            failed_pulls: day.failed_pulls,
            completed_nodes: day.completed_nodes,
            failed_nodes: day.failed_nodes,
            bytes_moved: day.bytes_moved,
            bytes_saved: day.bytes_saved,
        }),
        throughput_bytes_per_second: stats.throughput,
    }
}

fn resolved_image(image: &image::ResolvedImage) -> v1::ResolvedImage {
    v1::ResolvedImage {
        platform: Some(platform(&image.platform)),
        digests: Some(digests(&image.digests)),
        size_bytes: image.size_bytes,
    }
}

fn platform(platform: &Platform) -> v1::Platform {
    v1::Platform {
        os: platform.os.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
    }
}

fn digests(digests: &ImageDigests) -> v1::ImageDigests {
    v1::ImageDigests {
        target: digests.target.clone(),
        manifest: digests.manifest.clone(),
        config: digests.config.clone(),
    }
}

fn bytes(bytes: &ByteCounts) -> v1::ByteCounts {
    v1::ByteCounts {
        total: bytes.total,
        fetched: bytes.fetched,
        already_there: bytes.already_there,
        not_needed: bytes.not_needed,
        unpacked: bytes.unpacked,
    }
}

fn layer(layer: LayerProgress) -> v1::LayerProgress {
    v1::LayerProgress {
        digest: layer.digest.to_string(),
        index: layer.index,
        bytes: Some(bytes(&layer.bytes)),
        unpacked: layer.unpacked,
    }
}

fn failure_group(group: &counts::FailureGroup) -> v1::FailureGroup {
    v1::FailureGroup {
        reason: failure_reason(group.reason).into(),
        pulls: group.pulls,
        example_message: group.example_message.clone(),
        example_node: group.example_node.clone(),
    }
}

fn task_state(state: TaskState) -> v1::TaskState {
    match state {
        TaskState::Pending => v1::TaskState::Pending,
        TaskState::Running => v1::TaskState::Running,
        TaskState::Paused => v1::TaskState::Paused,
        TaskState::Completed => v1::TaskState::Completed,
        TaskState::Failed => v1::TaskState::Failed,
        TaskState::Cancelled => v1::TaskState::Cancelled,
    }
}

fn retry_strategy(strategy: RetryStrategy) -> v1::RetryStrategy {
    match strategy {
        RetryStrategy::Linear => v1::RetryStrategy::Linear,
        RetryStrategy::Exponential => v1::RetryStrategy::Exponential,
    }
}

fn pull_state(state: PullState) -> v1::PullState {
    match state {
        PullState::Queued => v1::PullState::Queued,
        PullState::Dispatched => v1::PullState::Dispatched,
        PullState::Pulling => v1::PullState::Pulling,
        PullState::Succeeded => v1::PullState::Succeeded,
        PullState::Skipped => v1::PullState::Skipped,
        PullState::Failed => v1::PullState::Failed,
        PullState::Cancelled => v1::PullState::Cancelled,
    }
}

fn phase(phase: PullPhase) -> v1::PullPhase {
    match phase {
        PullPhase::Resolving => v1::PullPhase::Resolving,
        PullPhase::Fetching => v1::PullPhase::Fetching,
        PullPhase::Unpacking => v1::PullPhase::Unpacking,
        PullPhase::Verifying => v1::PullPhase::Verifying,
    }
}

fn success_reason(reason: SuccessReason) -> v1::SuccessReason {
    match reason {
        SuccessReason::Pulled => v1::SuccessReason::Pulled,
        SuccessReason::AlreadyPresent => v1::SuccessReason::AlreadyPresent,
    }
}

fn failure_reason(reason: FailureReason) -> v1::FailureReason {
    match reason {
        FailureReason::NotFound => v1::FailureReason::NotFound,
        FailureReason::Unauthorized => v1::FailureReason::Unauthorized,
        FailureReason::RateLimited => v1::FailureReason::RateLimited,
        FailureReason::Network => v1::FailureReason::Network,
        FailureReason::NoSpace => v1::FailureReason::NoSpace,
        FailureReason::WrongPlatform => v1::FailureReason::WrongPlatform,
        FailureReason::Runtime => v1::FailureReason::Runtime,
        FailureReason::Cancelled => v1::FailureReason::Cancelled,
        FailureReason::TimedOut => v1::FailureReason::TimedOut,
        FailureReason::TagMoved => v1::FailureReason::TagMoved,
    }
}
