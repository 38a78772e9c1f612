//! The status of what is declared, in the manner of Kubernetes: conditions with a reason and the number of the spec that they are about.

use super::Declared;
use crate::domain::{
    Millis,
    caller::TenantId,
    policy::{Condition, Counts},
    pull_secret::CredentialsReady,
    rfc3339,
};
use serde_json::{Map, Value, json};

/// Longest message of a condition, in characters; Kubernetes allows 32,768.
const MAX_MESSAGE: usize = 1000;

/// Why what an object declares was not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A field breaks a rule, which the schema cannot say.
    InvalidField,
    /// Its namespace has no tenant.
    NoTenant,
    /// There is another one of this name.
    NameTaken,
    /// A field was changed that is what it is for the life of the object.
    FieldImmutable,
    /// Something else is in the way.
    Refused,
}

impl Refusal {
    /// The reason of the condition `Accepted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidField => "InvalidField",
            Self::NoTenant => "NoTenant",
            Self::NameTaken => "NameTaken",
            Self::FieldImmutable => "FieldImmutable",
            Self::Refused => "Refused",
        }
    }
}

/// What became of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is kept.
    Accepted,
    /// It is not, with the reason in a word and in a sentence. What was accepted before is kept.
    Refused(Refusal, String),
}

/// What is known of the policy of an object.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// Nodes that it chooses.
    pub nodes: u32,
    /// Its images on its nodes.
    pub counts: Counts,
    /// What is to be said of it.
    pub conditions: &'a [Condition],
}

/// The condition of an object that names pull secrets.
pub(super) fn credentials(ready: &CredentialsReady) -> Said {
    ("CredentialsReady", ready.holds, ready.reason, ready.message.clone())
}

/// The status of an object whose newest spec fared like that; `kept` is the policy that it has, which may be one of an older spec, and `ready`
/// how the pull secrets of that fare, if it has any.
pub fn policy_status(
    object: &Declared,
    verdict: &Verdict,
    kept: Option<Kept<'_>>,
    ready: Option<&CredentialsReady>,
    now: Millis,
) -> Value {
    let of_policy = kept.iter().flat_map(|kept| kept.conditions);
    let of_policy = of_policy.map(|it| (it.kind.as_str(), it.holds, it.reason, it.message.clone()));
    let others = ready.map(credentials).into_iter().chain(of_policy);
    let mut status = with_conditions(object, verdict, others, now);
    if let Some(Kept {
        tenant, nodes, counts, ..
    }) = kept
    {
        status.insert("policyId".into(), object.policy_id().as_str().into());
        status.insert("tenant".into(), tenant.as_str().into());
        status.insert("nodes".into(), nodes.into());
        status.insert("coverage".into(), shown(counts).into());
        for (name, count) in [
            ("total", counts.total()),
            ("warm", counts.warm),
            ("cold", counts.cold),
            ("paused", counts.paused),
            ("unknown", counts.unknown),
        ] {
            status.insert(name.into(), count.into());
        }
    }
    status.into()
}

/// Rounded down, so that 100 % is all of them.
fn shown(counts: Counts) -> String {
    match counts.total() {
        0 => "-".to_owned(),
        total => format!("{}%", u64::from(counts.warm) * 100 / u64::from(total)),
    }
}

/// The condition of this type in a status as it is written; null where there is none.
pub fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    let all = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().find(|it| it["type"] == kind).unwrap_or(&Value::Null)
}

/// A condition: its type, whether it holds, its reason in a word and in a sentence.
pub(super) type Said = (&'static str, bool, &'static str, String);

/// What every status has: the number of the spec that it is about, and conditions, of which the first is `Accepted`.
pub(super) fn with_conditions(
    object: &Declared,
    verdict: &Verdict,
    others: impl IntoIterator<Item = Said>,
    now: Millis,
) -> Map<String, Value> {
    let conditions: Vec<Value> = std::iter::once(accepted(verdict))
        .chain(others)
        .map(|said| written(said, &object.status, object.generation, now))
        .collect();
    let mut status = Map::new();
    status.insert("observedGeneration".into(), object.generation.into());
    status.insert("conditions".into(), conditions.into());
    status
}

fn accepted(verdict: &Verdict) -> Said {
    match verdict {
        Verdict::Accepted => ("Accepted", true, "Accepted", String::new()),
        Verdict::Refused(refusal, message) => ("Accepted", false, refusal.as_str(), message.clone()),
    }
}

/// A condition as Kubernetes writes it; its time is that of the last change between true and false.
fn written((kind, holds, reason, message): Said, old: &Value, generation: i64, now: Millis) -> Value {
    let status = if holds { "True" } else { "False" };
    let before = condition(old, kind);
    let since = before["lastTransitionTime"]
        .as_str()
        .filter(|_| before["status"] == status);
    let mut new = json!({
        "type": kind,
        "status": status,
        "reason": reason,
        "observedGeneration": generation,
        "lastTransitionTime": since.map_or_else(|| rfc3339(now, chrono::SecondsFormat::Secs), ToOwned::to_owned),
    });
    // To server-side apply of Kubernetes 1.20 an empty text is null, which is no string.
    if !message.is_empty() {
        new["message"] = message.chars().take(MAX_MESSAGE).collect::<String>().into();
    }
    new
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::{
        declared::{Kind, ObjectName},
        policy::ConditionKind,
    };

    fn object(generation: i64, status: Value) -> Declared {
        Declared {
            kind: Kind::Policy,
            name: ObjectName {
                namespace: "team-a".into(),
                name: "base".into(),
            },
            uid: "0d9f2b1a-7777-4888-9999-aaaabbbbcccc".into(),
            resource_version: "7".into(),
            generation,
            spec: json!({}),
            status,
            finalizers: vec![],
            is_deleted: false,
        }
    }

    fn warm(holds: bool) -> [Condition; 1] {
        [Condition {
            kind: ConditionKind::Warm,
            holds,
            reason: if holds { "AllWarm" } else { "Cold" },
            message: "of 3".into(),
        }]
    }

    fn kept(conditions: &[Condition], warm: u32) -> (TenantId, Counts, &[Condition]) {
        let counts = Counts {
            warm,
            cold: 3 - warm,
            ..Counts::default()
        };
        (TenantId::from_stored("team-a"), counts, conditions)
    }

    fn status(
        object: &Declared,
        verdict: &Verdict,
        (tenant, counts, conditions): &(TenantId, Counts, &[Condition]),
    ) -> Value {
        let kept = Kept {
            tenant,
            nodes: 3,
            counts: *counts,
            conditions,
        };
        policy_status(object, verdict, Some(kept), None, 1_795_485_600_000)
    }

    #[test]
    fn the_status_says_how_far_it_is_true() {
        let conditions = warm(false);
        let said = status(&object(2, Value::Null), &Verdict::Accepted, &kept(&conditions, 2));
        assert_eq!(
            (&said["coverage"], &said["observedGeneration"]),
            (&json!("66%"), &json!(2))
        );
        assert_eq!(said["policyId"], "obj-0d9f2b1a-7777-4888-9999-aaaabbbbcccc");
        assert_eq!(
            (&said["total"], &said["warm"], &said["cold"]),
            (&json!(3), &json!(2), &json!(1))
        );
        let expected = json!({"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 2,
            "lastTransitionTime": "2026-11-24T02:00:00Z"});
        assert_eq!(said["conditions"][0], expected);
        assert_eq!(
            (&said["conditions"][1]["type"], &said["conditions"][1]["status"]),
            (&json!("Warm"), &json!("False"))
        );
    }

    #[test]
    fn a_condition_keeps_its_time_until_it_turns() {
        let old = json!({"conditions": [
            {"type": "Accepted", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"},
            {"type": "Warm", "status": "False", "lastTransitionTime": "2020-01-01T00:00:00Z"},
        ]});
        let conditions = warm(true);
        let said = status(&object(2, old), &Verdict::Accepted, &kept(&conditions, 3));
        assert_eq!(said["conditions"][0]["lastTransitionTime"], "2020-01-01T00:00:00Z");
        assert_eq!(said["conditions"][1]["lastTransitionTime"], "2026-11-24T02:00:00Z");
        let again = status(&object(2, said.clone()), &Verdict::Accepted, &kept(&conditions, 3));
        assert_eq!(again, said, "nothing is written when nothing has changed");
    }

    #[test]
    fn a_refused_spec_is_told_beside_the_one_that_is_kept() {
        let verdict = Verdict::Refused(Refusal::InvalidField, "taskConfig.images[0]: must not be empty".into());
        let conditions = warm(true);
        let said = status(&object(3, Value::Null), &verdict, &kept(&conditions, 3));
        assert_eq!(said["conditions"][0]["reason"], "InvalidField");
        assert_eq!(said["coverage"], "100%");
        let alone = policy_status(&object(1, Value::Null), &verdict, None, None, 0);
        assert_eq!(alone["conditions"].as_array().unwrap().len(), 1);
        assert!(alone["coverage"].is_null());
    }
}
