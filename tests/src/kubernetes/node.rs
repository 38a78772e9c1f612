//! A whole node beside the API server: controllers, scheduler, kube-proxy and kubelet, for pods that really run. For a network namespace and a
//! mount namespace of one's own only, see [`super::network`].

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::network::NODE;
use super::{Kubernetes, settings};
use crate::cache;
use crate::containerd::Containerd;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::wait_until;

/// Longest time until a node is ready; fifteen seconds on a quiet machine.
const LIMIT: Duration = Duration::from_secs(120);

/// A kubelet by itself.
#[derive(Debug)]
pub struct Kubelet {
    process: Process,
    _port: Port,
}

impl Kubelet {
    /// Starts the kubelet of the node of this name (`node-1` to `node-3`) on a containerd that can run pods, and waits until the node is
    /// ready. Where more than so many percent of the images' disk are used, it collects images.
    pub async fn start(kubernetes: &Kubernetes, name: &str, containerd: &Containerd, full_percent: u8) -> Result<Self> {
        let port = Port::reserve()?;
        let mut kubelet = Self {
            process: kubelet(kubernetes, name, containerd, port.number(), full_percent)?,
            _port: port,
        };
        let admin = kubernetes.admin();
        let path = format!("/api/v1/nodes/{name}");
        wait_until(&format!("{name} to be ready"), LIMIT, async || {
            assert!(
                kubelet.process.is_running(),
                "the kubelet ended: {}",
                kubelet.process.log_tail()
            );
            admin.get(&path).await.is_ok_and(|node| is_ready(&node))
        })
        .await;
        Ok(kubelet)
    }

    /// The configuration file of the kubelet of this name.
    pub fn settings(kubernetes: &Kubernetes, name: &str) -> PathBuf {
        kubernetes.home().join(name).join("kubelet.json")
    }

    /// What it prints.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// See the module.
#[derive(Debug)]
pub struct WholeNode {
    // Fields are dropped in this order.
    kubelet: Kubelet,
    _proxy: Process,
    _scheduler: Process,
    _controllers: Process,
    _ports: [Port; 3],
}

impl WholeNode {
    /// Starts the node of this name (`node-1` to `node-3`) on a containerd that can run pods, and waits until it is ready. Its disk is a
    /// developer's, and may be as full as it likes.
    pub async fn start(kubernetes: &Kubernetes, name: &str, containerd: &Containerd) -> Result<Self> {
        let ports = [Port::reserve()?, Port::reserve()?, Port::reserve()?];
        let controllers = controllers(kubernetes, ports[0].number())?;
        let scheduler = scheduler(kubernetes, ports[1].number())?;
        let proxy = proxy(kubernetes, name, ports[2].number())?;
        Ok(Self {
            kubelet: Kubelet::start(kubernetes, name, containerd, 100).await?,
            _proxy: proxy,
            _scheduler: scheduler,
            _controllers: controllers,
            _ports: ports,
        })
    }

    /// What its kubelet prints.
    pub fn log(&self) -> String {
        self.kubelet.log()
    }
}

/// Whether a node or a pod says that it is ready.
pub fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"))
}

fn start(kubernetes: &Kubernetes, program: &str, flags: &[(&str, String)]) -> Result<Process> {
    let mut command = Command::new(cache::kubernetes(program)?);
    command.args(flags.iter().map(|(name, value)| format!("--{name}={value}")));
    Process::start(program, &command, &kubernetes.home().join(format!("{program}.log")))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn controllers(kubernetes: &Kubernetes, port: u16) -> Result<Process> {
    let home = kubernetes.home();
    let config = kubernetes.kubeconfig_for("controllers.conf", settings::CONTROLLER_MANAGER)?;
    let flags = [
        ("kubeconfig", text(&config)),
        ("service-account-private-key-file", text(&home.join("tokens.key"))),
        ("root-ca-file", text(&kubernetes.authority())),
        // Nodes that are objects only have no kubelet that would say they are alive.
        ("node-monitor-grace-period", "24h".to_owned()),
        ("use-service-account-credentials", "true".to_owned()),
        ("leader-elect", "false".to_owned()),
        ("bind-address", "127.0.0.1".to_owned()),
        ("secure-port", port.to_string()),
        ("port", "0".to_owned()),
        ("cert-dir", text(&home.join("controllers"))),
    ];
    start(kubernetes, "kube-controller-manager", &flags)
}

fn scheduler(kubernetes: &Kubernetes, port: u16) -> Result<Process> {
    let config = kubernetes.kubeconfig_for("scheduler.conf", settings::SCHEDULER)?;
    let flags = [
        ("kubeconfig", text(&config)),
        ("leader-elect", "false".to_owned()),
        ("bind-address", "127.0.0.1".to_owned()),
        ("secure-port", port.to_string()),
        ("port", "0".to_owned()),
        ("cert-dir", text(&kubernetes.home().join("scheduler"))),
    ];
    start(kubernetes, "kube-scheduler", &flags)
}

fn proxy(kubernetes: &Kubernetes, name: &str, port: u16) -> Result<Process> {
    let config = kubernetes.kubeconfig_for("proxy.conf", settings::PROXY)?;
    // The limits of connection tracking are the machine's, which a namespace cannot set.
    let conntrack = json!({"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"});
    let settings = json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
        "clientConnection": {"kubeconfig": config}, "hostnameOverride": name, "conntrack": conntrack,
        "healthzBindAddress": "", "metricsBindAddress": format!("127.0.0.1:{port}"), "clusterCIDR": "10.214.0.0/24",
    });
    let file = kubernetes.home().join("proxy.json");
    std::fs::write(&file, settings.to_string())?;
    start(kubernetes, "kube-proxy", &[("config", text(&file))])
}

fn kubelet(
    kubernetes: &Kubernetes,
    name: &str,
    containerd: &Containerd,
    port: u16,
    full_percent: u8,
) -> Result<Process> {
    let home = kubernetes.home().join(name);
    std::fs::create_dir_all(home.join("plugins"))?;
    let settings = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": NODE, "port": port, "healthzPort": 0, "readOnlyPort": 0,
        "authentication": {"anonymous": {"enabled": true}, "webhook": {"enabled": false}}, "authorization": {"mode": "AlwaysAllow"},
        "clusterDNS": [NODE], "clusterDomain": "cluster.local",
        "cgroupDriver": "cgroupfs", "cgroupsPerQOS": false, "enforceNodeAllocatable": [], "failSwapOn": false,
        // Changed config maps and secrets are shown to pods so often; a minute is usual.
        "syncFrequency": "5s",
        "makeIPTablesUtilChains": false, "volumePluginDir": home.join("plugins"),
        "evictionHard": {
            "imagefs.available": format!("{}%", 100 - full_percent), "nodefs.available": "0%", "memory.available": "0%"},
        "imageGCHighThresholdPercent": full_percent, "imageGCLowThresholdPercent": full_percent / 2, "imageMinimumGCAge": "1s",
    });
    let file = Kubelet::settings(kubernetes, name);
    std::fs::write(&file, settings.to_string())?;
    let config = kubernetes.kubeconfig_for(&format!("{name}.conf"), &settings::kubelet_token(name))?;
    let flags = [
        ("config", text(&file)),
        ("kubeconfig", text(&config)),
        ("hostname-override", name.to_owned()),
        ("node-ip", NODE.to_string()),
        ("root-dir", text(&home.join("root"))),
        ("cert-dir", text(&home.join("pki"))),
        ("container-runtime", "remote".to_owned()),
        (
            "container-runtime-endpoint",
            format!("unix://{}", text(&containerd.socket())),
        ),
    ];
    start(kubernetes, "kubelet", &flags)
}
