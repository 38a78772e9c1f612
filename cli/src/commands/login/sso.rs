//! `ips login --oidc`: a browser logs in at the provider and comes back to a port on 127.0.0.1 with a code, which is good for tokens only together
//! with a text that never left this program.

use crate::{
    connect::{Server, call},
    error::CliError,
};
use ips_proto::v1;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long one request may take.
const HEAD_LIMIT: Duration = Duration::from_secs(5);
/// Longest request that is read, in bytes.
const LARGEST: usize = 16 << 10;

/// Logs in by a browser; nothing is kept.
pub async fn login(server: &Server) -> Result<v1::LoginResponse, CliError> {
    let mut client = server.log_ins().await?;
    let methods = client.get_login_methods(call(v1::GetLoginMethodsRequest {})).await;
    let methods = methods.map_err(|status| server.error(status))?.into_inner();
    if methods.oidc_login_url.is_empty() {
        let why = "the coordinator knows no log-in provider; log in with a password, without --oidc";
        return Err(CliError::Usage(why.into()));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(deaf)?;
    let port = listener.local_addr().map_err(deaf)?.port();
    // Each is 122 random bits.
    let verifier = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let url = format!("{}?port={port}&challenge={}", methods.oidc_login_url, hash(&verifier));
    eprintln!("Open this address in a browser on this machine:\n\n    {url}\n");
    let code = tokio::time::timeout(PATIENCE, code(&listener)).await;
    let code = code.map_err(|_late| CliError::Usage("nobody logged in within 5 minutes".into()))??;
    let exchanged = client
        .exchange_code(call(v1::ExchangeCodeRequest { code, verifier }))
        .await;
    Ok(exchanged.map_err(|status| server.error(status))?.into_inner())
}

fn deaf(error: std::io::Error) -> CliError {
    CliError::Usage(format!("--oidc: cannot listen on 127.0.0.1: {error}"))
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _infallible = write!(hex, "{byte:02x}");
            hex
        })
}

/// The code of the first request that has one; whatever else asks gets a 404.
async fn code(listener: &TcpListener) -> Result<String, CliError> {
    loop {
        let (mut stream, _peer) = listener.accept().await.map_err(deaf)?;
        let head = tokio::time::timeout(HEAD_LIMIT, head(&mut stream)).await;
        let Ok(Ok(head)) = head else { continue };
        let code = code_of(&head);
        let (status, text) = match &code {
            Some(_) => ("200 OK", "Done. You may close this page. / 已登录，可以关闭此页面。"),
            None => ("404 Not Found", "There is nothing here."),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
             Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        // A browser that has gone away has brought its code all the same.
        let _gone = stream.write_all(answer.as_bytes()).await;
        let _gone = stream.shutdown().await;
        if let Some(code) = code {
            return Ok(code);
        }
    }
}

async fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    while bytes.len() < LARGEST && !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The code in `GET /?code=CODE HTTP/1.1`. Codes are letters, digits, `-` and `_`.
fn code_of(head: &str) -> Option<String> {
    let target = head.lines().next()?.strip_prefix("GET ")?.split(' ').next()?;
    let query = target.strip_prefix("/?")?;
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code="))?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (!code.is_empty() && code.bytes().all(harmless)).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_code_is_found_in_the_first_line_alone() {
        assert_eq!(
            code_of("GET /?code=ipsc_a-b HTTP/1.1\r\nHost: x\r\n\r\n").as_deref(),
            Some("ipsc_a-b")
        );
        for none in [
            "",
            "GET / HTTP/1.1",
            "GET /favicon.ico HTTP/1.1",
            "POST /?code=a HTTP/1.1",
            "GET /?code= HTTP/1.1",
            "GET /?code=%0a HTTP/1.1",
            "GET /other HTTP/1.1\r\nReferer: /?code=a",
        ] {
            assert_eq!(code_of(none), None, "{none}");
        }
        assert_eq!(
            hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[tokio::test]
    async fn strangers_are_sent_away_and_the_browser_is_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = tokio::spawn(async move { code(&listener).await });
        for (target, status) in [("/", "404"), ("/?code=ipsc_x", "200")] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        }
        assert_eq!(waiting.await.unwrap().unwrap(), "ipsc_x");
    }
}
