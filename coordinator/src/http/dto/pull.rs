//! A pull as JSON.

use super::{
    progress::{BytesJson, DigestsJson, LayerJson, if_said},
    time,
    words::{FailureWord, PhaseWord, PullStateWord, SuccessWord},
};
use crate::{
    domain::{
        progress::LiveProgress,
        pull::{Pull, PullState},
    },
    engine::views::{Page, PageRequest, PullView},
};
use serde::Serialize;
use utoipa::ToSchema;

/// One image on one node for one task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pull)]
pub(crate) struct PullJson {
    pull_id: String,
    task_id: String,
    node_name: String,
    image: String,
    state: PullStateWord,
    /// While pulling.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    phase: Option<PhaseWord>,
    /// Attempts handed out so far.
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    success_reason: Option<SuccessWord>,
    /// Why its last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failure_reason: Option<FailureWord>,
    /// The runtime's words, a remark, or why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<String>,
    /// The runtime's digests match what the task resolved.
    digest_verified: bool,
    /// What the runtime showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    digests: Option<DigestsJson>,
    bytes: BytesJson,
    /// All layers, while pulling and once the manifest is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    layers: Vec<LayerJson>,
    /// What it fetches now.
    throughput_bytes_per_second: u64,
    /// When its last attempt was handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    finished_at: Option<String>,
    /// While queued for another attempt: when that may start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    not_before: Option<String>,
}

impl From<&PullView> for PullJson {
    fn from(view: &PullView) -> Self {
        let pull = &view.pull;
        let live = view.live.as_deref();
        Self {
            pull_id: pull.id.to_string(),
            task_id: pull.task.to_string(),
            node_name: pull.node.to_string(),
            image: pull.image.to_string(),
            state: pull.state.into(),
            phase: live.map(|live| live.phase.into()),
            attempt: pull.attempt,
            success_reason: pull.success.map(Into::into),
            failure_reason: pull.failure.map(Into::into),
            message: message(pull, live),
            digest_verified: pull.digest_verified,
            digests: DigestsJson::if_known(pull.digests()),
            bytes: view.bytes().into(),
            layers: live.map_or_else(Vec::new, |live| live.layers.iter().map(Into::into).collect()),
            throughput_bytes_per_second: live.map_or(0, |live| live.throughput),
            started_at: time::if_set(pull.started_at),
            finished_at: time::if_set(pull.finished_at),
            not_before: time::if_set(pull.not_before).filter(|_| pull.state == PullState::Queued),
        }
    }
}

/// A running attempt's remark is newer than what the record says.
fn message(pull: &Pull, live: Option<&LiveProgress>) -> Option<String> {
    live.and_then(|live| if_said(&live.note))
        .or_else(|| if_said(&pull.message))
}

/// A part of a task's pulls, by node, then image.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PullPage)]
pub(crate) struct PullPageJson {
    pulls: Vec<PullJson>,
    /// How many match in all.
    total: u32,
    /// The limit that held.
    limit: u32,
    offset: u32,
}

impl PullPageJson {
    /// The part that was asked for.
    pub(crate) fn new(page: &Page<PullView>, asked: PageRequest) -> Self {
        Self {
            pulls: page.items.iter().map(Into::into).collect(),
            total: page.total,
            limit: asked.limit,
            offset: asked.offset,
        }
    }
}
