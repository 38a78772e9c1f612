//! What only a real socket shows: answers to clients that are still sending, and stopping while streams are open.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::http::{router, testing::Edge};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

async fn serve(edge: &Edge) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = edge.state.shutdown.clone().cancelled_owned();
    let server = axum::serve(listener, router(edge.state.clone())).with_graceful_shutdown(stop);
    (address, tokio::spawn(server.into_future()))
}

#[tokio::test]
async fn a_client_that_sends_ten_megabytes_before_it_listens_sees_the_refusal() {
    let edge = Edge::start().await;
    let (address, _server) = serve(&edge).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = vec![b' '; 10 << 20];
    let head = format!(
        "POST /api/v1/tasks HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\"code\":\"too_large\""), "{answer}");
}

#[tokio::test]
async fn open_streams_do_not_hold_up_a_stop() {
    let edge = Edge::start().await;
    let (address, server) = serve(&edge).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!("GET /api/v1/events?topics=tasks HTTP/1.1\r\nHost: {address}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 15];
    socket.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    edge.state.shutdown.cancel();
    timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the stream is ended, not broken off");
}
