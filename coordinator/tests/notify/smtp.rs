//! A small mail server: takes SMTP by the rules of RFC 5321, with STARTTLS and a login where the test wants them.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, rustls};

/// One mail that came in.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub text: String,
    /// What the client logged in with, in base64.
    pub login: Option<String>,
    pub encrypted: bool,
}

#[derive(Clone)]
pub struct MailServer {
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    /// Receivers that it does not know.
    refused: Arc<Mutex<Vec<String>>>,
    tls: Option<TlsAcceptor>,
    pub certificate: String,
}

impl MailServer {
    pub async fn start(with_tls: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = made.cert.pem();
        let tls = with_tls.then(|| {
            let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .unwrap();
            TlsAcceptor::from(Arc::new(config))
        });
        let server = Self {
            address: listener.local_addr().unwrap(),
            mails: Arc::default(),
            refused: Arc::default(),
            tls,
            certificate,
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        server
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    pub fn refuse(&self, receiver: &str) {
        self.refused.lock().unwrap().push(receiver.to_owned());
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 mail.test ESMTP\r\n").await.unwrap();
        let wants_tls = self.talk(&mut stream, false).await;
        if let (true, Some(tls)) = (wants_tls, &self.tls) {
            let stream = tls.accept(stream.into_inner()).await;
            if let Ok(stream) = stream {
                self.talk(&mut BufReader::new(stream), true).await;
            }
        }
    }

    /// Says whether the client wants TLS now.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>, encrypted: bool) -> bool {
        let mut mail = Mail {
            encrypted,
            ..Mail::default()
        };
        let mut greeted = false;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return false;
            }
            assert!(line.ends_with("\r\n"), "{line:?}");
            let line = line.trim_end();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" => {
                    greeted = true;
                    let more = if encrypted {
                        "AUTH PLAIN LOGIN"
                    } else if self.tls.is_some() {
                        "STARTTLS"
                    } else {
                        "8BITMIME"
                    };
                    format!("250-mail.test\r\n250 {more}")
                }
                "STARTTLS" if self.tls.is_some() && !encrypted => {
                    stream.write_all(b"220 go ahead\r\n").await.unwrap();
                    return true;
                }
                "AUTH" if encrypted => {
                    mail.login = line.rsplit(' ').next().map(str::to_owned);
                    "235 welcome".to_owned()
                }
                "MAIL" if greeted => {
                    mail.from = address(line);
                    "250 ok".to_owned()
                }
                "RCPT" if !mail.from.is_empty() => {
                    let receiver = address(line);
                    if self.refused.lock().unwrap().contains(&receiver) {
                        "550 5.1.1 no such user".to_owned()
                    } else {
                        mail.to.push(receiver);
                        "250 ok".to_owned()
                    }
                }
                "DATA" if !mail.to.is_empty() => {
                    stream.write_all(b"354 end with a dot\r\n").await.unwrap();
                    mail.text = data(stream).await;
                    self.mails.lock().unwrap().push(mail.clone());
                    "250 queued".to_owned()
                }
                "RSET" | "NOOP" => "250 ok".to_owned(),
                "QUIT" => {
                    let _gone = stream.write_all(b"221 bye\r\n").await;
                    return false;
                }
                _other => "503 bad sequence of commands".to_owned(),
            };
            if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return false;
            }
        }
    }
}

fn address(line: &str) -> String {
    let (_, rest) = line.split_once('<').unwrap();
    rest.split_once('>').unwrap().0.to_owned()
}

async fn data<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line == ".\r\n" {
            return text;
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
