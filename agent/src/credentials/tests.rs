//! Real plugin programs: small scripts that are written when a test runs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod configs;
mod programs;

use super::*;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};
use tempfile::TempDir;

/// The version that most plugins speak.
const V1: &str = "credentialprovider.kubelet.k8s.io/v1";

/// A folder with a configuration and programs.
struct Node {
    folder: TempDir,
    providers: Vec<Value>,
}

impl Node {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            providers: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds a plugin for these images whose program is this script, with further fields of its configuration.
    fn plugin(mut self, name: &str, images: &[&str], script: &str, fields: Value) -> Self {
        let program = self.path(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut provider = json!({"name": name, "matchImages": images, "defaultCacheDuration": "1h", "apiVersion": V1});
        let (Some(provider_fields), Some(fields)) = (provider.as_object_mut(), fields.as_object()) else {
            panic!("objects")
        };
        provider_fields.extend(fields.clone());
        self.providers.push(provider);
        self
    }

    fn credentials(&self) -> NodeCredentials {
        let config = json!({
            "apiVersion": "kubelet.config.k8s.io/v1",
            "kind": "CredentialProviderConfig",
            "providers": self.providers,
        });
        fs::write(self.path("config.json"), config.to_string()).unwrap();
        NodeCredentials::read(&self.path("config.json"), self.folder.path()).unwrap()
    }

    /// How often a script has written a line to the file `calls`.
    fn calls(&self) -> usize {
        fs::read_to_string(self.path("calls"))
            .unwrap_or_default()
            .lines()
            .count()
    }
}

/// A script that notes its call and answers with one login under a key.
fn answers(key: &str, password: &str, more: &str) -> String {
    format!(
        r#"cat >"$(dirname "$0")/request"; echo x >>"$(dirname "$0")/calls"
echo '{{"kind":"CredentialProviderResponse","apiVersion":"{V1}",{more}"auth":{{"{key}":{{"username":"me","password":"{password}"}}}}}}'"#
    )
}

fn passwords(found: &Found) -> Vec<&str> {
    found.logins.iter().map(|login| login.password.as_str()).collect()
}
