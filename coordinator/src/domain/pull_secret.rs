//! Pull secrets: `kubernetes.io/dockerconfigjson` Secrets of a namespace, which pulls log in with as pods of that namespace do. Only their names
//! are kept; what is in them is asked of the cluster when it is needed. Pure; Kubernetes stands behind a trait.

mod docker_config;

pub use docker_config::DockerConfig;

use super::{Invalid, ids::is_dns_subdomain};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeSet, fmt, pin::Pin};

/// The field of an object's spec that names them, as the one of pods.
pub const FIELD: &str = "imagePullSecrets";
/// Secrets that one object may name.
pub const MAX_SECRETS: usize = 20;
/// Longest name of a Secret (an RFC 1123 subdomain).
const MAX_NAME: usize = 253;
/// Registries that a sentence names.
const MAX_SHOWN: usize = 5;

/// Secrets that the pulls of an object may log in with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PullSecrets {
    /// Namespace of the object, and so of its secrets.
    pub namespace: String,
    /// Their names, in the order of the object; never empty.
    pub names: Vec<String>,
}

impl PullSecrets {
    /// Takes the field out of the spec of an object in this namespace; `None` where it names none.
    ///
    /// # Errors
    /// Names the field and the rule that it breaks.
    pub fn take(spec: &mut Value, namespace: &str) -> Result<Option<Self>, Invalid> {
        let Some(listed) = spec.as_object_mut().and_then(|spec| spec.remove(FIELD)) else {
            return Ok(None);
        };
        let listed = match listed {
            Value::Null => return Ok(None),
            Value::Array(listed) => listed,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                return Err(Invalid::new(FIELD, "must be a list of objects with a name"));
            }
        };
        if listed.len() > MAX_SECRETS {
            let rule = format!("must be at most {MAX_SECRETS}, found {}", listed.len());
            return Err(Invalid::new(FIELD, rule));
        }
        let mut names = Vec::with_capacity(listed.len());
        for (index, reference) in listed.iter().enumerate() {
            let name = name_in(index, reference)?;
            if names.contains(&name) {
                return Err(Invalid::new(field(index), format!("{name:?} stands twice")));
            }
            names.push(name);
        }
        let namespace = namespace.to_owned();
        Ok((!names.is_empty()).then_some(Self { namespace, names }))
    }
}

/// Where the name at this position stands in the spec.
fn field(index: usize) -> String {
    format!("{FIELD}[{index}].name")
}

fn name_in(index: usize, reference: &Value) -> Result<String, Invalid> {
    let unknown = |known: &serde_json::Map<String, Value>| known.keys().find(|key| *key != "name").cloned();
    if let Some(key) = reference.as_object().and_then(unknown) {
        return Err(Invalid::new(format!("{FIELD}[{index}].{key}"), "is unknown"));
    }
    let name = reference["name"].as_str().unwrap_or_default();
    if name.len() > MAX_NAME || !is_dns_subdomain(name) {
        return Err(Invalid::new(
            field(index),
            format!("must be the name of a Secret, found {name:?}"),
        ));
    }
    Ok(name.to_owned())
}

/// Why a secret gives no logins. Never with anything of its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none of this name.
    #[error("does not exist")]
    NotFound,
    /// It is of another type, or its content cannot be read.
    #[error("{0}")]
    Invalid(String),
    /// The coordinator may not read it.
    #[error("the coordinator may not read it")]
    Forbidden,
    /// The cluster does not answer.
    #[error("{0}")]
    Unavailable(String),
}

/// A secret that is being read.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<DockerConfig, SecretError>> + Send + 'a>>;

/// A cluster that has secrets.
pub trait SecretSource: fmt::Debug + Send + Sync {
    /// What the secret has now.
    fn read<'a>(&'a self, namespace: &'a str, name: &'a str) -> Reading<'a>;
}

/// How the secrets of an object fare, for its condition `CredentialsReady`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsReady {
    /// Whether every secret can be used.
    pub holds: bool,
    /// In a word.
    pub reason: &'static str,
    /// In a sentence.
    pub message: String,
}

impl CredentialsReady {
    /// Of secrets of which some are known to give no logins, by their position.
    pub fn of(secrets: &PullSecrets, errors: &[(usize, SecretError)]) -> Self {
        let Some((_, first)) = errors.first() else {
            let count = secrets.names.len();
            let message = format!("{count} of {count} can be read");
            return Self {
                holds: true,
                reason: "SecretsRead",
                message,
            };
        };
        let told: Vec<String> = errors
            .iter()
            .map(|(index, error)| secrets.told(*index, error))
            .collect();
        Self {
            holds: false,
            reason: match first {
                SecretError::NotFound => "SecretNotFound",
                SecretError::Invalid(_) => "SecretInvalid",
                SecretError::Forbidden => "SecretForbidden",
                SecretError::Unavailable(_) => "SecretUnavailable",
            },
            message: format!("{}. Pulls go on without.", told.join("; ")),
        }
    }
}

impl CredentialsReady {
    /// Beside that, none of them has a login for these registries.
    #[must_use]
    pub fn lacking(self, registries: &BTreeSet<String>) -> Self {
        if !self.holds || registries.is_empty() {
            return self;
        }
        let shown: Vec<&str> = registries.iter().take(MAX_SHOWN).map(String::as_str).collect();
        let more = match registries.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "{}; none has a login for {}{more}, whose images are pulled without one",
            self.message,
            shown.join(", ")
        );
        Self {
            reason: "NoLoginForRegistry",
            message,
            ..self
        }
    }
}

impl PullSecrets {
    fn told(&self, index: usize, error: &SecretError) -> String {
        let (field, namespace) = (field(index), &self.namespace);
        let name = self.names.get(index).map_or("", String::as_str);
        let told = format!("spec.{field}: Secret {namespace}/{name}: {error}");
        if *error != SecretError::Forbidden {
            return told;
        }
        format!(
            "{told}: bind the ClusterRole ips-coordinator-pull-secrets (deploy/components/pull-secrets) to its service account \
             by a RoleBinding in the namespace {namespace}"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn taken(listed: Value) -> Result<Option<PullSecrets>, Invalid> {
        let mut spec = json!({"taskConfig": {}, "imagePullSecrets": listed});
        let taken = PullSecrets::take(&mut spec, "team-a");
        assert_eq!(spec, json!({"taskConfig": {}}));
        taken
    }

    #[test]
    fn they_are_named_as_pods_name_them() {
        let secrets = taken(json!([{"name": "b"}, {"name": "a.b-c"}])).unwrap().unwrap();
        assert_eq!(
            (secrets.namespace.as_str(), secrets.names),
            ("team-a", vec!["b".to_owned(), "a.b-c".to_owned()])
        );
        assert_eq!(taken(json!([])).unwrap(), None);
        assert_eq!(taken(Value::Null).unwrap(), None);
        assert_eq!(PullSecrets::take(&mut json!({}), "a").unwrap(), None);
    }

    #[test]
    fn what_names_none_is_refused_with_its_field() {
        let many: Vec<Value> = (0..=MAX_SECRETS).map(|at| json!({"name": format!("s{at}")})).collect();
        for (listed, wanted) in [
            (json!("a"), "imagePullSecrets"),
            (json!(["a"]), "imagePullSecrets[0].name"),
            (json!([{}]), "imagePullSecrets[0].name"),
            (json!([{"name": "a"}, {"name": "B"}]), "imagePullSecrets[1].name"),
            (json!([{"name": "../a"}]), "imagePullSecrets[0].name"),
            (json!([{"name": "a"}, {"name": "a"}]), "imagePullSecrets[1].name"),
            (
                json!([{"name": "a", "namespace": "b"}]),
                "imagePullSecrets[0].namespace",
            ),
            (json!(many), "imagePullSecrets"),
        ] {
            assert_eq!(taken(listed.clone()).unwrap_err().field, wanted, "{listed}");
        }
    }

    #[test]
    fn the_condition_names_field_secret_and_what_to_do() {
        let secrets = taken(json!([{"name": "a"}, {"name": "b"}])).unwrap().unwrap();
        let ready = CredentialsReady::of(&secrets, &[]);
        assert_eq!((ready.holds, ready.reason), (true, "SecretsRead"));
        let lacking = ready.lacking(&["b.example".into(), "a.example:5000".into()].into());
        assert_eq!((lacking.holds, lacking.reason), (true, "NoLoginForRegistry"));
        assert_eq!(
            lacking.message,
            "2 of 2 can be read; none has a login for a.example:5000, b.example, whose images are pulled without one"
        );
        let told = CredentialsReady::of(&secrets, &[(1, SecretError::Forbidden)]);
        assert_eq!((told.holds, told.reason), (false, "SecretForbidden"));
        let starts =
            "spec.imagePullSecrets[1].name: Secret team-a/b: the coordinator may not read it: bind the ClusterRole";
        assert!(told.message.starts_with(starts), "{}", told.message);
        assert!(told.message.contains("in the namespace team-a"), "{}", told.message);
        let told = CredentialsReady::of(
            &secrets,
            &[(0, SecretError::NotFound), (1, SecretError::Invalid("x".into()))],
        );
        assert_eq!(told.reason, "SecretNotFound");
        assert!(
            told.message
                .contains("team-a/a: does not exist; spec.imagePullSecrets[1]"),
            "{}",
            told.message
        );
    }
}
