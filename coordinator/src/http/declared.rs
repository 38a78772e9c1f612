//! Specs of objects that declare something: the bodies of the REST API, without what an object says otherwise.

use super::{
    dto::{
        create::{CreateTaskJson, NewRoute},
        policy_request::CreatePolicyJson,
    },
    extract,
};
use crate::domain::{Invalid, declared::TaskWish, policy::PolicyRequest, task::TaskRequest};
use serde_json::Value;

/// Reads the spec of a policy: the body of `POST /policies`, whose name is the object's.
///
/// # Errors
/// The first field that has another form or that nobody knows.
pub fn declared_policy(spec: Value) -> Result<PolicyRequest, Invalid> {
    let body: CreatePolicyJson = extract::of_value(spec)?;
    refuse_dry_run(body.is_dry_run())?;
    let request = PolicyRequest::try_from(body)?;
    if request.name.is_some() {
        return Err(Invalid::new("name", "is that of the object, leave it out"));
    }
    Ok(request)
}

/// Reads the spec of a task: the body of `POST /tasks`, and what a Kubernetes Job has, `suspend` and `ttlSecondsAfterFinished`.
///
/// # Errors
/// The first field that has another form, that breaks a rule, or that nobody knows.
pub fn declared_task(mut spec: Value) -> Result<TaskWish, Invalid> {
    let mut take = |name: &str| {
        spec.as_object_mut()
            .and_then(|fields| fields.remove(name))
            .unwrap_or_default()
    };
    let (suspend, ttl) = (take("suspend"), take("ttlSecondsAfterFinished"));
    if !(suspend.is_null() || suspend.is_boolean()) {
        return Err(Invalid::new("suspend", "must be true or false"));
    }
    if !(ttl.is_null() || ttl.as_i64().is_some_and(|seconds| seconds >= 0)) {
        return Err(Invalid::new(
            "ttlSecondsAfterFinished",
            "must be a number of seconds, 0 or more",
        ));
    }
    let NewRoute(body): NewRoute = extract::of_value(spec)?;
    let new = task_of_object(body)?.check()?;
    if new.id.is_some() {
        return Err(Invalid::new("id", "is made of the object's UID, leave it out"));
    }
    if new.login.is_some() {
        let rule = "an object is no place for a login: store a credential and name it with secretId";
        return Err(Invalid::new("password", rule));
    }
    Ok(TaskWish {
        new,
        suspend: suspend == true,
    })
}

fn task_of_object(body: CreateTaskJson) -> Result<TaskRequest, Invalid> {
    refuse_dry_run(body.is_dry_run())?;
    body.try_into()
}

fn refuse_dry_run(is_dry_run: bool) -> Result<(), Invalid> {
    if is_dry_run {
        return Err(Invalid::new("dryRun", "an object is kept, leave it out"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn refused(spec: Value) -> String {
        declared_policy(spec).unwrap_err().to_string()
    }

    #[test]
    fn a_spec_is_the_body_of_the_rest_api() {
        let spec = json!({"taskConfig": {"images": ["a"], "parallelism": "10%"}, "paused": true, "tagFollowing": {"mode": "alert"}});
        let request = declared_policy(spec).unwrap();
        assert_eq!(request.task.unwrap().rules.parallelism.as_deref(), Some("10%"));
        assert_eq!((request.paused, request.name), (Some(true), None));
    }

    #[test]
    fn a_task_is_the_body_of_the_rest_api_with_what_a_job_has() {
        let wish =
            declared_task(json!({"images": ["a"], "priority": 9, "suspend": true, "ttlSecondsAfterFinished": 60}))
                .unwrap();
        assert_eq!((wish.new.spec.priority, wish.suspend), (9, true));
        assert!(!declared_task(json!({"images": ["a"]})).unwrap().suspend);
        for (field, spec) in [
            ("images[0]", json!({"images": ["a b"]})),
            ("images", json!({"images": "a"})),
            ("imagez", json!({"images": ["a"], "imagez": 1})),
            ("suspend", json!({"images": ["a"], "suspend": "yes"})),
            (
                "ttlSecondsAfterFinished",
                json!({"images": ["a"], "ttlSecondsAfterFinished": -1}),
            ),
            ("id", json!({"images": ["a"], "id": "x"})),
            ("dryRun", json!({"images": ["a"], "dryRun": true})),
            (
                "password",
                json!({"images": ["a"], "registry": "r.example", "username": "u", "password": "p"}),
            ),
        ] {
            assert_eq!(declared_task(spec).unwrap_err().field, field);
        }
    }

    #[test]
    fn what_an_object_cannot_say_is_refused_by_name() {
        assert!(refused(json!({"taskConfig": {"images": "a"}})).starts_with("taskConfig.images: "));
        assert!(refused(json!({"taskConfig": {"imagez": []}})).starts_with("taskConfig.imagez: is unknown"));
        assert!(refused(json!({"name": "x", "taskConfig": {"images": ["a"]}})).starts_with("name: "));
        assert!(refused(json!({"dryRun": true, "taskConfig": {"images": ["a"]}})).starts_with("dryRun: "));
        assert!(refused(json!(7)).starts_with("body: "));
    }
}
