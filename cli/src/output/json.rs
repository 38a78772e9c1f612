//! The messages of the protocol as the JSON of the REST API: camelCase, times in RFC 3339, "if known" left out. The words and shapes
//! are promised in docs/api.md.

mod audit;
mod channel;
mod library;
mod limits;
mod node;
mod policy;
mod preview;
mod pull;
mod rules;
mod schedule;
mod secret;
mod system;
mod task;
mod tenant;
mod token;
mod user;

pub use audit::AuditRecord;
pub use channel::{Channel, Delivery};
pub use library::{Imported, LibraryImage};
pub use limits::Limits;
pub use node::Node;
pub use policy::{Coverage, Policy};
pub use preview::Preview;
pub use pull::Pull;
pub use schedule::{Execution, Schedule};
pub use secret::Secret;
pub use system::System;
pub use task::Task;
pub use tenant::Tenant;
pub use token::{ApiToken, NewToken};
pub use user::User;

use ips_proto::v1;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bytes {
    total: u64,
    fetched: u64,
    already_there: u64,
    not_needed: u64,
    unpacked: u64,
}

impl From<Option<v1::ByteCounts>> for Bytes {
    fn from(bytes: Option<v1::ByteCounts>) -> Self {
        let bytes = bytes.unwrap_or_default();
        Self {
            total: bytes.total,
            fetched: bytes.fetched,
            already_there: bytes.already_there,
            not_needed: bytes.not_needed,
            unpacked: bytes.unpacked,
        }
    }
}

/// The word, unless the value is the enum's zero.
fn unless_unset(value: i32, word: fn(i32) -> String) -> Option<String> {
    (value != 0).then(|| word(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_task_has_the_shape_of_the_rest_api() {
        let task = v1::Task {
            task_id: "nightly".into(),
            state: v1::TaskState::Completed.into(),
            images: vec![v1::TaskImage {
                reference: "nginx:1".into(),
                ..Default::default()
            }],
            progress: Some(v1::TaskProgress {
                total_nodes: 4,
                completed_nodes: 3,
                ..Default::default()
            }),
            created_at_ms: 1_795_485_600_000,
            retry_strategy: v1::RetryStrategy::Linear.into(),
            ..Default::default()
        };
        let shown = serde_json::to_value(Task::from(&task)).unwrap();
        assert_eq!(shown["taskId"], "nightly");
        assert_eq!(shown["status"], "completed");
        assert_eq!(shown["images"], json!(["nginx:1"]));
        assert_eq!(shown["progress"]["percentage"], 75.0);
        assert_eq!(shown["createdAt"], "2026-11-24T02:00:00.000Z");
        for absent in ["startedAt", "batchSize", "errorMessage", "nodeSelector", "failures"] {
            assert!(shown.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn a_pull_says_only_what_is_known() {
        let pull = v1::PullView {
            state: v1::PullState::Succeeded.into(),
            success_reason: v1::SuccessReason::Pulled.into(),
            ..Default::default()
        };
        let shown = serde_json::to_value(Pull::from(&pull)).unwrap();
        assert_eq!(
            (&shown["state"], &shown["successReason"]),
            (&json!("succeeded"), &json!("pulled"))
        );
        assert_eq!(shown["bytes"]["alreadyThere"], 0);
        for absent in ["phase", "failureReason", "layers", "message", "notBefore"] {
            assert!(shown.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn only_a_node_asked_for_by_name_has_images() {
        let node = v1::Node {
            name: "n".into(),
            ..Default::default()
        };
        assert!(serde_json::to_value(Node::from(&node)).unwrap().get("images").is_none());
        let response = v1::GetNodeResponse {
            node: Some(node),
            ..Default::default()
        };
        let shown = serde_json::to_value(Node::from(&response)).unwrap();
        assert_eq!(
            (&shown["images"], &shown["inventoryKnown"]),
            (&json!([]), &json!(false))
        );
    }
}
