//! A real docker-registry on a port of its own. It can be killed and come back on the same port with the same content.

mod client;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::OnceCell;

use crate::folder::Folder;
use crate::layout::images;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::wait_until;
use crate::{cache, http};

pub use client::{Digests, RegistryClient};

/// Where registries are unless a test says otherwise.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The login of a registry with [`Access::Login`].
pub const USER: &str = "prewarm";
/// Its password.
pub const PASSWORD: &str = "prewarm";
/// A second login of such a registry, whose password stands nowhere else on a machine: who finds it has found a leak.
pub const CANARY_USER: &str = "canary";
/// See [`CANARY_USER`].
pub const CANARY_PASSWORD: &str = "c4nary-Right/word+1";
/// Both as bcrypt, the only form that the registry reads.
const HTPASSWD: &str = "prewarm:$2y$04$abcdefghijklmnopqrstuuLeTwd2SJwabqhGv7p4hT22Inde4RU5i\n\
                        canary:$2y$04$abcdefghijklmnopqrstuugTjIDG6k3SEyLBGfzJkgoMknQKVXp8O\n";

/// Who may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// [`USER`] and [`CANARY_USER`] only; others get a 401.
    Login,
}

/// See the module.
#[derive(Debug)]
pub struct Registry {
    process: Process,
    at: IpAddr,
    port: Port,
    config: PathBuf,
    folder: Folder,
    access: Access,
}

impl Registry {
    /// Starts an empty registry.
    pub async fn start(access: Access) -> Result<Self> {
        let folder = Folder::new("registry")?;
        let storage = folder.join("data");
        Self::serve(folder, storage, access, LOOPBACK).await
    }

    /// Starts a registry with every test image as `name:v1`. Its content stays in the cache, so that the images are pushed
    /// once a machine; nobody may change it.
    pub async fn filled() -> Result<Self> {
        let storage = cache::root().join("registry-data-3");
        let registry = Self::serve(Folder::new("filled")?, storage, Access::Open, LOOPBACK).await?;
        let lock = std::fs::File::create(cache::root().join("registry-data.lock"))?;
        let _held = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
        for image in images::ALL {
            registry.client().push(image, &format!("{image}:v1")).await?;
        }
        Ok(registry)
    }

    /// Starts an empty registry at an address that pods can reach, too: a bridge of this machine.
    pub async fn start_at(at: IpAddr) -> Result<Self> {
        let folder = Folder::new("registry")?;
        let storage = folder.join("data");
        Self::serve(folder, storage, Access::Open, at).await
    }

    /// One filled registry for all tests of a process; nobody may kill it.
    pub async fn shared() -> Arc<Self> {
        static SHARED: OnceCell<Arc<Registry>> = OnceCell::const_new();
        let start = async || Self::filled().await.map(Arc::new);
        SHARED
            .get_or_try_init(start)
            .await
            .expect("the shared registry")
            .clone()
    }

    async fn serve(folder: Folder, storage: PathBuf, access: Access, at: IpAddr) -> Result<Self> {
        let port = Port::reserve()?;
        let config = folder.join("config.yml");
        std::fs::write(folder.join("htpasswd"), HTPASSWD)?;
        let login = match access {
            Access::Open => String::new(),
            Access::Login => format!(
                "auth:\n  htpasswd:\n    realm: ips\n    path: {}\n",
                folder.join("htpasswd").display()
            ),
        };
        let text = format!(
            "version: 0.1\nlog:\n  accesslog:\n    disabled: true\n  level: warn\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: {at}:{}\n{login}",
            storage.display(),
            port.number()
        );
        std::fs::write(&config, text)?;
        let process = spawn(&config, &folder)?;
        let mut registry = Self {
            process,
            at,
            port,
            config,
            folder,
            access,
        };
        registry.ready().await;
        Ok(registry)
    }

    async fn ready(&mut self) {
        let client = http::client();
        let url = format!("http://{}/v2/", self.address());
        wait_until("the registry to answer", Duration::from_secs(20), async || {
            assert!(
                self.process.is_running(),
                "the registry ended: {}",
                self.process.log_tail()
            );
            client.get(&url).send().await.is_ok()
        })
        .await;
    }

    /// `127.0.0.1:port`, the host part of its image references.
    pub fn address(&self) -> String {
        self.socket_address().to_string()
    }

    /// The same, for who wants it in parts.
    pub fn socket_address(&self) -> SocketAddr {
        SocketAddr::new(self.at, self.port.number())
    }

    /// A reference to an image here: `image` is `repository:tag` or `repository@digest`.
    pub fn reference(&self, image: &str) -> String {
        format!("{}/{image}", self.address())
    }

    /// Its HTTP API, with the login where it has one.
    pub fn client(&self) -> RegistryClient {
        RegistryClient::new(self.address(), self.access == Access::Login)
    }

    /// Gives [`CANARY_USER`] another password: [`PASSWORD`]. The registry sees that the file has changed.
    pub fn rotate_canary(&self) -> Result<()> {
        let (user, hash) = HTPASSWD
            .lines()
            .next()
            .and_then(|line| line.split_once(':'))
            .context("a login")?;
        let rotated = format!("{user}:{hash}\n{CANARY_USER}:{hash}\n");
        std::fs::write(self.folder.join("htpasswd"), rotated)?;
        Ok(())
    }

    /// Kills it with -9.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after a kill: same port, same content.
    pub async fn restart(&mut self) -> Result<()> {
        self.process = spawn(&self.config, &self.folder)?;
        self.ready().await;
        Ok(())
    }
}

fn spawn(config: &std::path::Path, folder: &Folder) -> Result<Process> {
    let mut command = Command::new(cache::registry()?);
    command.arg("serve").arg(config).env("OTEL_TRACES_EXPORTER", "none");
    Process::start("registry", &command, &folder.join("registry.log")).context("starting the registry")
}
