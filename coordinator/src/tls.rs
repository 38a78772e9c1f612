//! TLS of the coordinator's ports: whose certificate, and how it stays fresh. Certificates come from files that may change at any time, or
//! from an authority of its own that is made at the first start. Knows no port and no protocol.

mod authority;
mod files;
mod validity;

pub use authority::{Resealed, certificate, forget, reseal};

use crate::{
    domain::Millis,
    store::{Store, StoreError},
    vault::{Vault, VaultError},
};
use arc_swap::ArcSwap;
use authority::Authority;
use files::{Files, Seen};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};
use tokio_util::sync::CancellationToken;

/// Pause between two looks at files and at the end of the certificate.
const LOOK: Duration = Duration::from_secs(5);
/// A certificate of somebody else that ends sooner is remarked upon: a week.
const SOON_MS: Millis = 7 * 86_400_000;

/// A certificate and its key in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain as PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key as PEM.
    pub key: PathBuf,
}

/// Which ports speak TLS, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// REST, events, console.
    pub http: bool,
    /// gRPC.
    pub grpc: bool,
    /// Probes and metrics.
    pub metrics: bool,
    /// The certificate; without it there is an authority of its own.
    pub files: Option<CertificateFiles>,
    /// Names and addresses in the certificate of the own authority.
    pub names: Vec<String>,
    /// Where the certificate of the own authority is written to.
    pub authority_out: Option<PathBuf>,
}

impl TlsSettings {
    /// Whether any port speaks TLS.
    pub fn is_on(&self) -> bool {
        self.http || self.grpc || self.metrics
    }
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The files cannot be used.
    #[error("--tls-cert-file, --tls-key-file: {0}")]
    Files(String),
    /// The own authority cannot be kept.
    #[error(
        "an authority of its own needs an encryption key to be kept: set IPS_ENCRYPTION_KEY or --encryption-key-file, or give a certificate with --tls-cert-file and --tls-key-file"
    )]
    NoKey,
    /// The own authority cannot be read.
    #[error(
        "the own authority cannot be read; bring its encryption key back, or make a new authority with: ips-coordinator tls forget-ca"
    )]
    Sealed(#[source] VaultError),
    /// The own authority is damaged.
    #[error("the own authority is damaged: {0}; make a new one with: ips-coordinator tls forget-ca")]
    Damaged(String),
    /// The certificate of the own authority cannot be written.
    #[error("--tls-ca-out: {path:?} cannot be written")]
    Out {
        /// Path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A certificate cannot be made.
    #[error("a certificate cannot be made")]
    Make(#[from] rcgen::Error),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Where the next certificate comes from.
enum Source {
    Files(Files, Seen),
    Own {
        authority: Box<Authority>,
        names: Vec<String>,
        renew_at: Millis,
    },
}

/// See the module. Keep it running with [`Tls::run`].
pub struct Tls {
    shown: Arc<Shown>,
    http: Arc<ServerConfig>,
    grpc: Arc<ServerConfig>,
    source: Source,
}

impl std::fmt::Debug for Tls {
    /// No key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn now() -> Millis {
    chrono::Utc::now().timestamp_millis()
}

impl Tls {
    /// Reads the certificate, or makes one; `None` where no port speaks TLS.
    ///
    /// # Errors
    /// See [`TlsError`]; each names the setting.
    pub async fn open(store: &Store, vault: &Vault, settings: &TlsSettings) -> Result<Option<Self>, TlsError> {
        if !settings.is_on() {
            return Ok(None);
        }
        let (first, source) = match &settings.files {
            Some(files) => {
                let files = Files::new(files.clone());
                let (certificate, seen) = files.read(now()).map_err(TlsError::Files)?;
                (certificate, Source::Files(files, seen))
            }
            None => {
                let authority = Authority::open(store, vault, now()).await?;
                if let Some(path) = &settings.authority_out {
                    let failed = |source| TlsError::Out {
                        path: path.clone(),
                        source,
                    };
                    files::publish(path, authority.pem()).map_err(failed)?;
                }
                let (certificate, renew_at) = authority.issue(&settings.names, now())?;
                let (authority, names) = (Box::new(authority), settings.names.clone());
                tracing::info!(names = names.join(","), "A certificate of the own authority was made");
                let own = Source::Own {
                    authority,
                    names,
                    renew_at,
                };
                (certificate, own)
            }
        };
        let shown = Arc::new(Shown(ArcSwap::from_pointee(first)));
        let config = |protocols: &[&[u8]]| {
            let resolver: Arc<dyn ResolvesServerCert> = Arc::<Shown>::clone(&shown);
            let mut config = ServerConfig::builder()
                .with_no_client_auth()
                .with_cert_resolver(resolver);
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Arc::new(config)
        };
        Ok(Some(Self {
            http: config(&[b"h2", b"http/1.1"]),
            grpc: config(&[b"h2"]),
            shown,
            source,
        }))
    }

    /// For ports that speak HTTP/2 and HTTP/1.1.
    pub fn http(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.http))
    }

    /// For ports that speak HTTP/2 alone.
    pub fn grpc(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.grpc))
    }

    /// Keeps the certificate fresh until `stop`. `tell` is told what is wrong with it, and when nothing is any more.
    pub async fn run(mut self, tell: impl Fn(Option<String>), stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            if let Some(wrong) = self.look(now()) {
                tell(wrong);
            }
        }
    }

    /// Looks once; what is wrong now, where that was found out anew.
    fn look(&mut self, now: Millis) -> Option<Option<String>> {
        match &mut self.source {
            Source::Files(files, seen) => match files.read_again(seen, now)? {
                Ok(certificate) => {
                    self.shown.0.store(Arc::new(certificate));
                    tracing::info!("The certificate was read again");
                    Some(seen.ends_soon(now, SOON_MS))
                }
                Err(why) => {
                    tracing::error!(reason = why, "The new certificate cannot be used, so the old one stays");
                    Some(Some(format!(
                        "the new certificate cannot be used, so the old one stays: {why}"
                    )))
                }
            },
            Source::Own {
                authority,
                names,
                renew_at,
            } => {
                if now < *renew_at {
                    return None;
                }
                match authority.issue(names, now) {
                    Ok((certificate, next)) => {
                        *renew_at = next;
                        self.shown.0.store(Arc::new(certificate));
                        tracing::info!("The certificate of the own authority was renewed");
                        Some(None)
                    }
                    Err(error) => Some(Some(format!("the certificate cannot be renewed: {error}"))),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
