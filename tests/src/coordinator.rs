//! A real `ips-coordinator` process on free ports with a database of its own. It can be killed and come back on the same
//! database and ports.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

use crate::cache;
use crate::folder::Folder;
use crate::http::Api;
use crate::login::{self, Bearer};
use crate::ports::Port;
use crate::process::Process;
use crate::wait::wait_until;

/// Stands in an argument for the base of the coordinator's own REST API, which nobody knows before it has its ports.
pub const OWN_URL: &str = "{own-url}";

/// Kept over a restart, so that agents find it again.
#[derive(Debug)]
struct Ports {
    http: Port,
    grpc: Port,
    metrics: Port,
}

/// See the module.
#[derive(Debug)]
pub struct Coordinator {
    process: Process,
    ports: Ports,
    arguments: Vec<String>,
    /// Of the admin; empty while identity is off.
    token: String,
    folder: Folder,
}

impl Coordinator {
    /// Starts one with further arguments; registries on loopback are allowed, as the tests' are.
    pub async fn start(arguments: &[&str]) -> Result<Self> {
        let folder = Folder::new("coordinator")?;
        let ports = Ports {
            http: Port::reserve()?,
            grpc: Port::reserve()?,
            metrics: Port::reserve()?,
        };
        let arguments = arguments.iter().map(ToString::to_string).collect::<Vec<_>>();
        let process = spawn(&folder, &ports, &arguments)?;
        let mut coordinator = Self {
            process,
            ports,
            arguments,
            token: String::new(),
            folder,
        };
        coordinator.ready().await?;
        Ok(coordinator)
    }

    /// Starts one with a certificate of its own, which is checked with these.
    pub async fn start_trusting(ca: &Path, arguments: &[&str]) -> Result<Self> {
        let out = ca.display().to_string();
        Self::start(&[arguments, &["--tls-ca-out", &out]].concat()).await
    }

    /// Starts one on this database.
    pub async fn start_on(database: &str, arguments: &[&str]) -> Result<Self> {
        Self::start(&[&["--database", database], arguments].concat()).await
    }

    async fn ready(&mut self) -> Result<()> {
        let file = ready_file(&self.folder);
        wait_until("the coordinator to be ready", Duration::from_secs(30), async || {
            assert!(
                self.process.is_running(),
                "the coordinator ended: {}",
                self.process.log_tail()
            );
            // The certificates are there before anything is served that speaks TLS.
            file.exists()
                && self.ca_file().is_none_or(|certificates| certificates.exists())
                && Api::trusting(self.url(), "", self.ca_file().as_deref())
                    .get("/health")
                    .await
                    .is_ok()
        })
        .await;
        let is_off = |pair: &[String]| pair == ["--identity", "off"];
        if !self.arguments.windows(2).any(is_off) {
            self.token = login::admin_trusting(&self.url(), self.ca_file().as_deref()).await?;
        }
        Ok(())
    }

    /// The base of its REST API and of the console.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme("http"), self.ports.http.number())
    }

    fn has_tls(&self) -> bool {
        self.arguments.windows(2).any(|pair| pair == ["--tls", "always"])
    }

    fn scheme(&self, port: &str) -> &'static str {
        let is_plain =
            |pair: &[String]| pair[0] == "--allow-plain-text" && pair[1].split(',').any(|plain| plain == port);
        if self.has_tls() && !self.arguments.windows(2).any(is_plain) {
            "https"
        } else {
            "http"
        }
    }

    /// Where the certificates are that its own is checked with; none while it speaks plain text.
    pub fn ca_file(&self) -> Option<PathBuf> {
        let named = self.arguments.windows(2).find(|pair| pair[0] == "--tls-ca-out");
        let file = || named.map_or_else(|| ca_file(&self.folder), |pair| PathBuf::from(&pair[1]));
        self.has_tls().then(file)
    }

    /// Its REST API, as the admin.
    pub fn api(&self) -> Api {
        Api::trusting(self.url(), &self.token, self.ca_file().as_deref())
    }

    /// The admin's access token, for `IPS_TOKEN`.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where agents and the CLI dial.
    pub fn grpc_url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme("grpc"), self.ports.grpc.number())
    }

    /// Numbers of its ports: HTTP, gRPC, metrics.
    pub fn ports(&self) -> [u16; 3] {
        let Ports { http, grpc, metrics } = &self.ports;
        [http, grpc, metrics].map(Port::number)
    }

    /// A gRPC connection, as the admin.
    pub async fn grpc(&self) -> InterceptedService<Channel, Bearer> {
        let mut endpoint = Channel::from_shared(self.grpc_url()).expect("a URL");
        if let Some(ca) = self.ca_file() {
            let pem = std::fs::read(ca).expect("the certificates");
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
            endpoint = endpoint.tls_config(tls).expect("TLS");
        }
        let channel = endpoint.connect().await.expect("the coordinator's gRPC port");
        InterceptedService::new(channel, Bearer::new(&self.token))
    }

    /// Its metrics, as text.
    pub async fn metrics(&self) -> Result<String> {
        let port = self.ports.metrics.number();
        let url = format!("{}://127.0.0.1:{port}/metrics", self.scheme("metrics"));
        Ok(crate::http::client_trusting("", self.ca_file().as_deref())
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?)
    }

    /// Whether it is ready, as its probe says: the status and the body.
    pub async fn readiness(&self) -> Result<(StatusCode, Value)> {
        self.api().call(Method::GET, "/readyz", None).await
    }

    /// The process, for signals and measurements.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Where its database and everything else of it lies.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// What it prints.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Kills it with -9.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it with SIGTERM and says how it ended.
    pub async fn terminate(&mut self) -> std::process::ExitStatus {
        self.process.signal(Signal::SIGTERM);
        self.process.wait(Duration::from_secs(30)).await
    }

    /// Starts it again: same database, same ports.
    pub async fn restart(&mut self) -> Result<()> {
        let _ = std::fs::remove_file(ready_file(&self.folder));
        self.process = spawn(&self.folder, &self.ports, &self.arguments)?;
        self.ready().await
    }

    /// Creates a task that must be accepted, and gives back its id.
    pub async fn create_task(&self, body: &Value) -> Result<String> {
        let (status, task) = self.api().post("/api/v1/tasks", body).await?;
        anyhow::ensure!(status == StatusCode::CREATED, "creating a task: {status} {task}");
        Ok(task["taskId"].as_str().context("a task id")?.to_owned())
    }

    /// Cancels a task, with any outcome.
    pub async fn cancel_task(&self, id: &str) -> Result<(StatusCode, Value)> {
        self.api()
            .call(Method::POST, &format!("/api/v1/tasks/{id}/cancel"), None)
            .await
    }

    /// A task as REST shows it.
    pub async fn task(&self, id: &str) -> Result<Value> {
        self.api().get(&format!("/api/v1/tasks/{id}")).await
    }

    /// All pulls of a task.
    pub async fn pulls(&self, id: &str) -> Result<Vec<Value>> {
        let page = self.api().get(&format!("/api/v1/tasks/{id}/pulls?limit=1000")).await?;
        Ok(page["pulls"].as_array().cloned().unwrap_or_default())
    }
}

fn ca_file(folder: &Folder) -> PathBuf {
    folder.join("ca.pem")
}

fn ready_file(folder: &Folder) -> PathBuf {
    folder.join("ready.json")
}

fn spawn(folder: &Folder, ports: &Ports, arguments: &[String]) -> Result<Process> {
    let mut command = Command::new(cache::program("ips-coordinator")?);
    for (setting, port) in [
        ("--http-address", &ports.http),
        ("--grpc-address", &ports.grpc),
        ("--metrics-address", &ports.metrics),
    ] {
        command.args([setting, &format!("127.0.0.1:{}", port.number())]);
    }
    let database = format!("sqlite:{}", folder.join("ips.db").display());
    for (setting, value) in [("--database", database.as_str()), ("--heartbeat-interval", "1s")] {
        // A setting may be given once only.
        if !arguments.iter().any(|argument| argument == setting) {
            command.args([setting, value]);
        }
    }
    let own = format!("http://127.0.0.1:{}", ports.http.number());
    let first_password = folder.join("first-password");
    std::fs::write(&first_password, login::FIRST_PASSWORD)?;
    command.arg("--admin-password-file").arg(first_password);
    // Tokens outlive a restart on every database.
    let key = folder.join("token-key");
    std::fs::write(&key, "a key of access tokens, for tests alone")?;
    command.arg("--jwt-key-file").arg(key);
    let bootstrap = folder.join("bootstrap-token");
    std::fs::write(&bootstrap, login::BOOTSTRAP_TOKEN)?;
    command.arg("--bootstrap-token-file").arg(bootstrap);
    if !arguments.iter().any(|argument| argument == "--tls-ca-out") {
        command.arg("--tls-ca-out").arg(ca_file(folder));
    }
    // Benches and the demo run longer than an hour.
    command.args(["--token-lifetime", "24h"]);
    command
        .arg("--registry-allow-loopback")
        .arg("--ready-file")
        .arg(ready_file(folder))
        .args(arguments.iter().map(|argument| argument.replace(OWN_URL, &own)));
    Process::start("coordinator", &command, &folder.join("coordinator.log"))
}
