//! Limits as the REST API shows them.

use crate::human::moment;
use ips_proto::v1;
use serde::Serialize;

/// The limits in force.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    cluster_pulls: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_pulls: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone_pulls: Option<u32>,
    zone_label: String,
    registry_default: Limit,
    registries: Vec<HostLimit>,
    state: State,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Limit {
    #[serde(skip_serializing_if = "Option::is_none")]
    pulls: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_per_second: Option<f64>,
}

#[derive(Debug, Serialize)]
struct HostLimit {
    host: String,
    #[serde(flatten)]
    limit: Limit,
}

#[derive(Debug, Serialize)]
struct State {
    paused: Vec<String>,
    registries: Vec<Registry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Registry {
    host: String,
    running: u32,
    #[serde(flatten)]
    limit: Limit,
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    adaptive_limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backing_off_until: Option<String>,
}

impl From<&v1::LimitsStatus> for Limits {
    fn from(status: &v1::LimitsStatus) -> Self {
        let limits = status.limits.clone().unwrap_or_default();
        let default = limits.registry_default.unwrap_or_default();
        let hosts = limits.registries.into_iter().map(|limit| HostLimit {
            host: limit.host,
            limit: Limit {
                pulls: limit.pulls,
                starts_per_second: limit.starts_per_second,
            },
        });
        Self {
            cluster_pulls: limits.cluster_pulls,
            node_pulls: limits.node_pulls,
            zone_pulls: limits.zone_pulls,
            zone_label: limits.zone_label,
            registry_default: Limit {
                pulls: default.pulls,
                starts_per_second: default.starts_per_second,
            },
            registries: hosts.collect(),
            state: State {
                paused: status.paused.clone(),
                registries: status.registries.iter().map(Registry::from).collect(),
            },
        }
    }
}

impl From<&v1::RegistryState> for Registry {
    fn from(state: &v1::RegistryState) -> Self {
        Self {
            host: state.host.clone(),
            running: state.running,
            limit: Limit {
                pulls: state.pulls,
                starts_per_second: state.starts_per_second,
            },
            paused: state.paused,
            adaptive_limit: state.adaptive_limit,
            backing_off_until: moment(state.backing_off_until_ms),
        }
    }
}
