//! A cluster with the product's kinds, a coordinator that keeps what is declared there with exactly the rights of the manifests, and what is
//! asked of its objects.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::coordinator::Coordinator;
use crate::kubernetes::{Kubectl, Kubernetes};
use crate::product::source;
use crate::stand::TASK_LIMIT;
use crate::wait::wait_until;

/// Namespace of the product.
pub const SYSTEM: &str = "ips-system";
const LIMIT: Duration = Duration::from_secs(60);

/// A cluster with the kinds and the coordinator's rights as `deploy/base` has them, and the namespace `team-a`.
pub async fn cluster() -> Kubernetes {
    let kubernetes = Kubernetes::start().await.expect("a Kubernetes");
    // The newer kubectl checks more of a definition before it sends it.
    for which in [Kubectl::Oldest, Kubectl::Current] {
        for file in ["namespace", "coordinator-rbac", "crds"] {
            let file = source(&format!("deploy/base/{file}.yaml")).display().to_string();
            kubernetes
                .kubectl(which, &["apply", "-f", &file])
                .await
                .expect("applied");
        }
    }
    let admin = kubernetes.admin();
    wait_until("the kinds to be served", LIMIT, async || {
        admin.get("/apis/ips.dev/v1alpha1/prewarmpolicies").await.is_ok()
            && admin.get("/apis/ips.dev/v1alpha1/prewarmtasks").await.is_ok()
    })
    .await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}});
    admin
        .create("/api/v1/namespaces", &namespace)
        .await
        .expect("a namespace");
    kubernetes
}

/// A coordinator that keeps what is declared there.
pub async fn keeping(kubernetes: &Kubernetes, tenants: &str) -> Coordinator {
    let arguments = arguments(kubernetes, tenants).await;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Coordinator::start(&arguments).await.expect("a coordinator")
}

/// With these a coordinator keeps what is declared there.
pub async fn arguments(kubernetes: &Kubernetes, tenants: &str) -> Vec<String> {
    let token = kubernetes.token(SYSTEM, "ips-coordinator", "https://kubernetes.default.svc", None);
    let config = kubernetes
        .kubeconfig_for("coordinator.conf", &token.await.expect("a token"))
        .expect("a kubeconfig");
    let config = config.display().to_string();
    [
        "--kubernetes",
        "on",
        "--kubeconfig",
        &config,
        "--kubernetes-objects",
        "on",
        "--kubernetes-tenant",
        tenants,
    ]
    .map(ToOwned::to_owned)
    .into()
}

/// Waits until the status of the object at this path is as the test says.
pub async fn status(kubernetes: &Kubernetes, path: &str, what: &str, mut test: impl FnMut(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let found = tokio::time::timeout(TASK_LIMIT, async {
        loop {
            if let Ok(object) = kubernetes.admin().get(path).await {
                last = object["status"].clone();
                if test(&last) {
                    return last.clone();
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let found = found.await;
    found.unwrap_or_else(|_| panic!("{path}: {what}: {last:#}"))
}

/// The condition of this type.
pub fn condition(status: &Value, kind: &str) -> Value {
    let all = status["conditions"].as_array().cloned().unwrap_or_default();
    all.into_iter().find(|it| it["type"] == kind).unwrap_or_default()
}

/// Whether the newest spec is kept.
pub fn is_accepted(status: &Value) -> bool {
    condition(status, "Accepted")["status"] == "True"
}

/// Waits until there is no object at this path.
pub async fn is_gone(kubernetes: &Kubernetes, path: &str) {
    wait_until(&format!("{path} to be gone"), LIMIT, async || {
        let answer = kubernetes.admin().call(Method::GET, path, None).await;
        answer.expect("an answer").0 == StatusCode::NOT_FOUND
    })
    .await;
}

/// Calls that wrote the status of objects of a kind, in paths.
pub fn status_writes(kubernetes: &Kubernetes, plural: &str) -> usize {
    let calls = kubernetes.calls().expect("the calls");
    let writes = calls
        .iter()
        .filter(|call| call.resource == plural && call.subresource == "status");
    writes.count()
}

/// The events of a namespace on the object of this name.
pub async fn events(kubernetes: &Kubernetes, namespace: &str, name: &str) -> Vec<Value> {
    let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
    let list = kubernetes.admin().get(&path).await.expect("the events");
    let all = list["items"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|it| it["regarding"]["name"] == name).collect()
}
