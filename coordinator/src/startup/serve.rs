//! The loop of the HTTP ports, in plain text or TLS, with bounds that a client cannot stretch: how long a handshake and a request's head may
//! take and how long a head may be, how many connections there are, and how many requests are open on one of them. Bodies are bounded by the
//! routes. HTTP/2 is spoken over TLS, where both sides agree on it beforehand.

use super::arrivals::Arrivals;
use crate::domain::{forwarded, reach::Network};
use anyhow::Result;
use axum::{
    BoxError, Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, header::FORWARDED},
};
use http_body_util::BodyExt as _;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Pause after the system had no room for one more connection.
pub(super) const NO_ROOM: Duration = Duration::from_millis(100);
/// Requests that are open at a time on one connection of HTTP/2.
const STREAMS: u32 = 128;
/// How long a client of HTTP/2 may take to answer whether it is still there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// Bounds of a port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Longest time until the head of a request is there; an idle connection is closed after it, too.
    pub(super) head_time: Duration,
    /// Longest head in bytes; more is answered with 431.
    pub(super) head_bytes: usize,
    /// Connections at a time; more are closed at once.
    pub(super) connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head_time: Duration::from_secs(30),
            head_bytes: 64 << 10,
            connections: 8192,
        }
    }
}

/// Serves until `shutdown`, then lets open requests end. With an acceptor in TLS, else in plain text.
pub(super) async fn serve(
    mut arrivals: Arrivals,
    tls: Option<TlsAcceptor>,
    router: Router,
    bounds: Bounds,
    proxies: Arc<[Network]>,
    shutdown: CancellationToken,
) -> Result<()> {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = arrivals.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match (accepted, Arc::clone(&places).try_acquire_owned()) {
            (Ok((stream, peer)), Ok(place)) => {
                let client = Client {
                    peer,
                    router: router.clone(),
                    bounds,
                    proxies: Arc::clone(&proxies),
                    shutdown: shutdown.clone(),
                    _place: place,
                };
                connections.spawn(client.connection(stream, tls.clone()));
            }
            // Closed at once: who is told to wait costs as much as who is served.
            (Ok((_stream, _peer)), Err(_full)) => {}
            (Err(error), _) => {
                tracing::warn!(%error, "an HTTP connection was not accepted");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
    drop(arrivals);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// One connection.
struct Client {
    peer: SocketAddr,
    router: Router,
    bounds: Bounds,
    proxies: Arc<[Network]>,
    shutdown: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Client {
    async fn connection(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Small answers must not wait for the acknowledgement of others; it is only slower without.
        let _slower = stream.set_nodelay(true);
        let Some(acceptor) = tls else {
            return self.http1(stream).await;
        };
        match tokio::time::timeout(self.bounds.head_time, acceptor.accept(stream)).await {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => self.http2(stream).await,
            Ok(Ok(stream)) => self.http1(stream).await,
            Ok(Err(error)) => tracing::debug!(client.address = %self.peer, %error, "a TLS handshake failed"),
            Err(_elapsed) => tracing::debug!(client.address = %self.peer, "a TLS handshake took too long"),
        }
    }

    async fn http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send) {
        let (peer, proxies) = (self.peer, self.proxies);
        let service = self
            .router
            .map_request(move |request: Request<Incoming>| from_peer(request, peer, &proxies));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.head_time)
            .max_buf_size(self.bounds.head_bytes);
        let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut served = pin!(served);
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            () = self.shutdown.cancelled() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(client.address = %peer, %error, "an HTTP connection ended early");
        }
    }

    async fn http2(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (peer, proxies) = (self.peer, self.proxies);
        let requests = Requests::default();
        let counted = requests.clone();
        let service = self
            .router
            .map_request(move |request: Request<Incoming>| from_peer(request, peer, &proxies));
        let service = tower::service_fn(move |request: Request<Incoming>| {
            let (open, service) = (counted.open(), service.clone());
            async move {
                let answer = service.oneshot(request).await?;
                // Open until the last byte of its answer.
                Ok::<_, std::convert::Infallible>(answer.map(|body| {
                    body.map_frame(move |frame| {
                        let _open = &open;
                        frame
                    })
                }))
            }
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(self.bounds.head_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(self.bounds.head_time)
            .keep_alive_timeout(SIGN_OF_LIFE);
        let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut served = pin!(served);
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            () = self.shutdown.cancelled() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
            () = requests.none_for(self.bounds.head_time) => {
                served.as_mut().graceful_shutdown();
                // Who does not take that is cut off.
                tokio::time::timeout(SIGN_OF_LIFE, served).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            tracing::debug!(client.address = %peer, %error, "an HTTP connection ended early");
        }
    }
}

/// Requests of one connection: how many there were, and how many are open.
#[derive(Debug, Clone, Default)]
struct Requests {
    seen: Arc<AtomicU64>,
    /// Counted by its clones.
    open: Arc<()>,
}

impl Requests {
    fn open(&self) -> Arc<()> {
        self.seen.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.open)
    }

    /// Comes back when no request was open or came for about so long.
    async fn none_for(&self, time: Duration) {
        // The service that hands them out has one, too.
        let idle = Arc::strong_count(&self.open);
        loop {
            let before = self.seen.load(Ordering::Relaxed);
            tokio::time::sleep(time).await;
            if self.seen.load(Ordering::Relaxed) == before && Arc::strong_count(&self.open) <= idle {
                return;
            }
        }
    }
}

/// The address that a request came from, also where a proxy that is believed stands in between.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, proxies: &[Network]) -> IpAddr {
    let all = |name: HeaderName| {
        headers
            .get_all(name)
            .into_iter()
            .map(|value| value.to_str().unwrap_or(""))
    };
    forwarded::client(peer, proxies, all(FORWARDED), all(X_FORWARDED_FOR))
}

/// The request as the routes take it, with the address that it came from.
fn from_peer<B>(request: Request<B>, peer: SocketAddr, proxies: &[Network]) -> Request<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut request = request.map(Body::new);
    let client = client(request.headers(), peer.ip(), proxies);
    // Of a client behind a proxy nobody knows the port.
    let port = if client == peer.ip() { peer.port() } else { 0 };
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::new(client, port)));
    request
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use axum::{extract::ConnectInfo as Peer, routing::get};
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Serves one route; gives back its address and what stops it.
    async fn start(bounds: Bounds) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<Result<()>>) {
        start_behind(bounds, &[]).await
    }

    async fn start_behind(
        bounds: Bounds,
        proxies: &[&str],
    ) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<Result<()>>) {
        let proxies: Arc<[Network]> = proxies.iter().map(|text| Network::parse(text).unwrap()).collect();
        let slow = get(async || {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "late"
        });
        let router = Router::new()
            .route("/", get(async |Peer(peer): Peer<SocketAddr>| peer.ip().to_string()))
            .route("/slow", slow);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener.into(), None, router, bounds, proxies, stop.clone()));
        (address, stop, task)
    }

    async fn say(address: SocketAddr, text: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _refused = stream.write_all(text.as_bytes()).await;
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap_or(0);
        (stream, String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    #[tokio::test]
    async fn a_request_is_served_with_its_address() {
        let (address, _stop, _task) = start(Bounds::default()).await;
        let (_stream, answer) = say(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn a_client_is_seen_through_a_proxy_that_was_named_and_through_no_other() {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n\r\n";
        for (proxies, client) in [
            (vec!["127.0.0.0/8"], "203.0.113.7"),
            (vec!["10.0.0.0/8"], "127.0.0.1"),
            (vec![], "127.0.0.1"),
        ] {
            let (address, _stop, _task) = start_behind(Bounds::default(), &proxies).await;
            let (_stream, answer) = say(address, request).await;
            assert!(answer.ends_with(client), "{proxies:?}: {answer}");
        }
    }

    #[tokio::test]
    async fn whoever_dawdles_is_cut_off() {
        let head_time = Duration::from_millis(200);
        let (address, _stop, _task) = start(Bounds {
            head_time,
            ..Bounds::default()
        })
        .await;
        let began = Instant::now();
        for text in ["", "GET / HTTP/1.1\r\nHost: a\r\nX: "] {
            let (mut stream, _answer) = say(address, text).await;
            // A byte now and then does not help.
            let _refused = stream.write_all(b"y").await;
            let mut rest = Vec::new();
            let _reset = stream.read_to_end(&mut rest).await;
        }
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_head_has_an_end() {
        let (address, _stop, _task) = start(Bounds {
            head_bytes: 8192,
            ..Bounds::default()
        })
        .await;
        let long = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            "x".repeat(1 << 20)
        );
        let (_stream, answer) = say(address, &long).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        let many = (0..200).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
        let (_stream, answer) = say(address, &format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
        let (_stream, answer) = say(address, "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }

    #[tokio::test]
    async fn one_connection_too_many_is_closed_and_the_next_one_served() {
        let (address, _stop, _task) = start(Bounds {
            connections: 1,
            ..Bounds::default()
        })
        .await;
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let (first, answer) = say(address, request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(say(address, request).await.1, "");
        drop(first);
        for _ in 0..250 {
            if say(address, request).await.1.starts_with("HTTP/1.1 200") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the place was not given back");
    }

    #[tokio::test]
    async fn an_open_request_is_answered_at_the_end() {
        let (address, stop, task) = start(Bounds::default()).await;
        let asked = tokio::spawn(say(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
        let (_stream, answer) = asked.await.unwrap();
        assert!(answer.ends_with("late"), "{answer}");
        task.await.unwrap().unwrap();
    }
}
