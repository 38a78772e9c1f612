//! Whom a Kubernetes cluster vouches for: agents, whose pod must run on the node that they claim, and callers of the API, who get the role that a
//! grant gives them and none without one. The cluster is asked for as little as can be: never about what cannot be for us, at most so
//! often a second, and about a refused token not again at once.

use super::{
    agents::AgentError,
    error::IdentityError,
    now, secrets,
    turns::{Full, Turns, Who},
};
use crate::domain::{
    Millis,
    agent::{ClusterIdentity, Grant, ReviewError, Reviewed, role_of},
    caller::{Caller, Proof, Scope, Subject, TenantId},
    ids::NodeName,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Reviews in a second.
const PER_SECOND: u32 = 50;
/// Longest answer of the cluster.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a refused token is refused without asking again.
const REFUSED: Duration = Duration::from_secs(30);
/// Tokens of callers that are remembered, and refused ones.
const MOST: usize = 10_000;
/// A caller who does not call is forgotten.
const IDLE: Duration = Duration::from_secs(300);
/// Longest token in bytes.
const LONGEST: usize = 16 << 10;

/// How the cluster is asked, and what its word is worth.
#[derive(Debug, Clone)]
pub struct KubernetesIdentity {
    /// The cluster.
    pub cluster: Arc<dyn ClusterIdentity>,
    /// Whom tokens must be for.
    pub audience: String,
    /// Service accounts of agents: namespace and name.
    pub agents: Vec<(String, String)>,
    /// Roles of callers of the API.
    pub grants: Vec<Grant>,
}

/// A caller of the API whose token was good.
#[derive(Debug)]
struct Seen {
    token: SecretString,
    ends_at: Millis,
    used: Instant,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Reviews {
    settings: KubernetesIdentity,
    turns: Turns,
    seen: Mutex<HashMap<Arc<str>, Seen>>,
    refused: Mutex<HashMap<Arc<str>, (String, Instant)>>,
}

/// What a token says of itself; nothing of it is believed.
#[derive(Debug, Deserialize)]
struct Claims {
    aud: Audiences,
    exp: i64,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

impl Reviews {
    pub(super) fn new(settings: KubernetesIdentity) -> Self {
        Self {
            settings,
            turns: Turns::new(PER_SECOND),
            seen: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// Whether a token says that it is for us and has not ended: when it ends.
    pub(super) fn is_for_us(&self, token: &str) -> Option<Millis> {
        if token.len() > LONGEST {
            return None;
        }
        let mut parts = token.split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        let audience = &self.settings.audience;
        let is_ours = match &claims.aud {
            Audiences::One(one) => one == audience,
            Audiences::Many(many) => many.contains(audience),
        };
        let ends_at = claims.exp.checked_mul(1000)?;
        (is_ours && ends_at > now()).then_some(ends_at)
    }

    /// Checks that a token is an agent's and that its pod runs on the node.
    pub(super) async fn agent(&self, source: IpAddr, token: &str, node: &NodeName) -> Result<(), AgentError> {
        if self.is_for_us(token).is_none() {
            let audience = &self.settings.audience;
            return Err(AgentError::Unproven(format!(
                "the credential is no token for the audience {audience:?}, or it has ended"
            )));
        }
        let token = SecretString::from(token);
        let reviewed = self.review(Who::Agent(source), &token).await?;
        let is_agent = reviewed.service_account().is_some_and(|(namespace, name)| {
            let mut agents = self.settings.agents.iter();
            agents.any(|(of, agent)| of == namespace && agent == name)
        });
        if !is_agent {
            return Err(AgentError::Denied(format!(
                "{} is no service account of agents",
                reviewed.username
            )));
        }
        let pod = reviewed.pod.ok_or_else(|| {
            AgentError::Denied("the token is not bound to a pod; agents need a projected token".to_owned())
        })?;
        let runs_on = timed(self.settings.cluster.node_of(&pod)).await?;
        if runs_on == *node {
            return Ok(());
        }
        let (namespace, name) = (&pod.namespace, &pod.name);
        Err(AgentError::Denied(format!(
            "the pod {namespace}/{name} runs on {runs_on}, not on {node}"
        )))
    }

    /// Remembers the token of a caller, so that it can be asked about again.
    pub(super) fn see(&self, token: &str, ends_at: Millis) -> Proof {
        let hash: Arc<str> = secrets::hash(token).into();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, seen| seen.used.elapsed() < IDLE);
        }
        if seen.len() < MOST || seen.contains_key(&hash) {
            let entry = seen.entry(Arc::clone(&hash)).or_insert_with(|| Seen {
                token: token.into(),
                ends_at,
                used: Instant::now(),
            });
            entry.used = Instant::now();
        }
        Proof::Reviewed(hash)
    }

    /// Who calls by a token that was seen; asks the cluster.
    pub(super) async fn caller(&self, hash: &Arc<str>) -> Result<Option<Caller>, IdentityError> {
        let known = {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.get(hash).map(|seen| (seen.token.clone(), seen.ends_at))
        };
        let Some((token, ends_at)) = known.filter(|(_, ends_at)| *ends_at > now()) else {
            return Ok(None);
        };
        let reviewed = match self.review(Who::Caller, &token).await {
            Ok(reviewed) => reviewed,
            Err(ReviewError::Refused(_)) => {
                self.forget(hash);
                return Ok(None);
            }
            Err(ReviewError::Unavailable(why)) => return Err(IdentityError::Unavailable(why)),
        };
        let Some(role) = role_of(&self.settings.grants, &reviewed) else {
            self.forget(hash);
            let why = format!("no role is given to {}", reviewed.username);
            return Err(IdentityError::Forbidden(why));
        };
        Ok(Some(Caller {
            subject: Subject::Cluster,
            name: reviewed.username.into(),
            role,
            tenant: TenantId::default(),
            scope: Scope::Role,
            must_change_password: false,
            proof: Proof::Reviewed(Arc::clone(hash)),
            expires_at: ends_at,
        }))
    }

    fn forget(&self, hash: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }

    /// Asks the cluster, in turn.
    async fn review(&self, who: Who, token: &SecretString) -> Result<Reviewed, ReviewError> {
        let hash: Arc<str> = secrets::hash(token.expose_secret()).into();
        if let Some(why) = self.refused_lately(&hash) {
            return Err(ReviewError::Refused(why));
        }
        let full = |_: Full| ReviewError::Unavailable("too many wait to be reviewed by the cluster".into());
        self.turns.take(who).await.map_err(full)?;
        let audience = &self.settings.audience;
        let answer = timed(self.settings.cluster.review(token, audience)).await;
        if let Err(ReviewError::Refused(why)) = &answer {
            self.refuse(hash, why.clone());
        }
        answer
    }

    fn refused_lately(&self, hash: &str) -> Option<String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (why, at) = refused.get(hash)?;
        (at.elapsed() < REFUSED).then(|| why.clone())
    }

    fn refuse(&self, hash: Arc<str>, why: String) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST {
            refused.retain(|_, (_, at)| at.elapsed() < REFUSED);
        }
        if refused.len() < MOST {
            refused.insert(hash, (why, Instant::now()));
        }
    }
}

async fn timed<T>(answer: crate::domain::agent::Answer<'_, T>) -> Result<T, ReviewError> {
    let late = |_| ReviewError::Unavailable("the cluster does not answer".into());
    tokio::time::timeout(ANSWER, answer).await.map_err(late)?
}
