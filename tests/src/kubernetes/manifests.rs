//! What is in `deploy/`, as a kubectl renders it, and what clusters have that some of it needs.

use anyhow::{Context, Result, ensure};
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

/// The objects of a folder as this kubectl renders them; no server is asked. What has names is in the order of these, because two
/// kubectls put what a patch adds at either end.
pub fn rendered(which: Kubectl, name: &str) -> Result<Vec<Value>> {
    let output = std::process::Command::new(which.program()?)
        .args(["kustomize", &folder(name)])
        .output()
        .context("running kubectl")?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name:?}: {complaints}");
    let text = String::from_utf8(output.stdout)?;
    let mut objects = Vec::new();
    for document in text.split("\n---\n") {
        let mut object =
            serde_saphyr::from_str(document).with_context(|| format!("what kubectl prints of {name:?}"))?;
        sort_named(&mut object);
        objects.push(object);
    }
    Ok(objects)
}

fn sort_named(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(sort_named);
            let key = |item: &Value| {
                let text = |key| item[key].as_str().unwrap_or_default().to_owned();
                (text("name"), text("mountPath"))
            };
            items.sort_by_key(key);
        }
        Value::Object(fields) => fields.values_mut().for_each(sort_named),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl Kubernetes {
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
