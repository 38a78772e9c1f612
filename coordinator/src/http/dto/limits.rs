//! The operator's limits as JSON. A limit that is left out does not limit; 0 means paused.

use super::time;
use crate::{
    domain::{
        Invalid,
        limits::{LimitsRequest, RegistryLimit, RegistryLimitRequest},
    },
    engine::{hosts::HostState, views::LimitsView},
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use utoipa::ToSchema;

/// How hard one registry host may be pressed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RegistryLimit)]
pub(crate) struct RegistryLimitJson {
    /// Running pulls.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100_000)]
    pub(super) pulls: Option<i64>,
    /// Pulls started in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub(super) starts_per_second: Option<f64>,
}

/// The limits of one registry host.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = HostLimit)]
pub(crate) struct HostLimitJson {
    /// Host as references name it.
    #[serde(default)]
    #[schema(required, example = "docker.io")]
    pub(super) host: String,
    /// Running pulls.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100_000)]
    pub(super) pulls: Option<i64>,
    /// Pulls started in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub(super) starts_per_second: Option<f64>,
}

/// All limits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SetLimits)]
pub(crate) struct SetLimitsJson {
    /// Running pulls in the whole cluster. Required.
    #[schema(required, minimum = 0, maximum = 100_000)]
    cluster_pulls: Option<i64>,
    /// Running pulls on each node, beside what its agent allows.
    #[schema(minimum = 0, maximum = 100_000)]
    node_pulls: Option<i64>,
    /// Running pulls in each topology zone.
    #[schema(minimum = 0, maximum = 100_000)]
    zone_pulls: Option<i64>,
    /// Label of nodes that names their zone. Default: topology.kubernetes.io/zone.
    zone_label: Option<String>,
    /// For each registry host that is not listed.
    registry_default: Option<RegistryLimitJson>,
    /// By registry host.
    #[schema(max_items = 1000)]
    registries: Option<Vec<HostLimitJson>>,
    /// Ignored, so that what was read can be sent back.
    #[serde(rename = "state")]
    #[schema(ignore)]
    _state: Option<IgnoredAny>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

impl RequestBody for SetLimitsJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl TryFrom<SetLimitsJson> for LimitsRequest {
    type Error = Invalid;

    fn try_from(json: SetLimitsJson) -> Result<Self, Invalid> {
        let cluster_pulls = json
            .cluster_pulls
            .ok_or_else(|| Invalid::new("clusterPulls", "is required"))?;
        Ok(Self {
            cluster_pulls,
            node_pulls: json.node_pulls,
            zone_pulls: json.zone_pulls,
            zone_label: json.zone_label.unwrap_or_default(),
            registry_default: json.registry_default.unwrap_or_default().into(),
            registries: json
                .registries
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
        })
    }
}

impl From<RegistryLimitJson> for RegistryLimitRequest {
    fn from(json: RegistryLimitJson) -> Self {
        Self {
            pulls: json.pulls,
            starts_per_second: json.starts_per_second,
        }
    }
}

impl From<HostLimitJson> for (String, RegistryLimitRequest) {
    fn from(json: HostLimitJson) -> Self {
        let limit = RegistryLimitRequest {
            pulls: json.pulls,
            starts_per_second: json.starts_per_second,
        };
        (json.host, limit)
    }
}

/// The limits in force.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Limits)]
pub(crate) struct LimitsStatusJson {
    cluster_pulls: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node_pulls: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    zone_pulls: Option<u32>,
    zone_label: String,
    registry_default: RegistryLimitJson,
    registries: Vec<HostLimitJson>,
    state: LimitsStateJson,
}

/// What the limits do just now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LimitsState)]
pub(crate) struct LimitsStateJson {
    /// Limits that are 0, so that nothing starts because of them.
    paused: Vec<String>,
    /// Registry hosts that were pulled from since the start, by name.
    registries: Vec<RegistryStateJson>,
}

/// How one registry host bears what is asked of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RegistryState)]
pub(crate) struct RegistryStateJson {
    host: String,
    /// Pulls that run from it.
    running: u32,
    #[serde(flatten)]
    limit: RegistryLimitJson,
    /// The operator's limit is 0.
    paused: bool,
    /// What it bears by its own answers; left out while it has turned nothing away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    adaptive_limit: Option<u32>,
    /// Until when it is left alone because it turned pulls away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    backing_off_until: Option<String>,
}

impl From<&LimitsView> for LimitsStatusJson {
    fn from(view: &LimitsView) -> Self {
        let limits = &view.limits;
        let host = |(host, limit): (&String, &RegistryLimit)| HostLimitJson {
            host: host.clone(),
            pulls: limit.pulls.map(i64::from),
            starts_per_second: limit.starts_per_second,
        };
        Self {
            cluster_pulls: limits.cluster_pulls,
            node_pulls: limits.node_pulls,
            zone_pulls: limits.zone_pulls,
            zone_label: limits.zone_label.clone(),
            registry_default: (&limits.registry_default).into(),
            registries: limits.registries.iter().map(host).collect(),
            state: LimitsStateJson {
                paused: limits.paused(),
                registries: view.registries.iter().map(Into::into).collect(),
            },
        }
    }
}

impl From<&RegistryLimit> for RegistryLimitJson {
    fn from(limit: &RegistryLimit) -> Self {
        Self {
            pulls: limit.pulls.map(i64::from),
            starts_per_second: limit.starts_per_second,
        }
    }
}

impl From<&HostState> for RegistryStateJson {
    fn from(state: &HostState) -> Self {
        Self {
            host: state.host.clone(),
            running: state.running,
            limit: (&state.limit).into(),
            paused: state.limit.is_paused(),
            adaptive_limit: state.adaptive_limit,
            backing_off_until: state.backing_off_until.map(time::rfc3339),
        }
    }
}
