//! Between protocol messages and the agent's own words, and nothing else. Absent and empty mean the same on the wire.

use crate::{
    guard::{KubeletFacts, kubelet::Source},
    keep::{Pin, PinReport, PinState, Removal, Removed},
    node::{Condition, NodeState},
    pull::{
        AttemptId, ByteCounts, Credential, Digests, Ending, Failure, FailureReason, LayerBytes, Order, Outcome, Phase,
        PhaseTime, Platform, Policy, scrub::scrub,
    },
    runtime::ImageRecord,
    worker::AttemptView,
};
use ips_proto::v1 as wire;
use std::time::Duration;

/// The attempt that an order names; `None` when it names none.
pub(super) fn attempt(id: Option<&wire::PullAttempt>) -> Option<AttemptId> {
    let id = id.filter(|id| !id.pull_id.is_empty() && id.attempt > 0)?;
    Some(AttemptId {
        pull: id.pull_id.clone(),
        number: id.attempt,
    })
}

/// The order in the agent's words; `None` when it names no attempt or no image.
pub(super) fn order(start: wire::StartPull) -> Option<Order> {
    let id = attempt(start.attempt.as_ref()).filter(|_| !start.reference.is_empty())?;
    let policy = match start.policy() {
        wire::ImagePullPolicy::Always => Policy::Always,
        wire::ImagePullPolicy::Unspecified | wire::ImagePullPolicy::IfNotPresent => Policy::IfNotPresent,
    };
    Some(Order {
        id,
        policy,
        expected: start.digests.map(digests).unwrap_or_default(),
        credential: start.credential.map(credential),
        deadline: milliseconds(start.deadline_ms),
        no_progress: milliseconds(start.no_progress_timeout_ms),
        size: start.size_bytes,
        traceparent: start.traceparent,
        reference: start.reference,
    })
}

fn milliseconds(value: u64) -> Option<Duration> {
    (value > 0).then(|| Duration::from_millis(value))
}

fn credential(login: wire::RegistryCredential) -> Credential {
    Credential {
        server_address: login.server_address,
        username: login.username,
        password: login.password,
    }
}

fn digests(known: wire::ImageDigests) -> Digests {
    let some = |text: String| (!text.is_empty()).then_some(text);
    Digests {
        target: some(known.target),
        manifest: some(known.manifest),
        config: some(known.config),
    }
}

pub(super) fn attempt_to_wire(id: &AttemptId) -> wire::PullAttempt {
    wire::PullAttempt {
        pull_id: id.pull.clone(),
        attempt: id.number,
    }
}

pub(super) fn outcome_to_wire(outcome: &Outcome) -> wire::Outcome {
    let result = match &outcome.ending {
        Ending::Success(success) => wire::outcome::Result::Success(wire::Success {
            reason: match success.pulled {
                true => wire::SuccessReason::Pulled.into(),
                false => wire::SuccessReason::AlreadyPresent.into(),
            },
            note: success.note.clone(),
            digest_verified: success.digest_verified,
        }),
        Ending::Failure(failure) => wire::outcome::Result::Failure(failure_to_wire(failure)),
    };
    let known = &outcome.digests;
    wire::Outcome {
        attempt: Some(attempt_to_wire(&outcome.id)),
        result: Some(result),
        digests: Some(wire::ImageDigests {
            target: known.target.clone().unwrap_or_default(),
            manifest: known.manifest.clone().unwrap_or_default(),
            config: known.config.clone().unwrap_or_default(),
        }),
        bytes: Some(bytes_to_wire(&outcome.bytes)),
        started_at_ms: outcome.started_at_ms,
        finished_at_ms: outcome.finished_at_ms,
        layers: outcome.layers.iter().map(layer_to_wire).collect(),
        phases: outcome.phases.iter().filter_map(phase_time_to_wire).collect(),
    }
}

/// The coordinator knows of no phase before the first.
fn phase_time_to_wire(time: &PhaseTime) -> Option<wire::PhaseTime> {
    let phase = phase_to_wire(time.phase);
    (phase != wire::PullPhase::Unspecified).then(|| wire::PhaseTime {
        phase: phase.into(),
        duration_ms: time.duration_ms,
    })
}

fn failure_to_wire(failure: &Failure) -> wire::Failure {
    wire::Failure {
        reason: reason_to_wire(failure.reason).into(),
        message: failure.message.clone(),
        retryable: failure.reason.is_retryable(),
        phase: phase_to_wire(failure.phase).into(),
    }
}

fn reason_to_wire(reason: FailureReason) -> wire::FailureReason {
    match reason {
        FailureReason::NotFound => wire::FailureReason::NotFound,
        FailureReason::Unauthorized => wire::FailureReason::Unauthorized,
        FailureReason::RateLimited => wire::FailureReason::RateLimited,
        FailureReason::Network => wire::FailureReason::Network,
        FailureReason::NoSpace => wire::FailureReason::NoSpace,
        FailureReason::WrongPlatform => wire::FailureReason::WrongPlatform,
        FailureReason::Runtime => wire::FailureReason::Runtime,
        FailureReason::Cancelled => wire::FailureReason::Cancelled,
        FailureReason::TimedOut => wire::FailureReason::TimedOut,
        FailureReason::TagMoved => wire::FailureReason::TagMoved,
    }
}

fn phase_to_wire(phase: Phase) -> wire::PullPhase {
    match phase {
        Phase::Waiting | Phase::Ended => wire::PullPhase::Unspecified,
        Phase::Resolving => wire::PullPhase::Resolving,
        Phase::Fetching => wire::PullPhase::Fetching,
        Phase::Unpacking => wire::PullPhase::Unpacking,
        Phase::Verifying => wire::PullPhase::Verifying,
    }
}

fn bytes_to_wire(bytes: &ByteCounts) -> wire::ByteCounts {
    wire::ByteCounts {
        total: bytes.total,
        fetched: bytes.fetched,
        already_there: bytes.already_there,
        not_needed: bytes.not_needed,
        unpacked: bytes.unpacked,
    }
}

fn layer_to_wire(layer: &LayerBytes) -> wire::LayerProgress {
    wire::LayerProgress {
        digest: layer.digest.clone(),
        index: layer.index,
        bytes: Some(bytes_to_wire(&layer.bytes)),
        unpacked: layer.unpacked,
    }
}

/// One attempt's progress with the layers that are news.
pub(super) fn progress_to_wire(id: &AttemptId, view: &AttemptView, layers: &[LayerBytes]) -> wire::PullProgress {
    wire::PullProgress {
        attempt: Some(attempt_to_wire(id)),
        phase: phase_to_wire(view.phase).into(),
        bytes: Some(bytes_to_wire(&view.bytes)),
        layers: layers.iter().map(layer_to_wire).collect(),
        layer_count: u32::try_from(view.layers.len()).unwrap_or(u32::MAX),
        note: view.note.clone(),
    }
}

pub(super) fn platform_to_wire(platform: &Platform) -> wire::Platform {
    wire::Platform {
        os: platform.os.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
    }
}

pub(super) fn condition_to_wire(condition: &Condition, draining: bool) -> wire::NodeCondition {
    wire::NodeCondition {
        runtime_ready: condition.away.is_none(),
        runtime_message: condition.away.clone().unwrap_or_default(),
        image_fs_path: condition.path.clone(),
        image_fs_used_bytes: condition.used_bytes,
        image_fs_capacity_bytes: condition.space.capacity_bytes,
        image_fs_available_bytes: condition.space.available_bytes,
        image_fs_inodes: condition.space.inodes,
        image_fs_inodes_free: condition.space.inodes_free,
        draining,
        kubelet: Some(kubelet_to_wire(&condition.kubelet)),
        pulls_paused: condition.pause.clone().unwrap_or_default(),
    }
}

fn kubelet_to_wire(facts: &KubeletFacts) -> wire::KubeletFacts {
    let (source, message) = match &facts.source {
        Source::Read => (wire::KubeletConfigSource::Read, String::new()),
        Source::Absent => (wire::KubeletConfigSource::Absent, String::new()),
        Source::Unreadable(why) => (wire::KubeletConfigSource::Unreadable, why.clone()),
    };
    wire::KubeletFacts {
        source: source.into(),
        message,
        image_gc_high_threshold_percent: facts.high,
        image_gc_low_threshold_percent: facts.low,
        image_maximum_gc_age_ms: u64::try_from(facts.maximum_age.as_millis()).unwrap_or(u64::MAX),
        credentials_verification_policy: facts.policy.clone(),
        verification_allowlist: facts.allowlist.clone(),
        verification_gate: facts.gate,
    }
}

pub(super) fn heartbeat(node: &NodeState, draining: bool, now_ms: i64) -> wire::Heartbeat {
    let runtime = node.runtime.clone().unwrap_or_default();
    wire::Heartbeat {
        condition: Some(condition_to_wire(&node.condition, draining)),
        sent_at_ms: now_ms,
        runtime_name: runtime.name,
        runtime_version: runtime.version,
        runtime_uuid: runtime.uuid,
    }
}

pub(super) fn image_to_wire(image: ImageRecord) -> wire::InventoryImage {
    wire::InventoryImage {
        id: image.id,
        repo_tags: image.tags,
        repo_digests: image.digests,
        size_bytes: image.size,
        pinned: image.pinned,
        ..wire::InventoryImage::default()
    }
}

pub(super) fn pins_to_wire(report: &PinReport) -> wire::Pins {
    wire::Pins {
        honoured: report.honoured,
        message: report.message.clone(),
        budget_bytes: report.budget,
        pinned_bytes: report.pinned,
        pins: report.pins.iter().map(pin_to_wire).collect(),
    }
}

fn pin_to_wire(pin: &Pin) -> wire::Pin {
    let state = match pin.state {
        PinState::Pinned => wire::PinState::Pinned,
        PinState::Absent => wire::PinState::Absent,
        PinState::OverBudget => wire::PinState::OverBudget,
        PinState::Released => wire::PinState::Released,
        PinState::NotHonoured => wire::PinState::NotHonoured,
        PinState::Failed => wire::PinState::Failed,
    };
    wire::Pin {
        reference: pin.reference.clone(),
        state: state.into(),
        message: scrub(&pin.message),
    }
}

pub(super) fn removal_to_wire(removal: Removal) -> wire::ImageRemoved {
    let result = match removal.result {
        Removed::Removed => wire::RemovalResult::Removed,
        Removed::WouldRemove => wire::RemovalResult::WouldRemove,
        Removed::InUse => wire::RemovalResult::InUse,
        Removed::Pinned => wire::RemovalResult::Pinned,
        Removed::Sandbox => wire::RemovalResult::Sandbox,
        Removed::Absent => wire::RemovalResult::Absent,
        Removed::Failed => wire::RemovalResult::Failed,
    };
    wire::ImageRemoved {
        order_id: removal.order,
        result: result.into(),
        message: scrub(&removal.message),
    }
}
