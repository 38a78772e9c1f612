//! Pulls as the REST API shows them.

use super::{Bytes, unless_unset};
use crate::{human::moment, words};
use ips_proto::v1;
use serde::Serialize;

/// A pull.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pull {
    pull_id: String,
    task_id: String,
    node_name: String,
    image: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    digest_verified: bool,
    digests: Digests,
    bytes: Bytes,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    layers: Vec<Layer>,
    throughput_bytes_per_second: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
}

#[derive(Debug, Serialize)]
struct Digests {
    target: String,
    manifest: String,
    config: String,
}

#[derive(Debug, Serialize)]
struct Layer {
    digest: String,
    index: u32,
    bytes: Bytes,
    unpacked: bool,
}

impl From<&v1::PullView> for Pull {
    fn from(pull: &v1::PullView) -> Self {
        let digests = pull.digests.clone().unwrap_or_default();
        Self {
            pull_id: pull.pull_id.clone(),
            task_id: pull.task_id.clone(),
            node_name: pull.node_name.clone(),
            image: pull.image.clone(),
            state: words::pull_state(pull.state),
            phase: unless_unset(pull.phase, words::phase),
            attempt: pull.attempt,
            success_reason: unless_unset(pull.success_reason, words::success_reason),
            failure_reason: unless_unset(pull.failure_reason, words::failure_reason),
            message: pull.message.clone(),
            digest_verified: pull.digest_verified,
            digests: Digests {
                target: digests.target,
                manifest: digests.manifest,
                config: digests.config,
            },
            bytes: pull.bytes.into(),
            layers: pull.layers.iter().map(Layer::from).collect(),
            throughput_bytes_per_second: pull.throughput_bytes_per_second,
            started_at: moment(pull.started_at_ms),
            finished_at: moment(pull.finished_at_ms),
            not_before: moment(pull.not_before_ms),
        }
    }
}

impl From<&v1::LayerProgress> for Layer {
    fn from(layer: &v1::LayerProgress) -> Self {
        Self {
            digest: layer.digest.clone(),
            index: layer.index,
            bytes: layer.bytes.into(),
            unpacked: layer.unpacked,
        }
    }
}
