//! How this agent proves its node: with a key of its own, which it makes once and keeps in its state folder, and a credential that lets it
//! bind that key: a token of its Kubernetes service account, or a bootstrap token. What it gets for that is a ticket, which
//! opens sessions for an hour without another question to anybody.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ips_proto::v1::{ProveRequest, ProveResponse, agent_service_client::AgentServiceClient};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataMap, MetadataValue},
    transport::Channel,
};
use tracing::{info, warn};
use zeroize::Zeroizing;

const FILE: &str = "node-key.json";
/// Longest wait for a ticket: where thousands ask at once, each waits for its turn.
const PATIENCE: Duration = Duration::from_secs(300);
/// A ticket that ends sooner is not shown.
const SOON: Duration = Duration::from_secs(10);
/// Pause after a renewal that failed.
const AGAIN: Duration = Duration::from_secs(30);

/// What lets this agent in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProofSettings {
    /// File with a bootstrap token; needed once.
    pub bootstrap_token_file: Option<PathBuf>,
    /// File with a projected token of the service account; read at each proof.
    pub kubernetes_token_file: Option<PathBuf>,
}

/// What the file holds.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    /// 32 random bytes.
    key: String,
    /// A coordinator has bound it to the node.
    bound: bool,
}

struct Ticket {
    text: Zeroizing<String>,
    got: Instant,
    life: Duration,
}

/// See the module.
pub struct Proof {
    path: PathBuf,
    settings: ProofSettings,
    kept: Mutex<Kept>,
    ticket: Mutex<Option<Ticket>>,
}

/// What is shown of it at the beginning of a call.
#[derive(Clone, Default)]
pub(super) struct Shown(Option<(MetadataValue<Ascii>, MetadataValue<Ascii>)>);

impl Shown {
    fn new(credential: &str, key: &str) -> Result<Self, Status> {
        let invalid = |_| Status::unauthenticated("the credential has characters that cannot be sent");
        let mut credential: MetadataValue<Ascii> = format!("Bearer {credential}").parse().map_err(invalid)?;
        let mut key: MetadataValue<Ascii> = key.parse().map_err(invalid)?;
        credential.set_sensitive(true);
        key.set_sensitive(true);
        Ok(Self(Some((credential, key))))
    }

    /// Adds the headers.
    pub(super) fn put_on(&self, metadata: &mut MetadataMap) {
        if let Some((credential, key)) = &self.0 {
            metadata.insert("authorization", credential.clone());
            metadata.insert("ips-node-key", key.clone());
        }
    }
}

impl Proof {
    /// Reads the key that an earlier run made, or makes one.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path, settings: ProofSettings) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(FILE);
        let known = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Kept>(&bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let kept = match known {
            Some(kept) => kept,
            None => {
                let fresh = Kept {
                    key: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()),
                    bound: false,
                };
                save(&path, &fresh)?;
                fresh
            }
        };
        Ok(Self {
            path,
            settings,
            kept: Mutex::new(kept),
            ticket: Mutex::default(),
        })
    }

    /// What opens a session: a ticket that holds, a fresh one where there is none, or nothing where this agent has nothing to show.
    pub(super) async fn show(&self, channel: &Channel, node: &str) -> Result<Shown, Status> {
        if !self.has_credential() {
            return Ok(Shown::default());
        }
        if !self.holds() {
            self.renew(channel, node).await?;
        }
        let key = self.kept().key.clone();
        match &*self.ticket() {
            Some(ticket) => Shown::new(&ticket.text, &key),
            None => Err(Status::unavailable("the ticket was taken back")),
        }
    }

    /// Keeps a ticket at hand for as long as the session lives; ends only when it is dropped.
    pub(super) async fn keep_fresh(&self, channel: Channel, node: &str) {
        if !self.has_credential() {
            return std::future::pending().await;
        }
        let mut pause = self.until_renewal();
        loop {
            tokio::time::sleep(pause).await;
            pause = match self.renew(&channel, node).await {
                Ok(()) => self.until_renewal(),
                Err(status) => {
                    warn!(reason = %status.message(), "the ticket of this node was not renewed");
                    AGAIN
                }
            };
        }
    }

    /// The coordinator does not believe the ticket any more; says whether there was one.
    pub(super) fn forget_ticket(&self) -> bool {
        self.ticket().take().is_some()
    }

    fn has_credential(&self) -> bool {
        let ProofSettings {
            bootstrap_token_file,
            kubernetes_token_file,
        } = &self.settings;
        bootstrap_token_file.is_some() || kubernetes_token_file.is_some() || self.kept().bound
    }

    fn holds(&self) -> bool {
        let ticket = self.ticket();
        ticket
            .as_ref()
            .is_some_and(|ticket| ticket.life.saturating_sub(ticket.got.elapsed()) > SOON)
    }

    /// Half of a ticket's life, a little more or less, so that not all agents ask at once.
    fn until_renewal(&self) -> Duration {
        let life = self.ticket().as_ref().map_or(AGAIN, |ticket| ticket.life);
        life.mul_f64(0.4 + 0.2 * rand::random::<f64>())
    }

    /// Proves the node and keeps the ticket.
    async fn renew(&self, channel: &Channel, node: &str) -> Result<(), Status> {
        let Kept { key, bound } = self.kept().clone();
        let ProofSettings {
            bootstrap_token_file,
            kubernetes_token_file,
        } = &self.settings;
        let (credential, binds) = match (kubernetes_token_file, bootstrap_token_file) {
            (Some(path), _) => (credential("--kubernetes-token-file", path)?, false),
            (None, Some(path)) if !bound => (credential("--bootstrap-token-file", path)?, true),
            (None, _) => (Zeroizing::new(key.clone()), false),
        };
        let mut request = Request::new(ProveRequest { node_name: node.into() });
        request.set_timeout(PATIENCE);
        Shown::new(&credential, &key)?.put_on(request.metadata_mut());
        let answer = AgentServiceClient::new(channel.clone()).prove(request).await;
        match answer {
            Ok(answer) => {
                if binds {
                    self.set_bound(true);
                }
                let ProveResponse { ticket, expires_in_ms } = answer.into_inner();
                *self.ticket() = Some(Ticket {
                    text: Zeroizing::new(ticket),
                    got: Instant::now(),
                    life: Duration::from_millis(expires_in_ms),
                });
                info!("the node is proved");
                Ok(())
            }
            Err(status) => {
                // The key is bound no more: the bootstrap token may bind it, or the next one, again.
                if status.code() == Code::Unauthenticated && bound && bootstrap_token_file.is_some() {
                    self.set_bound(false);
                }
                Err(status)
            }
        }
    }

    fn set_bound(&self, bound: bool) {
        self.forget_ticket();
        let mut kept = self.kept();
        kept.bound = bound;
        if !bound {
            // A key that was revoked is never bound again.
            kept.key = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        }
        if let Err(error) = save(&self.path, &kept) {
            warn!(%error, path = %self.path.display(), "the key of this node cannot be kept");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ticket(&self) -> MutexGuard<'_, Option<Ticket>> {
        self.ticket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The content of a file with a credential.
fn credential(setting: &str, path: &Path) -> Result<Zeroizing<String>, Status> {
    let failed = |why: String| Status::unauthenticated(format!("{setting}: {path:?} {why}"));
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| failed(format!("cannot be read: {error}")))?;
    let credential = text.trim();
    if credential.is_empty() {
        return Err(failed("is empty".into()));
    }
    Ok(Zeroizing::new(credential.to_owned()))
}

/// The file appears as a whole and is its owner's alone from the beginning.
fn save(path: &Path, kept: &Kept) -> io::Result<()> {
    let fresh = path.with_extension("new");
    // One that was left behind may belong to anybody.
    let _absent = fs::remove_file(&fresh);
    let mut file = File::options().create_new(true).write(true).mode(0o600).open(&fresh)?;
    file.write_all(&Zeroizing::new(serde_json::to_vec(kept)?))?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_key_outlives_a_restart_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = || {
            let proof = Proof::open(folder.path(), ProofSettings::default()).unwrap();
            proof.kept().key.clone()
        };
        let first = key();
        assert_eq!((first.len(), key()), (43, first.clone()));
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "damaged").unwrap();
        assert_ne!(key(), first);
    }

    #[test]
    fn without_a_credential_nothing_is_shown_and_with_one_it_cannot_be_printed() {
        let folder = tempfile::tempdir().unwrap();
        let proof = Proof::open(folder.path(), ProofSettings::default()).unwrap();
        assert!(!proof.has_credential());
        proof.set_bound(true);
        assert!(proof.has_credential());
        let mut metadata = MetadataMap::new();
        Shown::new("canary", "canary").unwrap().put_on(&mut metadata);
        assert!(!format!("{metadata:?}").contains("canary"));
    }

    #[test]
    fn a_credential_is_one_word_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert!(credential("--x", &path).unwrap_err().message().starts_with("--x: "));
        fs::write(&path, "\n").unwrap();
        assert!(credential("--x", &path).unwrap_err().message().ends_with("is empty"));
        fs::write(&path, " token\n").unwrap();
        assert_eq!(*credential("--x", &path).unwrap(), "token");
        assert!(Shown::new("two\nlines", "key").is_err());
    }
}
