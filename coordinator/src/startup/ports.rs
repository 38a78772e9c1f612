//! The ports: bound once, before anything else, and kept over every change of who leads.

use super::arrivals::Arrivals;
use crate::config::Config;
use anyhow::{Context, Result};
use std::{
    net::{SocketAddr, TcpListener as Bound},
    path::Path,
};
use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted; the system may allow fewer (net.core.somaxconn).
const BACKLOG: u32 = 16_384;

/// See the module.
#[derive(Debug)]
pub(super) struct Ports {
    http: Bound,
    grpc: Bound,
    metrics: Bound,
    replica: Option<Bound>,
}

/// What one role accepts from.
#[derive(Debug)]
pub(super) struct Listeners {
    pub(super) http: Arrivals,
    pub(super) grpc: Arrivals,
    pub(super) metrics: Arrivals,
}

impl Ports {
    /// Binds all of them.
    ///
    /// # Errors
    /// The setting whose address cannot be listened on.
    pub(super) fn bind(config: &Config) -> Result<Self> {
        let listen = |setting: &str, address: SocketAddr| {
            bind_with_backlog(address).with_context(|| format!("{setting}: cannot listen on {address}"))
        };
        let replica = config.replica.as_ref().map(|it| listen("--replica-listen", it.listen));
        Ok(Self {
            http: listen("--http-address", config.http_address)?,
            grpc: listen("--grpc-address", config.grpc_address)?,
            metrics: listen("--metrics-address", config.metrics_address)?,
            replica: replica.transpose()?,
        })
    }

    /// Listeners for one role; drop them before those of the next.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn listeners(&self) -> Result<Listeners> {
        let open = |bound: &Bound| anyhow::Ok(TcpListener::from_std(bound.try_clone()?)?.into());
        Ok(Listeners {
            http: open(&self.http)?,
            grpc: open(&self.grpc)?,
            metrics: open(&self.metrics)?,
        })
    }

    /// Listener for other replicas, if there may be some.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn replica(&self) -> Result<Option<TcpListener>> {
        let open = |bound: &Bound| anyhow::Ok(TcpListener::from_std(bound.try_clone()?)?);
        self.replica.as_ref().map(open).transpose()
    }

    /// What it is bound to, for people and for the file that announces it.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn addresses(&self) -> Result<serde_json::Value> {
        Ok(serde_json::json!({
            "http": self.http.local_addr()?,
            "grpc": self.grpc.local_addr()?,
            "metrics": self.metrics.local_addr()?,
        }))
    }

    /// Where other replicas reach this one, by its setting.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn replica_address(&self, setting: &str) -> Result<String> {
        match (setting.strip_suffix(":0"), &self.replica) {
            (Some(host), Some(bound)) => Ok(format!("{host}:{}", bound.local_addr()?.port())),
            (_, _) => Ok(setting.to_owned()),
        }
    }
}

/// Like `TcpListener::bind`, but with room for thousands of agents that dial before they are accepted: whoever finds none is not
/// refused but unheard, and dials again much later.
fn bind_with_backlog(address: SocketAddr) -> std::io::Result<Bound> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // As `bind` does it: connections of an earlier process may still be closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Writes the bound addresses so that no reader sees half of them.
pub(super) fn announce(path: &Path, addresses: &serde_json::Value) -> Result<()> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, addresses.to_string())
        .and_then(|()| std::fs::rename(&partial, path))
        .with_context(|| format!("--ready-file: cannot write {}", path.display()))
}
