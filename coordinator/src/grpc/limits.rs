//! `LimitsService`: converts and calls the engine.

use super::{identity, status};
use crate::{
    domain::{
        Invalid,
        limits::{LimitsPatch, LimitsRequest, RegistryLimit, RegistryLimitRequest},
    },
    engine::{Engine, door::Door, hosts::HostState, views::LimitsView},
};
use ips_proto::v1::{self, limits_service_server};
use tonic::{Request, Response, Status};

/// The public service of limits.
#[derive(Debug, Clone)]
pub struct LimitsService {
    engine: Door,
}

impl LimitsService {
    /// Serves what the engine allows.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

#[tonic::async_trait]
impl limits_service_server::LimitsService for LimitsService {
    async fn get_limits(&self, request: Request<v1::GetLimitsRequest>) -> Result<Response<v1::LimitsStatus>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        Ok(Response::new(limits_status(&engine.limits())))
    }

    async fn set_limits(&self, request: Request<v1::SetLimitsRequest>) -> Result<Response<v1::LimitsStatus>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let limits = whole(request.into_inner().limits).and_then(LimitsRequest::check);
        let limits = limits.map_err(|invalid| status::of_invalid(&invalid))?;
        let view = engine.set_limits(limits).await.map_err(status::of)?;
        Ok(Response::new(limits_status(&view)))
    }

    async fn update_limits(
        &self,
        request: Request<v1::UpdateLimitsRequest>,
    ) -> Result<Response<v1::LimitsStatus>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let patch = patch(request.into_inner()).map_err(|invalid| status::of_invalid(&invalid))?;
        let view = engine.update_limits(patch).await.map_err(status::of)?;
        Ok(Response::new(limits_status(&view)))
    }
}

fn whole(limits: Option<v1::Limits>) -> Result<LimitsRequest, Invalid> {
    let limits = limits.ok_or_else(|| Invalid::new("clusterPulls", "is required"))?;
    let default = limits.registry_default.unwrap_or_default();
    Ok(LimitsRequest {
        cluster_pulls: i64::from(limits.cluster_pulls),
        node_pulls: limits.node_pulls.map(i64::from),
        zone_pulls: limits.zone_pulls.map(i64::from),
        zone_label: limits.zone_label,
        registry_default: host_limit(default).1,
        registries: limits.registries.into_iter().map(host_limit).collect(),
    })
}

fn host_limit(limit: v1::RegistryLimit) -> (String, RegistryLimitRequest) {
    let request = RegistryLimitRequest {
        pulls: limit.pulls.map(i64::from),
        starts_per_second: limit.starts_per_second,
    };
    (limit.host, request)
}

fn patch(request: v1::UpdateLimitsRequest) -> Result<LimitsPatch, Invalid> {
    const CLEARABLE: [&str; 4] = [
        "nodePulls",
        "zonePulls",
        "registryDefault.pulls",
        "registryDefault.startsPerSecond",
    ];
    if let Some(other) = request.clear.iter().find(|name| !CLEARABLE.contains(&name.as_str())) {
        let rule = format!("{other:?} cannot be taken away, allowed are {}", CLEARABLE.join(", "));
        return Err(Invalid::new("clear", rule));
    }
    let cleared = |name: &str| request.clear.iter().any(|cleared| cleared == name);
    let count = |name: &str, value: Option<u32>| {
        let set = value.map(|value| Some(i64::from(value)));
        set.or_else(|| cleared(name).then_some(None))
    };
    let rate = request.default_starts_per_second.map(Some);
    Ok(LimitsPatch {
        cluster_pulls: request.cluster_pulls.map(i64::from),
        node_pulls: count("nodePulls", request.node_pulls),
        zone_pulls: count("zonePulls", request.zone_pulls),
        zone_label: request.zone_label.clone(),
        default_pulls: count("registryDefault.pulls", request.default_pulls),
        default_starts_per_second: rate.or_else(|| cleared("registryDefault.startsPerSecond").then_some(None)),
        registries: request.registries.iter().cloned().map(host_limit).collect(),
        remove_registries: request.remove_registries.clone(),
    })
}

fn limits_status(view: &LimitsView) -> v1::LimitsStatus {
    let limits = &view.limits;
    let registries = limits.registries.iter();
    v1::LimitsStatus {
        limits: Some(v1::Limits {
            cluster_pulls: limits.cluster_pulls,
            node_pulls: limits.node_pulls,
            zone_pulls: limits.zone_pulls,
            zone_label: limits.zone_label.clone(),
            registry_default: Some(registry_limit("", &limits.registry_default)),
            registries: registries.map(|(host, limit)| registry_limit(host, limit)).collect(),
        }),
        paused: limits.paused(),
        registries: view.registries.iter().map(registry_state).collect(),
    }
}

fn registry_limit(host: &str, limit: &RegistryLimit) -> v1::RegistryLimit {
    v1::RegistryLimit {
        host: host.to_owned(),
        pulls: limit.pulls,
        starts_per_second: limit.starts_per_second,
    }
}

fn registry_state(state: &HostState) -> v1::RegistryState {
    v1::RegistryState {
        host: state.host.clone(),
        running: state.running,
        pulls: state.limit.pulls,
        starts_per_second: state.limit.starts_per_second,
        adaptive_limit: state.adaptive_limit,
        backing_off_until_ms: state.backing_off_until.unwrap_or_default(),
        paused: state.limit.is_paused(),
    }
}
