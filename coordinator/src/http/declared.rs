//! Specs of objects that declare something: the bodies of the REST API, without what an object says otherwise.

use super::{dto::policy_request::CreatePolicyJson, extract};
use crate::domain::{Invalid, policy::PolicyRequest};
use serde_json::Value;

/// Reads the spec of a policy: the body of `POST /policies`, whose name is the object's.
///
/// # Errors
/// The first field that has another form or that nobody knows.
pub fn declared_policy(spec: Value) -> Result<PolicyRequest, Invalid> {
    let body: CreatePolicyJson = extract::of_value(spec)?;
    if body.is_dry_run() {
        return Err(Invalid::new("dryRun", "an object is kept, leave it out"));
    }
    let request = PolicyRequest::try_from(body)?;
    if request.name.is_some() {
        return Err(Invalid::new("name", "is that of the object, leave it out"));
    }
    Ok(request)
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
    fn what_an_object_cannot_say_is_refused_by_name() {
        assert!(refused(json!({"taskConfig": {"images": "a"}})).starts_with("taskConfig.images: "));
        assert!(refused(json!({"taskConfig": {"imagez": []}})).starts_with("taskConfig.imagez: is unknown"));
        assert!(refused(json!({"name": "x", "taskConfig": {"images": ["a"]}})).starts_with("name: "));
        assert!(refused(json!({"dryRun": true, "taskConfig": {"images": ["a"]}})).starts_with("dryRun: "));
        assert!(refused(json!(7)).starts_with("body: "));
    }
}
