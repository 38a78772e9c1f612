//! TLS in front of a server that speaks plain text, with a certificate of an authority of one's own, as companies have.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Who signs; nobody knows it unless told.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new one.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::new(vec![])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem,
        })
    }

    /// Writes its certificate, for those who are to trust it.
    pub fn save(&self, path: &Path) -> Result<()> {
        Ok(std::fs::write(path, &self.pem)?)
    }

    /// A certificate for these names and its key, as PEM.
    pub fn pair(&self, names: &[&str]) -> Result<(String, String)> {
        let key = KeyPair::generate()?;
        let names = names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let certificate = CertificateParams::new(names)?.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    fn server(&self, names: &[&str]) -> Result<ServerConfig> {
        let key = KeyPair::generate()?;
        let names = names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let certificate = CertificateParams::new(names)?.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        Ok(config
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?)
    }
}

/// What a server on 127.0.0.1 shows of itself: its certificate, and the protocol that it chooses of those offered.
pub async fn shown(port: u16, trusted: &Path, protocols: &[&str]) -> Result<(Vec<u8>, String)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted)?)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from("127.0.0.1")?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let session = stream.get_ref().1;
    let certificate = session
        .peer_certificates()
        .and_then(<[_]>::first)
        .context("a certificate")?;
    let protocol = session.alpn_protocol().unwrap_or_default();
    Ok((certificate.to_vec(), String::from_utf8_lossy(protocol).into_owned()))
}

/// See the module. It ends when it is dropped.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl TlsFront {
    /// Starts one on a free port of 127.0.0.1 before the server at `host:port`; its certificate is for these names and addresses.
    pub async fn start(upstream: String, authority: &Authority, names: &[&str]) -> Result<Self> {
        let acceptor = TlsAcceptor::from(Arc::new(authority.server(names)?));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((plain, _)) = listener.accept().await {
                tokio::spawn(serve(plain, acceptor.clone(), upstream.clone()));
            }
        });
        Ok(Self { address, task })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who does not trust the certificate hangs up, which is no error of ours.
async fn serve(plain: TcpStream, acceptor: TlsAcceptor, upstream: String) {
    let Ok(mut client) = acceptor.accept(plain).await else {
        return;
    };
    if let Ok(mut server) = TcpStream::connect(upstream).await {
        let _either_hung_up = copy_bidirectional(&mut client, &mut server).await;
    }
}
