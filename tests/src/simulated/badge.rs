//! How a simulated agent proves its node, as the real one does it: once with the bootstrap token, then with a ticket for an hour.

use std::time::{Duration, Instant};

use ips_proto::v1::ProveRequest;
use ips_proto::v1::agent_service_client::AgentServiceClient;
use sha2::{Digest as _, Sha256};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::Options;

/// Characters of a key in base64url.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// See the module.
#[derive(Debug)]
pub struct Badge {
    node: String,
    key: MetadataValue<Ascii>,
    ticket: Option<(MetadataValue<Ascii>, Instant)>,
}

impl Badge {
    /// That of an agent; its key is the same in every process.
    pub fn new(index: usize) -> Self {
        let hash =
            [b"a".as_slice(), b"b"].map(|half| Sha256::digest([format!("node {index}").as_bytes(), half].concat()));
        let key: String = hash
            .iter()
            .flatten()
            .take(43)
            .map(|byte| char::from(ALPHABET[usize::from(byte % 64)]))
            .collect();
        Self {
            node: format!("node-{index:05}"),
            key: key.parse().expect("a key"),
            ticket: None,
        }
    }

    /// Gets a ticket, unless there is one that holds.
    pub async fn prove(&mut self, client: &mut AgentServiceClient<Channel>, options: &Options) -> Result<(), Status> {
        let holds = self.ticket.as_ref().is_some_and(|(_, until)| *until > Instant::now());
        if holds || options.bootstrap_token.is_empty() {
            return Ok(());
        }
        let mut request = Request::new(ProveRequest {
            node_name: self.node.clone(),
        });
        let bearer = format!("Bearer {}", options.bootstrap_token).parse().expect("a token");
        request.metadata_mut().insert("authorization", bearer);
        request.metadata_mut().insert("ips-node-key", self.key.clone());
        let answer = client.prove(request).await?.into_inner();
        let ticket = format!("Bearer {}", answer.ticket).parse().expect("a ticket");
        let life = Duration::from_millis(answer.expires_in_ms);
        self.ticket = Some((ticket, Instant::now() + life));
        Ok(())
    }

    /// Shows the ticket, if there is one.
    pub fn put_on(&self, metadata: &mut MetadataMap) {
        if let Some((ticket, _)) = &self.ticket {
            metadata.insert("authorization", ticket.clone());
            metadata.insert("ips-node-key", self.key.clone());
        }
    }

    /// The coordinator does not believe the ticket any more.
    pub fn forget(&mut self) {
        self.ticket = None;
    }
}
