//! Several coordinators on one database, and before them what a Kubernetes Service is: one address behind which any of them may be.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};

use crate::coordinator::Coordinator;
use crate::folder::Folder;
use crate::wait::wait_for;

/// Longest election on a busy machine.
const ELECTION: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub struct Replicas {
    /// All of them, also those that were killed.
    pub all: Vec<Coordinator>,
    _folder: Folder,
}

impl Replicas {
    /// Starts so many on this database, one after another, with further arguments.
    pub async fn start(count: usize, database: &str, arguments: &[&str]) -> Result<Self> {
        let folder = Folder::new("replicas")?;
        let key = folder.join("encryption-key");
        std::fs::write(
            &key,
            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
        )?;
        let key = key.display().to_string();
        let own = ["--replica-address", "127.0.0.1:0", "--encryption-key-file", &key];
        let arguments = [own.as_slice(), arguments].concat();
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(Coordinator::start_on(database, &arguments).await?);
        }
        Ok(Self { all, _folder: folder })
    }

    /// The place of the one that leads by its own word, if there is exactly one among these.
    pub async fn leads_among(&self, places: &[usize]) -> Option<usize> {
        let mut leading = Vec::new();
        for place in places {
            let figures = self.all[*place].metrics().await.unwrap_or_default();
            if figures.lines().any(|line| line == "ips_leader 1") {
                leading.push(*place);
            }
        }
        match leading.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// Waits until one of these leads and is ready; its place.
    pub async fn leader(&self, places: &[usize]) -> usize {
        wait_for("a replica that leads", ELECTION, async || {
            self.leads_among(places).await
        })
        .await
    }

    /// The places without this one.
    pub fn others(&self, than: usize) -> Vec<usize> {
        (0..self.all.len()).filter(|place| *place != than).collect()
    }
}

/// One address on 127.0.0.1 in front of several, each connection to the next of them that takes it.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    behind: Arc<Mutex<Vec<u16>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Balancer {
    /// In front of these ports on 127.0.0.1.
    pub async fn start(behind: Vec<u16>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let behind = Arc::new(Mutex::new(behind));
        let ports = Arc::clone(&behind);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, Arc::clone(&ports)));
            }
        });
        Ok(Self { address, behind, task })
    }

    /// Its address as `http://…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it is in front of these.
    pub fn set(&self, behind: Vec<u16>) {
        *self.behind.lock().expect("no holder panics") = behind;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut client: TcpStream, ports: Arc<Mutex<Vec<u16>>>) -> Result<()> {
    let in_turn = {
        let mut ports = ports.lock().expect("no holder panics");
        if !ports.is_empty() {
            ports.rotate_left(1);
        }
        ports.clone()
    };
    for port in in_turn {
        if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
            tokio::io::copy_bidirectional(&mut client, &mut server)
                .await
                .context("carrying")?;
            return Ok(());
        }
    }
    Ok(())
}
