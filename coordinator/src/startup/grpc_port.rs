//! The loop of the gRPC port. It speaks HTTP/2 and nothing else: what each of ten thousand sessions needs is its connection alone, without room
//! for what a server holds that could also speak HTTP/1 or end connections by age.

use super::incoming::{Bounds, Connection, incoming};
use super::{Arrivals, HEADERS, STREAM_WINDOW, STREAMS};
use axum::{BoxError, body::Bytes};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{convert::Infallible, time::Duration};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, transport::server::Connected as _};
use tower::{Service, ServiceExt as _};

/// Time without a word of the other side until it is asked for one, and how long it may take to answer.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Serves until `shutdown`, then lets open calls end. With an acceptor in TLS, else in plain text.
pub(super) async fn serve<S, B>(arrivals: Arrivals, tls: Option<TlsAcceptor>, service: S, shutdown: CancellationToken)
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .keep_alive_interval(SIGN_OF_LIFE)
        .keep_alive_timeout(SIGN_OF_LIFE)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS);
    let mut connections = incoming(arrivals, tls, Bounds::default());
    // Each connection holds one end, so that the other ends with the last of them.
    let (open, mut all_closed) = mpsc::channel::<Infallible>(1);
    loop {
        let next = tokio::select! {
            () = shutdown.cancelled() => break,
            next = connections.next() => next,
        };
        match next {
            Some(Ok(connection)) => spawn(&builder, connection, service.clone(), shutdown.clone(), open.clone()),
            Some(Err(error)) => tracing::warn!(%error, "a gRPC connection was not accepted"),
            None => break,
        }
    }
    drop((connections, open));
    let _none = all_closed.recv().await;
}

fn spawn<S, B>(
    builder: &http2::Builder<TokioExecutor>,
    connection: Connection,
    service: S,
    shutdown: CancellationToken,
    open: mpsc::Sender<Infallible>,
) where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let peer = connection.connect_info();
    let address = peer.addresses.remote_addr();
    let call = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer.clone());
        service.clone().oneshot(request)
    });
    // In a box of its own: a task that is made of it would have it twice.
    let mut served = Box::pin(builder.serve_connection(TokioIo::new(connection), call));
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            () = shutdown.cancelled() => {
                served.as_mut().graceful_shutdown();
                served.as_mut().await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(client.address = ?address, %error, "a gRPC connection ended early");
        }
        drop(open);
    });
}
