//! Somebody who may do just what a test says.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Kubernetes, objects::service_account};
use crate::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(30);
const GROUP: &str = "/apis/rbac.authorization.k8s.io/v1";

impl Kubernetes {
    /// Makes a service account in the namespace `default` that may do in the whole cluster what the rules of a `ClusterRole` say, and gives
    /// back its kubeconfig.
    pub async fn account(&self, name: &str, rules: &Value) -> Result<PathBuf> {
        let admin = self.admin();
        wait_until("the namespace", LIMIT, async || {
            admin.get("/api/v1/namespaces/default").await.is_ok()
        })
        .await;
        let accounts = "/api/v1/namespaces/default/serviceaccounts";
        admin.create(accounts, &service_account(name)).await?;
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules});
        admin.create(&format!("{GROUP}/clusterroles"), &role).await?;
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}]});
        admin.create(&format!("{GROUP}/clusterrolebindings"), &binding).await?;
        let token = self
            .token("default", name, "https://kubernetes.default.svc", None)
            .await?;
        self.kubeconfig_for(&format!("{name}.conf"), &token)
    }

    /// Gives such an account other rules.
    pub async fn allow(&self, name: &str, rules: &Value) -> Result<()> {
        let path = format!("{GROUP}/clusterroles/{name}");
        self.admin().patch(&path, &json!({"rules": rules})).await.map(drop)
    }
}
