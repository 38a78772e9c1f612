//! What clients send about standing policies, as the domain's types.

use crate::{
    domain::{
        Invalid,
        ids::{NodeName, PolicyId},
        policy::{CellState, Following, FollowingRequest, PolicyRequest, WorkloadRequest},
        task::TaskRequest,
    },
    engine::policies::CoverageFilter,
    grpc::request::{task, unknown},
};
use ips_proto::v1;

/// A policy as it was asked for; empty and zero mean what the protocol says of them.
pub(super) fn create(request: v1::CreatePolicyRequest) -> Result<PolicyRequest, Invalid> {
    Ok(PolicyRequest {
        name: Some(request.name),
        description: Some(request.description),
        library_tag: Some(request.library_tag),
        workloads: request.workloads.map(workloads),
        task: request.task_config.map(task_config).transpose()?,
        following: request.tag_following.map(following).transpose()?,
        paused: Some(request.paused),
    })
}

/// A change as it was asked for, and of which policy.
pub(super) fn update(request: v1::UpdatePolicyRequest) -> Result<(PolicyId, PolicyRequest), Invalid> {
    let change = PolicyRequest {
        name: request.name,
        description: request.description,
        library_tag: request.library_tag,
        workloads: request.workloads.map(workloads),
        task: request.task_config.map(task_config).transpose()?,
        following: request.tag_following.map(following).transpose()?,
        paused: request.paused,
    };
    Ok((policy_id(request.policy_id)?, change))
}

/// Whose coverage, and which part of it.
pub(super) fn coverage(request: v1::GetPolicyCoverageRequest) -> Result<(PolicyId, CoverageFilter), Invalid> {
    let states = request.states.iter().map(|state| cell_state(*state));
    let filter = CoverageFilter {
        node: Some(request.node)
            .filter(|node| !node.is_empty())
            .map(NodeName::from_stored),
        image: Some(request.image).filter(|image| !image.is_empty()),
        states: states.collect::<Result<_, _>>()?,
    };
    Ok((policy_id(request.policy_id)?, filter))
}

/// The id of a policy that must be named. An id that no policy can have is simply not found later.
pub(super) fn policy_id(text: String) -> Result<PolicyId, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("id", "must not be empty"));
    }
    Ok(PolicyId::from_stored(text))
}

fn task_config(request: v1::CreateTaskRequest) -> Result<TaskRequest, Invalid> {
    task(request).map_err(|invalid| Invalid::new(format!("taskConfig.{}", invalid.field), invalid.rule))
}

fn workloads(request: v1::Workloads) -> WorkloadRequest {
    WorkloadRequest {
        namespaces: request.namespaces,
        kinds: request.kinds,
        selector: request.selector,
    }
}

fn following(request: v1::TagFollowing) -> Result<FollowingRequest, Invalid> {
    let mode = match v1::TagFollowingMode::try_from(request.mode) {
        Ok(v1::TagFollowingMode::Unspecified) => None,
        Ok(v1::TagFollowingMode::Never) => Some("never"),
        Ok(v1::TagFollowingMode::Schedule) => Some("schedule"),
        Ok(v1::TagFollowingMode::Alert) => Some("alert"),
        Err(_unknown) => return Err(unknown("tagFollowing.mode", request.mode, &Following::MODES)),
    };
    let said = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(FollowingRequest {
        mode: mode.map(ToOwned::to_owned),
        cron_expr: said(request.cron_expr),
        time_zone: said(request.time_zone),
    })
}

fn cell_state(value: i32) -> Result<CellState, Invalid> {
    match v1::CoverageState::try_from(value) {
        Ok(v1::CoverageState::Warm) => Ok(CellState::Warm),
        Ok(v1::CoverageState::Cold) => Ok(CellState::Cold),
        Ok(v1::CoverageState::Paused) => Ok(CellState::Paused),
        Ok(v1::CoverageState::Unknown) => Ok(CellState::Unknown),
        Ok(v1::CoverageState::Unspecified) | Err(_) => {
            Err(unknown("state", value, &CellState::ALL.map(CellState::as_str)))
        }
    }
}
