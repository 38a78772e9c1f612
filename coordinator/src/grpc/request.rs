//! What clients send, as the domain's types. Only what protobuf leaves open is decided here (zero and unknown enum values);
//! every other rule is the domain's. Fields are named as REST names them, so that both doors refuse in the same words.

mod bulk;
mod purge;
mod spec;

pub(super) use bulk::bulk;
pub(super) use purge::purge;
pub(super) use spec::task;

use crate::{
    domain::{
        Invalid,
        ids::TaskId,
        pull::PullState,
        task_list::{TaskOrder, search_text},
        task_state::TaskState,
    },
    engine::views::{PageRequest, PullFilter, TaskFilter},
};
use ips_proto::v1;

/// The id of a task that must be named. An id that no task can have is simply not found later.
pub(super) fn task_id(text: String) -> Result<TaskId, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("id", "must not be empty"));
    }
    Ok(TaskId::from_stored(text))
}

/// Which tasks to list.
pub(super) fn task_filter(states: &[i32], text: &str, sort: &str) -> Result<TaskFilter, Invalid> {
    let states = states
        .iter()
        .map(|state| task_state(*state))
        .collect::<Result<_, _>>()?;
    Ok(TaskFilter {
        states,
        text: search_text(text)?,
        policy: None,
        order: TaskOrder::parse(sort)?,
    })
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

/// An enum's number that is none of its values.
pub(super) fn unknown(field: &str, value: i32, known: &[&str]) -> Invalid {
    Invalid::new(field, format!("{value} is unknown, allowed are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn filters_know_every_state_and_refuse_others() {
        let known: Vec<i32> = (1..=7).collect();
        assert_eq!(
            pull_filter(String::new(), String::new(), &known).unwrap().states,
            PullState::ALL
        );
        assert_eq!(task_filter(&known[..6], "", "").unwrap().states, TaskState::ALL);
        assert_eq!(task_filter(&[0], "", "").unwrap_err().field, "status");
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
