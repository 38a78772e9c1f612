//! Agents prove their nodes. A proof is one of three: a token of the agent's service account, which the cluster reviews and whose pod must run
//! on the node; a bootstrap token, which binds the agent's own key to the node; or that key. Whoever has proved its node gets a ticket that
//! holds for an hour and opens sessions without another question to anybody, so that ten thousand agents can come back at once.
//!
//! A ticket is signed with the keys of access tokens and names the node and the hash of the agent's key, which must be shown beside it.

mod binder;
mod tickets;

pub use tickets::Ticket;

use super::{Identity, now, reviews::Reviews, secrets, tokens::AccessTokens};
use crate::{
    domain::{
        Millis,
        agent::{BOOTSTRAP_PREFIX, BootstrapToken, NodeKey, ReviewError, is_key},
        ids::NodeName,
    },
    store::{Store, StoreError},
};
use binder::Binder;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::Duration,
};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, watch};

/// How long a ticket holds.
pub(super) const TICKET_MS: Millis = 3_600_000;
/// Questions to the store at a time; guesses cost no more than that.
const LOOK_UPS: usize = 32;
/// Pause between two looks for keys that were revoked elsewhere.
const LOOK_FOR_REVOKED: Duration = Duration::from_secs(10);
/// Clocks of replicas may differ by so much.
const LEEWAY_MS: Millis = 60_000;

/// What lets agents in besides Kubernetes.
#[derive(Debug, Clone, Default)]
pub struct BootstrapSettings {
    /// File with a bootstrap token; it is read at each use.
    pub file: Option<PathBuf>,
    /// The same from the environment.
    pub inline: Option<SecretString>,
}

/// Why an agent has proved nothing. Each text is for whoever runs the agent and says nothing of others.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It showed nothing that proves anything.
    #[error("{0}")]
    Unproven(String),
    /// What it showed is for another node, or another key holds the name.
    #[error("{0}")]
    Denied(String),
    /// Nobody can be asked now.
    #[error("{0}")]
    Unavailable(String),
    /// A bug; logged where it is handled.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for AgentError {
    fn from(error: StoreError) -> Self {
        if error.is_away() {
            Self::Unavailable(format!("the database is not available: {}", error.chain()))
        } else {
            Self::Internal(Box::new(error))
        }
    }
}

/// What an agent shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Value of the header `authorization`.
    pub authorization: Option<&'a str>,
    /// Value of the header `ips-node-key`.
    pub key: Option<&'a str>,
    /// Where it comes from.
    pub source: IpAddr,
}

/// An agent that has shown a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenNode {
    /// Its node.
    pub node: NodeName,
    /// Hash of its key.
    key: Arc<str>,
    /// When the ticket ends.
    ends_at: Millis,
}

/// See the module.
#[derive(Debug)]
pub(super) struct AgentDesk {
    store: Store,
    bootstrap: BootstrapSettings,
    binder: Binder,
    look_ups: Semaphore,
    /// When the newest ticket of each key ends, where that is not long ago.
    newest: Mutex<Newest>,
    revoked: Arc<Revoked>,
}

#[derive(Debug, Default)]
struct Newest {
    ends_at: HashMap<Arc<str>, Millis>,
    /// Tickets that have ended are forgotten when there are so many.
    sweep_at: usize,
}

/// Keys that were revoked within the life of a ticket.
#[derive(Debug)]
struct Revoked {
    store: Store,
    keys: RwLock<HashSet<String>>,
    changes: watch::Sender<()>,
}

impl AgentDesk {
    pub(super) fn new(store: Store, bootstrap: BootstrapSettings) -> Self {
        let revoked = Arc::new(Revoked {
            store: store.clone(),
            keys: RwLock::default(),
            changes: watch::Sender::new(()),
        });
        tokio::spawn(follow(Arc::downgrade(&revoked)));
        Self {
            binder: Binder::start(store.clone()),
            store,
            bootstrap,
            look_ups: Semaphore::new(LOOK_UPS),
            newest: Mutex::default(),
            revoked,
        }
    }

    /// Checks a proof for a node and gives out a ticket.
    async fn prove(
        &self,
        reviews: Option<&Reviews>,
        tokens: &AccessTokens,
        shown: Shown<'_>,
        node: &NodeName,
    ) -> Result<Ticket, AgentError> {
        let (credential, key) = shown.both()?;
        let key_hash = secrets::hash(key);
        if credential == key {
            self.by_key(&key_hash, node).await?;
        } else if credential.starts_with(BOOTSTRAP_PREFIX) {
            self.by_bootstrap_token(credential, &key_hash, node).await?;
        } else {
            let reviews = reviews.ok_or_else(|| {
                AgentError::Unproven("the credential is none: this coordinator asks no Kubernetes cluster".into())
            })?;
            reviews.agent(shown.source, credential, node).await?;
        }
        let now = now();
        let ticket = tickets::make(tokens, node, &key_hash, now)?;
        self.note(key_hash.into(), now + TICKET_MS, now);
        Ok(ticket)
    }

    async fn by_key(&self, hash: &str, node: &NodeName) -> Result<(), AgentError> {
        let _few = self.look_ups.acquire().await;
        match self.store.node_of_key(hash).await? {
            Some(bound) if bound == *node => Ok(()),
            Some(bound) => Err(AgentError::Denied(format!(
                "the key is bound to {bound}, not to {node}"
            ))),
            None => Err(AgentError::Unproven(
                "the key is bound to no node; the agent needs a bootstrap token".into(),
            )),
        }
    }

    async fn by_bootstrap_token(&self, token: &str, key: &str, node: &NodeName) -> Result<(), AgentError> {
        let now = now();
        let id = if self.is_configured(token).await {
            0
        } else {
            let _few = self.look_ups.acquire().await;
            let known = self.store.bootstrap_token(&secrets::hash(token), now).await?;
            known.ok_or_else(|| AgentError::Unproven("the bootstrap token is none, has ended or was revoked".into()))?
        };
        let key = NodeKey {
            node: node.clone(),
            hash: key.to_owned(),
            token: id,
            created_at: now,
        };
        if self.binder.bind(key).await? {
            return Ok(());
        }
        Err(AgentError::Denied(format!(
            "another key is bound to {node}, or this key to another node; if the agent has lost its key, run: ips-coordinator agents forget {node}"
        )))
    }

    /// Whether it is the token of the settings.
    async fn is_configured(&self, token: &str) -> bool {
        let is = |known: &str| bool::from(known.trim().as_bytes().ct_eq(token.as_bytes()));
        if self
            .bootstrap
            .inline
            .as_ref()
            .is_some_and(|known| is(known.expose_secret()))
        {
            return true;
        }
        let Some(path) = &self.bootstrap.file else { return false };
        match tokio::fs::read_to_string(path).await.map(SecretString::from) {
            Ok(known) => is(known.expose_secret()),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "The file with the bootstrap token cannot be read");
                false
            }
        }
    }

    fn note(&self, key: Arc<str>, ends_at: Millis, now: Millis) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.ends_at.len() >= newest.sweep_at {
            newest.ends_at.retain(|_, ends_at| *ends_at > now);
            newest.sweep_at = 2 * newest.ends_at.len() + 1_000;
        }
        newest.ends_at.insert(key, ends_at);
    }

    fn ends_at(&self, proven: &ProvenNode) -> Millis {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest
            .ends_at
            .get(&proven.key)
            .copied()
            .unwrap_or(0)
            .max(proven.ends_at)
    }

    /// Comes back with the reason when a session may not go on.
    async fn until_over(&self, proven: &ProvenNode) -> &'static str {
        let mut changes = self.revoked.changes.subscribe();
        loop {
            if self.revoked.has(&proven.key) {
                return "the key of this node was revoked";
            }
            let left = self.ends_at(proven) - now();
            let Ok(left @ 1..) = u64::try_from(left) else {
                return "the ticket has ended; prove the node again";
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                // Its sender lives as long as this.
                _ = changes.changed() => {}
            }
        }
    }
}

impl Revoked {
    fn has(&self, key: &str) -> bool {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// Looks once.
    async fn look(&self) -> Result<(), StoreError> {
        let since = now() - TICKET_MS - LEEWAY_MS;
        let keys = self.store.keys_revoked_since(since).await?;
        self.replace(keys.into_iter().collect());
        Ok(())
    }

    fn replace(&self, fresh: HashSet<String>) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if *keys == fresh {
            return;
        }
        *keys = fresh;
        drop(keys);
        self.changes.send_replace(());
    }
}

/// Looks for revoked keys for as long as anybody asks for them.
async fn follow(revoked: Weak<Revoked>) {
    let mut said = false;
    while let Some(revoked) = revoked.upgrade() {
        let looked = revoked.look().await;
        drop(revoked);
        if let Err(error) = &looked
            && !said
        {
            tracing::warn!(error = %error.chain(), "Keys of agents that were revoked cannot be read");
        }
        said = looked.is_err();
        tokio::time::sleep(LOOK_FOR_REVOKED).await;
    }
}

impl<'a> Shown<'a> {
    fn both(&self) -> Result<(&'a str, &'a str), AgentError> {
        let unproven = |why: &str| AgentError::Unproven(why.to_owned());
        let authorization = self.authorization.ok_or_else(|| {
            unproven("agents are asked who they are: give the agent --bootstrap-token-file or --kubernetes-token-file")
        })?;
        let credential = authorization.strip_prefix("Bearer ").map(str::trim);
        let credential = credential.filter(|credential| !credential.is_empty());
        let credential =
            credential.ok_or_else(|| unproven("the header authorization must be Bearer and a credential"))?;
        let key = self.key.filter(|key| is_key(key));
        let key = key.ok_or_else(|| unproven("the header ips-node-key must be the agent's key, 43 characters"))?;
        Ok((credential, key))
    }
}

impl Identity {
    /// Checks the proof of an agent for its node and gives out a ticket. Waits for its turn where many are reviewed.
    ///
    /// # Errors
    /// See [`AgentError`].
    pub async fn prove_node(&self, shown: Shown<'_>, node: &NodeName) -> Result<Ticket, AgentError> {
        let Some(desk) = &self.desk else {
            // Nobody looks at it while identity is off.
            return Ok(Ticket {
                text: "identity-is-off".into(),
                life: Duration::from_millis(TICKET_MS.unsigned_abs()),
            });
        };
        desk.agents
            .prove(desk.reviews.as_ref(), &desk.tokens, shown, node)
            .await
    }

    /// Who an agent is by its ticket; `None` while identity is off.
    ///
    /// # Errors
    /// See [`AgentError`].
    pub fn proven_node(&self, shown: Shown<'_>) -> Result<Option<ProvenNode>, AgentError> {
        let Some(desk) = &self.desk else { return Ok(None) };
        let (ticket, key) = shown.both()?;
        let key = secrets::hash(key);
        let proven = tickets::read(&desk.tokens, ticket, &key)?;
        if desk.agents.revoked.has(&key) {
            return Err(AgentError::Unproven("the key of this node was revoked".into()));
        }
        Ok(Some(proven))
    }

    /// Comes back with the reason when the session of an agent may not go on: its ticket has ended and it has not got a newer one, or its key
    /// was revoked.
    pub async fn until_proof_is_over(&self, proven: Option<&ProvenNode>) -> &'static str {
        match (&self.desk, proven) {
            (Some(desk), Some(proven)) => desk.agents.until_over(proven).await,
            (None, _) | (_, None) => std::future::pending().await,
        }
    }
}

impl From<ReviewError> for AgentError {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Refused(why) => Self::Unproven(why),
            ReviewError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

/// Makes a bootstrap token, which is shown this once. It lives for `life_ms`; 0 means for ever.
///
/// # Errors
/// The store does not answer.
pub async fn create_bootstrap_token(
    store: &Store,
    name: &str,
    life_ms: Millis,
) -> Result<(BootstrapToken, SecretString), StoreError> {
    let secret = secrets::random(BOOTSTRAP_PREFIX);
    let now = now();
    let mut token = BootstrapToken {
        id: 0,
        name: name.to_owned(),
        created_at: now,
        expires_at: if life_ms == 0 { 0 } else { now + life_ms },
        revoked_at: 0,
    };
    token.id = store
        .insert_bootstrap_token(&token, &secrets::hash(secret.expose_secret()))
        .await?;
    Ok((token, secret))
}
