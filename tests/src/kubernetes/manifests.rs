//! What is in `deploy/`, as a kubectl renders it, and what clusters have that some of it needs.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::client::KubeClient;
use super::{Kubectl, Kubernetes};
use crate::product::source;

/// A folder of `deploy/`; empty for the whole.
pub fn folder(name: &str) -> String {
    source("deploy").join(name).display().to_string()
}

/// The names of the overlays.
pub fn overlays() -> Result<Vec<String>> {
    let entries = std::fs::read_dir(source("deploy/overlays"))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(format!("overlays/{}", entry?.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

impl Kubernetes {
    /// The objects of a folder as this kubectl would send them.
    pub async fn rendered(&self, which: Kubectl, name: &str) -> Result<Vec<Value>> {
        let arguments = ["apply", "--dry-run=client", "-o", "json", "-k", &folder(name)];
        let text = self.kubectl(which, &arguments).await?;
        let mut objects = Vec::new();
        for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            let document = document.with_context(|| format!("what kubectl prints of {name}"))?;
            match document["items"].as_array() {
                Some(items) => objects.extend(items.iter().cloned()),
                None => objects.push(document),
            }
        }
        for object in &mut objects {
            if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
                annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            }
        }
        Ok(objects)
    }

    /// Makes the kinds of the Prometheus operator and of cert-manager known, without anybody behind them.
    pub async fn with_operators(&self) -> Result<()> {
        let admin = self.admin();
        define(&admin, "monitoring.coreos.com", "ServiceMonitor", "servicemonitors").await?;
        define(&admin, "cert-manager.io", "Certificate", "certificates").await?;
        define(&admin, "cert-manager.io", "Issuer", "issuers").await
    }
}

async fn define(admin: &KubeClient, group: &str, kind: &str, plural: &str) -> Result<()> {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    });
    admin
        .create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition)
        .await?;
    let path = format!("/apis/{group}/v1/{plural}");
    crate::wait::wait_until(&format!("{kind} to be served"), super::LIMIT, async || {
        admin.get(&path).await.is_ok()
    })
    .await;
    Ok(())
}
