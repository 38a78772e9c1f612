//! What replicas say to each other before a client's bytes: which port they are for, and where the client is. The leader asks a riddle that only
//! those can answer who know the secret of its lease; so nobody else can pretend to be a client at another address.
//!
//! ```text
//! leader:    "IPSR0001", 24 random bytes
//! follower:  length of the text (one byte), the text ("http 10.0.0.9:4711"), HMAC-SHA256 of the random bytes and the text
//! ```
//! Then both ends carry what the client and the leader's port say.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const GREETING: &[u8; 8] = b"IPSR0001";
const RIDDLE: usize = 24;
const PROOF: usize = 32;

/// The port that a client dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// REST, events, console.
    Http,
    /// gRPC.
    Grpc,
}

impl Port {
    fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

/// A secret of a lease.
pub(super) fn fresh_secret() -> SecretString {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
        .into()
}

fn mac(secret: &SecretString, riddle: &[u8], text: &[u8]) -> io::Result<Hmac<Sha256>> {
    // It takes keys of every length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(io::Error::other)?;
    mac.update(riddle);
    mac.update(text);
    Ok(mac)
}

/// The follower's side: says for whom the connection is.
///
/// # Errors
/// The other end is no leader, or is gone.
pub(super) async fn hand_over(
    stream: &mut TcpStream,
    secret: &SecretString,
    port: Port,
    client: SocketAddr,
) -> io::Result<()> {
    let mut greeting = [0; GREETING.len() + RIDDLE];
    stream.read_exact(&mut greeting).await?;
    let (words, riddle) = greeting.split_at(GREETING.len());
    if words != GREETING {
        return Err(io::Error::other("no replica answers there"));
    }
    let text = format!("{} {client}", port.word());
    let proof = mac(secret, riddle, text.as_bytes())?.finalize().into_bytes();
    let length = u8::try_from(text.len()).map_err(io::Error::other)?;
    let mut letter = vec![length];
    letter.extend_from_slice(text.as_bytes());
    letter.extend_from_slice(&proof);
    stream.write_all(&letter).await
}

/// The leader's side: learns for whom the connection is.
///
/// # Errors
/// The other end is no replica of this leader, or is gone.
pub(super) async fn take_over(stream: &mut TcpStream, secret: &SecretString) -> io::Result<(Port, SocketAddr)> {
    let mut riddle = [0; RIDDLE];
    rand::rng().fill_bytes(&mut riddle);
    stream.write_all(&[GREETING.as_slice(), &riddle].concat()).await?;
    let length = stream.read_u8().await?;
    let mut text = vec![0; length.into()];
    stream.read_exact(&mut text).await?;
    let mut proof = [0; PROOF];
    stream.read_exact(&mut proof).await?;
    let is_one = mac(secret, &riddle, &text)?.verify_slice(&proof).is_ok();
    let text = String::from_utf8(text).ok().filter(|_| is_one);
    let parsed = text
        .as_deref()
        .and_then(|text| text.split_once(' '))
        .and_then(|(word, client)| {
            let port = [Port::Http, Port::Grpc].into_iter().find(|port| port.word() == word)?;
            Some((port, client.parse().ok()?))
        });
    parsed.ok_or_else(|| io::Error::other("whoever dialled is no replica of this leader"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use tokio::net::TcpListener;

    async fn both(own: &SecretString, theirs: &SecretString) -> (io::Result<(Port, SocketAddr)>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client: SocketAddr = "[2001:db8::7]:4711".parse().unwrap();
        let follower = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            hand_over(&mut stream, theirs, Port::Grpc, client).await.unwrap();
            stream.write_all(b"bytes of the client").await.unwrap();
        };
        let leader = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let learnt = take_over(&mut stream, own).await;
            let mut rest = String::new();
            let _any = stream.read_to_string(&mut rest).await;
            (learnt, rest)
        };
        tokio::join!(leader, follower).0
    }

    #[tokio::test]
    async fn the_leader_learns_port_and_client_and_nothing_of_the_clients_bytes_is_lost() {
        let secret = fresh_secret();
        let (learnt, rest) = both(&secret, &secret).await;
        let (port, client) = learnt.unwrap();
        assert_eq!((port, client.to_string().as_str()), (Port::Grpc, "[2001:db8::7]:4711"));
        assert_eq!(rest, "bytes of the client");
    }

    #[tokio::test]
    async fn whoever_does_not_know_the_secret_is_no_replica() {
        let (learnt, _) = both(&fresh_secret(), &fresh_secret()).await;
        assert!(learnt.unwrap_err().to_string().contains("no replica"));
    }
}
