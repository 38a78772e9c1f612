//! Connections of the gRPC port, in plain text or TLS, with bounds that a client cannot stretch: how long a handshake may take, how many
//! connections there are, and how long one may be open on which nobody has said who it is.

use super::{arrivals::Arrivals, serve::NO_ROOM};
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// Connections that are ready and wait to be served.
const READY: usize = 64;

/// Bounds of the port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Longest handshake.
    pub(super) handshake: Duration,
    /// How long a connection may be open before somebody has said on it who it is.
    pub(super) unknown: Duration,
    /// Connections at a time; more are closed at once.
    pub(super) connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            unknown: Duration::from_secs(60),
            connections: 32_768,
        }
    }
}

/// Accepts until the stream is dropped.
pub(super) fn incoming(
    arrivals: Arrivals,
    tls: Option<TlsAcceptor>,
    bounds: Bounds,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, stream) = mpsc::channel(READY);
    tokio::spawn(accept(arrivals, tls, bounds, ready));
    ReceiverStream::new(stream)
}

async fn accept(
    mut arrivals: Arrivals,
    tls: Option<TlsAcceptor>,
    bounds: Bounds,
    ready: mpsc::Sender<io::Result<Connection>>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    loop {
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = arrivals.accept() => accepted,
        };
        match (accepted, Arc::clone(&places).try_acquire_owned()) {
            (Ok((stream, peer)), Ok(place)) => {
                let (tls, ready) = (tls.clone(), ready.clone());
                tokio::spawn(async move {
                    if let Some(connection) = Connection::open(stream, peer, tls, bounds, place).await {
                        // Fails when the coordinator stops.
                        let _stopping = ready.send(Ok(connection)).await;
                    }
                });
            }
            // Closed at once: who is told to wait costs as much as who is served.
            (Ok((_stream, _peer)), Err(_full)) => {}
            (Err(error), _) => {
                tracing::warn!(%error, "a gRPC connection was not accepted");
                sleep(NO_ROOM).await;
            }
        }
    }
}

/// Whether somebody on a connection has said who it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<AtomicBool>);

impl Known {
    /// Somebody has.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is known of a connection; an extension of each of its requests.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// Its addresses, as the services look for them.
    pub(super) addresses: TcpConnectInfo,
    /// Whether it is known who it is.
    pub(super) known: Known,
}

/// One connection.
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    /// When it is closed, unless it is known by then who it is.
    deadline: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    async fn open(
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<TlsAcceptor>,
        bounds: Bounds,
        place: OwnedSemaphorePermit,
    ) -> Option<Self> {
        // Orders must not wait for the acknowledgement of others; it is only slower without.
        let _slower = stream.set_nodelay(true);
        let addresses = TcpConnectInfo {
            local_addr: stream.local_addr().ok(),
            remote_addr: Some(peer),
        };
        let stream = match tls {
            None => Stream::Plain(stream),
            Some(acceptor) => match timeout(bounds.handshake, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => Stream::Tls(Box::new(stream)),
                Ok(Err(error)) => {
                    tracing::debug!(client.address = %peer, %error, "a TLS handshake failed");
                    return None;
                }
                Err(_elapsed) => {
                    tracing::debug!(client.address = %peer, "a TLS handshake took too long");
                    return None;
                }
            },
        };
        let known = Known::default();
        Some(Self {
            stream,
            peer: Peer { addresses, known },
            deadline: Some(Box::pin(sleep(bounds.unknown))),
            _place: place,
        })
    }

    /// Ends what is unknown for too long.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let Some(deadline) = &mut self.deadline else {
            return Ok(());
        };
        if self.peer.known.is_set() {
            self.deadline = None;
        } else if deadline.as_mut().poll(context).is_ready() {
            let why = "nobody has said on this connection who it is";
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        Ok(())
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

/// Notes on each connection whether it is known who it is, and gives services its addresses where they look for them. The outermost
/// layer of the port.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeerLayer {
    /// Whether a method says who calls when it is answered well.
    pub(super) identifies: fn(path: &str) -> bool,
}

impl<S> tower::Layer<S> for PeerLayer {
    type Service = WithPeer<S>;

    fn layer(&self, inner: S) -> WithPeer<S> {
        WithPeer { inner, layer: *self }
    }
}

/// See [`PeerLayer`].
#[derive(Debug, Clone)]
pub(super) struct WithPeer<S> {
    inner: S,
    layer: PeerLayer,
}

impl<S, B, R> tower::Service<http::Request<B>> for WithPeer<S>
where
    S: tower::Service<http::Request<B>, Response = http::Response<R>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let known = request.extensions_mut().remove::<Peer>().map(|peer| {
            request.extensions_mut().insert(peer.addresses);
            peer.known
        });
        let identifies = (self.layer.identifies)(request.uri().path());
        let mut answer = Box::pin(self.inner.call(request));
        Box::pin(std::future::poll_fn(move |context| {
            let answer = ready!(answer.as_mut().poll(context));
            if let (true, Some(known), Ok(answer)) = (identifies, &known, &answer)
                // A refusal is said in the headers, before anything else.
                && answer.headers().get("grpc-status").is_none_or(|status| status == "0")
            {
                known.set();
            }
            Poll::Ready(answer)
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_stream::StreamExt as _;

    async fn start(bounds: Bounds) -> (SocketAddr, ReceiverStream<io::Result<Connection>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (address, incoming(listener.into(), None, bounds))
    }

    #[tokio::test]
    async fn who_does_not_say_who_it_is_is_cut_off_however_much_it_says() {
        let unknown = Duration::from_millis(200);
        let bounds = Bounds {
            unknown,
            ..Bounds::default()
        };
        let (address, mut connections) = start(bounds).await;
        let mut chatterer = TcpStream::connect(address).await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        let began = Instant::now();
        let ended = loop {
            chatterer.write_all(b"x").await.unwrap();
            if let Err(error) = connection.read_u8().await {
                break error;
            }
        };
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= unknown);

        let mut honest = TcpStream::connect(address).await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        connection.connect_info().known.set();
        sleep(2 * unknown).await;
        honest.write_all(b"y").await.unwrap();
        assert_eq!(connection.read_u8().await.unwrap(), b'y');
    }

    #[tokio::test]
    async fn one_connection_too_many_is_closed() {
        let bounds = Bounds {
            connections: 1,
            ..Bounds::default()
        };
        let (address, mut connections) = start(bounds).await;
        let _first = TcpStream::connect(address).await.unwrap();
        let served = connections.next().await.unwrap().unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        assert_eq!(second.read(&mut [0]).await.unwrap_or(0), 0);
        drop(served);
        let _third = TcpStream::connect(address).await.unwrap();
        assert!(connections.next().await.is_some());
    }
}
