//! What is told as Kubernetes Events, on an object and on a node: what people look for with `kubectl describe`. Of an object it is read off two
//! statuses, the one that it has and the one that is written next, so that nothing is told twice after a restart. A pull that succeeds is none.

use super::{Declared, Kind, ObjectName, status::condition};
use crate::domain::{
    ids::NodeName,
    image::ImageRef,
    outcome::FailureReason,
    pull::{Pull, PullState},
};
use serde_json::Value;

/// Longest note, in bytes (`events.k8s.io/v1`: 1 kB).
const MAX_NOTE: usize = 1000;

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Regarding {
    /// An object.
    Object {
        /// What it declares.
        kind: Kind,
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
        /// UID.
        uid: String,
    },
    /// A node of the cluster.
    Node(NodeName),
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub regarding: Regarding,
    /// Somebody should look.
    pub is_warning: bool,
    /// In a word; events of the same word and thing are counted as one.
    pub reason: &'static str,
    /// In a sentence.
    pub note: String,
}

impl Notice {
    fn new(regarding: Regarding, is_warning: bool, reason: &'static str, mut note: String) -> Self {
        note.truncate(note.floor_char_boundary(MAX_NOTE));
        Self {
            regarding,
            is_warning,
            reason,
            note,
        }
    }
}

/// What is told of an object whose status becomes this one.
pub fn of_status(object: &Declared, new: &Value) -> Vec<Notice> {
    let ObjectName { namespace, name } = object.name.clone();
    let regarding = Regarding::Object {
        kind: object.kind,
        namespace,
        name,
        uid: object.uid.clone(),
    };
    let told = of_verdict(&object.status, new).into_iter();
    let told: Vec<Told> = match object.kind {
        Kind::Policy => told.chain(of_policy(&object.status, new)).collect(),
        Kind::Task => told.chain(of_task(&object.status, new)).collect(),
    };
    let notice = |(is_warning, reason, note)| Notice::new(regarding.clone(), is_warning, reason, note);
    told.into_iter().map(notice).collect()
}

/// What is told of a pull as it is now: only that it has failed for good.
pub fn of_pull(pull: &Pull) -> Option<Notice> {
    let failure = pull.failure.filter(|_| pull.state == PullState::Failed)?;
    if failure == FailureReason::Cancelled {
        return None;
    }
    let reason = if failure == FailureReason::NoSpace {
        "DiskTooFull"
    } else {
        "ImagePrewarmFailed"
    };
    let note = format!("{}: {}: {}", pull.image, failure.as_str(), pull.message);
    Some(Notice::new(Regarding::Node(pull.node.clone()), true, reason, note))
}

/// What is told of a node from which somebody else removed an image twice within a day.
pub fn of_eviction(node: &NodeName, image: &ImageRef, until: &str) -> Notice {
    let note = format!(
        "{image} was removed twice within 24 h, by kubelet's garbage collection or by hand; it is not pulled again until {until}"
    );
    Notice::new(Regarding::Node(node.clone()), true, "EvictedTwice", note)
}

/// Whether it is a warning, its reason and its note.
type Told = (bool, &'static str, String);

fn holds(status: &Value, kind: &str) -> bool {
    condition(status, kind)["status"] == "True"
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn of_verdict(old: &Value, new: &Value) -> Option<Told> {
    let (before, now) = (condition(old, "Accepted"), condition(new, "Accepted"));
    if ["status", "reason", "message"]
        .iter()
        .all(|part| before[part] == now[part])
    {
        return None;
    }
    if now["status"] == "True" {
        return Some((false, "Accepted", "what it declares is kept".into()));
    }
    Some((
        true,
        "Rejected",
        format!("{}: {}", text(now, "reason"), text(now, "message")),
    ))
}

fn of_policy(old: &Value, new: &Value) -> Vec<Told> {
    let count = |status: &Value, name: &str| status[name].as_u64().unwrap_or(0);
    let mut told = vec![];
    if holds(new, "Warm") && !holds(old, "Warm") {
        let (warm, nodes) = (count(new, "warm"), count(new, "nodes"));
        told.push((false, "Warm", format!("all {warm} images on {nodes} nodes are warm")));
    }
    let is_paused = |status: &Value| condition(status, "Held")["reason"] == "Paused" && holds(status, "Held");
    if is_paused(new) {
        if !is_paused(old) {
            told.push((false, "Paused", text(condition(new, "Held"), "message").to_owned()));
        }
    } else if !is_paused(old) && count(new, "paused") > count(old, "paused") {
        let paused = count(new, "paused");
        let note = format!(
            "{paused} images on nodes were removed twice within 24 h by somebody else and are not pulled for now"
        );
        told.push((true, "EvictedTwice", note));
    }
    told
}

fn of_task(old: &Value, new: &Value) -> Option<Told> {
    let (before, now) = (text(old, "phase"), text(new, "phase"));
    if before == now {
        return None;
    }
    let (pulls, nodes) = (&new["pulls"], &new["nodes"]);
    let counts = || {
        let message = text(condition(new, "Failed"), "message");
        let joint = if message.is_empty() { "" } else { ": " };
        format!(
            "{} of {} pulls succeeded and {} failed, on {} nodes{joint}{message}",
            pulls["succeeded"], pulls["total"], pulls["failed"], nodes["total"]
        )
    };
    match now {
        "Running" if before == "Suspended" => Some((false, "Resumed", counts())),
        "Running" if ["", "Pending"].contains(&before) => Some((
            false,
            "TaskStarted",
            format!("{} pulls on {} nodes", pulls["total"], nodes["total"]),
        )),
        "Running" => Some((false, "TaskRetried", counts())),
        "Suspended" => Some((false, "Suspended", counts())),
        "Completed" => Some((false, "TaskCompleted", counts())),
        "Failed" => Some((true, "TaskFailed", counts())),
        "Cancelled" => Some((true, "TaskCancelled", counts())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::ids::{PullId, TaskId};
    use serde_json::json;

    fn object(kind: Kind, status: Value) -> Declared {
        Declared {
            kind,
            name: ObjectName {
                namespace: "team-a".into(),
                name: "base".into(),
            },
            uid: "u1".into(),
            resource_version: "7".into(),
            generation: 1,
            spec: json!({}),
            status,
            finalizers: vec![],
            is_deleted: false,
        }
    }

    fn told(kind: Kind, old: &Value, new: &Value) -> Vec<&'static str> {
        of_status(&object(kind, old.clone()), new)
            .iter()
            .map(|it| it.reason)
            .collect()
    }

    fn accepted(mut status: Value, more: Value) -> Value {
        let mut conditions = vec![json!({"type": "Accepted", "status": "True", "reason": "Accepted"})];
        conditions.extend(more.as_array().cloned().unwrap());
        status["conditions"] = conditions.into();
        status
    }

    #[test]
    fn a_verdict_is_told_once() {
        let refused = json!({"conditions": [{"type": "Accepted", "status": "False", "reason": "InvalidField", "message": "spec.images[0]: bad"}]});
        let notices = of_status(&object(Kind::Task, Value::Null), &refused);
        assert_eq!((notices[0].reason, notices[0].is_warning), ("Rejected", true));
        assert_eq!(notices[0].note, "InvalidField: spec.images[0]: bad");
        assert!(told(Kind::Task, &refused, &refused).is_empty());
        assert_eq!(
            told(Kind::Policy, &refused, &accepted(json!({}), json!([]))),
            ["Accepted"]
        );
    }

    #[test]
    fn a_policy_tells_when_it_is_warm_and_when_images_of_it_are_paused() {
        let at = |warm: &str, paused: u32| {
            accepted(
                json!({"warm": 3, "nodes": 3, "paused": paused}),
                json!([{"type": "Warm", "status": warm}]),
            )
        };
        assert_eq!(told(Kind::Policy, &at("False", 0), &at("True", 0)), ["Warm"]);
        assert!(told(Kind::Policy, &at("True", 0), &at("False", 0)).is_empty());
        assert_eq!(told(Kind::Policy, &at("False", 0), &at("False", 1)), ["EvictedTwice"]);
        let held = json!([{"type": "Held", "status": "True", "reason": "Paused"}]);
        let paused = accepted(json!({"paused": 3}), held);
        assert_eq!(told(Kind::Policy, &at("False", 0), &paused), ["Paused"]);
    }

    #[test]
    fn a_task_tells_of_its_phases() {
        let at = |phase: &str| {
            let figures =
                json!({"phase": phase, "nodes": {"total": 3}, "pulls": {"total": 3, "succeeded": 2, "failed": 1}});
            accepted(figures, json!([]))
        };
        for (old, new, reason) in [
            ("Pending", "Running", "TaskStarted"),
            ("Running", "Suspended", "Suspended"),
            ("Suspended", "Running", "Resumed"),
            ("Running", "Completed", "TaskCompleted"),
            ("Running", "Failed", "TaskFailed"),
            ("Failed", "Running", "TaskRetried"),
            ("Suspended", "Cancelled", "TaskCancelled"),
        ] {
            assert_eq!(told(Kind::Task, &at(old), &at(new)), [reason], "{old} {new}");
        }
        let failed = of_status(&object(Kind::Task, at("Running")), &at("Failed"));
        assert_eq!(failed[0].note, "2 of 3 pulls succeeded and 1 failed, on 3 nodes");
        assert!(told(Kind::Task, &at("Running"), &at("Running")).is_empty());
    }

    #[test]
    fn of_pulls_only_those_that_failed_for_good_are_told() {
        let (id, task) = (PullId::from_stored("p".into()), TaskId::from_stored("t".into()));
        let node = NodeName::parse("n1").unwrap();
        let mut pull = Pull::new(id, task, node, ImageRef::parse_field("image", "a:1").unwrap(), 0);
        pull.failure = Some(FailureReason::NotFound);
        assert_eq!(of_pull(&pull), None, "it is tried again");
        pull.state = PullState::Succeeded;
        assert_eq!(of_pull(&pull), None);
        pull.state = PullState::Failed;
        pull.message = "é".repeat(2000);
        let notice = of_pull(&pull).unwrap();
        assert_eq!(notice.reason, "ImagePrewarmFailed");
        assert!(notice.note.starts_with("a:1: not_found: é") && notice.note.len() <= MAX_NOTE);
        pull.failure = Some(FailureReason::NoSpace);
        assert_eq!(of_pull(&pull).unwrap().reason, "DiskTooFull");
    }
}
