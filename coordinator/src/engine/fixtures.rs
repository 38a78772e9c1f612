//! Tasks and pulls for the engine's tests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::domain::{
    caller::TenantId,
    counts::{ByteCounts, PullCounts},
    ids::{NodeName, PullId, TaskId},
    pull::Pull,
    task::{Task, TaskImage, TaskRequest},
    task_state::TaskState,
};

/// A pending task with a queued pull for each node and image.
pub fn task_with_pulls(id: &str, nodes: &[&str], images: &[&str]) -> (Task, Vec<Pull>) {
    task_from(
        id,
        nodes,
        TaskRequest {
            images: images.iter().map(|image| (*image).to_owned()).collect(),
            ..TaskRequest::default()
        },
    )
}

/// A pending task from a request.
pub fn task_from(id: &str, nodes: &[&str], request: TaskRequest) -> (Task, Vec<Pull>) {
    let spec = request.check().unwrap().spec;
    let id = TaskId::parse(id).unwrap();
    let mut pulls = Vec::new();
    for node in nodes {
        for (index, image) in spec.images.iter().enumerate() {
            let pull_id = PullId::from_stored(format!("{id}/{node}/{index}"));
            pulls.push(Pull::new(
                pull_id,
                id.clone(),
                NodeName::parse(node).unwrap(),
                image.clone(),
                index as u32,
            ));
        }
    }
    let task = Task {
        id,
        tenant: TenantId::default(),
        state: TaskState::Pending,
        images: vec![TaskImage::default(); spec.images.len()],
        counts: PullCounts {
            nodes: nodes.len() as u32,
            queued: pulls.len() as u32,
            ..PullCounts::default()
        },
        settled_bytes: ByteCounts::default(),
        failures: vec![],
        created_at: 1,
        started_at: 0,
        finished_at: 0,
        policy: None,
        retried_at: 0,
        error_message: String::new(),
        spec,
    };
    (task, pulls)
}
