//! A change of some limits, as JSON.

use super::limits::HostLimitJson;
use crate::{
    domain::limits::LimitsPatch,
    http::extract::{RequestBody, UnknownFields},
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// Limits to change; what is left out stays, `null` takes a limit away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdateLimits)]
pub(crate) struct LimitsPatchJson {
    /// Running pulls in the whole cluster.
    #[schema(nullable = false, minimum = 0, maximum = 100_000)]
    cluster_pulls: Option<i64>,
    /// Running pulls on each node.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000)]
    node_pulls: Option<Option<i64>>,
    /// Running pulls in each topology zone.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000)]
    zone_pulls: Option<Option<i64>>,
    /// Label of nodes that names their zone; empty means the default.
    #[schema(nullable = false)]
    zone_label: Option<String>,
    /// For each registry host that is not listed.
    #[schema(nullable = false)]
    registry_default: Option<RegistryLimitPatchJson>,
    /// Replace the limits of these hosts; other hosts stay.
    #[serde(default)]
    registries: Vec<HostLimitJson>,
    /// Hosts that have the default limits from now on; each must be listed.
    #[serde(default)]
    remove_registries: Vec<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: UnknownFields,
}

/// Limits of hosts that are not listed, to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UpdateRegistryLimit)]
pub(crate) struct RegistryLimitPatchJson {
    /// Running pulls.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000)]
    pulls: Option<Option<i64>>,
    /// Pulls started in a second.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 10_000)]
    starts_per_second: Option<Option<f64>>,
}

impl RequestBody for LimitsPatchJson {
    const STRICT: bool = true;

    fn take_unknown(&mut self) -> UnknownFields {
        std::mem::take(&mut self.unknown)
    }
}

impl From<LimitsPatchJson> for LimitsPatch {
    fn from(json: LimitsPatchJson) -> Self {
        let default = json.registry_default.unwrap_or_default();
        Self {
            cluster_pulls: json.cluster_pulls,
            node_pulls: json.node_pulls,
            zone_pulls: json.zone_pulls,
            zone_label: json.zone_label,
            default_pulls: default.pulls,
            default_starts_per_second: default.starts_per_second,
            registries: json.registries.into_iter().map(Into::into).collect(),
            remove_registries: json.remove_registries,
        }
    }
}

/// Tells `null` from absent.
pub(super) fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
