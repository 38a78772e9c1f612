//! A real Kubernetes API server 1.20 with an etcd of its own: RBAC and the Node authorizer on, every call in an audit log. It can be stopped and
//! come back on the same data and port. Nodes are objects, made by the thousand, until a test adds controllers and a kubelet.

mod account;
mod audit;
mod client;
pub mod manifests;
pub mod network;
pub mod node;
mod objects;
mod pki;
mod settings;

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::cache;
use crate::folder::Folder;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::{wait_for, wait_until};

pub use audit::Call;
pub use client::KubeClient;
pub use objects::{PodRef, node, service_account};
pub use settings::{ADMIN, CONTROLLER_MANAGER, SCHEDULER};

/// Longest start of the API server on a busy machine (three seconds on a quiet one), and its longest end.
const LIMIT: Duration = Duration::from_secs(90);

/// Which kubectl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kubectl {
    /// Of the server's own release.
    Oldest,
    /// Of Debian testing.
    Current,
}

impl Kubectl {
    fn program(self) -> Result<PathBuf> {
        cache::kubernetes(match self {
            Self::Oldest => "kubectl",
            Self::Current => "kubectl-current",
        })
    }
}

/// See the module.
#[derive(Debug)]
pub struct Kubernetes {
    // Fields are dropped in this order: the server before its store, both before their folder.
    server: Process,
    etcd: Process,
    at: IpAddr,
    ports: Ports,
    folder: Folder,
}

#[derive(Debug)]
struct Ports {
    server: Port,
    etcd: Port,
    peers: Port,
}

impl Kubernetes {
    /// Starts one on 127.0.0.1.
    pub async fn start() -> Result<Self> {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    /// Starts one at an address that pods can reach, too: a bridge of this machine.
    pub async fn start_at(at: IpAddr) -> Result<Self> {
        let folder = Folder::new("kubernetes")?;
        let ports = Ports {
            server: Port::reserve()?,
            etcd: Port::reserve()?,
            peers: Port::reserve()?,
        };
        pki::write(folder.path(), at)?;
        settings::write(folder.path())?;
        let etcd = spawn_etcd(&folder, &ports)?;
        let server = spawn_server(&folder, &ports, at)?;
        let mut kubernetes = Self {
            server,
            etcd,
            at,
            ports,
            folder,
        };
        kubernetes.ready().await?;
        std::fs::write(kubernetes.kubeconfig(), kubernetes.kubeconfig_text(ADMIN))?;
        Ok(kubernetes)
    }

    /// One for all tests of a process, each in a namespace of its own; nobody may stop it.
    pub async fn shared() -> Arc<Self> {
        static SHARED: OnceCell<Arc<Kubernetes>> = OnceCell::const_new();
        let start = async || Self::start().await.map(Arc::new);
        SHARED
            .get_or_try_init(start)
            .await
            .expect("the shared Kubernetes")
            .clone()
    }

    async fn ready(&mut self) -> Result<()> {
        let client = self.client("")?;
        wait_until("the API server to be ready", LIMIT, async || {
            assert!(
                self.server.is_running() && self.etcd.is_running(),
                "the API server or its etcd ended: {}\n{}",
                self.server.log_tail(),
                self.etcd.log_tail()
            );
            client.is_ready().await
        })
        .await;
        Ok(())
    }

    /// `https://ADDRESS:PORT`.
    pub fn url(&self) -> String {
        format!("https://{}:{}", self.at, self.ports.server.number())
    }

    /// Its address.
    pub fn address(&self) -> (IpAddr, u16) {
        (self.at, self.ports.server.number())
    }

    /// Certificate of the authority that has signed its certificate, as PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// A folder of its own for whoever works with it.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// Somebody who may do everything.
    pub fn admin(&self) -> KubeClient {
        self.client(ADMIN).expect("a client")
    }

    /// Whoever has this token; nobody where it is empty.
    pub fn client(&self, token: &str) -> Result<KubeClient> {
        KubeClient::new(&self.url(), &self.authority(), token)
    }

    /// The kubeconfig of somebody who may do everything.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.conf")
    }

    /// Writes a kubeconfig for whoever has this token; `name` is its file name.
    pub fn kubeconfig_for(&self, name: &str, token: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::write(&path, self.kubeconfig_text(token)).context("writing a kubeconfig")?;
        Ok(path)
    }

    /// Writes a kubeconfig for whoever has the token in a file, which may change.
    pub fn kubeconfig_with(&self, name: &str, token_file: &Path) -> Result<PathBuf> {
        let user = serde_json::json!({"tokenFile": token_file});
        let path = self.folder.join(name);
        let text = settings::kubeconfig_of(&self.url(), &self.authority(), &user);
        std::fs::write(&path, text).context("writing a kubeconfig")?;
        Ok(path)
    }

    fn kubeconfig_text(&self, token: &str) -> String {
        settings::kubeconfig(&self.url(), &self.authority(), token)
    }

    /// Runs kubectl as the admin and says how it ended.
    pub async fn kubectl_output(&self, which: Kubectl, arguments: &[&str]) -> Result<Output> {
        let mut command = tokio::process::Command::new(which.program()?);
        command.arg("--kubeconfig").arg(self.kubeconfig());
        command
            .arg("--cache-dir")
            .arg(self.folder.join(&format!("{which:?}-cache")));
        command
            .args(arguments)
            .env("HOME", self.folder.path())
            .env_remove("KUBECONFIG");
        command.kill_on_drop(true).output().await.context("running kubectl")
    }

    /// Runs kubectl, which must succeed; gives back what it prints.
    pub async fn kubectl(&self, which: Kubectl, arguments: &[&str]) -> Result<String> {
        let output = self.kubectl_output(which, arguments).await?;
        ensure!(
            output.status.success(),
            "kubectl {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A token of a service account for an audience, bound to a pod if one is named. Both must exist.
    pub async fn token(&self, namespace: &str, account: &str, audience: &str, pod: Option<&PodRef>) -> Result<String> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let answer = self
            .admin()
            .create(&path, &objects::token_request(audience, pod))
            .await?;
        let token = answer["status"]["token"].as_str().context("no token in the answer")?;
        Ok(token.to_owned())
    }

    /// Makes this many Node objects at once, `make(0)`, `make(1)`, …
    pub async fn create_nodes(&self, count: usize, make: impl Fn(usize) -> Value) -> Result<()> {
        objects::create_all(&self.admin(), "/api/v1/nodes", (0..count).map(make)).await
    }

    /// What was called until now, oldest first, by whom.
    pub fn calls(&self) -> Result<Vec<Call>> {
        audit::read(&self.folder.join(settings::AUDIT_LOG))
    }

    /// Waits until a call as the test says stands in the audit log.
    pub async fn call(&self, what: &str, mut test: impl FnMut(&Call) -> bool) -> Call {
        wait_for(what, LIMIT, async || {
            self.calls().expect("the audit log").into_iter().find(&mut test)
        })
        .await
    }

    /// Stops the API server; its store stays.
    pub async fn stop(&mut self) {
        self.server.signal(Signal::SIGTERM);
        self.server.wait(LIMIT).await;
    }

    /// Kills the API server with -9.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again: same data, same port, same certificates.
    pub async fn restart(&mut self) -> Result<()> {
        self.server = spawn_server(&self.folder, &self.ports, self.at)?;
        self.ready().await
    }

    /// What the API server prints.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

fn spawn_etcd(folder: &Folder, ports: &Ports) -> Result<Process> {
    let mut command = Command::new(cache::kubernetes("etcd")?);
    let clients = format!("http://127.0.0.1:{}", ports.etcd.number());
    let peers = format!("http://127.0.0.1:{}", ports.peers.number());
    command.args(["--name", "only", "--logger", "zap", "--log-outputs", "stderr"]);
    command.arg("--data-dir").arg(folder.join("etcd"));
    command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
    command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
    command.args(["--initial-cluster", &format!("only={peers}")]);
    // Debian's etcd refuses to start on other architectures than these without being told that it is meant.
    command.env("ETCD_UNSUPPORTED_ARCH", crate::layout::architecture());
    Process::start("etcd", &command, &folder.join("etcd.log"))
}

fn spawn_server(folder: &Folder, ports: &Ports, at: IpAddr) -> Result<Process> {
    let mut command = Command::new(cache::kubernetes("kube-apiserver")?);
    command.args(settings::server(
        folder.path(),
        at,
        ports.server.number(),
        ports.etcd.number(),
    ));
    Process::start("API server", &command, &folder.join("server.log"))
}
