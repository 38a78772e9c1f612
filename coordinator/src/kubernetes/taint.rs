//! Takes a taint off a node: one JSON patch that holds only while the node's taints are as they were seen.

use super::{Kubernetes, chain};
use crate::domain::{
    cluster::Taint,
    ids::NodeName,
    startup_taint::{TaintError, Untaint},
};
use serde_json::{Value, json};
use std::{future::Future, pin::Pin, time::Duration};
use tokio::time::timeout;

/// Longest answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The API server's answers where the node is gone, or its taints are others (RFC 6902: a test that fails).
const STALE: [u16; 3] = [404, 409, 422];

impl Untaint for Kubernetes {
    fn untaint<'a>(
        &'a self,
        node: &'a NodeName,
        taints: &'a [Taint],
        key: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), TaintError>> + Send + 'a>> {
        Box::pin(async move {
            let uri = format!("/api/v1/nodes/{node}");
            let request = http::Request::patch(uri).header(http::header::CONTENT_TYPE, "application/json-patch+json");
            let request = request.body(patch(taints, key).to_string().into_bytes());
            let request = request.map_err(|error| TaintError::Failed(chain(&error)))?;
            match timeout(ANSWER, self.client.request_text(request)).await {
                Err(_too_late) => Err(TaintError::Failed("the cluster does not answer".into())),
                Ok(Ok(_node)) => Ok(()),
                Ok(Err(kube::Error::Api(status))) if STALE.contains(&status.code) => Err(TaintError::Stale),
                Ok(Err(error)) => Err(TaintError::Failed(chain(&error))),
            }
        })
    }
}

/// Takes every taint with the key out of the list, the last one first, each only where it is still at its place.
fn patch(taints: &[Taint], key: &str) -> Value {
    let places = taints.iter().enumerate().rev().filter(|(_, taint)| taint.key == key);
    let steps = places.flat_map(|(at, taint)| {
        let path = format!("/spec/taints/{at}");
        [
            json!({"op": "test", "path": format!("{path}/key"), "value": key}),
            json!({"op": "test", "path": format!("{path}/effect"), "value": taint.effect}),
            json!({"op": "remove", "path": path}),
        ]
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_taint_is_taken_from_its_place_beginning_at_the_end() {
        let taint = |key: &str, effect: &str| Taint {
            key: key.into(),
            value: String::new(),
            effect: effect.into(),
        };
        let taints = [
            taint("cold", "NoSchedule"),
            taint("gpu", "NoSchedule"),
            taint("cold", "NoExecute"),
        ];
        let patch = patch(&taints, "cold");
        let steps: Vec<&Value> = patch.as_array().into_iter().flatten().collect();
        assert_eq!(steps.len(), 6);
        assert_eq!(*steps[2], json!({"op": "remove", "path": "/spec/taints/2"}));
        assert_eq!(
            *steps[4],
            json!({"op": "test", "path": "/spec/taints/0/effect", "value": "NoSchedule"})
        );
        assert_eq!(*steps[5], json!({"op": "remove", "path": "/spec/taints/0"}));
    }
}
