//! How every replica serves everybody: a connection that arrives at a follower is carried, byte for byte, to the leader, and so are REST,
//! events, gRPC and agents' sessions alike, with TLS from end to end. While nobody leads it waits; when the replica itself comes to
//! lead, it takes those that wait over. A connection to a leader that is not one any more is cut, so that its client dials again.

use super::{
    arrivals::{Arrival, Arrivals},
    letter::{self, Port},
    serve::NO_ROOM,
};
use crate::domain::replica::Leader;
use secrecy::SecretString;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// How long a connection waits for somebody who leads: longer than an election takes.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a replica may take to answer another one.
const ANSWER: Duration = Duration::from_secs(2);
/// Pause before a leader that does not answer is dialled again.
const AGAIN: Duration = Duration::from_millis(250);
/// Connections of each port that are carried at a time; more are closed at once.
const CARRIED: usize = 32_768;
/// Connections of other replicas that have not said yet for whom they are.
const UNKNOWN: usize = 1024;
/// Bytes that are carried at a time; memory is taken only while there are some.
const PIECE: usize = 16 << 10;
/// What a client of plain HTTP is told while nobody leads.
const NOBODY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 2\r\nconnection: close\r\n\r\n\
                      {\"error\":\"Unavailable\",\"details\":\"no replica leads at the moment\",\"code\":\"unavailable\"}\n";

/// Who serves what arrives.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    /// Nobody leads.
    Nobody,
    /// Another replica does; with the secret by which it knows this one.
    Follower(Arc<Leader>, SecretString),
    /// This replica does.
    Leader(HandOver),
}

/// The ways into the ports of the replica that leads.
#[derive(Debug, Clone)]
pub(super) struct HandOver {
    pub(super) http: mpsc::Sender<Arrival>,
    pub(super) grpc: mpsc::Sender<Arrival>,
}

impl HandOver {
    async fn give(&self, port: Port, arrival: Arrival) {
        let way = match port {
            Port::Http => &self.http,
            Port::Grpc => &self.grpc,
        };
        // Fails when it does not lead any more; then the client dials again.
        let _closed = way.send(arrival).await;
    }
}

impl Standing {
    fn is_led_by(&self, epoch: u64) -> bool {
        matches!(self, Self::Follower(leader, _) if leader.epoch == epoch)
    }
}

/// What is known of a port's connections.
#[derive(Debug, Clone)]
pub(super) struct Relay {
    pub(super) port: Port,
    /// Its clients speak TLS, so that nothing can be said to them here.
    pub(super) speaks_tls: bool,
    pub(super) standing: watch::Receiver<Standing>,
}

impl Relay {
    /// Carries what arrives until `stop`; what is on its way then goes on.
    pub(super) async fn run(self, mut arrivals: Arrivals, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CARRIED));
        while let Some(accepted) = stop.run_until_cancelled(arrivals.accept()).await {
            match (accepted, Arc::clone(&places).try_acquire_owned()) {
                (Ok(arrival), Ok(place)) => {
                    tokio::spawn(self.clone().carry(arrival, place));
                }
                (Ok(_arrival), Err(_full)) => {}
                (Err(error), _) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    sleep(NO_ROOM).await;
                }
            }
        }
    }

    async fn carry(mut self, (mut client, address): Arrival, _place: OwnedSemaphorePermit) {
        // It is only slower without.
        let _slower = client.set_nodelay(true);
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let standing = self.standing.borrow_and_update().clone();
            let pause = match standing {
                Standing::Leader(way) => return way.give(self.port, (client, address)).await,
                Standing::Follower(leader, secret) => match self.dial(&leader, &secret, address).await {
                    Ok(upstream) => return self.join(client, upstream, leader.epoch).await,
                    Err(error) => {
                        tracing::debug!(leader = leader.replica.address, %error, "the leader does not answer");
                        AGAIN
                    }
                },
                Standing::Nobody => PATIENCE,
            };
            let next = (Instant::now() + pause).min(until);
            if let Ok(Err(_ends)) = timeout_at(next, self.standing.changed()).await {
                return;
            }
        }
        if self.port == Port::Http && !self.speaks_tls {
            // Who asked in vain is told so, if it still listens.
            let _gone = timeout(ANSWER, say_nobody(&mut client)).await;
        }
    }

    async fn dial(&self, leader: &Leader, secret: &SecretString, client: SocketAddr) -> io::Result<TcpStream> {
        let dialled = async {
            let mut stream = TcpStream::connect(&leader.replica.address).await?;
            stream.set_nodelay(true)?;
            letter::hand_over(&mut stream, secret, self.port, client).await?;
            Ok(stream)
        };
        timeout(ANSWER, dialled)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Carries both ways until both are done, one breaks, or another replica leads.
    async fn join(mut self, client: TcpStream, upstream: TcpStream, epoch: u64) {
        let ((mut from_client, mut to_client), (mut from_leader, mut to_leader)) =
            (client.into_split(), upstream.into_split());
        let both = async {
            tokio::try_join!(
                pump(&mut from_client, &mut to_leader),
                pump(&mut from_leader, &mut to_client)
            )
        };
        let replaced = self.standing.wait_for(|standing| match standing {
            // The lease may be over, and the leader still renew it.
            Standing::Nobody => false,
            Standing::Follower(..) | Standing::Leader(_) => !standing.is_led_by(epoch),
        });
        tokio::select! {
            // Whichever end broke it, the other one notices.
            _ended = both => {}
            _replaced = replaced => {}
        }
    }
}

async fn say_nobody(client: &mut TcpStream) -> io::Result<()> {
    // Unread bytes would make the system throw the answer away.
    let mut asked = [0; 4096];
    let _any = client.read(&mut asked).await?;
    client.write_all(NOBODY.as_bytes()).await?;
    client.shutdown().await
}

/// Carries one way. Silent connections hold no buffer.
async fn pump(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> io::Result<()> {
    loop {
        from.readable().await?;
        let mut piece = vec![0; PIECE];
        match from.try_read(&mut piece) {
            Ok(0) => return to.shutdown().await,
            Ok(length) => to.write_all(piece.get(..length).unwrap_or_default()).await?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// The leader's port for other replicas: takes over what they carry, until it is dropped.
pub(super) async fn receive(listener: TcpListener, secret: SecretString, way: HandOver) {
    let places = Arc::new(Semaphore::new(UNKNOWN));
    loop {
        match (listener.accept().await, Arc::clone(&places).try_acquire_owned()) {
            (Ok((mut stream, replica)), Ok(place)) => {
                let (secret, way) = (secret.clone(), way.clone());
                tokio::spawn(async move {
                    let learnt = timeout(ANSWER, letter::take_over(&mut stream, &secret)).await;
                    drop(place);
                    match learnt {
                        Ok(Ok((port, client))) => way.give(port, (stream, client)).await,
                        Ok(Err(error)) => tracing::debug!(%replica, %error, "a connection of a replica was refused"),
                        Err(_elapsed) => tracing::debug!(%replica, "a replica did not say for whom it dials"),
                    }
                });
            }
            (Ok(_arrival), Err(_full)) => {}
            (Err(error), _) => {
                tracing::warn!(%error, "a connection of a replica was not accepted");
                sleep(NO_ROOM).await;
            }
        }
    }
}

/// A follower's port for other replicas: whoever takes it for the leader is wrong, and hears so at once.
pub(super) async fn turn_away(listener: TcpListener, stop: CancellationToken) {
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        if accepted.is_err() {
            sleep(NO_ROOM).await;
        }
    }
}
