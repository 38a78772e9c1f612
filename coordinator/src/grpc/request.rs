//! What clients send, as the domain's types. Only what protobuf leaves open is decided here (zero and unknown enum values);
//! every other rule is the domain's. Fields are named as REST names them, so that both doors refuse in the same words.

use crate::{
    domain::{
        Invalid, credential::TaskLoginsRequest, ids::TaskId, pull::PullState, retry::RetryStrategy,
        rules::RulesRequest, selection::SelectionRequest, task::TaskRequest, task_state::TaskState,
    },
    engine::views::{PageRequest, PullFilter, TaskFilter},
};
use ips_proto::v1;

/// A task as it was asked for; zero means the default where the protocol says so.
pub(super) fn task(request: v1::CreateTaskRequest) -> Result<TaskRequest, Invalid> {
    Ok(TaskRequest {
        images: request.images,
        selection: SelectionRequest {
            node_selector: request.node_selector.into_iter().collect(),
            ..SelectionRequest::default()
        },
        batch_size: request.batch_size.map(i64::from),
        priority: unless_zero(request.priority),
        max_retries: Some(i64::from(request.max_retries)),
        retry_strategy: retry_strategy(request.retry_strategy)?,
        retry_delay_seconds: unless_zero(request.retry_delay_seconds),
        pull_timeout_seconds: unless_zero(request.pull_timeout_seconds),
        no_progress_timeout_seconds: unless_zero(request.no_progress_timeout_seconds),
        logins: logins(request.credential_ids, request.login),
        id: unless_empty(request.task_id),
        request_id: unless_empty(request.request_id),
        rules: RulesRequest::default(),
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

/// The id of a task that must be named. An id that no task can have is simply not found later.
pub(super) fn task_id(text: String) -> Result<TaskId, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("id", "must not be empty"));
    }
    Ok(TaskId::from_stored(text))
}

/// Which tasks to list.
pub(super) fn task_filter(states: &[i32]) -> Result<TaskFilter, Invalid> {
    let states = states
        .iter()
        .map(|state| task_state(*state))
        .collect::<Result<_, _>>()?;
    Ok(TaskFilter { states })
}

/// Which pulls to list.
pub(super) fn pull_filter(node: String, image: String, states: &[i32]) -> Result<PullFilter, Invalid> {
    Ok(PullFilter {
        node: unless_empty(node),
        image: unless_empty(image),
        states: states
            .iter()
            .map(|state| pull_state(*state))
            .collect::<Result<_, _>>()?,
    })
}

/// Zero means the default; more than the largest page is cut to it, as REST does.
pub(super) fn page(limit: u32, offset: u32, default: u32, largest: u32) -> PageRequest {
    let limit = if limit == 0 { default } else { limit.min(largest) };
    PageRequest { limit, offset }
}

fn unless_zero(number: u32) -> Option<i64> {
    (number != 0).then(|| i64::from(number))
}

fn unless_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn retry_strategy(value: i32) -> Result<Option<RetryStrategy>, Invalid> {
    match v1::RetryStrategy::try_from(value) {
        Ok(v1::RetryStrategy::Unspecified) => Ok(None),
        Ok(v1::RetryStrategy::Linear) => Ok(Some(RetryStrategy::Linear)),
        Ok(v1::RetryStrategy::Exponential) => Ok(Some(RetryStrategy::Exponential)),
        Err(_unknown) => Err(unknown("retryStrategy", value, &["linear", "exponential"])),
    }
}

fn task_state(value: i32) -> Result<TaskState, Invalid> {
    match v1::TaskState::try_from(value) {
        Ok(v1::TaskState::Pending) => Ok(TaskState::Pending),
        Ok(v1::TaskState::Running) => Ok(TaskState::Running),
        Ok(v1::TaskState::Paused) => Ok(TaskState::Paused),
        Ok(v1::TaskState::Completed) => Ok(TaskState::Completed),
        Ok(v1::TaskState::Failed) => Ok(TaskState::Failed),
        Ok(v1::TaskState::Cancelled) => Ok(TaskState::Cancelled),
        Ok(v1::TaskState::Unspecified) | Err(_) => {
            Err(unknown("status", value, &TaskState::ALL.map(TaskState::as_str)))
        }
    }
}

fn pull_state(value: i32) -> Result<PullState, Invalid> {
    match v1::PullState::try_from(value) {
        Ok(v1::PullState::Queued) => Ok(PullState::Queued),
        Ok(v1::PullState::Dispatched) => Ok(PullState::Dispatched),
        Ok(v1::PullState::Pulling) => Ok(PullState::Pulling),
        Ok(v1::PullState::Succeeded) => Ok(PullState::Succeeded),
        Ok(v1::PullState::Skipped) => Ok(PullState::Skipped),
        Ok(v1::PullState::Failed) => Ok(PullState::Failed),
        Ok(v1::PullState::Cancelled) => Ok(PullState::Cancelled),
        Ok(v1::PullState::Unspecified) | Err(_) => Err(unknown("state", value, &PullState::ALL.map(PullState::as_str))),
    }
}

fn unknown(field: &str, value: i32, known: &[&str]) -> Invalid {
    Invalid::new(field, format!("{value} is unknown, allowed are {}", known.join(", ")))
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

    #[test]
    fn filters_know_every_state_and_refuse_others() {
        let known: Vec<i32> = (1..=7).collect();
        assert_eq!(
            pull_filter(String::new(), String::new(), &known).unwrap().states,
            PullState::ALL
        );
        assert_eq!(task_filter(&known[..6]).unwrap().states, TaskState::ALL);
        assert_eq!(task_filter(&[0]).unwrap_err().field, "status");
        assert_eq!(pull_filter("n".into(), "i".into(), &[8]).unwrap_err().field, "state");
        assert_eq!(task_id(String::new()).unwrap_err().field, "id");
    }

    #[test]
    fn pages_have_a_default_and_a_largest_size() {
        for (asked, expected) in [(0, 10), (1, 1), (100, 100), (101, 100)] {
            assert_eq!(
                page(asked, 3, 10, 100),
                PageRequest {
                    limit: expected,
                    offset: 3
                }
            );
        }
    }
}
