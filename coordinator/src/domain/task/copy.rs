//! A task made from another one: its spec as a request again, with some fields replaced.

use super::{TaskRequest, TaskSpec};
use crate::domain::{
    channel::NoticesRequest,
    credential::TaskLoginsRequest,
    rules::{RulesRequest, TaskRules},
    selection::{Selection, SelectionRequest},
};

impl TaskRequest {
    /// The request that leads to this spec. Every field is named, so that a new one is not forgotten.
    pub fn of_spec(spec: &TaskSpec) -> Self {
        let TaskSpec {
            images,
            selection,
            batch_size,
            priority,
            retry,
            pull_timeout_seconds,
            no_progress_timeout_seconds,
            rules,
            credentials,
            notices,
            // A copy belongs to the call that makes it.
            trace: _,
            declared: _,
            pull_secrets: _,
        } = spec;
        Self {
            images: images.iter().map(ToString::to_string).collect(),
            selection: SelectionRequest::of(selection),
            batch_size: batch_size.map(i64::from),
            priority: Some(i64::from(*priority)),
            max_retries: Some(i64::from(retry.max_retries)),
            retry_strategy: Some(retry.strategy),
            retry_delay_seconds: Some(i64::from(retry.delay_seconds)),
            pull_timeout_seconds: Some(i64::from(*pull_timeout_seconds)),
            no_progress_timeout_seconds: Some(i64::from(*no_progress_timeout_seconds)),
            rules: RulesRequest::of(rules),
            notices: NoticesRequest::of(notices),
            logins: TaskLoginsRequest::of(credentials),
            id: None,
            request_id: None,
        }
    }

    /// This request with what `other` says instead; what it leaves empty stays. Of `batchSize` and `parallelism`, which exclude each
    /// other, the one that `other` says takes the place of both.
    #[must_use]
    pub fn overridden_by(self, other: Self) -> Self {
        let width_is_new = other.batch_size.is_some() || other.rules.parallelism.is_some();
        let (batch_size, parallelism) = if width_is_new {
            (other.batch_size, other.rules.parallelism)
        } else {
            (self.batch_size, self.rules.parallelism)
        };
        Self {
            images: unless_empty(other.images, self.images),
            selection: self.selection.overridden_by(other.selection),
            batch_size,
            priority: other.priority.or(self.priority),
            max_retries: other.max_retries.or(self.max_retries),
            retry_strategy: other.retry_strategy.or(self.retry_strategy),
            retry_delay_seconds: other.retry_delay_seconds.or(self.retry_delay_seconds),
            pull_timeout_seconds: other.pull_timeout_seconds.or(self.pull_timeout_seconds),
            no_progress_timeout_seconds: other.no_progress_timeout_seconds.or(self.no_progress_timeout_seconds),
            rules: RulesRequest {
                parallelism,
                batch_mode: other.rules.batch_mode.or(self.rules.batch_mode),
                canary: other.rules.canary.or(self.rules.canary),
                abort_failure_percent: other.rules.abort_failure_percent.or(self.rules.abort_failure_percent),
                success_threshold: other.rules.success_threshold.or(self.rules.success_threshold),
                deadline_seconds: other.rules.deadline_seconds.or(self.rules.deadline_seconds),
                windows: unless_empty(other.rules.windows, self.rules.windows),
                pull_policy: other.rules.pull_policy.or(self.rules.pull_policy),
                pin: other.rules.pin.or(self.rules.pin),
            },
            notices: self.notices.overridden_by(other.notices),
            logins: self.logins.overridden_by(other.logins),
            id: other.id,
            request_id: other.request_id,
        }
    }
}

impl RulesRequest {
    fn of(rules: &TaskRules) -> Self {
        let TaskRules {
            parallelism,
            batch_mode,
            canary,
            // Chosen again among the copy's own targets.
            canary_nodes: _,
            abort_failure_percent,
            success_threshold,
            deadline_seconds,
            windows,
            pull_policy,
            pin,
        } = rules;
        Self {
            parallelism: parallelism.map(|share| share.to_string()),
            batch_mode: Some(*batch_mode),
            canary: canary.map(|share| share.to_string()),
            abort_failure_percent: abort_failure_percent.map(i64::from),
            success_threshold: Some(i64::from(*success_threshold)),
            deadline_seconds: deadline_seconds.map(i64::from),
            windows: windows.iter().map(Into::into).collect(),
            pull_policy: Some(*pull_policy),
            pin: pin.then_some(true),
        }
    }
}

impl SelectionRequest {
    fn of(selection: &Selection) -> Self {
        let Selection {
            node_selector,
            node_expressions,
            node_names,
            exclude_nodes,
            max_nodes,
            platform,
        } = selection;
        Self {
            node_selector: node_selector.labels().clone(),
            label_selector: None,
            node_expressions: node_expressions.iter().map(Into::into).collect(),
            node_names: node_names.iter().map(ToString::to_string).collect(),
            exclude_nodes: exclude_nodes.iter().map(ToString::to_string).collect(),
            max_nodes: max_nodes.map(|share| share.to_string()),
            platform: platform.as_ref().map(ToString::to_string),
        }
    }

    fn overridden_by(self, other: Self) -> Self {
        let labels_are_new = other.label_selector.is_some() || !other.node_expressions.is_empty();
        let (label_selector, node_expressions) = if labels_are_new {
            (other.label_selector, other.node_expressions)
        } else {
            (self.label_selector, self.node_expressions)
        };
        Self {
            node_selector: if other.node_selector.is_empty() {
                self.node_selector
            } else {
                other.node_selector
            },
            label_selector,
            node_expressions,
            node_names: unless_empty(other.node_names, self.node_names),
            exclude_nodes: unless_empty(other.exclude_nodes, self.exclude_nodes),
            max_nodes: other.max_nodes.or(self.max_nodes),
            platform: other.platform.or(self.platform),
        }
    }
}

fn unless_empty<T>(new: Vec<T>, old: Vec<T>) -> Vec<T> {
    if new.is_empty() { old } else { new }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::{
        retry::RetryStrategy,
        rules::{BatchMode, PullPolicy},
        window::WindowRequest,
    };

    /// One with everything that a task can say.
    pub(in crate::domain::task) fn full() -> TaskRequest {
        TaskRequest {
            images: vec!["a:1".into(), "b:1".into()],
            selection: SelectionRequest {
                node_selector: [("pool".to_owned(), "gpu".to_owned())].into(),
                label_selector: Some("zone in (a,b),!spot".into()),
                node_expressions: vec![],
                node_names: vec!["n1".into(), "n2".into()],
                exclude_nodes: vec!["n3".into()],
                max_nodes: Some("25%".into()),
                platform: Some("linux/arm64/v8".into()),
            },
            batch_size: None,
            priority: Some(9),
            max_retries: Some(2),
            retry_strategy: Some(RetryStrategy::Exponential),
            retry_delay_seconds: Some(7),
            pull_timeout_seconds: Some(8),
            no_progress_timeout_seconds: Some(9),
            rules: RulesRequest {
                parallelism: Some("10%".into()),
                batch_mode: Some(BatchMode::Strict),
                canary: Some("1".into()),
                abort_failure_percent: Some(20),
                success_threshold: Some(90),
                deadline_seconds: Some(3600),
                windows: vec![WindowRequest {
                    days: vec!["sat".into(), "sun".into()],
                    start: "22:00".into(),
                    end: "06:00".into(),
                    time_zone: "Europe/Berlin".into(),
                }],
                pull_policy: Some(PullPolicy::Always),
                pin: Some(true),
            },
            logins: TaskLoginsRequest {
                secret_ids: vec![3, 1],
                ..TaskLoginsRequest::default()
            },
            notices: NoticesRequest {
                channels: vec!["ops".into()],
                webhook_url: Some("https://hooks.example.com/x".into()),
            },
            id: Some("first".into()),
            request_id: Some("r".into()),
        }
    }

    #[test]
    fn a_copy_without_overrides_has_the_same_spec_and_an_id_of_its_own() {
        let spec = full().check().unwrap().spec;
        let copy = TaskRequest::of_spec(&spec).overridden_by(TaskRequest::default());
        let copy = copy.check().unwrap();
        assert_eq!(copy.spec, spec);
        assert_eq!((copy.id, copy.request_id), (None, None));
    }

    #[test]
    fn overrides_replace_field_by_field() {
        let spec = full().check().unwrap().spec;
        let overrides = TaskRequest {
            images: vec!["c:1".into()],
            selection: SelectionRequest {
                label_selector: Some("zone=c".into()),
                ..SelectionRequest::default()
            },
            batch_size: Some(3),
            priority: Some(1),
            id: Some("second".into()),
            ..TaskRequest::default()
        };
        let copy = TaskRequest::of_spec(&spec).overridden_by(overrides).check().unwrap();
        assert_eq!(copy.id.unwrap().as_str(), "second");
        assert_eq!((copy.spec.priority, copy.spec.batch_size), (1, Some(3)));
        assert_eq!(copy.spec.rules.parallelism, None, "batchSize took its place");
        assert_eq!(copy.spec.selection.label_selector(), "zone=c");
        assert_eq!(copy.spec.selection.node_names, spec.selection.node_names);
        assert_eq!(copy.spec.rules.windows, spec.rules.windows);
        assert_eq!(copy.spec.images.len(), 1);
    }
}
