//! What a copy of a task does otherwise: fields that say something else, and fields that have their default again.

use super::TaskRequest;
use crate::domain::{Invalid, credential::TaskLoginsRequest};

/// What a copy does otherwise.
#[derive(Debug, Clone, Default)]
pub struct TaskOverrides {
    /// What is said instead; what this leaves empty stays.
    pub changes: TaskRequest,
    /// Fields, named as the REST API names them, that have their default again unless `changes` says something.
    pub clear: Vec<String>,
}

/// What can be cleared. `nodeExpressions` stands for all conditions on labels but `nodeSelector`, as does `labelSelector`; `secretId`
/// and `secretIds` both stand for all logins.
pub const CLEARABLE: [&str; 27] = [
    "nodeSelector",
    "labelSelector",
    "nodeExpressions",
    "nodeNames",
    "excludeNodes",
    "maxNodes",
    "platform",
    "batchSize",
    "parallelism",
    "batchMode",
    "canary",
    "abortFailurePercent",
    "successThreshold",
    "deadlineSeconds",
    "windows",
    "pullPolicy",
    "pin",
    "priority",
    "maxRetries",
    "retryStrategy",
    "retryDelay",
    "pullTimeoutSeconds",
    "noProgressTimeoutSeconds",
    "channels",
    "webhookUrl",
    "secretId",
    "secretIds",
];

impl TaskOverrides {
    /// Whether the copy goes without the logins of its origin, also without the one that this brought along.
    pub fn replaces_logins(&self) -> bool {
        let clears = |field: &String| field == "secretId" || field == "secretIds";
        !self.changes.logins.is_empty() || self.clear.iter().any(clears)
    }
}

impl TaskRequest {
    /// This request with fields cleared, then with what is said instead.
    ///
    /// # Errors
    /// A field that does not exist or cannot be cleared.
    pub fn with(mut self, overrides: TaskOverrides) -> Result<Self, Invalid> {
        for field in &overrides.clear {
            self.clear(field)?;
        }
        Ok(self.overridden_by(overrides.changes))
    }

    fn clear(&mut self, field: &str) -> Result<(), Invalid> {
        let (selection, rules) = (&mut self.selection, &mut self.rules);
        match field {
            "nodeSelector" => selection.node_selector.clear(),
            "labelSelector" | "nodeExpressions" => {
                selection.label_selector = None;
                selection.node_expressions.clear();
            }
            "nodeNames" => selection.node_names.clear(),
            "excludeNodes" => selection.exclude_nodes.clear(),
            "maxNodes" => selection.max_nodes = None,
            "platform" => selection.platform = None,
            "batchSize" => self.batch_size = None,
            "parallelism" => rules.parallelism = None,
            "batchMode" => rules.batch_mode = None,
            "canary" => rules.canary = None,
            "abortFailurePercent" => rules.abort_failure_percent = None,
            "successThreshold" => rules.success_threshold = None,
            "deadlineSeconds" => rules.deadline_seconds = None,
            "windows" => rules.windows.clear(),
            "pullPolicy" => rules.pull_policy = None,
            "pin" => rules.pin = None,
            "priority" => self.priority = None,
            "maxRetries" => self.max_retries = None,
            "retryStrategy" => self.retry_strategy = None,
            "retryDelay" => self.retry_delay_seconds = None,
            "pullTimeoutSeconds" => self.pull_timeout_seconds = None,
            "noProgressTimeoutSeconds" => self.no_progress_timeout_seconds = None,
            "channels" => self.notices.channels.clear(),
            "webhookUrl" => self.notices.webhook_url = None,
            "secretId" | "secretIds" => self.logins = TaskLoginsRequest::default(),
            other => {
                let known = CLEARABLE.join(", ");
                return Err(Invalid::new(
                    "clear",
                    format!("{other:?} cannot be cleared, what can: {known}"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::task::copy::tests::full;

    fn bare() -> TaskRequest {
        TaskRequest {
            images: vec!["a:1".into(), "b:1".into()],
            ..TaskRequest::default()
        }
    }

    #[test]
    fn everything_but_the_images_can_be_cleared() {
        let spec = full().check().unwrap().spec;
        let overrides = TaskOverrides {
            clear: CLEARABLE.map(str::to_owned).to_vec(),
            ..TaskOverrides::default()
        };
        assert!(overrides.replaces_logins());
        let copy = TaskRequest::of_spec(&spec).with(overrides).unwrap();
        assert_eq!(copy.check().unwrap().spec, bare().check().unwrap().spec);
    }

    #[test]
    fn each_field_is_cleared_alone_and_what_is_said_stands() {
        let spec = full().check().unwrap().spec;
        for field in CLEARABLE {
            // The batch mode needs the width that it is for.
            let clear = match field {
                "parallelism" => vec![field.to_owned(), "batchMode".to_owned()],
                _alone => vec![field.to_owned()],
            };
            let overrides = TaskOverrides {
                clear,
                ..TaskOverrides::default()
            };
            let copy = TaskRequest::of_spec(&spec).with(overrides).unwrap().check().unwrap();
            let is_there = !matches!(field, "batchSize");
            assert_eq!(copy.spec != spec, is_there, "{field}");
        }
        let overrides = TaskOverrides {
            changes: TaskRequest {
                priority: Some(2),
                ..TaskRequest::default()
            },
            clear: vec!["priority".into(), "windows".into()],
        };
        let copy = TaskRequest::of_spec(&spec)
            .with(overrides)
            .unwrap()
            .check()
            .unwrap()
            .spec;
        assert_eq!((copy.priority, copy.rules.windows.len()), (2, 0));
        for field in ["images", "id", "colour", ""] {
            let overrides = TaskOverrides {
                clear: vec![field.into()],
                ..TaskOverrides::default()
            };
            assert_eq!(bare().with(overrides).unwrap_err().field, "clear", "{field}");
        }
    }
}
