//! Orders of the engine as the protocol has them.

use super::AgentSettings;
use crate::{
    domain::{credential::Login, ids::PullId, rules::PullPolicy, version::VERSION},
    engine::core::SessionGrant,
    fleet::messages::{Order, StartPull},
};
use ips_proto::v1::{self, coordinator_message::Body};
use secrecy::ExposeSecret as _;

/// First message of an accepted session.
pub(super) fn welcome(grant: &SessionGrant, settings: AgentSettings) -> v1::CoordinatorMessage {
    let welcome = v1::Welcome {
        store_uuid: grant.store_uuid.clone(),
        settings: Some(v1::Settings {
            heartbeat_interval_ms: settings.heartbeat_interval.as_millis() as u64,
            progress_interval_ms: settings.progress_interval.as_millis() as u64,
        }),
        coordinator_version: VERSION.to_owned(),
    };
    v1::CoordinatorMessage {
        epoch: grant.epoch,
        body: Some(Body::Welcome(welcome)),
    }
}

/// An order.
pub(super) fn order(epoch: u64, order: Order) -> v1::CoordinatorMessage {
    let body = match order {
        Order::StartPull(start) => Some(Body::StartPull(start_pull(start))),
        Order::CancelPull { pull, attempt, reason } => Some(Body::CancelPull(v1::CancelPull {
            attempt: Some(pull_attempt(&pull, attempt)),
            reason,
        })),
        Order::Acknowledge(attempts) => {
            let attempts = attempts
                .iter()
                .map(|(pull, attempt)| pull_attempt(pull, *attempt))
                .collect();
            Some(Body::Acknowledge(v1::Acknowledge { attempts }))
        }
        Order::Refuse { pull, attempt, reason } => Some(Body::Refuse(v1::Refuse {
            attempt: Some(pull_attempt(&pull, attempt)),
            reason,
        })),
        Order::SetPins(references) => Some(Body::SetPins(v1::SetPins { references })),
        Order::RemoveImage {
            order,
            reference,
            dry_run,
        } => Some(Body::RemoveImage(v1::RemoveImage {
            order_id: order,
            reference: reference.as_str().to_owned(),
            dry_run,
        })),
        Order::SendInventory => Some(Body::SendInventory(v1::SendInventory {})),
        // Ends the stream with a status instead of a message.
        Order::Superseded => None,
    };
    v1::CoordinatorMessage { epoch, body }
}

fn start_pull(start: StartPull) -> v1::StartPull {
    v1::StartPull {
        attempt: Some(pull_attempt(&start.pull, start.attempt)),
        reference: start.reference.as_str().to_owned(),
        digests: Some(v1::ImageDigests {
            target: start.digests.target,
            manifest: start.digests.manifest,
            config: start.digests.config,
        }),
        credential: start.login.map(credential),
        deadline_ms: start.deadline_ms,
        no_progress_timeout_ms: start.no_progress_timeout_ms,
        policy: policy(start.policy).into(),
        ticket: String::new(),
        sources: vec![],
        traceparent: start.traceparent,
        size_bytes: start.size_bytes,
    }
}

/// The one place where a password leaves for an agent.
fn credential(login: Login) -> v1::RegistryCredential {
    v1::RegistryCredential {
        password: login.password.expose_secret().to_owned(),
        server_address: login.server,
        username: login.username,
    }
}

fn policy(policy: PullPolicy) -> v1::ImagePullPolicy {
    match policy {
        PullPolicy::IfNotPresent => v1::ImagePullPolicy::IfNotPresent,
        PullPolicy::Always => v1::ImagePullPolicy::Always,
    }
}

fn pull_attempt(pull: &PullId, attempt: u32) -> v1::PullAttempt {
    v1::PullAttempt {
        pull_id: pull.as_str().to_owned(),
        attempt,
    }
}
