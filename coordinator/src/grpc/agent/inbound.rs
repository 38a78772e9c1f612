//! What agents say, checked and in the words of the domain. Nothing passes here that the store or a reader could choke on.

use crate::{
    domain::{
        Invalid, Millis,
        counts::ByteCounts,
        ids::{NodeName, PullId},
        image::{ImageDigests, Platform},
        kubelet::{KubeletFacts, KubeletSource},
        node::{InventoryImage, Node, NodeCondition},
        outcome::{Failure, FailureReason, Outcome, PhaseTimes, Success, SuccessReason},
        pin::{Pin, PinReport, PinState, RemovalResult},
        progress::{LayerProgress, PullPhase},
        selector::check_labels,
    },
    engine::now,
    fleet::messages::{Abilities, Heartbeat, Hello, InventoryReport, ProgressReport, Report},
    fleet::pool::Pool,
};
use ips_proto::v1::{self, agent_message::Body};
use std::sync::Arc;

/// More pulls than any agent runs at a time.
const MAX_CONCURRENT_PULLS: u32 = 64;
/// Longest text of an agent that is kept, in characters.
const MAX_TEXT: usize = 512;
/// Largest size that is believed, in bytes: no disk has as much, and sums of them stay far from the end of 64 bits.
const MAX_BYTES: u64 = 1 << 50;
/// Most of what one message may list.
const MAX_LABELS: usize = 256;
const MAX_ATTEMPTS: usize = 1024;
const MAX_LAYERS: usize = 1024;
const MAX_IMAGES: usize = 8192;
const MAX_NAMES: usize = 256;
const MAX_ALLOWED: usize = 256;
const MAX_PINS: usize = 8192;

/// What agents say over and over.
#[derive(Debug, Default)]
pub(super) struct SharedText {
    /// Settings of kubelets.
    kubelets: Pool<KubeletFacts>,
    /// Digests of layers.
    digests: Pool<str>,
    /// Keys and values of labels, paths, names and versions of programs.
    labels: Pool<str>,
}

pub(super) fn hello(hello: v1::Hello, shared: &SharedText) -> Result<Hello, Invalid> {
    few("labels", hello.labels.len(), MAX_LABELS)?;
    few("inFlight", hello.in_flight.len(), MAX_ATTEMPTS)?;
    few("unacknowledged", hello.unacknowledged.len(), MAX_ATTEMPTS)?;
    check_labels(hello.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
    let label = |(key, value): (String, String)| (shared.labels.share(key), shared.labels.share(value));
    let slots = hello.max_concurrent_pulls;
    if slots == 0 || slots > MAX_CONCURRENT_PULLS {
        let rule = format!("{slots} is out of range, allowed are 1 to {MAX_CONCURRENT_PULLS}");
        return Err(Invalid::new("maxConcurrentPulls", rule));
    }
    let node = Node {
        name: NodeName::parse(&hello.node_name)?,
        uid: required("nodeUid", hello.node_uid)?,
        runtime_uuid: text(hello.runtime_uuid),
        labels: hello.labels.into_iter().map(label).collect(),
        platform: platform(hello.platform)?,
        agent_version: shared.labels.share(text(hello.agent_version)),
        runtime_name: shared.labels.share(text(hello.runtime_name)),
        runtime_version: shared.labels.share(text(hello.runtime_version)),
        max_concurrent_pulls: slots,
        first_seen_at: 0,
        last_seen_at: 0,
    };
    Ok(Hello {
        node,
        condition: condition(hello.condition.unwrap_or_default(), shared)?,
        in_flight: hello
            .in_flight
            .into_iter()
            .map(|attempt| (PullId::from_stored(attempt.pull_id), attempt.attempt))
            .collect(),
        unacknowledged: hello
            .unacknowledged
            .into_iter()
            .map(outcome)
            .collect::<Result<_, _>>()?,
        inventory_hash: text(hello.inventory_hash),
        abilities: abilities(&hello.capabilities),
    })
}

/// The reports in one message after hello.
pub(super) fn reports(message: v1::AgentMessage, shared: &SharedText) -> Result<Vec<Report>, Invalid> {
    match message.body {
        Some(Body::Heartbeat(heartbeat)) => Ok(vec![Report::Heartbeat(self::heartbeat(heartbeat, shared)?)]),
        Some(Body::Progress(progress)) => {
            few("progress.pulls", progress.pulls.len(), MAX_ATTEMPTS)?;
            let reports = progress
                .pulls
                .into_iter()
                .map(|report| self::progress(report, shared))
                .collect::<Result<_, _>>()?;
            Ok(vec![Report::Progress(reports)])
        }
        Some(Body::Outcome(reported)) => {
            let (pull, outcome) = outcome(reported)?;
            Ok(vec![Report::Outcome(pull, outcome)])
        }
        Some(Body::Inventory(inventory)) => Ok(vec![Report::Inventory(self::inventory(inventory)?)]),
        Some(Body::Pins(reported)) => Ok(vec![Report::Pins(pins(reported)?)]),
        Some(Body::ImageRemoved(removed)) => Ok(vec![Report::Removed {
            result: removal(removed.result()),
            order: text(removed.order_id),
            message: text(removed.message),
        }]),
        Some(Body::Hello(_)) => Err(Invalid::new("hello", "may only be the first message")),
        // Something that a newer agent says and this coordinator does not know.
        None => Ok(vec![]),
    }
}

fn heartbeat(heartbeat: v1::Heartbeat, shared: &SharedText) -> Result<Heartbeat, Invalid> {
    let runtime = (
        text(heartbeat.runtime_name),
        text(heartbeat.runtime_version),
        text(heartbeat.runtime_uuid),
    );
    Ok(Heartbeat {
        clock_offset_ms: clock_offset(heartbeat.sent_at_ms, now()),
        condition: condition(heartbeat.condition.unwrap_or_default(), shared)?,
        runtime: (!runtime.0.is_empty()).then_some(runtime),
    })
}

/// How far the agent's clock is ahead; 0 where it says nothing.
fn clock_offset(sent_at_ms: i64, now: Millis) -> Millis {
    const LARGEST: Millis = 366 * 86_400_000;
    if sent_at_ms == 0 {
        return 0;
    }
    sent_at_ms.saturating_sub(now).clamp(-LARGEST, LARGEST)
}

fn progress(report: v1::PullProgress, shared: &SharedText) -> Result<ProgressReport, Invalid> {
    let (pull, attempt) = attempt(report.attempt.clone())?;
    few("progress.layers", report.layers.len(), MAX_LAYERS)?;
    Ok(ProgressReport {
        pull,
        attempt,
        phase: phase(report.phase()),
        bytes: bytes(report.bytes)?,
        layers: report
            .layers
            .into_iter()
            .map(|known| layer(known, shared))
            .collect::<Result<_, _>>()?,
        note: text(report.note),
    })
}

fn phase(phase: v1::PullPhase) -> PullPhase {
    match phase {
        v1::PullPhase::Unspecified | v1::PullPhase::Resolving => PullPhase::Resolving,
        v1::PullPhase::Fetching => PullPhase::Fetching,
        v1::PullPhase::Unpacking => PullPhase::Unpacking,
        v1::PullPhase::Verifying => PullPhase::Verifying,
    }
}

fn layer(layer: v1::LayerProgress, shared: &SharedText) -> Result<LayerProgress, Invalid> {
    Ok(LayerProgress {
        digest: shared.digests.share(text(layer.digest)),
        index: layer.index,
        bytes: bytes(layer.bytes)?,
        unpacked: layer.unpacked,
    })
}

fn bytes(counts: Option<v1::ByteCounts>) -> Result<ByteCounts, Invalid> {
    let counts = counts.unwrap_or_default();
    Ok(ByteCounts {
        total: size("bytes.total", counts.total)?,
        fetched: size("bytes.fetched", counts.fetched)?,
        already_there: size("bytes.alreadyThere", counts.already_there)?,
        not_needed: size("bytes.notNeeded", counts.not_needed)?,
        unpacked: size("bytes.unpacked", counts.unpacked)?,
    })
}

fn outcome(outcome: v1::Outcome) -> Result<(PullId, Outcome), Invalid> {
    let (pull, attempt) = attempt(outcome.attempt)?;
    let result = match outcome.result {
        Some(v1::outcome::Result::Success(success)) => Ok(self::success(success)?),
        Some(v1::outcome::Result::Failure(failure)) => Err(self::failure(failure)?),
        None => return Err(Invalid::new("outcome.result", "is required")),
    };
    let digests = outcome.digests.unwrap_or_default();
    let outcome = Outcome {
        attempt,
        result,
        digests: ImageDigests {
            target: digests.target,
            manifest: digests.manifest,
            config: digests.config,
        },
        bytes: bytes(outcome.bytes)?,
        finished_at: outcome.finished_at_ms,
        phases: phases(&outcome.phases),
    };
    Ok((pull, outcome))
}

/// No honest attempt is in a phase for longer than a day.
fn phases(times: &[v1::PhaseTime]) -> PhaseTimes {
    const LONGEST_MS: u64 = 86_400_000;
    let ms = |wanted: PullPhase| {
        let of_phase = times
            .iter()
            .take(16)
            .filter(|time| time.phase() != v1::PullPhase::Unspecified && phase(time.phase()) == wanted);
        let sum = of_phase.fold(0_u64, |sum, time| sum.saturating_add(time.duration_ms));
        u32::try_from(sum.min(LONGEST_MS)).unwrap_or(u32::MAX)
    };
    PhaseTimes(PullPhase::ALL.map(ms))
}

fn success(success: v1::Success) -> Result<Success, Invalid> {
    let reason = match success.reason() {
        v1::SuccessReason::Pulled => SuccessReason::Pulled,
        v1::SuccessReason::AlreadyPresent => SuccessReason::AlreadyPresent,
        v1::SuccessReason::Unspecified => return Err(Invalid::new("outcome.success.reason", "is required")),
    };
    Ok(Success {
        reason,
        note: success.note,
        digest_verified: success.digest_verified,
    })
}

fn failure(failure: v1::Failure) -> Result<Failure, Invalid> {
    use v1::FailureReason as R;
    let reason = match failure.reason() {
        R::Unspecified => return Err(Invalid::new("outcome.failure.reason", "is required")),
        R::NotFound => FailureReason::NotFound,
        R::Unauthorized => FailureReason::Unauthorized,
        R::RateLimited => FailureReason::RateLimited,
        R::Network => FailureReason::Network,
        R::NoSpace => FailureReason::NoSpace,
        R::WrongPlatform => FailureReason::WrongPlatform,
        R::Runtime => FailureReason::Runtime,
        R::Cancelled => FailureReason::Cancelled,
        R::TimedOut => FailureReason::TimedOut,
        R::TagMoved => FailureReason::TagMoved,
    };
    Ok(Failure {
        reason,
        message: failure.message,
    })
}

fn inventory(inventory: v1::Inventory) -> Result<InventoryReport, Invalid> {
    few("inventory.images", inventory.images.len(), MAX_IMAGES)?;
    few("inventory.removedIds", inventory.removed_ids.len(), MAX_IMAGES)?;
    let images = inventory.images.into_iter().map(|found| image(found).map(Arc::new));
    Ok(InventoryReport {
        hash: text(inventory.hash),
        whole: inventory.whole,
        images: images.collect::<Result<_, _>>()?,
        removed: inventory.removed_ids,
    })
}

fn abilities(capabilities: &[String]) -> Abilities {
    let has = |word: &str| capabilities.iter().any(|known| known == word);
    Abilities {
        pins: has("set-pins"),
        removal: has("remove-image"),
    }
}

fn pins(reported: v1::Pins) -> Result<PinReport, Invalid> {
    few("pins", reported.pins.len(), MAX_PINS)?;
    Ok(PinReport {
        honoured: reported.honoured,
        message: text(reported.message),
        budget_bytes: size("pins.budgetBytes", reported.budget_bytes)?,
        pinned_bytes: size("pins.pinnedBytes", reported.pinned_bytes)?,
        pins: reported.pins.into_iter().map(pin).collect(),
    })
}

fn pin(pin: v1::Pin) -> Pin {
    let state = match pin.state() {
        v1::PinState::Pinned => PinState::Pinned,
        v1::PinState::Absent => PinState::Absent,
        v1::PinState::OverBudget => PinState::OverBudget,
        v1::PinState::Released => PinState::Released,
        v1::PinState::NotHonoured => PinState::NotHonoured,
        v1::PinState::Failed | v1::PinState::Unspecified => PinState::Failed,
    };
    Pin {
        state,
        image: text(pin.reference),
        message: text(pin.message),
    }
}

fn removal(result: v1::RemovalResult) -> RemovalResult {
    match result {
        v1::RemovalResult::Removed => RemovalResult::Removed,
        v1::RemovalResult::WouldRemove => RemovalResult::WouldRemove,
        v1::RemovalResult::InUse => RemovalResult::InUse,
        v1::RemovalResult::Pinned => RemovalResult::Pinned,
        v1::RemovalResult::Sandbox => RemovalResult::Sandbox,
        v1::RemovalResult::Absent => RemovalResult::Absent,
        // Not for agents to say.
        v1::RemovalResult::Failed
        | v1::RemovalResult::Unspecified
        | v1::RemovalResult::Wanted
        | v1::RemovalResult::Offline
        | v1::RemovalResult::Unanswered => RemovalResult::Failed,
    }
}

fn image(image: v1::InventoryImage) -> Result<InventoryImage, Invalid> {
    few("inventory.repoTags", image.repo_tags.len(), MAX_NAMES)?;
    few("inventory.repoDigests", image.repo_digests.len(), MAX_NAMES)?;
    Ok(InventoryImage {
        id: text(image.id),
        repo_tags: texts(image.repo_tags),
        repo_digests: texts(image.repo_digests),
        size_bytes: size("inventory.sizeBytes", image.size_bytes)?,
        pinned: image.pinned,
    })
}

fn condition(condition: v1::NodeCondition, shared: &SharedText) -> Result<NodeCondition, Invalid> {
    Ok(NodeCondition {
        runtime_ready: condition.runtime_ready,
        runtime_message: text(condition.runtime_message),
        image_fs_path: shared.labels.share(text(condition.image_fs_path)),
        image_fs_used_bytes: disk("imageFsUsedBytes", condition.image_fs_used_bytes)?,
        image_fs_capacity_bytes: disk("imageFsCapacityBytes", condition.image_fs_capacity_bytes)?,
        image_fs_available_bytes: disk("imageFsAvailableBytes", condition.image_fs_available_bytes)?,
        image_fs_inodes: disk("imageFsInodes", condition.image_fs_inodes)?,
        image_fs_inodes_free: disk("imageFsInodesFree", condition.image_fs_inodes_free)?,
        draining: condition.draining,
        kubelet: shared.kubelets.share(kubelet(condition.kubelet)?),
        pulls_paused: text(condition.pulls_paused),
    })
}

fn kubelet(facts: Option<v1::KubeletFacts>) -> Result<KubeletFacts, Invalid> {
    let facts = facts.unwrap_or_default();
    few(
        "kubelet.verificationAllowlist",
        facts.verification_allowlist.len(),
        MAX_ALLOWED,
    )?;
    Ok(KubeletFacts {
        source: match facts.source() {
            v1::KubeletConfigSource::Unspecified => KubeletSource::Unknown,
            v1::KubeletConfigSource::Read => KubeletSource::Read,
            v1::KubeletConfigSource::Absent => KubeletSource::Absent,
            v1::KubeletConfigSource::Unreadable => KubeletSource::Unreadable,
        },
        message: text(facts.message),
        high_percent: facts.image_gc_high_threshold_percent.min(100),
        low_percent: facts.image_gc_low_threshold_percent.min(100),
        maximum_age_ms: facts.image_maximum_gc_age_ms,
        policy: text(facts.credentials_verification_policy),
        allowlist: texts(facts.verification_allowlist),
        gate: facts.verification_gate,
    })
}

/// A figure of a file system; some tell more than any disk has.
fn disk(field: &str, value: u64) -> Result<u64, Invalid> {
    // Network file systems say "no limit" with the largest numbers, so only what no sum could bear is refused.
    if value > i64::MAX as u64 {
        return Err(too_large(field, value));
    }
    Ok(value.min(MAX_BYTES))
}

/// A size that can be true.
fn size(field: &str, value: u64) -> Result<u64, Invalid> {
    if value > MAX_BYTES {
        return Err(too_large(field, value));
    }
    Ok(value)
}

fn too_large(field: &str, value: u64) -> Invalid {
    Invalid::new(field, format!("{value} is larger than any disk"))
}

/// A list that is not longer than any honest one.
fn few(field: &str, found: usize, most: usize) -> Result<(), Invalid> {
    if found > most {
        return Err(Invalid::new(field, format!("has {found} entries, allowed are {most}")));
    }
    Ok(())
}

fn platform(platform: Option<v1::Platform>) -> Result<Platform, Invalid> {
    let platform = platform.unwrap_or_default();
    Ok(Platform {
        os: required("platform.os", platform.os)?,
        architecture: required("platform.architecture", platform.architecture)?,
        variant: text(platform.variant),
    })
}

fn attempt(attempt: Option<v1::PullAttempt>) -> Result<(PullId, u32), Invalid> {
    let attempt = attempt.unwrap_or_default();
    Ok((
        PullId::from_stored(required("attempt.pullId", attempt.pull_id)?),
        attempt.attempt,
    ))
}

fn required(field: &str, value: String) -> Result<String, Invalid> {
    if (1..=MAX_TEXT).contains(&value.len()) {
        Ok(value)
    } else {
        Err(Invalid::new(field, format!("must be 1 to {MAX_TEXT} bytes")))
    }
}

/// A list that takes no more room than it needs: it is kept.
fn texts(values: Vec<String>) -> Vec<String> {
    let mut values: Vec<String> = values.into_iter().map(text).collect();
    values.shrink_to_fit();
    values
}

/// Cuts what is longer than any honest agent sends.
fn text(value: String) -> String {
    if value.len() <= MAX_TEXT {
        value
    } else {
        value.chars().take(MAX_TEXT).collect()
    }
}
