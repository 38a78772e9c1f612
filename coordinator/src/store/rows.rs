//! Rows as the database has them, and their way to and from domain types. JSON columns hold what is read and written as a whole.

use super::StoreError;
use crate::domain::{
    ids::{NodeName, PolicyId, PullId, TaskId},
    image::{ImageDigests, ImageRef},
    node::Node,
    outcome::{FailureReason, SuccessReason},
    pull::{Pull, PullState},
    task::Task,
    task_state::TaskState,
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// Columns of `tasks` in the order that readers select them.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct TaskRow {
    id: String,
    tenant_id: String,
    policy_id: Option<String>,
    state: String,
    spec: String,
    images: String,
    counts: String,
    settled_bytes: String,
    failures: String,
    error_message: String,
    created_at: i64,
    started_at: i64,
    finished_at: i64,
    retried_at: i64,
}

impl TaskRow {
    /// Also of a row that is damaged.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn into_task(self) -> Result<Task, StoreError> {
        Ok(Task {
            id: TaskId::from_stored(self.id),
            tenant: self.tenant_id.into(),
            policy: self.policy_id.map(PolicyId::from_stored),
            spec: from_json(&self.spec, "tasks.spec")?,
            state: TaskState::parse(&self.state).ok_or(StoreError::Damaged { what: "tasks.state" })?,
            images: from_json(&self.images, "tasks.images")?,
            counts: from_json(&self.counts, "tasks.counts")?,
            settled_bytes: from_json(&self.settled_bytes, "tasks.settled_bytes")?,
            failures: from_json(&self.failures, "tasks.failures")?,
            error_message: self.error_message,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            retried_at: self.retried_at,
        })
    }
}

/// Columns of `pulls`.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct PullRow {
    id: String,
    task_id: String,
    node: String,
    image: String,
    image_index: i64,
    state: String,
    attempt: i64,
    retries: i64,
    not_before: i64,
    success: Option<String>,
    failure: Option<String>,
    message: String,
    digests: String,
    digest_verified: i64,
    bytes: String,
    started_at: i64,
    finished_at: i64,
}

impl PullRow {
    /// Also of a row that is damaged.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn into_pull(self) -> Result<Pull, StoreError> {
        Ok(Pull {
            id: PullId::from_stored(self.id),
            task: TaskId::from_stored(self.task_id),
            node: NodeName::from_stored(self.node),
            image: ImageRef::parse(&self.image).map_err(|_| StoreError::Damaged { what: "pulls.image" })?,
            image_index: to_u32(self.image_index, "pulls.image_index")?,
            state: PullState::parse(&self.state).ok_or(StoreError::Damaged { what: "pulls.state" })?,
            attempt: to_u32(self.attempt, "pulls.attempt")?,
            retries: to_u32(self.retries, "pulls.retries")?,
            not_before: self.not_before,
            success: word::<SuccessReason>(self.success, "pulls.success")?,
            failure: word::<FailureReason>(self.failure, "pulls.failure")?,
            message: self.message,
            digests: from_json::<ImageDigests>(&self.digests, "pulls.digests")?.if_known(),
            digest_verified: self.digest_verified != 0,
            bytes: from_json(&self.bytes, "pulls.bytes")?,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

/// Columns of `nodes`.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct NodeRow {
    name: String,
    uid: String,
    runtime_uuid: String,
    labels: String,
    platform: String,
    agent_version: String,
    runtime_name: String,
    runtime_version: String,
    max_concurrent_pulls: i64,
    first_seen_at: i64,
    last_seen_at: i64,
}

impl NodeRow {
    pub(super) fn into_node(self) -> Result<Node, StoreError> {
        let labels: BTreeMap<String, String> = from_json(&self.labels, "nodes.labels")?;
        Ok(Node {
            name: NodeName::from_stored(self.name),
            uid: self.uid,
            runtime_uuid: self.runtime_uuid,
            labels: labels
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            platform: from_json(&self.platform, "nodes.platform")?,
            agent_version: self.agent_version.into(),
            runtime_name: self.runtime_name.into(),
            runtime_version: self.runtime_version.into(),
            max_concurrent_pulls: to_u32(self.max_concurrent_pulls, "nodes.max_concurrent_pulls")?,
            first_seen_at: self.first_seen_at,
            last_seen_at: self.last_seen_at,
        })
    }
}

/// Encodes a JSON column.
pub(super) fn to_json(value: &impl Serialize, what: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Damaged { what })
}

/// Decodes a JSON column.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged { what })
}

pub(super) fn word<T: DeserializeOwned>(text: Option<String>, what: &'static str) -> Result<Option<T>, StoreError> {
    text.map(|text| serde_json::from_value(serde_json::Value::String(text)).map_err(|_| StoreError::Damaged { what }))
        .transpose()
}

pub(super) fn to_u32(number: i64, what: &'static str) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Damaged { what })
}
