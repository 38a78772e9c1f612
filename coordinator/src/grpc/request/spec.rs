//! A task as clients ask for it.

use super::{unknown, unless_empty, unless_zero};
use crate::domain::{
    Invalid,
    channel::NoticesRequest,
    credential::TaskLoginsRequest,
    retry::RetryStrategy,
    rules::{BatchMode, PullPolicy, RulesRequest},
    selection::{ExpressionRequest, SelectionRequest},
    task::TaskRequest,
    window::WindowRequest,
};
use ips_proto::v1;

/// A task as it was asked for; zero means the default where the protocol says so.
pub(in crate::grpc) fn task(request: v1::CreateTaskRequest) -> Result<TaskRequest, Invalid> {
    Ok(TaskRequest {
        selection: SelectionRequest {
            node_selector: request.node_selector.into_iter().collect(),
            label_selector: unless_empty(request.label_selector),
            node_expressions: request.node_expressions.into_iter().map(expression).collect(),
            node_names: request.node_names,
            exclude_nodes: request.exclude_nodes,
            max_nodes: unless_empty(request.max_nodes),
            platform: unless_empty(request.platform),
        },
        rules: RulesRequest {
            parallelism: unless_empty(request.parallelism),
            batch_mode: batch_mode(request.batch_mode)?,
            canary: unless_empty(request.canary),
            abort_failure_percent: request.abort_failure_percent.map(i64::from),
            success_threshold: request.success_threshold.map(i64::from),
            deadline_seconds: request.deadline_seconds.map(i64::from),
            windows: request.windows.into_iter().map(window).collect(),
            pull_policy: pull_policy(request.pull_policy)?,
            pin: request.pin,
        },
        images: request.images,
        batch_size: request.batch_size.map(i64::from),
        priority: unless_zero(request.priority),
        max_retries: unless_zero(request.max_retries),
        retry_strategy: retry_strategy(request.retry_strategy)?,
        retry_delay_seconds: unless_zero(request.retry_delay_seconds),
        pull_timeout_seconds: unless_zero(request.pull_timeout_seconds),
        no_progress_timeout_seconds: unless_zero(request.no_progress_timeout_seconds),
        logins: logins(request.credential_ids, request.login),
        notices: NoticesRequest {
            channels: request.channels,
            webhook_url: unless_empty(request.webhook_url),
        },
        id: unless_empty(request.task_id),
        request_id: unless_empty(request.request_id),
    })
}

fn logins(secret_ids: Vec<i64>, login: Option<v1::InlineLogin>) -> TaskLoginsRequest {
    let login = login.unwrap_or_default();
    TaskLoginsRequest {
        secret_id: None,
        secret_ids,
        registry: Some(login.registry),
        username: Some(login.username),
        password: Some(login.password.into()),
    }
}

fn expression(message: v1::NodeExpression) -> ExpressionRequest {
    ExpressionRequest {
        key: message.key,
        operator: message.operator,
        values: message.values,
    }
}

fn window(message: v1::MaintenanceWindow) -> WindowRequest {
    WindowRequest {
        days: message.days,
        start: message.start,
        end: message.end,
        time_zone: message.time_zone,
    }
}

fn batch_mode(value: i32) -> Result<Option<BatchMode>, Invalid> {
    match v1::BatchMode::try_from(value) {
        Ok(v1::BatchMode::Unspecified) => Ok(None),
        Ok(v1::BatchMode::Rolling) => Ok(Some(BatchMode::Rolling)),
        Ok(v1::BatchMode::Strict) => Ok(Some(BatchMode::Strict)),
        Err(_unknown) => Err(unknown("batchMode", value, &BatchMode::ALL.map(BatchMode::as_str))),
    }
}

fn pull_policy(value: i32) -> Result<Option<PullPolicy>, Invalid> {
    match v1::ImagePullPolicy::try_from(value) {
        Ok(v1::ImagePullPolicy::Unspecified) => Ok(None),
        Ok(v1::ImagePullPolicy::IfNotPresent) => Ok(Some(PullPolicy::IfNotPresent)),
        Ok(v1::ImagePullPolicy::Always) => Ok(Some(PullPolicy::Always)),
        Err(_unknown) => Err(unknown("pullPolicy", value, &PullPolicy::ALL.map(PullPolicy::as_str))),
    }
}

fn retry_strategy(value: i32) -> Result<Option<RetryStrategy>, Invalid> {
    match v1::RetryStrategy::try_from(value) {
        Ok(v1::RetryStrategy::Unspecified) => Ok(None),
        Ok(v1::RetryStrategy::Linear) => Ok(Some(RetryStrategy::Linear)),
        Ok(v1::RetryStrategy::Exponential) => Ok(Some(RetryStrategy::Exponential)),
        Err(_unknown) => Err(unknown("retryStrategy", value, &["linear", "exponential"])),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn request() -> v1::CreateTaskRequest {
        v1::CreateTaskRequest {
            images: vec!["nginx:1".into()],
            ..Default::default()
        }
    }

    fn refusal(request: v1::CreateTaskRequest) -> String {
        task(request).and_then(TaskRequest::check).unwrap_err().to_string()
    }

    #[test]
    fn zero_means_the_default() {
        let new = task(request()).unwrap().check().unwrap();
        let rest = TaskRequest {
            images: vec!["nginx:1".into()],
            ..TaskRequest::default()
        };
        assert_eq!(new.spec, rest.check().unwrap().spec);
        assert_eq!((new.id, new.request_id), (None, None));
    }

    #[test]
    fn what_is_set_arrives() {
        let request = v1::CreateTaskRequest {
            node_selector: [("pool".to_owned(), "gpu".to_owned())].into(),
            batch_size: Some(7),
            priority: 9,
            max_retries: 2,
            retry_strategy: v1::RetryStrategy::Exponential.into(),
            retry_delay_seconds: 11,
            task_id: "nightly".into(),
            request_id: "r-1".into(),
            pull_timeout_seconds: 12,
            no_progress_timeout_seconds: 13,
            ..request()
        };
        let new = task(request).unwrap().check().unwrap();
        assert_eq!(new.id.unwrap().as_str(), "nightly");
        assert_eq!(new.request_id.unwrap(), "r-1");
        let spec = new.spec;
        assert_eq!(spec.selection.node_selector.labels()["pool"], "gpu");
        assert_eq!(
            (spec.batch_size, spec.priority, spec.retry.max_retries),
            (Some(7), 9, 2)
        );
        assert_eq!(
            (spec.retry.strategy, spec.retry.delay_seconds),
            (RetryStrategy::Exponential, 11)
        );
        assert_eq!((spec.pull_timeout_seconds, spec.no_progress_timeout_seconds), (12, 13));
    }

    #[test]
    fn bad_values_are_refused_in_the_words_of_rest() {
        let refused = |change: fn(&mut v1::CreateTaskRequest)| {
            let mut request = request();
            change(&mut request);
            refusal(request)
        };
        let range = |field: &str, value: u64, low: u32, high: u32| {
            format!("{field}: {value} is out of range, allowed are {low} to {high}")
        };
        assert_eq!(refused(|r| r.batch_size = Some(0)), range("batchSize", 0, 1, 100));
        assert_eq!(refused(|r| r.batch_size = Some(101)), range("batchSize", 101, 1, 100));
        assert_eq!(
            refused(|r| r.priority = u32::MAX),
            range("priority", u64::from(u32::MAX), 1, 10)
        );
        assert_eq!(refused(|r| r.max_retries = 6), range("maxRetries", 6, 0, 5));
        assert_eq!(
            refused(|r| r.retry_delay_seconds = 301),
            range("retryDelay", 301, 1, 300)
        );
        assert!(refused(|r| r.images.clear()).starts_with("images: "));
        assert!(refused(|r| r.images[0] = "Upper".into()).starts_with("images[0]: "));
        assert!(refused(|r| r.task_id = "UPPER".into()).starts_with("id: "));
        assert!(refused(|r| r.request_id = "x".repeat(129)).starts_with("requestId: "));
        assert!(refused(|r| drop(r.node_selector.insert("-".into(), "x".into()))).starts_with("nodeSelector: "));
        let strategy = refused(|r| r.retry_strategy = 9);
        assert_eq!(strategy, "retryStrategy: 9 is unknown, allowed are linear, exponential");
    }
}
