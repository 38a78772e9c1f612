//! What Docker's client writes when somebody logs in, and Secrets of the type `kubernetes.io/dockerconfigjson` hold: logins by registry.

use crate::domain::{credential::Login, pull_secret::SecretError};
use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ips_keyring::{Entry, choose};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use std::{collections::BTreeMap, fmt};

/// Base64 with or without padding, as the kubelet takes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Deserialize)]
struct File {
    auths: BTreeMap<String, Auth>,
}

#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    username: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    password: SecretString,
    /// `username:password` in base64; goes before the two.
    #[serde(default, deserialize_with = "secret")]
    auth: SecretString,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    Option::<String>::deserialize(from).map(|text| text.unwrap_or_default().into())
}

#[derive(Clone)]
struct UserPassword {
    username: String,
    password: SecretString,
}

/// The logins of one file. Cannot be printed, and is overwritten when dropped.
#[derive(Clone)]
pub struct DockerConfig(Vec<Entry<UserPassword>>);

impl fmt::Debug for DockerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DockerConfig({} logins)", self.0.len())
    }
}

impl DockerConfig {
    /// Reads a `.dockerconfigjson`.
    ///
    /// # Errors
    /// Invalid, with the place and never the content.
    pub fn parse(text: &[u8]) -> Result<Self, SecretError> {
        // What serde says may repeat what it read.
        let malformed = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            SecretError::Invalid(format!(
                ".dockerconfigjson is no JSON of the form {{\"auths\": {{…}}}} (line {line}, column {column})"
            ))
        };
        let file: File = serde_json::from_slice(text).map_err(malformed)?;
        let entry = |(key, auth): (String, Auth)| auth.read(&key).map(|login| Entry::new(&key, login));
        Ok(Self(file.auths.into_iter().map(entry).collect::<Result<_, _>>()?))
    }

    /// The login for a repository, as the kubelet finds it: the most specific key first.
    pub fn login(&self, registry: &str, repository: &str) -> Option<Login> {
        let image = format!("{registry}/{repository}");
        let found = choose(&self.0, &image)
            .find(|login| !login.username.is_empty() || !login.password.expose_secret().is_empty());
        found.map(|found| Login::new(registry, found.username.clone(), found.password.clone()))
    }
}

impl Auth {
    fn read(self, key: &str) -> Result<UserPassword, SecretError> {
        let auth = self.auth.expose_secret().trim_end();
        if auth.is_empty() {
            let (username, password) = (self.username.unwrap_or_default(), self.password);
            return Ok(UserPassword { username, password });
        }
        let malformed = || {
            SecretError::Invalid(format!(
                ".dockerconfigjson: auths[{key:?}].auth is no base64 of user:password"
            ))
        };
        let decoded = BASE64.decode(auth).map_err(|_| malformed())?;
        let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
        let decoded = SecretString::from(decoded);
        let (username, password) = decoded.expose_secret().split_once(':').ok_or_else(malformed)?;
        Ok(UserPassword {
            username: username.to_owned(),
            password: password.to_owned().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn config(file: &serde_json::Value) -> Result<DockerConfig, SecretError> {
        DockerConfig::parse(file.to_string().as_bytes())
    }

    fn user(config: &DockerConfig, registry: &str, repository: &str) -> Option<String> {
        let login = config.login(registry, repository)?;
        assert_eq!(
            login.server,
            format!("https://{}", crate::domain::credential::api_host(registry))
        );
        Some(format!("{}:{}", login.username, login.password.expose_secret()))
    }

    #[test]
    fn logins_are_found_as_the_kubelet_finds_them() {
        let config = config(&json!({"auths": {
            "r.corp": {"username": "all", "password": "p"},
            "https://r.corp/team": {"auth": "dGVhbTpwOnc="},
            "*.cloud.corp": {"username": "glob", "password": "p", "email": "a@b"},
            "r.corp:5000": {"auth": "cG9ydDpw\n"},
            "https://index.docker.io/v1/": {"auth": "aHViOnA"},
            "empty.corp": {},
        }, "credsStore": "passed-over"}))
        .unwrap();
        let user = |registry, repository| user(&config, registry, repository);
        assert_eq!(user("r.corp", "app").as_deref(), Some("all:p"));
        assert_eq!(
            user("r.corp", "team/app").as_deref(),
            Some("team:p:w"),
            "the longest, and only the first colon"
        );
        assert_eq!(user("eu.cloud.corp", "x").as_deref(), Some("glob:p"));
        assert_eq!(user("r.corp:5000", "x").as_deref(), Some("port:p"));
        assert_eq!(user("docker.io", "library/nginx").as_deref(), Some("hub:p"));
        assert_eq!(user("a.eu.cloud.corp", "x"), None);
        assert_eq!(user("empty.corp", "x"), None);
        assert_eq!(user("other.corp", "x"), None);
    }

    #[test]
    fn what_cannot_be_read_is_told_without_its_content() {
        for file in [
            r#"{"auths": {"r.corp": {"password": ["canary"]}}}"#,
            r#"{"auths": {"r.corp": "canary"}}"#,
            r#"{"auths": "canary"}"#,
            r#"{"r.corp": {"auth": "canary"}}"#,
            r#"{"auths": {"r.corp": {"auth": "canary!"}}}"#,
            r#"{"auths": {"r.corp": {"auth": "Y2FuYXJ5"}}}"#,
            "canary",
            "",
        ] {
            let error = DockerConfig::parse(file.as_bytes()).unwrap_err();
            assert!(matches!(error, SecretError::Invalid(_)), "{error:?}");
            let told = format!("{error} {error:?}");
            assert!(!told.contains("canary") && !told.contains("Y2Fu"), "{told}");
        }
    }

    #[test]
    fn nothing_prints() {
        let config = config(&json!({"auths": {"r.corp": {"username": "canary", "password": "canary"}}})).unwrap();
        assert_eq!(format!("{config:?}"), "DockerConfig(1 logins)");
    }
}
