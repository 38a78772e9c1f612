//! `ips-coordinator agents …`: bootstrap tokens, and keys of nodes that are to hold no more. May run beside the coordinator.

use super::say;
use crate::{
    domain::{Millis, agent::BootstrapToken, ids::NodeName},
    identity::agents::create_bootstrap_token,
    store::{DatabaseUrl, Store},
};
use anyhow::{Context, Result};
use secrecy::ExposeSecret as _;

/// What to do about agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentsCommand {
    /// Make a bootstrap token.
    CreateToken {
        /// For people.
        name: String,
        /// How long it holds in milliseconds; 0 means until it is revoked.
        life_ms: Millis,
    },
    /// List bootstrap tokens.
    Tokens,
    /// Revoke a bootstrap token.
    RevokeToken(i64),
    /// Revoke the key of a node.
    Forget(String),
}

/// Does it; false when there is no such thing.
///
/// # Errors
/// What kept it from being done.
pub(super) async fn run(command: &AgentsCommand, database: &DatabaseUrl) -> Result<bool> {
    let store = Store::attach(database)
        .await
        .context("a coordinator makes the database at its first start")?;
    match command {
        AgentsCommand::CreateToken { name, life_ms } => {
            let (token, secret) = create_bootstrap_token(&store, name, *life_ms).await?;
            // For people; the token alone goes to standard output, so that it can be written to a file.
            eprintln!("bootstrap token {} {:?}, {}", token.id, token.name, until(&token));
            say(secret.expose_secret())?;
            Ok(true)
        }
        AgentsCommand::Tokens => {
            for token in store.bootstrap_tokens().await? {
                say(&format!("{}\t{}\t{}", token.id, token.name, until(&token)))?;
            }
            Ok(true)
        }
        AgentsCommand::RevokeToken(id) => {
            let revoked = store.revoke_bootstrap_token(*id, now()).await?;
            done(
                revoked,
                &format!("bootstrap token {id} is revoked"),
                "there is no such token that holds",
            )
        }
        AgentsCommand::Forget(node) => {
            let node = NodeName::parse(node)?;
            let revoked = store.revoke_node_key(&node, now()).await?;
            let said = format!("the key of {node} is revoked; its agent joins again with a bootstrap token");
            done(revoked, &said, "no key is bound to this node")
        }
    }
}

fn done(done: bool, said: &str, otherwise: &str) -> Result<bool> {
    say(if done { said } else { otherwise })?;
    Ok(done)
}

fn now() -> Millis {
    chrono::Utc::now().timestamp_millis()
}

fn until(token: &BootstrapToken) -> String {
    let words = |at| {
        let time = chrono::DateTime::from_timestamp_millis(at);
        time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .unwrap_or_default()
    };
    match (token.revoked_at, token.expires_at) {
        (0, 0) => "holds until it is revoked".to_owned(),
        (0, ends) if ends <= now() => format!("ended at {}", words(ends)),
        (0, ends) => format!("holds until {}", words(ends)),
        (revoked, _) => format!("revoked at {}", words(revoked)),
    }
}
