//! A real containerd of a chosen version with a root, state and socket of its own: one "node". It can be killed and come
//! back on the same content. The machine's own containerd is never touched.

mod config;
mod truth;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::cache;
use crate::folder::Folder;
use crate::kubernetes::network::Network;
use crate::process::Process;
use crate::wait::wait_until;

pub use truth::{Ingest, Truth};

/// The versions that every test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerdVersion {
    /// Debian 12.
    V1_6,
    /// Debian 13.
    V1_7,
    /// Debian testing.
    V2_1,
}

impl ContainerdVersion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V1_6, Self::V1_7, Self::V2_1];

    /// `1.6`: its folder in the cache, and how its version begins.
    pub fn minor(self) -> &'static str {
        match self {
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
            Self::V2_1 => "2.1",
        }
    }
}

impl fmt::Display for ContainerdVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.minor())
    }
}

/// What a root lies on. A small one can be filled up.
#[derive(Debug, Clone, Copy, Default)]
pub enum Disk {
    /// This machine's own.
    #[default]
    Roomy,
    /// A memory file system of so many MiB.
    Memory(u64),
    /// An ext4 of so many MiB.
    Block(u64),
}

/// How to start one; the default is a roomy disk, and no pods.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContainerdOptions {
    /// What its root lies on.
    pub disk: Disk,
    /// A registry for which its own configuration has the login of the tests' registries.
    pub login_for: Option<SocketAddr>,
    /// It can run pods, with the image `pause:v1` of this registry, on the network of [`crate::kubernetes::network`].
    pub pods: Option<SocketAddr>,
}

/// See the module.
#[derive(Debug)]
pub struct Containerd {
    // Fields are dropped in this order: the process ends before its folder is removed.
    process: Process,
    version: ContainerdVersion,
    snapshotter: &'static str,
    root: PathBuf,
    folder: Folder,
}

impl Containerd {
    /// Starts an empty containerd.
    pub async fn start(version: ContainerdVersion, options: ContainerdOptions) -> Result<Self> {
        let folder = Folder::new("containerd")?;
        let root = match options.disk {
            Disk::Memory(size) => folder.small_disk("root", size)?,
            Disk::Block(size) => folder.block_disk("root", size)?,
            Disk::Roomy => folder.join("root"),
        };
        std::fs::create_dir_all(folder.join("hosts"))?;
        let snapshotter = config::snapshotter(&folder)?;
        std::fs::write(
            folder.join("config.toml"),
            config::text(version, folder.path(), snapshotter, options)?,
        )?;
        if options.pods.is_some() {
            Network::write_cni(&folder.join("cni"))?;
        }
        let process = spawn(version, &folder)?;
        let mut containerd = Self {
            process,
            version,
            snapshotter,
            root,
            folder,
        };
        containerd.ready().await;
        Ok(containerd)
    }

    async fn ready(&mut self) {
        let socket = self.socket();
        wait_until("containerd's CRI to answer", Duration::from_secs(30), async || {
            assert!(
                self.process.is_running(),
                "containerd ended: {}",
                self.process.log_tail()
            );
            match Truth::connect(&socket, self.snapshotter).await {
                Ok(truth) => truth.version().await.is_ok() && truth.images().await.is_ok(),
                Err(_) => false,
            }
        })
        .await;
    }

    /// Which version this is.
    pub fn version(&self) -> ContainerdVersion {
        self.version
    }

    /// Which snapshotter its CRI uses.
    pub fn snapshotter(&self) -> &'static str {
        self.snapshotter
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("containerd.sock")
    }

    /// Says by a `hosts.toml` how a registry is reached; holds from the next pull on.
    pub fn hosts(&self, registry: &str, text: &str) -> Result<()> {
        let folder = self.folder.join("hosts").join(registry);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("hosts.toml"), text).context("writing hosts.toml")
    }

    /// Its root: the disk that images fill.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Bytes that are free on the disk of its root.
    pub fn free_bytes(&self) -> u64 {
        let disk = nix::sys::statvfs::statvfs(&self.root).expect("the root's file system");
        disk.blocks_available() * disk.fragment_size()
    }

    /// What it prints.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The process, for signals and measurements.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// A fresh connection to ask it for the truth.
    pub async fn truth(&self) -> Truth {
        Truth::connect(&self.socket(), self.snapshotter)
            .await
            .expect("containerd's socket")
    }

    /// Kills it with -9; its socket file stays behind, as in real life.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same content.
    pub async fn restart(&mut self) -> Result<()> {
        self.process = spawn(self.version, &self.folder)?;
        self.ready().await;
        Ok(())
    }

    /// Runs its own `ctr` in the namespace of Kubernetes and gives back what it prints.
    pub async fn ctr(&self, arguments: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::new(cache::containerd(self.version.minor(), "ctr")?);
        command
            .arg("--address")
            .arg(self.socket())
            .args(["--namespace", "k8s.io"])
            .args(arguments);
        let output = command.kill_on_drop(true).output().await.context("running ctr")?;
        anyhow::ensure!(
            output.status.success(),
            "ctr {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Fetches an image and names it, without unpacking: CRI's ImageStatus answers for it all the same.
    pub async fn fetch_only(&self, reference: &str) -> Result<()> {
        self.ctr(&["content", "fetch", "--plain-http", reference])
            .await
            .map(drop)
    }

    /// The digest that `ctr` shows for a reference, if the image is there.
    pub async fn ctr_digest(&self, reference: &str) -> Result<Option<String>> {
        let list = self.ctr(&["images", "ls", &format!("name=={reference}")]).await?;
        let row = list
            .lines()
            .skip(1)
            .find(|line| line.split_whitespace().next() == Some(reference));
        Ok(row
            .and_then(|row| row.split_whitespace().find(|field| field.starts_with("sha256:")))
            .map(str::to_owned))
    }
}

fn spawn(version: ContainerdVersion, folder: &Folder) -> Result<Process> {
    let mut command = Command::new(cache::containerd(version.minor(), "containerd")?);
    command.arg("--config").arg(folder.join("config.toml")).env("TZ", "UTC");
    if let Ok(runc) = cache::kubernetes("runc") {
        // Where pods run, it looks for their runtime beside the programs that everybody has.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(runc.parent().map(Path::to_path_buf));
        command.env("PATH", std::env::join_paths(folders)?);
    }
    Process::start(
        &format!("containerd {version}"),
        &command,
        &folder.join("containerd.log"),
    )
}
