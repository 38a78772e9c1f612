//! Reads pull secrets, one by one and by name: no list, no watch, so that the right to `get` is enough.

use super::{Kubernetes, chain};
use crate::domain::pull_secret::{DockerConfig, Reading, SecretError, SecretSource};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::Api;
use secrecy::{ExposeSecret as _, SecretSlice};
use std::time::Duration;
use tokio::time::timeout;

/// The one type that is read, and the key of its content.
const TYPE: &str = "kubernetes.io/dockerconfigjson";
const KEY: &str = ".dockerconfigjson";
/// Longest answer.
const ANSWER: Duration = Duration::from_secs(10);

impl SecretSource for Kubernetes {
    fn read<'a>(&'a self, namespace: &'a str, name: &'a str) -> Reading<'a> {
        Box::pin(async move {
            let secrets: Api<Secret> = Api::namespaced(self.client(), namespace);
            let Ok(answer) = timeout(ANSWER, secrets.get(name)).await else {
                return Err(SecretError::Unavailable("the cluster does not answer".into()));
            };
            config(answer.map_err(refused)?)
        })
    }
}

/// The API server's answer says nothing of the content.
fn refused(error: kube::Error) -> SecretError {
    let code = if let kube::Error::Api(status) = &error {
        status.code
    } else {
        0
    };
    match code {
        404 => SecretError::NotFound,
        401 | 403 => SecretError::Forbidden,
        // It names the place and may repeat what is there.
        _ if matches!(error, kube::Error::SerdeError(_)) => {
            SecretError::Invalid("the API server's answer is no Secret".into())
        }
        _ => SecretError::Unavailable(chain(&error)),
    }
}

fn config(mut secret: Secret) -> Result<DockerConfig, SecretError> {
    // Overwritten when this is done, whatever else is in it.
    let data = secret.data.take().unwrap_or_default().into_iter();
    let data = data.map(|(key, ByteString(bytes))| (key, SecretSlice::from(bytes)));
    let content = data.fold(None, |found, (key, bytes)| if key == KEY { Some(bytes) } else { found });
    let kind = secret.type_.unwrap_or_default();
    if kind != TYPE {
        return Err(SecretError::Invalid(format!(
            "must be of the type {TYPE}, found {kind:?}"
        )));
    }
    let content = content.ok_or_else(|| SecretError::Invalid(format!("has no {KEY}")))?;
    DockerConfig::parse(content.expose_secret())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn read(object: serde_json::Value) -> Result<DockerConfig, SecretError> {
        config(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn only_the_one_type_is_read() {
        // {"auths":{"r.corp":{"username":"u","password":"p"}}}
        let text = "eyJhdXRocyI6eyJyLmNvcnAiOnsidXNlcm5hbWUiOiJ1IiwicGFzc3dvcmQiOiJwIn19fQ==";
        let found = read(json!({"type": TYPE, "data": {KEY: text, "other": "YQ=="}})).unwrap();
        assert_eq!(found.login("r.corp", "app").unwrap().username, "u");
        for (object, rule) in [
            (json!({"type": "Opaque", "data": {KEY: text}}), "must be of the type"),
            (json!({"data": {KEY: text}}), "must be of the type"),
            (
                json!({"type": TYPE, "data": {"other": text}}),
                "has no .dockerconfigjson",
            ),
            (
                json!({"type": TYPE, "data": {KEY: "e30="}}),
                ".dockerconfigjson is no JSON",
            ),
        ] {
            let error = read(object).unwrap_err().to_string();
            assert!(error.starts_with(rule), "{error}");
        }
    }

    #[test]
    fn answers_are_told_apart() {
        let answer = |code: u16| {
            let status = json!({"status": "Failure", "message": "m", "reason": "r", "code": code});
            refused(kube::Error::Api(serde_json::from_value(status).unwrap()))
        };
        assert_eq!(answer(404), SecretError::NotFound);
        assert_eq!(answer(403), SecretError::Forbidden);
        assert!(matches!(answer(500), SecretError::Unavailable(_)));
    }
}
