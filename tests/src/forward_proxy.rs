//! A proxy on the way out, as companies have: it wants a login, knows hosts that nobody else can resolve, and counts. Tunnels
//! (`CONNECT`) and plain requests alike.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Longest head of a request.
const HEAD_LIMIT: usize = 16 << 10;

/// One connection that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `CONNECT`, or the method of a plain request.
    pub method: String,
    /// `host:port` of a tunnel, or a whole URL.
    pub target: String,
    /// Whether it was let through.
    pub served: bool,
}

#[derive(Debug)]
struct Shared {
    /// Hosts that it knows, and where they really are.
    hosts: BTreeMap<String, String>,
    /// `user:password` in base64.
    login: String,
    asked: Mutex<Vec<Asked>>,
}

/// See the module. It ends when it is dropped.
#[derive(Debug)]
pub struct ForwardProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl ForwardProxy {
    /// Starts one on a free port of 127.0.0.1 that knows these hosts (name, `host:port`) and wants this login, in base64.
    pub async fn start(hosts: &[(&str, String)], login: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let hosts = hosts.iter().map(|(name, at)| ((*name).to_owned(), at.clone()));
        let shared = Arc::new(Shared {
            hosts: hosts.collect(),
            login: login.to_owned(),
            asked: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&accepting);
                tokio::spawn(async move {
                    let _either_hung_up = serve(client, &shared).await;
                });
            }
        });
        Ok(Self { address, shared, task })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Everything that was asked of it so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut client: TcpStream, shared: &Shared) -> Result<()> {
    let head = head(&mut client).await?;
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let wanted = format!("proxy-authorization: basic {}", shared.login);
    let served = head.lines().any(|line| line.eq_ignore_ascii_case(&wanted));
    shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Asked {
        method: method.to_owned(),
        target: target.to_owned(),
        served,
    });
    if !served {
        let refusal =
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
        return Ok(client.write_all(refusal.as_bytes()).await?);
    }
    let authority = target
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let name = authority.split(':').next().unwrap_or_default();
    let Some(at) = shared.hosts.get(name) else {
        let refusal = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
        return Ok(client.write_all(refusal.as_bytes()).await?);
    };
    let mut server = TcpStream::connect(at).await?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        // Servers take a whole URL in place of a path.
        server.write_all(head.as_bytes()).await?;
    }
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Reads up to the empty line; what comes behind it is left to whoever reads next.
async fn head(client: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(head.len() < HEAD_LIMIT, "the head of a request is too long");
        head.push(client.read_u8().await?);
    }
    String::from_utf8(head).context("the head of a request")
}
