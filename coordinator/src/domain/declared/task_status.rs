//! The status of a declared task, in the manner of a Kubernetes Job.

use super::{
    Declared, Verdict,
    status::{Said, condition, credentials, with_conditions},
};
use crate::domain::{
    Millis, counts::ByteCounts, pull_secret::CredentialsReady, rfc3339, task::Task, task_state::TaskState,
};
use serde_json::{Map, Value, json};

/// Fields that stay as they were written when the record of the task is gone.
const LASTING: [&str; 9] = [
    "taskId",
    "tenant",
    "phase",
    "progress",
    "nodes",
    "pulls",
    "bytes",
    "startedAt",
    "completedAt",
];

/// The status of an object whose newest spec fared like that; `kept` is the task that it has, with its bytes so far. A task that has ended
/// may be removed, by a retention: the object goes on saying how it ended.
pub fn task_status(
    object: &Declared,
    verdict: &Verdict,
    kept: Option<(&Task, &ByteCounts)>,
    ready: Option<&CredentialsReady>,
    now: Millis,
) -> Value {
    let ready = ready.map(credentials);
    if let Some((task, bytes)) = kept {
        let mut status = with_conditions(object, verdict, ready.into_iter().chain(of_task(task)), now);
        status.extend(figures(task, bytes));
        return status.into();
    }
    let lasting = LASTING
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), object.status.get(name)?.clone())));
    let mut lasting: Map<String, Value> = lasting.collect();
    let mut others: Vec<Said> = ready.into_iter().collect();
    if object.had_task() {
        others.push(told_end(object).unwrap_or_else(|| {
            lasting.insert("phase".into(), phase(TaskState::Failed).into());
            let message = "the record of the task is gone, and how it ended is not known; another object runs it again";
            ("Failed", true, "TaskGone", message.to_owned())
        }));
    }
    let mut status = with_conditions(object, verdict, others, now);
    status.extend(lasting);
    status.into()
}

/// When an object is to be deleted whose status says that its task has ended: `ttlSecondsAfterFinished`, as of a Job.
pub fn removal_at(object: &Declared) -> Option<Millis> {
    let ttl = object.spec["ttlSecondsAfterFinished"]
        .as_i64()
        .filter(|ttl| *ttl >= 0)?;
    let ended = object.status["completedAt"].as_str()?;
    let ended = chrono::DateTime::parse_from_rfc3339(ended).ok()?.timestamp_millis();
    Some(ended.saturating_add(ttl.saturating_mul(1000)))
}

/// The word for a state: `Suspended` is Kubernetes' for a pause.
fn phase(state: TaskState) -> &'static str {
    match state {
        TaskState::Pending => "Pending",
        TaskState::Running => "Running",
        TaskState::Paused => "Suspended",
        TaskState::Completed => "Completed",
        TaskState::Failed => "Failed",
        TaskState::Cancelled => "Cancelled",
    }
}

fn of_task(task: &Task) -> Option<Said> {
    let message = task.error_message.clone();
    match task.state {
        TaskState::Pending | TaskState::Running => None,
        TaskState::Paused => Some(("Suspended", true, "Suspended", String::new())),
        TaskState::Completed => Some(("Complete", true, "Completed", message)),
        TaskState::Failed => Some(("Failed", true, "PullsFailed", message)),
        TaskState::Cancelled => Some(("Failed", true, "Cancelled", message)),
    }
}

/// What was told of the end of a task whose record is gone.
fn told_end(object: &Declared) -> Option<Said> {
    let message = || {
        let told = condition(&object.status, "Failed");
        told["message"].as_str().unwrap_or_default().to_owned()
    };
    let has_ended = !object.status["completedAt"].is_null();
    match object.status["phase"].as_str()? {
        "Completed" => Some(("Complete", true, "Completed", String::new())),
        "Cancelled" => Some(("Failed", true, "Cancelled", message())),
        "Failed" if has_ended => Some(("Failed", true, "PullsFailed", message())),
        _ => None,
    }
}

fn figures(task: &Task, bytes: &ByteCounts) -> Map<String, Value> {
    let counts = &task.counts;
    let nodes = json!({"total": counts.nodes, "completed": counts.nodes_completed, "failed": counts.nodes_failed});
    let pulls = json!({"total": counts.total(), "queued": counts.queued, "running": counts.running, "succeeded": counts.succeeded,
        "failed": counts.failed, "skipped": counts.skipped, "cancelled": counts.cancelled});
    let bounded = bytes.bounded();
    let mut status = Map::new();
    let mut put = |name: &str, value: Value| drop(status.insert(name.to_owned(), value));
    put("taskId", task.id.as_str().into());
    put("tenant", task.tenant.as_str().into());
    put("phase", phase(task.state).into());
    put(
        "progress",
        format!("{}/{}", counts.nodes_completed, counts.nodes).into(),
    );
    put("nodes", nodes);
    put("pulls", pulls);
    put(
        "bytes",
        json!({"total": bounded.total, "fetched": bounded.fetched, "saved": bounded.saved().min(i64::MAX as u64)}),
    );
    for (name, at) in [("startedAt", task.started_at), ("completedAt", task.finished_at)] {
        if at > 0 {
            put(name, rfc3339(at, chrono::SecondsFormat::Secs).into());
        }
    }
    status
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::{
        caller::TenantId,
        counts::PullCounts,
        declared::{Kind, ObjectName},
        task::TaskRequest,
    };

    const NOW: Millis = 1_795_485_600_000;

    fn object(status: Value) -> Declared {
        Declared {
            kind: Kind::Task,
            name: ObjectName {
                namespace: "team-a".into(),
                name: "once".into(),
            },
            uid: "u1".into(),
            resource_version: "7".into(),
            generation: 1,
            spec: json!({"ttlSecondsAfterFinished": 60}),
            status,
            finalizers: vec![],
            is_deleted: false,
        }
    }

    fn task(state: TaskState) -> Task {
        let request = TaskRequest {
            images: vec!["a:1".into()],
            ..TaskRequest::default()
        };
        Task {
            id: object(Value::Null).task_id(),
            tenant: TenantId::from_stored("team-a"),
            policy: None,
            spec: request.check().unwrap().spec,
            state,
            images: vec![],
            counts: PullCounts {
                nodes: 3,
                nodes_completed: 2,
                nodes_failed: 1,
                succeeded: 2,
                failed: 1,
                ..PullCounts::default()
            },
            settled_bytes: ByteCounts::default(),
            failures: vec![],
            created_at: NOW - 2000,
            started_at: NOW - 1000,
            finished_at: if state.is_open() { 0 } else { NOW },
            retried_at: 0,
            error_message: if state == TaskState::Failed {
                "1 of 3 pulls failed".into()
            } else {
                String::new()
            },
        }
    }

    fn status(object: &Declared, state: TaskState) -> Value {
        task_status(
            object,
            &Verdict::Accepted,
            Some((&task(state), &ByteCounts::default())),
            None,
            NOW,
        )
    }

    fn types(status: &Value) -> Vec<&str> {
        let all = status["conditions"].as_array().unwrap();
        all.iter().map(|it| it["type"].as_str().unwrap()).collect()
    }

    #[test]
    fn each_state_has_its_phase_and_condition() {
        let fresh = object(Value::Null);
        for (state, word, condition) in [
            (TaskState::Pending, "Pending", None),
            (TaskState::Running, "Running", None),
            (TaskState::Paused, "Suspended", Some("Suspended")),
            (TaskState::Completed, "Completed", Some("Complete")),
            (TaskState::Failed, "Failed", Some("Failed")),
            (TaskState::Cancelled, "Cancelled", Some("Failed")),
        ] {
            let said = status(&fresh, state);
            assert_eq!((&said["phase"], &said["progress"]), (&json!(word), &json!("2/3")));
            assert_eq!(types(&said).get(1).copied(), condition, "{word}");
            assert_eq!(said["completedAt"].is_null(), state.is_open(), "{word}");
        }
        let said = status(&fresh, TaskState::Failed);
        assert_eq!(said["conditions"][1]["message"], "1 of 3 pulls failed");
        assert_eq!(
            (&said["taskId"], &said["pulls"]["failed"]),
            (&json!("obj-u1"), &json!(1))
        );
    }

    #[test]
    fn how_it_ended_is_told_also_when_its_record_is_gone() {
        for state in [TaskState::Completed, TaskState::Failed, TaskState::Cancelled] {
            let before = object(status(&object(Value::Null), state));
            let after = task_status(&before, &Verdict::Accepted, None, None, NOW + 5000);
            assert_eq!(after, before.status, "nothing changed");
        }
        let before = object(status(&object(Value::Null), TaskState::Running));
        let lost = task_status(&before, &Verdict::Accepted, None, None, NOW);
        assert_eq!(
            (&lost["phase"], &lost["conditions"][1]["reason"]),
            (&json!("Failed"), &json!("TaskGone"))
        );
        assert_eq!(
            task_status(&object(lost.clone()), &Verdict::Accepted, None, None, NOW + 5000),
            lost,
            "it stays"
        );
        let never = task_status(&object(Value::Null), &Verdict::Accepted, None, None, NOW);
        assert_eq!((never.get("phase"), types(&never)), (None, vec!["Accepted"]));
    }

    #[test]
    fn an_ended_one_goes_after_its_time_to_live() {
        assert_eq!(
            removal_at(&object(status(&object(Value::Null), TaskState::Running))),
            None
        );
        assert_eq!(
            removal_at(&object(status(&object(Value::Null), TaskState::Completed))),
            Some(NOW + 60_000)
        );
        let mut kept = object(status(&object(Value::Null), TaskState::Completed));
        kept.spec = json!({});
        assert_eq!(removal_at(&kept), None);
    }
}
