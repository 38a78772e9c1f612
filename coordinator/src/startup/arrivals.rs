//! Connections of a port, wherever they arrive: at the port itself, or at another replica, which hands them over.

use std::{io, net::SocketAddr};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// Connections that wait to be taken.
const WAITING: usize = 64;

/// A connection and the address that its client came from.
pub(super) type Arrival = (TcpStream, SocketAddr);

/// See the module.
#[derive(Debug)]
pub(super) struct Arrivals {
    listener: TcpListener,
    handed: Option<mpsc::Receiver<Arrival>>,
}

impl From<TcpListener> for Arrivals {
    fn from(listener: TcpListener) -> Self {
        Self { listener, handed: None }
    }
}

impl Arrivals {
    /// Takes connections of other replicas, too: gives the way in.
    pub(super) fn open(&mut self) -> mpsc::Sender<Arrival> {
        let (sender, handed) = mpsc::channel(WAITING);
        self.handed = Some(handed);
        sender
    }

    /// The next one. Nothing is lost when it is not waited for to the end.
    pub(super) async fn accept(&mut self) -> io::Result<Arrival> {
        let Some(handed) = &mut self.handed else {
            return self.listener.accept().await;
        };
        tokio::select! {
            accepted = self.listener.accept() => accepted,
            Some(arrival) = handed.recv() => Ok(arrival),
        }
    }
}
