//! A real `ips-agent` process. It can be killed and come back with the same state folder.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::cache;
use crate::containerd::Containerd;
use crate::folder::Folder;
use crate::login::BOOTSTRAP_TOKEN;
use crate::process::Process;
use crate::wait::wait_until;

/// How to start an agent.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// The node's name.
    pub node: String,
    /// The node's UID: who claims the name.
    pub uid: String,
    /// Labels as `key=value`.
    pub labels: Vec<String>,
    /// Where the coordinator's gRPC is.
    pub coordinator: String,
    /// containerd's socket, there or not.
    pub socket: PathBuf,
    /// The snapshotter that its CRI uses.
    pub snapshotter: String,
    /// What lets it in; none where that is empty.
    pub bootstrap_token: String,
    /// Further arguments.
    pub arguments: Vec<String>,
}

impl AgentOptions {
    /// A node on this runtime with a UID of its own and no labels.
    pub fn new(node: &str, coordinator: String, containerd: &Containerd) -> Self {
        Self {
            node: node.to_owned(),
            uid: uuid::Uuid::new_v4().to_string(),
            labels: Vec::new(),
            coordinator,
            socket: containerd.socket(),
            snapshotter: containerd.snapshotter().to_owned(),
            bootstrap_token: BOOTSTRAP_TOKEN.to_owned(),
            arguments: Vec::new(),
        }
    }

    /// A node without a runtime; its agent joins all the same.
    pub fn bare(node: &str, coordinator: String) -> Self {
        Self {
            node: node.to_owned(),
            uid: uuid::Uuid::new_v4().to_string(),
            labels: Vec::new(),
            coordinator,
            socket: "/nowhere/containerd.sock".into(),
            snapshotter: "overlayfs".to_owned(),
            bootstrap_token: BOOTSTRAP_TOKEN.to_owned(),
            arguments: Vec::new(),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Agent {
    process: Process,
    options: AgentOptions,
    folder: Folder,
}

impl Agent {
    /// Starts it and waits until its health port is bound; whether it has reached anybody is not waited for.
    pub async fn start(options: AgentOptions) -> Result<Self> {
        let folder = Folder::new("agent")?;
        let process = spawn(&folder, &options)?;
        let mut agent = Self {
            process,
            options,
            folder,
        };
        agent.ready().await;
        Ok(agent)
    }

    async fn ready(&mut self) {
        let file = self.folder.join("ready.json");
        wait_until("the agent to be ready", Duration::from_secs(30), async || {
            assert!(
                self.process.is_running(),
                "the agent ended: {}",
                self.process.log_tail()
            );
            file.exists()
        })
        .await;
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        &self.options.node
    }

    /// How it was started, for another start.
    pub fn options(&mut self) -> &mut AgentOptions {
        &mut self.options
    }

    /// The process, for signals and measurements.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Where it keeps its state.
    pub fn state_folder(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// What it prints.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Kills it with -9.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to drain and stop.
    pub fn terminate(&mut self) {
        self.process.signal(Signal::SIGTERM);
    }

    /// Starts it again with the same state folder and name.
    pub async fn restart(&mut self) -> Result<()> {
        let _ = std::fs::remove_file(self.folder.join("ready.json"));
        self.process = spawn(&self.folder, &self.options)?;
        self.ready().await;
        Ok(())
    }
}

fn spawn(folder: &Folder, options: &AgentOptions) -> Result<Process> {
    let mut command = Command::new(cache::program("ips-agent")?);
    // How full this machine's own disk is decides nothing; a test of the disk guard says so by an argument.
    command.env("IPS_SPACE_FACTOR", "0");
    command.args([
        "--coordinator",
        &options.coordinator,
        "--node-name",
        &options.node,
        "--node-uid",
        &options.uid,
    ]);
    command
        .arg("--runtime-socket")
        .arg(&options.socket)
        .args(["--snapshotter", &options.snapshotter]);
    command
        .arg("--state-dir")
        .arg(folder.join("state"))
        .args(["--health-address", "127.0.0.1:0"]);
    command.arg("--ready-file").arg(folder.join("ready.json"));
    if !options.bootstrap_token.is_empty() {
        let file = folder.join("bootstrap-token");
        std::fs::write(&file, &options.bootstrap_token)?;
        command.arg("--bootstrap-token-file").arg(file);
    }
    for label in &options.labels {
        command.args(["--node-label", label]);
    }
    command.args(&options.arguments);
    Process::start(&format!("agent {}", options.node), &command, &folder.join("agent.log"))
}
