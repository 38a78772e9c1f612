//! How the API server is set up: its flags, who it knows, what it writes down.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

/// Token of somebody who may do everything.
pub const ADMIN: &str = "token-of-the-admin";
/// Token of the controller manager.
pub const CONTROLLER_MANAGER: &str = "token-of-the-controller-manager";
/// Token of the scheduler.
pub const SCHEDULER: &str = "token-of-the-scheduler";

/// Token of kube-proxy.
pub(super) const PROXY: &str = "token-of-kube-proxy";

/// Where services have their addresses.
pub(super) const SERVICE_RANGE: &str = "10.213.0.0/16";
/// The address of the service `kubernetes`: the first one of the range.
pub(super) const SERVICE_ADDRESS: &str = "10.213.0.1";
/// Name of the audit log in the folder.
pub(super) const AUDIT_LOG: &str = "audit.log";

/// Everything but the server's talk to itself, once a request.
const AUDIT_POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: ['system:apiserver']
  - level: Metadata
";

/// Token of the kubelet of a node.
pub(super) fn kubelet_token(node: &str) -> String {
    format!("token-of-the-kubelet-of-{node}")
}

/// Writes the files that the flags name.
pub(super) fn write(folder: &Path) -> Result<()> {
    std::fs::write(folder.join("audit.yaml"), AUDIT_POLICY)?;
    let mut people = format!(
        "{ADMIN},admin,admin,\"system:masters\"\n\
         {CONTROLLER_MANAGER},system:kube-controller-manager,controller-manager\n\
         {SCHEDULER},system:kube-scheduler,scheduler\n\
         {PROXY},system:kube-proxy,proxy\n"
    );
    // The file is read once: the kubelets that tests may start are in it from the beginning.
    for number in 1..=3 {
        let node = format!("node-{number}");
        people += &format!(
            "{},system:node:{node},kubelet-{node},\"system:nodes\"\n",
            kubelet_token(&node)
        );
    }
    std::fs::write(folder.join("people.csv"), people)?;
    Ok(())
}

/// The API server's flags.
pub(super) fn server(folder: &Path, at: IpAddr, port: u16, etcd: u16) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    let flags = [
        ("etcd-servers", format!("http://127.0.0.1:{etcd}")),
        ("bind-address", at.to_string()),
        ("advertise-address", at.to_string()),
        ("secure-port", port.to_string()),
        ("tls-cert-file", file("server.crt")),
        ("tls-private-key-file", file("server.key")),
        ("client-ca-file", file("ca.crt")),
        ("token-auth-file", file("people.csv")),
        ("authorization-mode", "Node,RBAC".to_owned()),
        ("enable-admission-plugins", "NodeRestriction".to_owned()),
        // Nodes that are objects only would keep the taint that this one gives them: no controller takes it away.
        ("disable-admission-plugins", "TaintNodesByCondition".to_owned()),
        ("service-account-issuer", "https://kubernetes.default.svc".to_owned()),
        ("service-account-signing-key-file", file("tokens.key")),
        ("service-account-key-file", file("tokens.pub")),
        ("service-cluster-ip-range", SERVICE_RANGE.to_owned()),
        ("allow-privileged", "true".to_owned()),
        ("audit-policy-file", file("audit.yaml")),
        ("audit-log-path", file(AUDIT_LOG)),
        ("profiling", "false".to_owned()),
        ("kubelet-preferred-address-types", "InternalIP".to_owned()),
    ];
    flags.map(|(name, value)| format!("--{name}={value}")).to_vec()
}

/// A kubeconfig for whoever has this token.
pub(super) fn kubeconfig(url: &str, authority: &Path, token: &str) -> String {
    kubeconfig_of(url, authority, &json!({"token": token}))
}

/// A kubeconfig with these credentials: JSON is YAML, too.
pub(super) fn kubeconfig_of(url: &str, authority: &Path, user: &Value) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority": authority}}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    })
    .to_string()
}
