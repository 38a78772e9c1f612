//! Every setting of the agent: its option, environment name, default and unit. Read as text and checked once, here, so that a
//! wrong value stops the start with one line that names the setting, the value and what is allowed.

mod check;
#[cfg(test)]
mod tests;

use crate::{guard::Guard, link::proof::ProofSettings};
use check::{Setting, address, bytes, credential_providers, file, labels, seconds, whole_number};
use clap::Parser;
use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, time::Duration};
use thiserror::Error;

/// The command line.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ips-agent",
    version,
    about = "Pulls images through containerd on this node, as a coordinator orders."
)]
pub struct Arguments {
    /// Address of the coordinator's gRPC port, as URL
    #[arg(long, env = "IPS_COORDINATOR", default_value = "http://127.0.0.1:9443")]
    coordinator: String,
    /// Certificates that the coordinator's is checked with, as PEM; read at each dial [default: those that the machine trusts]
    #[arg(long, env = "IPS_CA_FILE")]
    ca_file: Option<String>,
    /// Speak plain text with a coordinator beyond loopback: everybody on the network can read the node's key then
    #[arg(long, env = "IPS_ALLOW_PLAIN_TEXT")]
    allow_plain_text: bool,
    /// File with a bootstrap token, by which this node joins once: ips-coordinator agents token create
    #[arg(long, env = "IPS_BOOTSTRAP_TOKEN_FILE")]
    bootstrap_token_file: Option<String>,
    /// File with a projected token of this pod's service account, by which it proves its node
    #[arg(long, env = "IPS_KUBERNETES_TOKEN_FILE")]
    kubernetes_token_file: Option<String>,
    /// Name of the node as Kubernetes knows it [also: NODE_NAME; default: the machine's name]
    #[arg(long, env = "IPS_NODE_NAME")]
    node_name: Option<String>,
    /// UID of the node [default: the content of /etc/machine-id]
    #[arg(long, env = "IPS_NODE_UID")]
    node_uid: Option<String>,
    /// Label of the node, key=value; repeatable, or a comma list in the environment
    #[arg(long = "node-label", env = "IPS_NODE_LABELS", value_delimiter = ',')]
    node_labels: Vec<String>,
    /// Path of containerd's socket [also: CRI_SOCKET_PATH; default: /run/containerd/containerd.sock]
    #[arg(long, env = "IPS_RUNTIME_SOCKET")]
    runtime_socket: Option<String>,
    /// Namespace of CRI in containerd
    #[arg(long, env = "IPS_NAMESPACE", default_value = "k8s.io")]
    namespace: String,
    /// Snapshotter that CRI uses
    #[arg(long, env = "IPS_SNAPSHOTTER", default_value = "overlayfs")]
    snapshotter: String,
    /// Directory for outcomes that were not acknowledged yet, and for the node's key
    #[arg(long, env = "IPS_STATE_DIR", default_value = "/var/lib/ips-agent")]
    state_dir: String,
    /// The kubelet's CredentialProviderConfig, a file or a folder; needs --credential-provider-bin-dir
    #[arg(long, env = "IPS_CREDENTIAL_PROVIDER_CONFIG")]
    credential_provider_config: Option<String>,
    /// Folder with the programs of the kubelet's credential providers
    #[arg(long, env = "IPS_CREDENTIAL_PROVIDER_BIN_DIR")]
    credential_provider_bin_dir: Option<String>,
    /// Pulls at a time, 1 to 64
    #[arg(long, env = "IPS_MAX_CONCURRENT_PULLS", default_value = "2")]
    max_concurrent_pulls: String,
    /// The kubelet's configuration: its thresholds and its rules for private images are read from it
    #[arg(long, env = "IPS_KUBELET_CONFIG", default_value = "/var/lib/kubelet/config.yaml")]
    kubelet_config: String,
    /// Room that an image needs, as a multiple of its compressed size, 0 to 20; 0 switches the disk guard off
    #[arg(long, env = "IPS_SPACE_FACTOR", default_value = "3")]
    space_factor: String,
    /// No pull begins while the node's I/O pressure (some avg10) is over so many percent; 0 for no limit
    #[arg(long, env = "IPS_IO_PRESSURE_LIMIT", default_value = "0")]
    io_pressure_limit: String,
    /// File with the node's I/O pressure
    #[arg(long, env = "IPS_IO_PRESSURE_FILE", default_value = "/proc/pressure/io")]
    io_pressure_file: String,
    /// Bytes that may be pinned against the kubelet's garbage collection, such as 20Gi; 0 pins nothing
    #[arg(long, env = "IPS_PIN_BUDGET", default_value = "20Gi")]
    pin_budget: String,
    /// Longest time without a byte or a layer where an order does not say, in seconds
    #[arg(long, env = "IPS_NO_PROGRESS_TIMEOUT", default_value = "600")]
    no_progress_timeout: String,
    /// How long SIGTERM lets running pulls finish, in seconds
    #[arg(long, env = "IPS_DRAIN_GRACE", default_value = "1800")]
    drain_grace: String,
    /// Pause between two full readings of the node's images, in seconds
    #[arg(long, env = "IPS_INVENTORY_INTERVAL", default_value = "60")]
    inventory_interval: String,
    /// Address of /healthz, /readyz and /metrics; beyond loopback only where nobody but probes reaches it
    #[arg(long, env = "IPS_HEALTH_ADDRESS", default_value = "127.0.0.1:9090")]
    health_address: String,
    /// Address of /metrics alone for scrapers on other machines, in the clear; figures name no image and no secret
    #[arg(long, env = "IPS_METRICS_ADDRESS")]
    metrics_address: Option<String>,
    /// Collector of traces as URL, OTLP over gRPC [also: OTEL_EXPORTER_OTLP_ENDPOINT; default: none]
    #[arg(long, env = "IPS_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// File that is written once the agent has started: {"health":"ADDRESS:PORT"}
    #[arg(long, env = "IPS_READY_FILE")]
    ready_file: Option<PathBuf>,
    /// Log level, or a filter such as "info,ips_agent=debug"
    #[arg(long, env = "IPS_LOG", default_value = "info")]
    log: String,
    /// Form of log lines: text or json
    #[arg(long, env = "IPS_LOG_FORMAT", default_value = "text")]
    log_format: String,
}

/// A setting that cannot be used. One line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{setting}: {value:?} cannot be used; allowed: {allowed}")]
pub struct ConfigError {
    /// Option and environment name.
    pub setting: String,
    /// What was given.
    pub value: String,
    /// What can be given.
    pub allowed: String,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Where the kubelet's credential providers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialProviders {
    /// Their configuration, a file or a folder of files.
    pub config: PathBuf,
    /// The folder of their programs.
    pub programs: PathBuf,
}

/// Settings that hold.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the coordinator, as URL.
    pub coordinator: String,
    /// Certificates that its own is checked with.
    pub ca_file: Option<PathBuf>,
    /// Plain text may be spoken beyond loopback.
    pub allow_plain_text: bool,
    /// What lets this agent in.
    pub proof: ProofSettings,
    /// Name of the node.
    pub node_name: String,
    /// Identity of the machine.
    pub node_uid: String,
    /// Labels of the node.
    pub node_labels: BTreeMap<String, String>,
    /// Path of the runtime's socket.
    pub runtime_socket: PathBuf,
    /// Namespace of CRI.
    pub namespace: String,
    /// Snapshotter of CRI.
    pub snapshotter: String,
    /// Directory for kept outcomes.
    pub state_dir: PathBuf,
    /// The kubelet's credential providers, where they are to be asked.
    pub credential_providers: Option<CredentialProviders>,
    /// What keeps pulls from harming the node.
    pub guard: Guard,
    /// Bytes that may be pinned.
    pub pin_budget: u64,
    /// Pulls at a time.
    pub max_concurrent_pulls: u32,
    /// Longest silence of an attempt.
    pub no_progress_timeout: Duration,
    /// How long draining may take.
    pub drain_grace: Duration,
    /// Pause between two full readings of the images.
    pub inventory_interval: Duration,
    /// Where health is served.
    pub health_address: SocketAddr,
    /// Where figures alone are served.
    pub metrics_address: Option<SocketAddr>,
    /// Collector of traces.
    pub otlp_endpoint: Option<String>,
    /// Certificate authority of the collector.
    pub otlp_certificate: Option<PathBuf>,
    /// File that says that the agent has started.
    pub ready_file: Option<PathBuf>,
    /// Log filter.
    pub log: String,
    /// Form of log lines.
    pub log_format: LogFormat,
}

impl Config {
    /// Checks what was given. Reads `/etc/machine-id` and the environment names of the original where nothing was.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn from_arguments(given: Arguments) -> Result<Self, ConfigError> {
        Self::check(given, &|name| {
            std::env::var(name).ok().filter(|value| !value.is_empty())
        })
    }

    fn check(given: Arguments, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let Arguments {
            coordinator,
            ca_file,
            allow_plain_text,
            bootstrap_token_file,
            kubernetes_token_file,
            node_name,
            node_uid,
            node_labels,
            runtime_socket,
            namespace,
            snapshotter,
            state_dir,
            credential_provider_config,
            credential_provider_bin_dir,
            max_concurrent_pulls,
            kubelet_config,
            space_factor,
            io_pressure_limit,
            io_pressure_file,
            pin_budget,
            no_progress_timeout,
            drain_grace,
            inventory_interval,
            health_address,
            metrics_address,
            otlp_endpoint,
            ready_file,
            log,
            log_format,
        } = given;
        let node_name = node_name
            .or_else(|| environment("NODE_NAME"))
            .unwrap_or_else(machine_name);
        let node_uid = node_uid.unwrap_or_else(machine_id);
        let socket = runtime_socket
            .or_else(|| environment("CRI_SOCKET_PATH"))
            .unwrap_or_else(|| "/run/containerd/containerd.sock".into());
        Ok(Self {
            coordinator: Setting::new("coordinator").coordinator(coordinator, allow_plain_text)?,
            ca_file: file("ca-file", ca_file)?,
            allow_plain_text,
            proof: ProofSettings {
                bootstrap_token_file: file("bootstrap-token-file", bootstrap_token_file)?,
                kubernetes_token_file: file("kubernetes-token-file", kubernetes_token_file)?,
            },
            node_name: Setting::new("node-name").node_name(node_name)?,
            node_uid: Setting::new("node-uid").word(node_uid)?,
            node_labels: labels(&Setting::named("node-label", "IPS_NODE_LABELS"), node_labels)?,
            runtime_socket: Setting::new("runtime-socket").path(socket.strip_prefix("unix://").unwrap_or(&socket))?,
            namespace: Setting::new("namespace").word(namespace)?,
            snapshotter: Setting::new("snapshotter").word(snapshotter)?,
            state_dir: Setting::new("state-dir").path(&state_dir)?,
            credential_providers: credential_providers(credential_provider_config, credential_provider_bin_dir)?,
            max_concurrent_pulls: whole_number(&Setting::new("max-concurrent-pulls"), &max_concurrent_pulls, 1, 64)?,
            guard: Guard {
                kubelet_config: Setting::new("kubelet-config").path(&kubelet_config)?,
                space_factor: whole_number(&Setting::new("space-factor"), &space_factor, 0, 20)?,
                io_pressure_limit: whole_number(&Setting::new("io-pressure-limit"), &io_pressure_limit, 0, 99)?,
                io_pressure_file: Setting::new("io-pressure-file").path(&io_pressure_file)?,
            },
            pin_budget: bytes(&Setting::new("pin-budget"), &pin_budget)?,
            no_progress_timeout: seconds(&Setting::new("no-progress-timeout"), &no_progress_timeout, 1, 86_400)?,
            drain_grace: seconds(&Setting::new("drain-grace"), &drain_grace, 0, 86_400)?,
            inventory_interval: seconds(&Setting::new("inventory-interval"), &inventory_interval, 1, 86_400)?,
            health_address: Setting::new("health-address").address(health_address)?,
            metrics_address: address(&Setting::new("metrics-address"), metrics_address)?,
            otlp_endpoint: otlp_endpoint
                .or_else(|| environment("OTEL_EXPORTER_OTLP_ENDPOINT"))
                .filter(|endpoint| !endpoint.is_empty()),
            otlp_certificate: environment("OTEL_EXPORTER_OTLP_CERTIFICATE").map(Into::into),
            ready_file,
            log: Setting::new("log").log_filter(log)?,
            log_format: Setting::new("log-format").log_format(log_format)?,
        })
    }
}

/// The machine's name in the form that node names have.
fn machine_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_lowercase()
}

/// The machine's id; empty when there is none, which the check then refuses.
fn machine_id() -> String {
    fs::read_to_string("/etc/machine-id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}
