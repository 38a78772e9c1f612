//! The history of tasks: with their images, and what each node said of each.

use super::{Takeover, time};
use crate::{
    domain::{
        caller::TenantId,
        channel::{self, NoticesRequest},
        counts::{ByteCounts, FailureGroup, PullCounts},
        ids::{NodeName, PullId, TaskId},
        outcome::{FailureReason, SuccessReason},
        pull::{Pull, PullState},
        retry::RetryStrategy,
        task::{Task, TaskImage, TaskRequest, TaskSpec},
        task_state::TaskState,
    },
    store::{Original, OriginalRow, StoreError},
};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TABLE: &str = "tasks";
/// What is said of that which had not ended.
pub(super) const UNFINISHED: &str = "had not ended when it was imported from kitsnail/ips";

impl Takeover {
    pub(super) async fn tasks(&mut self, original: &Original) -> Result<()> {
        for row in original.rows(TABLE) {
            let name = row.text("id");
            let mut remarks = Vec::new();
            let checked =
                TaskId::parse(name).and_then(|id| Ok((id, request(&columns(row), &mut remarks).check()?.spec)));
            let (id, spec) = match checked {
                Ok(checked) => checked,
                Err(invalid) => {
                    self.report.left_out(TABLE, name, &invalid.to_string());
                    continue;
                }
            };
            let pulls = pulls(row, &id, &spec, &mut remarks);
            let task = self.task(row, id, spec, &pulls);
            match self.store.insert_task(&task, None, &pulls).await {
                Ok(()) => {
                    self.report.done(TABLE, true);
                    if !row.text("password").is_empty() {
                        remarks.push("its login is not taken, the task has ended".to_owned());
                    }
                    for remark in remarks {
                        self.report.changed(TABLE, name, &remark);
                    }
                }
                Err(StoreError::Taken { .. }) => self.report.done(TABLE, false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn task(&self, row: &OriginalRow, id: TaskId, spec: TaskSpec, pulls: &[Pull]) -> Task {
        let at = |column| time::parse(row.text(column));
        let created_at = at("created_at").unwrap_or(self.now);
        let state = TaskState::parse(row.text("status")).filter(|state| !state.is_open());
        Task {
            id,
            tenant: TenantId::default(),
            state: state.unwrap_or(TaskState::Failed),
            images: vec![TaskImage::default(); spec.images.len()],
            spec,
            counts: counts(pulls),
            settled_bytes: ByteCounts::default(),
            failures: failures(pulls),
            created_at,
            started_at: at("started_at").unwrap_or(0),
            finished_at: at("finished_at").or(at("started_at")).unwrap_or(created_at),
            policy: None,
            retried_at: 0,
            error_message: match state {
                Some(_) => row.text("error_message").to_owned(),
                None => UNFINISHED.to_owned(),
            },
        }
    }
}

/// The columns of a task as its JSON on the wire has them.
fn columns(row: &OriginalRow) -> Value {
    let number = |column| row.text(column).parse::<i64>().unwrap_or(0);
    json!({
        "images": serde_json::from_str::<Value>(row.text("images")).unwrap_or_default(),
        "batchSize": number("batch_size"),
        "priority": number("priority"),
        "maxRetries": number("max_retries"),
        "retryDelay": number("retry_delay"),
        "retryStrategy": row.text("retry_strategy"),
        "webhookUrl": row.text("webhook_url"),
    })
}

/// What a task of the original asks for. Its fields were not always checked there: what is out of range becomes the default.
pub(super) fn request(config: &Value, remarks: &mut Vec<String>) -> TaskRequest {
    let mut within = |field: &str, range: std::ops::RangeInclusive<i64>| {
        let number = config[field].as_i64().filter(|number| *number != 0)?;
        if range.contains(&number) {
            return Some(number);
        }
        remarks.push(format!("{field} {number} is out of range, the default holds"));
        None
    };
    let (batch_size, priority) = (within("batchSize", 1..=100), within("priority", 1..=10));
    let (max_retries, retry_delay_seconds) = (within("maxRetries", 0..=5), within("retryDelay", 1..=300));
    let webhook_url = config["webhookUrl"].as_str().filter(|url| !url.is_empty());
    let webhook_url = webhook_url.filter(|url| {
        let fine = channel::origin("webhookUrl", url);
        remarks.extend(fine.as_ref().err().map(|invalid| format!("{invalid}; it is left out")));
        fine.is_ok()
    });
    let images = config["images"].as_array().into_iter().flatten();
    let mut request = TaskRequest {
        images: images.filter_map(|image| image.as_str().map(str::to_owned)).collect(),
        batch_size,
        priority,
        max_retries,
        retry_delay_seconds,
        notices: NoticesRequest {
            webhook_url: webhook_url.map(str::to_owned),
            ..NoticesRequest::default()
        },
        retry_strategy: (config["retryStrategy"] == "exponential").then_some(RetryStrategy::Exponential),
        ..TaskRequest::default()
    };
    for (key, value) in config["nodeSelector"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default().to_owned();
        request.selection.node_selector.insert(key.clone(), value);
    }
    request
}

/// One pull for each node and image that the original has a word of.
fn pulls(row: &OriginalRow, id: &TaskId, spec: &TaskSpec, remarks: &mut Vec<String>) -> Vec<Pull> {
    let statuses: BTreeMap<String, BTreeMap<String, i64>> =
        serde_json::from_str(row.text("node_statuses")).unwrap_or_default();
    let finished_at = time::parse(row.text("finished_at")).unwrap_or(0);
    let mut pulls = Vec::new();
    for (node, images) in statuses {
        let Ok(node) = NodeName::parse(&node) else {
            remarks.push(format!("its node {node:?} is not taken, that is no name"));
            continue;
        };
        for (index, image) in spec.images.iter().enumerate() {
            let Some(status) = images.get(image.as_str()) else {
                continue;
            };
            let pull_id = PullId::from_stored(uuid::Uuid::now_v7().to_string());
            let mut pull = Pull::new(pull_id, id.clone(), node.clone(), image.clone(), index as u32);
            (pull.attempt, pull.finished_at) = (1, finished_at);
            if *status == 1 {
                (pull.state, pull.success) = (PullState::Succeeded, Some(SuccessReason::Pulled));
            } else {
                (pull.state, pull.failure) = (PullState::Failed, Some(FailureReason::Runtime));
                pull.message = "failed in kitsnail/ips, which kept no reason".to_owned();
            }
            pulls.push(pull);
        }
    }
    pulls
}

fn counts(pulls: &[Pull]) -> PullCounts {
    let mut failed_by_node: BTreeMap<&str, u32> = BTreeMap::new();
    for pull in pulls {
        *failed_by_node.entry(pull.node.as_str()).or_default() += u32::from(pull.state == PullState::Failed);
    }
    let failed = failed_by_node.values().sum::<u32>();
    let nodes = failed_by_node.len() as u32;
    let nodes_failed = failed_by_node.values().filter(|failed| **failed > 0).count() as u32;
    PullCounts {
        nodes,
        nodes_completed: nodes - nodes_failed,
        nodes_failed,
        nodes_ended: nodes,
        succeeded: pulls.len() as u32 - failed,
        failed,
        ..PullCounts::default()
    }
}

fn failures(pulls: &[Pull]) -> Vec<FailureGroup> {
    let failed = pulls.iter().filter(|pull| pull.state == PullState::Failed);
    let count = failed.clone().count() as u32;
    let group = failed.take(1).map(|first| FailureGroup {
        reason: FailureReason::Runtime,
        pulls: count,
        example_message: first.message.clone(),
        example_node: first.node.to_string(),
    });
    group.collect()
}
