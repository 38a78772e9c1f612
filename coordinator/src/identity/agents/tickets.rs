//! Tickets of nodes: JWT by HS256 with the keys of access tokens, for this installation and for agents only.

use super::{AgentError, ProvenNode, TICKET_MS};
use crate::{
    domain::{Millis, ids::NodeName},
    identity::tokens::AccessTokens,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whom tickets are for; no access token is.
const AUDIENCE: &str = "ips-agent";

/// A ticket that was just made.
#[derive(Debug)]
pub struct Ticket {
    /// The signed text.
    pub text: SecretString,
    /// How long it holds.
    pub life: Duration,
}

/// What a ticket says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    /// Node.
    sub: String,
    /// Hash of the agent's key.
    key: String,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// Makes a ticket for a node and a key.
pub(super) fn make(tokens: &AccessTokens, node: &NodeName, key: &str, now: Millis) -> Result<Ticket, AgentError> {
    let claims = Claims {
        sub: node.to_string(),
        key: key.to_owned(),
        iss: tokens.issuer().to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now / 1000,
        exp: (now + TICKET_MS) / 1000,
    };
    let text = tokens
        .sign(&claims)
        .map_err(|error| AgentError::Internal(Box::new(error)))?;
    Ok(Ticket {
        text: text.into(),
        life: Duration::from_millis(TICKET_MS.unsigned_abs()),
    })
}

/// Reads a ticket that we made, that has not ended, and that is for this key.
pub(super) fn read(tokens: &AccessTokens, text: &str, key: &str) -> Result<ProvenNode, AgentError> {
    let unproven = || AgentError::Unproven("the ticket is none or has ended; prove the node again".into());
    let claims: Claims = tokens.verified(text, AUDIENCE).map_err(|_| unproven())?;
    if claims.key != key {
        return Err(AgentError::Unproven("the ticket is for another key".into()));
    }
    Ok(ProvenNode {
        node: NodeName::parse(&claims.sub).map_err(|_| unproven())?,
        key: claims.key.into(),
        ends_at: claims.exp * 1000,
    })
}
